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

/** Bytes of the shortest and longest header of a FLAC frame (RFC 9639, 9.1), the check byte not counted. */
const SHORTEST_FLAC_HEADER = 5;
const LONGEST_FLAC_HEADER = 15;

/** Whether the header of a FLAC frame stands here: its sync code, and the check byte that ends it. */
function hasFlacFrame(bytes: Buffer): boolean {
  let headers = 0;
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (isFlacHeader(bytes, at) && ++headers >= 2) return true;
  }
  return false;
}

function isFlacHeader(bytes: Buffer, at: number): boolean {
  const [, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + 4);
  if ((second & 0xfe) !== 0xf8 || third >> 4 === 0 || (third & 15) === 15 || (fourth & 1) !== 0) return false;
  let check = 0;
  for (let i = 0; i < LONGEST_FLAC_HEADER && at + i < bytes.length; i++) {
    if (i >= SHORTEST_FLAC_HEADER && bytes[at + i] === check) return true;
    check = crc8(check ^ (bytes[at + i] ?? 0));
  }
  return false;
}

/** Polynomial x^8 + x^2 + x + 1. */
function crc8(value: number): number {
  let rest = value;
  for (let bit = 0; bit < 8; bit++) rest = rest & 0x80 ? ((rest << 1) ^ 0x07) & 0xff : (rest << 1) & 0xff;
  return rest;
}
