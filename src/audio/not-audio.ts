/** What is known not to be audio, in words (decision 15). */
import { bytesPerSample, type SampleFormat } from './pcm/sample-format';
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
  { name: phrase`bzip2 data`, at: 4, text: '1AY&SY' },
  { name: phrase`a program`, at: 0, text: '\x7fELF' },
  { name: phrase`a program`, at: 0, text: 'MZ\x90\0' },
  { name: phrase`a program`, at: 0, text: '\xca\xfe\xba\xbe' },
  { name: phrase`a program`, at: 0, text: '\0asm\x01\0\0\0' },
  { name: phrase`a program`, at: 0, text: '!<arch>\n' },
  { name: phrase`LZ4 data`, at: 0, text: '\x04\x22\x4d\x18' },
  { name: phrase`a Cabinet archive`, at: 0, text: 'MSCF\0\0\0\0' },
  { name: phrase`an Office document`, at: 0, text: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' },
  { name: phrase`a Photoshop image`, at: 0, text: '8BPS\0\x01' },
  { name: phrase`a JPEG 2000 image`, at: 0, text: '\0\0\0\x0cjP  ' },
  { name: phrase`a JPEG XL image`, at: 0, text: '\0\0\0\x0cJXL ' },
  { name: phrase`a QOI image`, at: 0, text: 'qoif' },
  { name: phrase`a DDS image`, at: 0, text: 'DDS |\0\0\0' },
  { name: phrase`a font`, at: 0, text: 'OTTO\0' },
  { name: phrase`a font`, at: 0, text: 'wOF2' },
  { name: phrase`uncompressed video`, at: 0, text: 'YUV4MPEG2 ' },
  { name: phrase`video without sound`, at: 0, text: 'DKIF\0\0' },
  { name: phrase`a NumPy array with a header`, at: 0, text: '\x93NUMPY' },
  { name: phrase`an HDF5 file`, at: 0, text: '\x89HDF\r\n' },
  { name: phrase`a MATLAB file`, at: 0, text: 'MATLAB 5.0 MAT-file' },
  { name: phrase`recorded network packets`, at: 0, text: '\xd4\xc3\xb2\xa1' },
  { name: phrase`recorded network packets`, at: 0, text: '\x0a\x0d\x0d\x0a' },
  { name: phrase`a sound font (instruments, not sound)`, at: 8, text: 'sfbk' },
  { name: phrase`a MIDI file (notes, not sound)`, at: 8, text: 'RMID' },
  { name: phrase`a tracker module (notes, not sound)`, at: 0, text: 'Extended Module: ' },
  { name: phrase`a tracker module (notes, not sound)`, at: 0, text: 'IMPM' },
  { name: phrase`a tracker module (notes, not sound)`, at: 44, text: 'SCRM' },
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
  const wide = wideText(bytes);
  if (wide !== undefined) return say`it is text in UTF-16 that begins ${beginning(wide)}`;
  if (/^(HTTP\/|ICY )\d/u.test(letters(head, 0, 8))) {
    return phrase`it is the answer of a web server or web radio with its headers: send what stands behind them, or let an ffmpeg source open the address`;
  }
  if (/^--[^\r\n]{1,70}\r?\nContent-/iu.test(letters(head, 0, 128))) {
    return phrase`it is a form that was uploaded (multipart), with headers before the file: send the bytes of the file in it alone`;
  }
  return refusedPage(bytes) ?? refusedText(bytes, format, isAll);
}

/** A page of HTML or XML by its first letters alone, since what follows may be in any encoding. */
function refusedPage(bytes: Buffer): Word | undefined {
  const text = withoutMark(bytes.toString('latin1'));
  if (!/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body|\?xml)[\s>]/iu.test(text)) return undefined;
  return say`it is a page of HTML or XML that begins ${beginning(text)}: what was asked for the audio answered with something else`;
}

