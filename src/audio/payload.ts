/** Audio as it stands in a message: what kind of thing it is, and a plain sentence when it is none. */
import { types } from 'node:util';
import { BadAudioError } from '../errors';
import type { SampleArray } from './pcm/sample-array';

/** Bytes, raw or of a container; or samples whose type tells their scale (decision 17). */
export type AudioPayload =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'samples'; readonly samples: Exclude<SampleArray, Uint8Array> };

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/u;
const DATA_URL = /^data:[^,]*;base64,/u;

const HINT =
  'If it comes from an MQTT node, set the output of that node to "a Buffer": in "auto-detect" it turns bytes that look like text into text.';

/** Shorter texts in bytes are not told from raw samples. */
const MIN_TEXT_BYTES = 64;
/** Raw samples of constant silence can be one letter over and over; a text has more. */
const MIN_TEXT_LETTERS = 8;
/** Digital silence in base64. As raw samples it would be a constant far from zero, which no microphone gives. */
const SILENCE = /^A+$/u;

/**
 * Tells bytes from samples. `Buffer`, `Uint8Array` and `ArrayBuffer` are bytes, a text is base64 (a `data:` URL too) or a JSON array, other typed
 * arrays and arrays of numbers are samples. Bytes that are a text of 64 letters or more, all base64 or a JSON array, are read
 * as such: that is how they come from an MQTT node whose output is "a Buffer".
 *
 * @throws BadAudioError for anything else; its message says what was given and what to do
 */
export function readPayload(payload: unknown): AudioPayload {
  if (payload instanceof Uint8Array) return textInBytes(payload) ?? { kind: 'bytes', bytes: payload };
  if (types.isAnyArrayBuffer(payload)) return { kind: 'bytes', bytes: new Uint8Array(payload) };
  if (typeof payload === 'string') {
    return jsonArray(payload) ?? { kind: 'bytes', bytes: fromBase64(payload) };
  }
  if (Array.isArray(payload)) return { kind: 'samples', samples: numbers(payload) };
  if (ArrayBuffer.isView(payload)) {
    const view = viewOfOurs(payload);
    if (view instanceof Uint8Array) return readPayload(view);
    if (view) return { kind: 'samples', samples: view };
  }
  throw new BadAudioError(
    `The payload is ${describe(payload)}, not audio: a Buffer, a typed array, an array of numbers or base64 text is accepted. ${HINT}`,
  );
}

/** Whether there is nothing to hear in a payload: no payload at all, or one of length zero. */
export function isEmptyPayload(payload: unknown): boolean {
  if (payload === undefined || payload === null || payload === '') return true;
  if (types.isAnyArrayBuffer(payload)) return payload.byteLength === 0;
  return (Array.isArray(payload) || ArrayBuffer.isView(payload)) && lengthOf(payload) === 0;
}

function textInBytes(bytes: Uint8Array): AudioPayload | undefined {
  if (bytes.length < MIN_TEXT_BYTES) return undefined;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, MIN_TEXT_BYTES).toString('latin1');
  const isArray = head.startsWith('[') && /^[[\]\s\d.,eE+-]+$/u.test(head);
  if (!isArray && !looksLikeBase64(head)) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (isArray) return jsonArray(text);
  return BASE64.test(text.trim()) ? { kind: 'bytes', bytes: fromBase64(text) } : undefined;
}

function looksLikeBase64(head: string): boolean {
  return BASE64.test(head) && (new Set(head).size >= MIN_TEXT_LETTERS || SILENCE.test(head));
}

function jsonArray(text: string): AudioPayload | undefined {
  if (!/^\s*\[/u.test(text)) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? { kind: 'samples', samples: numbers(list) } : undefined;
  } catch (error) {
    if (error instanceof BadAudioError) throw error;
    return undefined; // Not JSON either.
  }
}

function lengthOf(list: readonly unknown[] | ArrayBufferView): number {
  return Array.isArray(list) ? list.length : (list as ArrayBufferView).byteLength;
}

function fromBase64(text: string): Uint8Array {
  const base64 = text
    .trim()
    .replace(DATA_URL, '')
    .replace(/[\r\n\t]+/gu, '');
  if (!BASE64.test(base64) || base64.replace(/=+$/u, '').length % 4 === 1 || isWord(base64)) {
    throw new BadAudioError(`The payload is a text that is not base64, so not audio. ${HINT}`);
  }
  return Buffer.from(base64, 'base64'); // It reads base64url as well.
}

/** Short words are base64 too by their letters; real base64 is padded to fours, and has other letters than small ones. */
function isWord(base64: string): boolean {
  return base64.length < MIN_TEXT_BYTES && (base64.length % 4 !== 0 || /^[a-z_-]+$/u.test(base64));
}

function numbers(list: readonly unknown[]): readonly number[] {
  // JSON has no NaN: what was one comes as null, and is for the decoder to judge.
  const position = list.findIndex((value) => typeof value !== 'number' && value !== null);
  if (position >= 0) {
    throw new BadAudioError(
      `The payload is an array with ${describe(list[position])} at position ${position}, not audio: an array of numbers is accepted. ${HINT}`,
    );
  }
  return list.map((value) => (typeof value === 'number' ? value : Number.NaN));
}

/**
 * The same memory as an array of our own realm: an array that a Function node made comes from a realm of its own, where
 * `instanceof` of ours says no. Undefined for a view that holds no samples.
 */
function viewOfOurs(view: ArrayBufferView): Exclude<SampleArray, readonly number[]> | undefined {
  const { buffer, byteOffset, byteLength } = view;
  if (types.isUint8Array(view) || types.isUint8ClampedArray(view)) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  if (types.isInt8Array(view)) return new Int8Array(buffer, byteOffset, byteLength);
  if (types.isInt16Array(view)) return new Int16Array(buffer, byteOffset, byteLength / 2);
  if (types.isUint16Array(view)) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  if (types.isInt32Array(view)) return new Int32Array(buffer, byteOffset, byteLength / 4);
  if (types.isUint32Array(view)) return new Uint32Array(buffer, byteOffset, byteLength / 4);
  if (types.isFloat32Array(view)) return new Float32Array(buffer, byteOffset, byteLength / 4);
  if (types.isFloat64Array(view)) return new Float64Array(buffer, byteOffset, byteLength / 8);
  return undefined;
}

/** Objects of a Function node may have no constructor, or anything else under that name. */
function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown };
  return typeof constructor === 'function' ? constructor.name : 'Object';
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'missing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return `an object (${nameOf(value)})`;
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
