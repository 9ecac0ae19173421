/** Finds the beginning of a WAV in the middle of bytes. */

/** Bytes that tell a WAV header: four letters, a size, `WAVE`. */
const RIFF_HEAD_BYTES = 12;
/** Letters of Sony Wave64 and the beginning of its identifier. */
const W64_HEAD = Buffer.from('riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00', 'latin1');
const RIFF_MARKERS: readonly string[] = ['RIFF', 'RIFX', 'RF64', 'BW64'];
const WAVE = Buffer.from('WAVE', 'latin1');

/** The most bytes that may have to be held back because a header may begin in them. */
export const LONGEST_HEAD = W64_HEAD.length;

/**
 * Where a WAV header begins in bytes; -1 where none does. No sound has these bytes by chance: it is 2 to the power of -64 a place.
 */
export function findWavHeader(bytes: Buffer): number {
  const found = bytes.indexOf(W64_HEAD);
  for (let at = bytes.indexOf(WAVE); at >= 0; at = bytes.indexOf(WAVE, at + 1)) {
    if (found >= 0 && at - 8 > found) break;
    if (at >= 8 && RIFF_MARKERS.includes(bytes.toString('latin1', at - 8, at - 4))) {
      return found >= 0 ? Math.min(found, at - 8) : at - 8;
    }
  }
  return found;
}

/** Where the last bytes may be the beginning of a header whose rest has not come; the length where they are not. */
export function mayBeginWavHeader(bytes: Buffer): number {
  for (let at = Math.max(0, bytes.length - LONGEST_HEAD + 1); at < bytes.length; at++) {
    if (mayBegin(bytes.subarray(at))) return at;
  }
  return bytes.length;
}

function mayBegin(tail: Buffer): boolean {
  if (W64_HEAD.subarray(0, tail.length).equals(tail)) return true;
  if (tail.length >= RIFF_HEAD_BYTES) return false;
  const marker = tail.toString('latin1', 0, 4);
  const kind = tail.toString('latin1', 8);
  return RIFF_MARKERS.some((one) => one.startsWith(marker)) && 'WAVE'.startsWith(kind);
}
