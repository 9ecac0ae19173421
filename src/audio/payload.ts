/** Audio as it is handed over: what kind of thing it is, and a plain sentence when it is none. */
import { types } from 'node:util';
import { BadAudioError } from '../errors';
import { checkAttached } from './detached';
import { audioInJson, audioInNumbers, audioInValue, type FoundAudio, type StatedBeside } from './json-audio';
import { samplesOfView, type SampleArray } from './pcm/sample-array';
import { isBase64Text, isHexText, withoutMark } from './text-kind';

/** Bytes, raw, of a container or of text; or samples whose type tells their scale (decision 17). */
export type AudioPayload = (
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'samples'; readonly samples: Exclude<SampleArray, Uint8Array> }
) & {
  /** What an envelope of the audio says about its format. */
  readonly stated?: StatedBeside;
};

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/u;
const DATA_URL = /^data:[^,]*;base64,/iu;
/** Texts of fewer letters may be words. */
const FEW_LETTERS = 64;

const HINT =
  'If it came through something that turns bytes into text where they look like it, have that give bytes, "a Buffer".';

/**
 * Tells bytes from samples. `Buffer`, `Uint8Array` and `ArrayBuffer` are bytes; a text is base64 (a `data:` URL too) or JSON; other typed arrays
 * and arrays of numbers are samples, unless the numbers are plainly bytes; an object is what a Buffer or a typed array becomes as
 * JSON, or an envelope with one field of audio.
 *
 * @throws BadAudioError for anything else; its message says what was given and what to do
 */
export function readPayload(payload: unknown): AudioPayload {
  checkAttached(payload);
  if (payload instanceof Uint8Array) return { kind: 'bytes', bytes: payload };
  if (types.isAnyArrayBuffer(payload)) return { kind: 'bytes', bytes: new Uint8Array(payload) };
  if (typeof payload === 'string') return readText(payload);
  if (Array.isArray(payload)) return readNumbers(payload);
  if (ArrayBuffer.isView(payload)) {
    const view = samplesOfView(payload);
    if (view instanceof Uint8Array) return { kind: 'bytes', bytes: view };
    if (view) return { kind: 'samples', samples: view };
  }
  if (typeof payload === 'object' && payload !== null && !ArrayBuffer.isView(payload)) {
    return audioInValue(payload, describe(payload));
  }
  throw new BadAudioError(
    `The audio is ${describe(payload)}: a Buffer, a typed array, an array of numbers or base64 text is accepted. ${HINT}`,
  );
}

/** Whether there is nothing to hear in a payload: no payload at all, or one of length zero. */
export function isEmptyPayload(payload: unknown): boolean {
  if (payload === undefined || payload === null || payload === '') return true;
  if (types.isAnyArrayBuffer(payload)) return payload.byteLength === 0;
  return (Array.isArray(payload) || ArrayBuffer.isView(payload)) && lengthOf(payload) === 0;
}

function lengthOf(list: readonly unknown[] | ArrayBufferView): number {
  return Array.isArray(list) ? list.length : (list as ArrayBufferView).byteLength;
}

function readText(payload: string): AudioPayload {
  const text = withoutMark(payload).trim();
  if (/^[[{]/u.test(text)) return audioInJson(text);
  const base64 = text.replace(DATA_URL, '').replace(/[\r\n\t ]+/gu, '');
  if (isHexText(base64)) {
    throw new BadAudioError(
      'The audio is text of hexadecimal digits: turn it into bytes, as with Buffer.from(text, "hex").',
    );
  }
  if (
    !BASE64.test(base64) ||
    base64.replace(/=+$/u, '').length % 4 === 1 ||
    isWord(base64) ||
    isWords(text)
  ) {
    throw new BadAudioError(`The audio is a text that is not base64${beginning(text)}. ${HINT}`);
  }
  return { kind: 'bytes', bytes: Buffer.from(base64, 'base64') }; // It reads base64url as well.
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

function beginning(text: string): string {
  return text === '' ? '' : `: it begins "${text.slice(0, 40).replace(/\s+/gu, ' ')}"`;
}

function readNumbers(list: readonly unknown[]): FoundAudio {
  const position = list.findIndex((value) => typeof value !== 'number' && value !== null);
  if (position >= 0) {
    throw new BadAudioError(
      `The audio is an array with ${describe(list[position])} at position ${position}: an array of numbers is accepted. ${HINT}`,
    );
  }
  // JSON has no NaN: what was one comes as null, and is for the decoder to judge.
  return audioInNumbers(list.map((value) => (typeof value === 'number' ? value : Number.NaN)));
}

/** Objects made in a sandbox may have no constructor, or anything else under that name. */
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
