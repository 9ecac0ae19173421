/** Audio as it is handed over: what kind of thing it is, and a plain sentence when it is none. */
import { types } from 'node:util';
import { BadAudioError, DeeptoneError } from '../errors';
import { type Word, phrase, say } from '../sentence';
import { checkAttached } from './detached';
import { atOnce, type Steps } from '../steps';
import { audioInNumbers, audioInValue, joinedBytes, type FoundAudio } from './json-audio';
import { PlainNumbers } from './pcm/plain-numbers';
import { samplesOfView } from './pcm/sample-array';
import { isBase64Text, isHexText, withoutMark, type TextKind } from './text-kind';
import { textAudio } from './text-audio';

/** Bytes, raw, of a container or of text; or samples whose type tells their scale (decision 17). */
export type AudioPayload = FoundAudio;

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/u;
const DATA_URL = /^data:[^,]*;base64,/iu;
/** Texts of fewer letters may be words. */
const FEW_LETTERS = 64;

const HINT = phrase`If it came through something that turns bytes into text where they look like it, have that give bytes, "a Buffer".`;

/** Letters of a text that are looked at or read in one step. */
const STEP_LETTERS = 65_536;

/** As {@link payloadSteps}, at once. */
export function readPayload(payload: unknown): AudioPayload {
  return atOnce(payloadSteps(payload));
}

/**
 * Tells bytes from samples. `Buffer`, `Uint8Array` and `ArrayBuffer` are bytes; a text is base64 (a `data:` URL too) or JSON; other typed arrays
 * and arrays of numbers are samples, unless the numbers are plainly bytes; an object is what a Buffer or a typed array becomes as
 * JSON, or an envelope with one field of audio.
 *
 * @throws BadAudioError for anything else; its message says what was given and what to do
 */
export function* payloadSteps(payload: unknown): Steps<AudioPayload> {
  checkAttached(payload);
  if (payload instanceof Uint8Array) return { kind: 'bytes', bytes: payload };
  if (types.isAnyArrayBuffer(payload)) return { kind: 'bytes', bytes: new Uint8Array(payload) };
  if (typeof payload === 'string') return yield* readText(payload);
  if (Array.isArray(payload)) return yield* readNumbers(payload);
  if (ArrayBuffer.isView(payload)) {
    const view = samplesOfView(payload);
    if (view instanceof Uint8Array) return { kind: 'bytes', bytes: view };
    if (view) return { kind: 'samples', samples: view };
  }
  if (typeof payload === 'object' && payload !== null && !ArrayBuffer.isView(payload)) {
    return yield* readObject(payload);
  }
  throw new BadAudioError(
    say`The audio is ${describe(payload)}: a Buffer, a typed array, an array of numbers or base64 text is accepted. ${HINT}`,
  );
}

/** Whether there is nothing to hear in a payload: no payload at all, or one of length zero. */
export function isEmptyPayload(payload: unknown): boolean {
  if (payload === undefined || payload === null || payload === '') return true;
  if (types.isAnyArrayBuffer(payload)) return payload.byteLength === 0;
  return (Array.isArray(payload) || ArrayBuffer.isView(payload)) && lengthOf(payload) === 0;
}

/** Objects in objects, and fields of one, whose size is looked at: as many as audio is looked for in. */
const DEEPEST = 3;
const MOST_FIELDS = 64;
const MOST_FIELDS_IN_ALL = 1_024;
/** Bytes that a number in a plain array takes. */
const NUMBER_BYTES = 8;

/** About how many bytes a payload takes in memory; what it costs to find out does not depend on it. */
export function payloadBytes(payload: unknown): number {
  try {
    return sizeOf(payload, 0, { left: MOST_FIELDS_IN_ALL });
  } catch {
    return 0; // What throws when it is read is refused when it is read.
  }
}

function sizeOf(payload: unknown, depth: number, budget: { left: number }): number {
  if (typeof payload === 'string') return payload.length;
  if (typeof payload !== 'object' || payload === null) return 0;
  if (types.isAnyArrayBuffer(payload) || ArrayBuffer.isView(payload)) return payload.byteLength;
  if (Array.isArray(payload)) return NUMBER_BYTES * payload.length;
  if (depth > DEEPEST) return 0;
  let bytes = 0;
  let fields = 0;
  for (const name in payload) {
    if (budget.left-- <= 0) break;
    if (++fields > MOST_FIELDS) return bytes + NUMBER_BYTES * Object.keys(payload).length;
    bytes += sizeOf((payload as Readonly<Record<string, unknown>>)[name], depth + 1, budget);
  }
  return bytes;
}

