/** Text among bytes: whether it is any, and whether audio may be in it. */
import type { Encoding } from './pcm/sample-format';

/** A text that holds audio: base64, a data URL, or JSON (an array of numbers, a Buffer, an envelope). */
export type TextKind = 'base64' | 'data-url' | 'json';

/** Shorter texts in bytes are not told from raw samples. */
const MIN_BASE64 = 64;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/u;
const DATA_URL = /^data:[^,]*,/iu;
/** Letters by which a text is one and not samples of one byte: A-law hovers around 0x55. */
const A_LAW_LETTERS = /^[P-Z_[\]\\^]+$/u;
const WORDS = /[\p{L}\p{N}\s]/gu;
/** Encodings whose samples may all be letters where there is little to hear. */
const ONE_BYTE: readonly string[] = ['u8', 's8', 'alaw', 'mulaw'] satisfies readonly Encoding[];

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
 * @param encoding of the raw samples that the bytes may be
 */
export function textKind(head: Uint8Array, encoding: Encoding): TextKind | undefined {
  const text = withoutMark(Buffer.from(head).toString('utf8')).trimStart();
  if (DATA_URL.test(text)) return 'data-url';
  if (/^(\{\s*["}]|\[\s*[[\]{"\d-])/u.test(text)) return 'json';
  return isBase64Text(text, encoding) ? 'base64' : undefined;
}

/**
 * Whether a text of 64 letters or more is base64. Silence of an encoding is the same few letters over and over; samples are taken for
 * text only where they cannot be samples.
 */
export function isBase64Text(text: string, encoding?: Encoding): boolean {
  const letters = text.replace(/[\r\n]+/gu, '');
  if (letters.length < MIN_BASE64 || !BASE64.test(letters)) return false;
  if (isHexText(letters)) return false;
  if (new Set(letters).size === 1) return letters.startsWith('A') || letters.startsWith('/');
  return encoding !== 'alaw' || !A_LAW_LETTERS.test(letters);
}

/** Whether a text is bytes as hexadecimal digits. */
export function isHexText(text: string): boolean {
  return text.length >= MIN_BASE64 && /^[0-9a-f]+$/iu.test(text) && /[0-9]/u.test(text);
}

/**
 * Whether text looks written, by a person or a program, and not like samples that happen to be letters.
 *
 * @param encoding of the samples that it may be
 */
export function looksWritten(text: string, encoding: Encoding): boolean {
  if (/^\s*[<{[#]/u.test(text)) return true;
  if (A_LAW_LETTERS.test(text)) return false;
  const words = text.match(WORDS)?.length ?? 0;
  const isWordy = words >= 0.6 * text.length && new Set(text).size >= 4;
  return isWordy || (!ONE_BYTE.includes(encoding) && text.length >= MIN_BASE64);
}

/** Text without a byte order mark. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
