/** Pieces from within a recording whose container cannot be heard without its beginning. */

const OGG_PAGE = Buffer.from('OggS\0', 'latin1');
const MATROSKA_CLUSTER = Buffer.from('\x1f\x43\xb6\x75', 'latin1');
const MP4_FRAGMENT = Buffer.from('moof', 'latin1');
/** Blocks, one right behind the other, that are no chance. */
const FEWEST_BLOCKS = 3;

/**
 * Names the container that bytes were cut out of: Ogg, WebM or Matroska, MP4 or FLAC; undefined where they show none.
 *
 * @param head 4,096 bytes where there are so many, without a container's own beginning
 */
export function pieceFromWithin(head: Uint8Array): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.includes(OGG_PAGE)) return 'Ogg';
  if (bytes.includes(MATROSKA_CLUSTER) || hasMatroskaBlocks(bytes)) return 'WebM or Matroska';
  if (bytes.includes(MP4_FRAGMENT)) return 'MP4';
  return hasFlacFrame(bytes) ? 'FLAC' : undefined;
}

function hasMatroskaBlocks(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(0xa3); at >= 0; at = bytes.indexOf(0xa3, at + 1)) {
    let next = at;
    let blocks = 0;
    while (blocks < FEWEST_BLOCKS && next < bytes.length) {
      const size = simpleBlockBytes(bytes, next);
      if (size === undefined) break;
      next += size;
      blocks++;
    }
    if (blocks >= FEWEST_BLOCKS) return true;
  }
  return false;
}

/** Size of a SimpleBlock of track 1 to 8 without lacing: 0xA3, a size, the track, a time, flags (Matroska, RFC 9559). */
function simpleBlockBytes(bytes: Buffer, at: number): number | undefined {
  if (bytes[at] !== 0xa3) return undefined;
  const first = bytes[at + 1] ?? 0;
  const width = first >= 0x80 ? 1 : first >= 0x40 ? 2 : first >= 0x20 ? 3 : 0;
  if (width === 0 || at + 5 + width > bytes.length) return undefined;
  const track = bytes[at + 1 + width] ?? 0;
  const flags = bytes[at + 4 + width] ?? 0;
  if (track < 0x81 || track > 0x88 || (flags & 0x76) !== 0) return undefined;
  return 1 + width + (bytes.readUIntBE(at + 1, width) & (2 ** (7 * width) - 1));
}

/** The header of a FLAC frame: what stays the same in all of a recording, and the number that counts frames, or samples. */
interface FlacHeader {
  readonly constant: number;
  readonly number: number;
}

/** Whether headers of two FLAC frames stand here, of one recording and one right after the other or nearly so. */
function hasFlacFrame(bytes: Buffer): boolean {
  const headers: FlacHeader[] = [];
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const header = flacHeader(bytes, at);
    if (!header) continue;
    if (headers.some(({ constant, number }) => constant === header.constant && header.number === number + 1))
      return true;
    if (headers.length < MOST_HEADERS) headers.push(header);
  }
  return false;
}

/** Headers that are kept to compare with; there are no more in so few bytes but by chance. */
const MOST_HEADERS = 64;

/** Where the sync code stands, and the check byte that ends the header (RFC 9639, 9.1); recordings with frames of one size count frames. */
function flacHeader(bytes: Buffer, at: number): FlacHeader | undefined {
  const [, second = 0, third = 0, fourth = 0, fifth = 0] = bytes.subarray(at, at + 5);
  if (second !== 0xf8 || third >> 4 === 0 || (third & 15) === 15 || (fourth & 1) !== 0) return undefined;
  const width = fifth < 0x80 ? 1 : Math.clz32((~fifth & 0xff) << 24);
  if (width > 6 || (fifth >= 0x80 && width < 2)) return undefined;
  const blockWidth = third >> 4 === 6 ? 1 : third >> 4 === 7 ? 2 : 0;
  const rateWidth = (third & 15) === 12 ? 1 : [13, 14].includes(third & 15) ? 2 : 0;
  const end = at + 4 + width + blockWidth + rateWidth;
  if (end >= bytes.length) return undefined;
  let check = 0;
  for (let i = at; i < end; i++) check = crc8(check ^ (bytes[i] ?? 0));
  if (check !== bytes[end]) return undefined;
  let number = width === 1 ? fifth : fifth & (0x7f >> width);
  for (let i = 1; i < width; i++) {
    const next = bytes[at + 4 + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return undefined;
    number = number * 64 + (next & 0x3f);
  }
  return { constant: ((third & 15) << 8) | (fourth & 0x0e), number };
}

/** Polynomial x^8 + x^2 + x + 1. */
function crc8(value: number): number {
  let rest = value;
  for (let bit = 0; bit < 8; bit++) rest = rest & 0x80 ? ((rest << 1) ^ 0x07) & 0xff : (rest << 1) & 0xff;
  return rest;
}