/** Fewer bytes are looked at closer. */
const FEWEST_IN_PAGES = 512;
/** Share of ASCII letters, digits and signs in a text that has some other bytes, too. */
const MOSTLY_ASCII = 0.95;
/** Numbers, bytes in hexadecimal digits, escapes: each set off from the next. */
const SPELLED_OUT = /^[\s\da-fx.,;:+\\[\]()"'-]*[\s,;:\\][\s\da-fx.,;:+\\[\]()"'-]*$/iu;

/**
 * Says that bytes of several thousand are text which few of them did not show to be any: in any encoding, of numbers, with some bytes that are none.
 *
 * @param head all that is looked at
 * @param format that raw samples would have
 */
export function refusedPages(head: Uint8Array, format: SampleFormat): Word | undefined {
  if (bytesPerSample(format.encoding) === 1 || head.length < FEWEST_IN_PAGES) return undefined;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (shareOf(bytes, (byte) => byte < 0x80 && isWritten(byte)) < MOSTLY_ASCII) return undefined;
  const text = bytes.toString('latin1');
  return hovers(bytes, format) && !SPELLED_OUT.test(text)
    ? undefined
    : say`it is text that begins ${beginning(text)}`;
}

function shareOf(bytes: Uint8Array, isOne: (byte: number) => boolean): number {
  let count = 0;
  for (const byte of bytes) if (isOne(byte)) count++;
  return count / bytes.length;
}

/** Whether no letter of any encoding that goes on from ASCII is a control character. */
function isWritten(byte: number): boolean {
  return (byte >= 0x20 && byte !== 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d;
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
  const wide = wideText(bytes);
  if (wide !== undefined) return say`text that begins ${beginning(wide)}`;
  if (isAllText(head)) return say`text that begins ${beginning(bytes.toString('utf8'))}`;
  const few = bytes.toString('hex', 0, 8).replace(/../gu, '$& ').trim();
  return say`data of an unknown kind that begins with the bytes ${few}`;
}

/** Whether bytes are text, in UTF-8 or UTF-16. */
export function looksLikeText(head: Uint8Array): boolean {
  return (
    isAllText(head) || wideText(Buffer.from(head.buffer, head.byteOffset, head.byteLength)) !== undefined
  );
}

function beginning(text: string): string {
  return `"${withoutMark(text).slice(0, 40).replace(/\s+/gu, ' ').trim()}"`;
}

function otherKind(head: Uint8Array): Word | undefined {
  if (isJpeg(head)) return phrase`a JPEG image`;
  const other = known(OTHERS, head);
  if (other !== undefined) return other;
  if (isIcon(head)) return phrase`an icon`;
  if (isBitmap(head)) return phrase`a BMP image`;
  const kind = letters(head, 8, 4);
  if (letters(head, 0, 4) === 'RIFF' && /^[\w ]{4}$/u.test(kind))
    return say`a RIFF file of the kind "${kind}"`;
  const by = packed(head);
  return by === undefined
    ? undefined
    : say`an object packed by ${by}: send the bytes of the audio in it alone`;
}

/** Its name is two letters: the size of its second header is looked at. */
function isBitmap(head: Uint8Array): boolean {
  if (letters(head, 0, 2) !== 'BM' || head.length < 18) return false;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  return bytes.readUInt32LE(6) === 0 && [12, 40, 52, 56, 108, 124].includes(bytes.readUInt32LE(14));
}

/** What an object was packed by: the first name in it stands behind its number of letters or before a zero. Sound has such bytes by chance once in millions of times. */
function packed(head: Uint8Array): string | undefined {
  const [first = 0, second = 0] = head;
  const isMap = (first >= 0x81 && first <= 0x8f) || (first >= 0xa1 && first <= 0xb7);
  const base = first < 0xa0 ? 0xa0 : 0x60;
  const name = letters(head, 2, second - base);
  if (isMap && second - base <= 0x1f && name.length === second - base && NAME.test(name)) {
    return first < 0xa0 ? 'MessagePack' : 'CBOR';
  }
  if (isPickle(head)) return 'Pickle';
  const [, , , highest = 0, type = 0] = head;
  const isBson = highest === 0 && type > 0 && type <= MOST_BSON_TYPES && BSON_NAME.test(letters(head, 5, 64));
  return isBson ? 'BSON' : undefined;
}

const NAME = /^[A-Za-z_][\w-]+$/u;
const MOST_BSON_TYPES = 0x13;
const BSON_NAME = /^[A-Za-z_]\w{2,}\0/u;

/** Python's: of protocol 4 and 5 with the size of a frame, of 2 and 3 a list or a dictionary, a text or bytes, or the name of a class. */
function isPickle(head: Uint8Array): boolean {
  const [mark, protocol = 0, opcode] = head;
  if (mark !== 0x80 || protocol < 2 || protocol > 5) return false;
  if (opcode === 0x95) return head.length > 10 && head.subarray(7, 11).every((byte) => byte === 0);
  return /^(?:[\]})]q\0|[XB][^]{3}\0|c[a-z_.]{3})/u.test(letters(head, 2, 8));
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

/** Letters that are looked at. */
const MOST_LETTERS = 64;

/** Text in UTF-16, in UTF-32, or undefined: with its mark; without it where every second byte is 0 and the others look written. */
function wideText(bytes: Buffer): string | undefined {
  if (bytes.length < 8) return undefined;
  const mark = bytes.readUInt16BE(0);
  if (mark === 0xfffe || mark === 0xfeff) {
    const units = bytes.subarray(2, 2 + 2 * MOST_LETTERS);
    const even = units.subarray(0, units.length - (units.length % 2));
    const text = (mark === 0xfffe ? even : Buffer.from(even).swap16()).toString('utf16le');
    const letters = text.replaceAll('\0', '');
    const isLatin = /^[\t\n\r -~\u00a0-\u00ff]+$/u.test(letters);
    return isLatin && letters.length >= text.length / 2 - 1 ? letters : undefined;
  }
  for (const first of [0, 1]) {
    if (bytes.length < MOST_LETTERS || bytes.some((byte, at) => at % 2 !== first && byte !== 0)) continue;
    const letters = bytes.filter((_, at) => at % 2 === first);
    if (isAllText(letters) && looksWritten(letters, ONE_BYTE) && hasWords(letters))
      return Buffer.from(letters).toString('latin1');
  }
  return undefined;
}

/** Mostly small letters, and signs or blanks between them: quiet sound on a constant offset swings to both sides of it, and to signs or to small letters. */
function hasWords(letters: Uint8Array): boolean {
  const isSmall = (letter: number): boolean => letter >= 0x61 && letter <= 0x7a;
  return shareOf(letters, isSmall) > 0.5 && letters.some((letter) => letter <= 0x40);
}

/** As samples of one byte letters have to look written, with blanks between them: quiet sound on a constant offset is letters of this kind, too. */
const ONE_BYTE: SampleFormat = { encoding: 'u8', sampleRate: 8_000, channels: 1 };

function countOf(bytes: Buffer, what: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + what.length)) count++;
  return count;
}
