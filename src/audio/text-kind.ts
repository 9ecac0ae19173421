/** Text among bytes: whether it is any, and whether audio may be in it. */
import { blockBytes, bytesPerSample, type SampleFormat } from './pcm/sample-format';

/** A text that holds audio: base64, a data URL, or JSON (an array of numbers, a Buffer, an envelope). */
export type TextKind = 'base64' | 'data-url' | 'json';

/** Shorter texts in bytes are not told from raw samples. */
const MIN_BASE64 = 64;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/u;
const DATA_URL = /^data:[^,]*,/iu;
const JSON_VALUE = /^(\{\s*["}]|\[\s*["{\d-])/u;
const NESTED_ARRAY = /^\[\s*[[\]]/u;
const MARKUP = /^\s*(<[!?a-z/]|\{\s*["}]|\[\s*["{\d-]|#)/iu;
const WORDS = /[\p{L}\p{N}\s]/gu;

/** Whether all bytes are text: UTF-8 without control characters; the last character may be cut. */
export function isAllText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false;
  for (const byte of bytes) {
    if (byte === 0x7f) return false;
    if (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b && byte !== 0x1e) return false;
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/**
 * What kind of audio in text bytes are; undefined where the text holds none.
 *
 * @param head all text
 * @param format of the raw samples that the bytes may be
 */
export function textKind(head: Uint8Array, format: SampleFormat): TextKind | undefined {
  const text = withoutMark(Buffer.from(head).toString('utf8')).trimStart();
  if (DATA_URL.test(text)) return 'data-url';
  const repeats = head[0] === head[blockBytes(format)] && hovers(head, format);
  if (JSON_VALUE.test(text) && !repeats) return 'json';
  if (isBase64Text(text) && !isRatherSamples(head, format)) return 'base64';
  return NESTED_ARRAY.test(text) && !hovers(head, format) ? 'json' : undefined;
}

/** Silence in base64: of samples of several bytes and floats, of mu-law, of A-law. */
const SILENCES = /^[A/V]/u;

/** Whether a text of 64 letters or more is base64. One letter over and over is so where it stands for silence. */
export function isBase64Text(text: string): boolean {
  const letters = text.replace(/[\r\n]+/gu, '');
  if (letters.length < MIN_BASE64 || !BASE64.test(letters)) return false;
  if (isHexText(letters)) return false;
  return new Set(letters).size > 1 || SILENCES.test(letters);
}

/** Whether a text is bytes as hexadecimal digits. */
export function isHexText(text: string): boolean {
  return text.length >= MIN_BASE64 && /^[0-9a-f]+$/iu.test(text) && /[0-9]/u.test(text);
}

/** Bytes that are enough to tell what is written from samples that happen to be letters. */
const ENOUGH_LETTERS = 64;
/** Different letters that a text of so many has at least. */
const FEWEST_LETTERS = 8;
/** Of samples of one byte, the share of blanks that lines of samples do not reach without their neighbours `!"#$%`. */
const FEWEST_BLANKS = 0.02;

/**
 * Whether text looks written, by a person or a program, and not like samples that happen to be letters.
 *
 * @param bytes all text
 * @param format of the samples that they may be
 */
export function looksWritten(bytes: Uint8Array, format: SampleFormat): boolean {
  if (hovers(bytes, format) || glides(bytes, format)) return false;
  const text = withoutMark(Buffer.from(bytes).toString('utf8'));
  if (MARKUP.test(text)) return true;
  const words = text.match(WORDS)?.length ?? 0;
  const isWordy = words >= 0.6 * text.length && new Set(text).size >= 4;
  if (bytes.length < ENOUGH_LETTERS) return isWordy;
  if (new Set(bytes).size < FEWEST_LETTERS) return false;
  if (bytesPerSample(format.encoding) > 1) return true;
  const blanks = shareOf(bytes, 0x09, 0x20);
  return isWordy && blanks >= FEWEST_BLANKS && blanks > shareOf(bytes, 0x23, 0x26);
}

/** Fewer samples do not show that they hover, of one byte and of several. */
const FEWEST_BYTES = 32;
const FEWEST_BLOCKS = 8;
/** Values that the highest byte of a sample has while its sound hovers about one level, at most. */
const MOST_HIGH_BYTES = 2;
/** The same where a sample has one byte: all of A-law's letters for what is nearly silence. */
const MOST_BYTES = 16;
/** Different letters that base64 has, unless it is silence. */
const FEWEST_BASE64_LETTERS = 4;
const SILENCE = 0x41;

/** Letters of base64 that are samples all the same: a sound that hovers or jumps between levels, or one that stays within a row of letters. */
function isRatherSamples(bytes: Uint8Array, format: SampleFormat): boolean {
  if (shareOf(bytes, SILENCE, SILENCE) >= 0.5) return false; // It is text of silence.
  const different = new Set(bytes);
  if (different.size === 1) return false;
  if (different.size < FEWEST_BASE64_LETTERS && !different.has(SILENCE)) return true;
  if (hovers(bytes, format)) return true;
  return bytesPerSample(format.encoding) === 1 && ROWS.some(([from, to]) => shareOf(bytes, from, to) === 1);
}

/** Letters that follow each other: a text of base64 has some of several. */
const ROWS = [
  [0x41, 0x5a],
  [0x61, 0x7a],
  [0x2b, 0x39],
] as const;

/**
 * Whether bytes, taken for samples, hover about one level, as a sound on a constant offset does and silence of A-law: of each channel
 * the highest byte hardly changes. Of written text no letter in so many stays the same.
 */
export function hovers(bytes: Uint8Array, format: SampleFormat): boolean {
  const size = bytesPerSample(format.encoding);
  const block = blockBytes(format);
  const most = size === 1 ? MOST_BYTES : MOST_HIGH_BYTES;
  if (bytes.length < (block === 1 ? FEWEST_BYTES : FEWEST_BLOCKS * block)) return false;
  const high = format.encoding.endsWith('be') ? 0 : size - 1;
  for (let channel = 0; channel < format.channels; channel++) {
    let least = 0xff;
    let largest = 0;
    for (let at = channel * size + high; at < bytes.length; at += block) {
      const byte = (bytes[at] ?? 0) ^ (format.encoding === 'alaw' ? 0x55 : 0);
      least = Math.min(least, byte);
      largest = Math.max(largest, byte);
    }
    if (largest - least >= most) return false;
  }
  return true;
}

/** Mean step from one letter to the next that no written text stays below, and smooth samples of one byte do. */
const LEAST_STEP = 3;

function glides(bytes: Uint8Array, { encoding, channels }: SampleFormat): boolean {
  if (bytesPerSample(encoding) > 1 || bytes.length < 2 * channels) return false;
  const turned = encoding === 'alaw' ? 0x55 : 0;
  let steps = 0;
  for (let at = channels; at < bytes.length; at++) {
    steps += Math.abs(((bytes[at] ?? 0) ^ turned) - ((bytes[at - channels] ?? 0) ^ turned));
  }
  return steps < LEAST_STEP * (bytes.length - channels);
}

function shareOf(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (const byte of bytes) if (byte >= from && byte <= to) count++;
  return count / bytes.length;
}

/** Text without a byte order mark. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
