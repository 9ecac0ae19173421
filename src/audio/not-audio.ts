/** What is known not to be audio, in words (decision 15). */
import type { SampleFormat } from './pcm/sample-format';
import { detectContainer, letters, type Signature } from './containers';
import { hovers, isAllText, isHexText, looksWritten, withoutMark } from './text-kind';
import { type Word, phrase, say } from '../sentence';

/** Well-known files that are not audio. */
const OTHERS: readonly Signature[] = [
  { name: phrase`a PNG image`, at: 0, text: '\x89PNG' },
  { name: phrase`a GIF image`, at: 0, text: 'GIF8' },
  { name: phrase`a WebP image`, at: 8, text: 'WEBP' },
  { name: phrase`a TIFF image`, at: 0, text: 'II*\0' },
  { name: phrase`a TIFF image`, at: 0, text: 'MM\0*' },
  { name: phrase`a PDF document`, at: 0, text: '%PDF' },
  { name: phrase`a ZIP archive`, at: 0, text: 'PK\x03\x04' },
  { name: phrase`an empty ZIP archive`, at: 0, text: 'PK\x05\x06' },
  { name: phrase`a 7-Zip archive`, at: 0, text: '7z\xbc\xaf' },
  { name: phrase`a RAR archive`, at: 0, text: 'Rar!' },
  { name: phrase`gzip data`, at: 0, text: '\x1f\x8b\x08' },
  { name: phrase`Zstandard data`, at: 0, text: '\x28\xb5\x2f\xfd' },
  { name: phrase`XZ data`, at: 0, text: '\xfd7zXZ' },
  { name: 'bzip2 data', at: 4, text: '1AY&SY' },
  { name: 'a program', at: 0, text: '\x7fELF' },
  { name: phrase`a SQLite database`, at: 0, text: 'SQLite format 3' },
  { name: phrase`a MIDI file (notes, not sound)`, at: 0, text: 'MThd' },
];

/** Pieces of containers that cannot be heard without their beginning. */
const LATER_PIECES: readonly Signature[] = [
  { name: 'WebM or Matroska', at: 0, text: '\x1f\x43\xb6\x75' },
  { name: 'MP4', at: 4, text: 'moof' },
  { name: 'MP4', at: 4, text: 'sidx' },
];

const REPLACEMENT = Buffer.from('\uFFFD');
/** Places of the replacement character among the first bytes that are no chance. */
const FEWEST_REPLACEMENTS = 2;
/** Shorter texts are not told from samples. */
const MIN_TEXT = 4;

/**
 * Says why bytes that are in no known container are not audio; undefined where they may be raw samples.
 *
 * @param head the first bytes
 * @param format that raw samples would have
 * @param isAll there are no more bytes
 */
export function refusedContent(head: Uint8Array, format: SampleFormat, isAll: boolean): Word | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const other = otherKind(head);
  if (other !== undefined) return say`it is ${other}`;
  const piece = known(LATER_PIECES, head);
  if (piece !== undefined) return laterPiece(piece);
  if (countOf(bytes, REPLACEMENT) >= FEWEST_REPLACEMENTS) {
    return phrase`it is audio that was turned into text and back, which destroyed it (it is full of UTF-8 replacement characters): have it sent and kept as bytes, a Buffer`;
  }
  if (isWideText(bytes))
    return say`it is text in UTF-16 that begins ${beginning(bytes.toString('utf16le', 2))}`;
  if (/^(HTTP\/|ICY )\d/u.test(letters(head, 0, 8))) {
    return phrase`it is the answer of a web server or web radio with its headers: send what stands behind them, or let an ffmpeg source open the address`;
  }
  if (/^--[^\r\n]{1,70}\r?\nContent-/iu.test(letters(head, 0, 128))) {
    return phrase`it is a form that was uploaded (multipart), with headers before the file: send the bytes of the file in it alone`;
  }
  return refusedText(bytes, format, isAll);
}