function lengthOf(list: readonly unknown[] | ArrayBufferView): number {
  return Array.isArray(list) ? list.length : (list as ArrayBufferView).byteLength;
}

/** @throws BadAudioError also for properties that throw when they are read */
function* readObject(payload: object): Steps<AudioPayload> {
  try {
    return yield* audioInValue(payload, describe(payload));
  } catch (cause) {
    if (cause instanceof DeeptoneError) throw cause;
    const words = cause instanceof Error ? cause.message : phrase`it throws`;
    throw new BadAudioError(say`The audio is an object that cannot be read: ${words}`, { cause });
  }
}

function* readText(payload: string): Steps<AudioPayload> {
  const head = withoutMark(payload.slice(0, STEP_LETTERS)).trimStart();
  if (/^[[{]/u.test(head)) return yield* readLong(payload, 'json');
  if (payload.length > STEP_LETTERS) {
    refuseWords(head.replace(DATA_URL, '').replace(/\s+/gu, ''), head);
    return yield* readLong(payload, DATA_URL.test(head) ? 'data-url' : 'base64');
  }
  const text = head.trimEnd();
  const base64 = text.replace(DATA_URL, '').replace(/[\r\n\t ]+/gu, '');
  refuseWords(base64, text);
  if (base64.replace(/=+$/u, '').length % 4 === 1) throw noBase64(text);
  return { kind: 'bytes', bytes: Buffer.from(base64, 'base64') }; // It reads base64url as well.
}

/** @throws BadAudioError for letters that are those of base64 and are none */
function refuseWords(base64: string, text: string): void {
  if (isHexText(base64)) {
    throw new BadAudioError(
      say`The audio is text of hexadecimal digits: turn it into bytes, as with Buffer.from(text, "hex").`,
    );
  }
  if (!BASE64.test(base64) || isWord(base64) || isWords(text)) throw noBase64(text);
}

function noBase64(text: string): BadAudioError {
  return new BadAudioError(say`The audio is a text that is not base64${beginning(text)}. ${HINT}`);
}

/** One text, of any length, a little at a time. */
function* readLong(text: string, kind: TextKind): Steps<AudioPayload> {
  const reader = textAudio(kind);
  const found: FoundAudio[] = [];
  for (let at = 0; at < text.length; at += STEP_LETTERS) {
    if (at > 0) yield;
    // A letter that is cut in two is no letter of audio.
    found.push(...(yield* reader.push(Buffer.from(text.slice(at, at + STEP_LETTERS), 'utf8'))));
    if (kind === 'json' && found.length > 1) break;
  }
  if (kind !== 'json' || found.length < 2) found.push(...(yield* reader.end()));
  const [only, second] = found;
  if (!only || (kind === 'json' && second)) {
    throw new BadAudioError(
      say`The audio is text${beginning(text)} that holds ${only ? say`several values` : say`nothing`}: one value with audio is accepted.`,
    );
  }
  if (only.kind === 'samples' || !second) return only;
  return { ...only, bytes: yield* joinedBytes(found) };
}

/** Short words are base64 too by their letters; real base64 is padded to fours, and has other letters than small ones. */
function isWord(base64: string): boolean {
  if (base64.length >= FEW_LETTERS) return !isBase64Text(base64) && new Set(base64).size > 1;
  return base64.length % 4 !== 0 || /^[a-z_-]+$/u.test(base64);
}

/** Blanks between letters; base64 is broken into lines, where it is broken. */
function isWords(text: string): boolean {
  return text.length < FEW_LETTERS && /[a-z][ \t]+[a-z]/iu.test(text);
}

function beginning(text: string): Word {
  return text === '' ? '' : say`: it begins "${text.slice(0, 40).replace(/\s+/gu, ' ')}"`;
}

function* readNumbers(list: readonly unknown[]): Steps<FoundAudio> {
  const numbers = new PlainNumbers();
  const position = yield* numbers.take(list);
  if (position >= 0) {
    throw new BadAudioError(
      say`The audio is an array with ${describe(list[position])} at position ${position}: an array of numbers is accepted. ${HINT}`,
    );
  }
  return (yield* audioInNumbers(numbers, true)) ?? { kind: 'samples', samples: new Float32Array(0) };
}

/** Objects made in a sandbox may have no constructor, or anything else under that name. */
function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown };
  return typeof constructor === 'function' ? constructor.name : 'Object';
}

function describe(value: unknown): Word {
  if (value === null || value === undefined) return 'missing';
  if (Array.isArray(value)) return phrase`an array`;
  if (typeof value === 'object') return say`an object (${nameOf(value)})`;
  return typeof value === 'string' ? phrase`a text` : say`a ${typeof value}`;
}