/** Says that the beginning of a recording is missing. */
export function laterPiece(container: string): Word {
  return say`it is a later piece of a recording in ${container}, whose beginning is needed: send every piece from the first on, or a whole recording`;
}

function refusedText(bytes: Buffer, format: SampleFormat, isAll: boolean): Word | undefined {
  if (!isAllText(bytes) || bytes.length < MIN_TEXT || (!isAll && bytes.length < 128)) return undefined;
  const text = withoutMark(bytes.toString('utf8'));
  if (isHexText(text.trim()) && !hovers(bytes, format)) {
    return phrase`it is text of hexadecimal digits: turn it into bytes, as with Buffer.from(text, "hex")`;
  }
  if (!looksWritten(bytes, format)) return undefined;
  return /^\s*<(!doctype|html|\?xml|[a-z])/iu.test(text)
    ? say`it is a page of HTML or XML that begins ${beginning(text)}: what was asked for the audio answered with something else`
    : say`it is text that begins ${beginning(text)}`;
}

/** Says in a few words what bytes look like, for people: a kind of file, the beginning of a text, or the first bytes. */
export function describeContent(head: Uint8Array): Word {
  if (head.length === 0) return 'empty';
  const container = detectContainer(head);
  if (container !== undefined) return say`${container} audio or video`;
  const other = otherKind(head);
  if (other !== undefined) return other;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (isWideText(bytes)) return say`text that begins ${beginning(bytes.toString('utf16le', 2))}`;
  if (isAllText(head)) return say`text that begins ${beginning(bytes.toString('utf8'))}`;
  const few = bytes.toString('hex', 0, 8).replace(/../gu, '$& ').trim();
  return say`data of an unknown kind that begins with the bytes ${few}`;
}

/** Whether bytes are text, in UTF-8 or UTF-16. */
export function looksLikeText(head: Uint8Array): boolean {
  return isAllText(head) || isWideText(Buffer.from(head.buffer, head.byteOffset, head.byteLength));
}

function beginning(text: string): string {
  return `"${withoutMark(text).slice(0, 40).replace(/\s+/gu, ' ').trim()}"`;
}

function otherKind(head: Uint8Array): string | undefined {
  if (isJpeg(head)) return phrase`a JPEG image`;
  return known(OTHERS, head) ?? (isIcon(head) ? phrase`an icon` : undefined);
}

/** Two markers; the first three bytes alone are quiet sound in 24 bits, too. */
function isJpeg(head: Uint8Array): boolean {
  return /^\xff\xd8\xff[\xc0-\xc4\xdb\xdd\xe0-\xef\xfe]/u.test(letters(head, 0, 4));
}

/** Its first four bytes are silence in 16 bits, too: its list of pictures is looked at, whose first begins behind the list. */
function isIcon(head: Uint8Array): boolean {
  if (letters(head, 0, 4) !== '\0\0\x01\0' || head.length < 22) return false;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const pictures = bytes.readUInt16LE(4);
  return pictures > 0 && bytes.readUInt32LE(18) === 6 + 16 * pictures;
}

function known(signatures: readonly Signature[], head: Uint8Array): string | undefined {
  return signatures.find((one) => letters(head, one.at, one.text.length) === one.text)?.name;
}

/** UTF-16 with its mark: letters of one byte, zeros between them. Samples have no such order. */
function isWideText(bytes: Buffer): boolean {
  if (bytes.length < 8) return false;
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (!isLittle && !isBig) return false;
  for (let at = 2; at + 1 < Math.min(bytes.length, 64); at += 2) {
    const high = bytes[isLittle ? at + 1 : at] ?? 1;
    const low = bytes[isLittle ? at : at + 1] ?? 0;
    if (high !== 0 || low < 0x09 || low === 0x7f) return false;
  }
  return true;
}

function countOf(bytes: Buffer, what: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + what.length)) count++;
  return count;
}
