/** Audio in JSON and in objects that were JSON: arrays, Buffers, envelopes with one field of audio. */
import { types } from 'node:util';
import { BadAudioError } from '../errors';
import { type Word, say } from '../sentence';
import { type Steps } from '../steps';
import { namedContainer } from './containers';
import { PlainNumbers } from './pcm/plain-numbers';
import { samplesOfView, type SampleArray } from './pcm/sample-array';
import { ENCODINGS, isEncoding, type Encoding } from './pcm/sample-format';
import { isBase64Text, withoutMark } from './text-kind';

/** Audio that was found: bytes of any kind, or samples; with what stands beside it about the format. */
export type FoundAudio = (
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'samples'; readonly samples: Exclude<SampleArray, Uint8Array> }
) & { readonly stated?: StatedBeside };

/** What an envelope says about raw samples. */
export interface StatedBeside {
  readonly encoding?: Encoding;
  /** Hz */
  readonly rate?: number;
  readonly channels?: number;
}

/** Names of fields that hold audio, the surest first. */
const AUDIO_NAMES: readonly string[] = [
  ...[
    'audio',
    'pcm',
    'samples',
    'sound',
    'wav',
    'waveform',
    'audiodata',
    'audio_data',
    'audiocontent',
    'chunk',
  ],
  ...['delta', 'data', 'payload', 'buffer', 'bytes', 'content', 'body', 'base64', 'value', 'frame', 'values'],
];
const RATE_NAMES =
  /^(rate|samplerate|sample_rate|samplingrate|sampleratehertz|sample_rate_hertz|sr|fs|hz)$/iu;
const CHANNEL_NAMES = /^(channels|numchannels|num_channels|channelcount|channel_count|nchannels)$/iu;
const ENCODING_NAMES = /^(encoding|format|codec|fmt|sampleformat|sample_format)$/iu;
/** What others call encodings. */
const OTHER_ENCODINGS: Readonly<Record<string, Encoding>> = {
  pcm: 's16le',
  pcm16: 's16le',
  pcm_s16le: 's16le',
  linear16: 's16le',
  l16: 's16be',
  int16: 's16le',
  float32: 'f32le',
  pcm_f32le: 'f32le',
  ulaw: 'mulaw',
  pcmu: 'mulaw',
  pcm_mulaw: 'mulaw',
  g711_ulaw: 'mulaw',
  pcma: 'alaw',
  pcm_alaw: 'alaw',
  g711_alaw: 'alaw',
};
/** Objects in objects that are looked into. */
const DEEPEST = 3;
/** Fields of an object that are looked at, and of all objects in each other. */
const MOST_FIELDS = 64;
const MOST_FIELDS_IN_ALL = 1_024;
/** Fields that are looked at in one step. */
const STEP_FIELDS = 4_096;
/** Numbers under a name that says nothing that are taken for audio. */
const FEWEST_NUMBERS = 64;

/** Bytes that are copied in one step: a few milliseconds, where the memory is new. */
const STEP_BYTES = 4 * 1024 * 1024;

/** The bytes of parts that follow each other, as one. */
export function* joinedBytes(parts: readonly FoundAudio[]): Steps<Uint8Array> {
  const pieces = parts.flatMap((part) => (part.kind === 'bytes' ? [part.bytes] : []));
  const whole = Buffer.allocUnsafe(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  let since = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
    since += piece.length;
    if (since < STEP_BYTES) continue;
    since = 0;
    yield;
  }
  return whole;
}

/** What stands in a JSON value in the place of something long, which was taken out of it. */
export interface Hole {
  /** The numbers that stood there; undefined where there were other things, or a text. */
  readonly numbers?: PlainNumbers;
  /** The bytes that base64 there held, in parts; undefined where it was none. */
  readonly bytes?: readonly FoundAudio[];
}

/** What was taken out of a JSON value, by the texts that stand in its place. */
export type Holes = ReadonlyMap<string, Hole>;

const NO_HOLES: Holes = new Map();

/**
 * The audio in a JSON text.
 *
 * @param holes what was taken out of the text
 * @throws BadAudioError that says what it is instead
 */
export function audioInJson(text: string, holes = NO_HOLES): Steps<FoundAudio> {
  const json = withoutMark(text)
    .replaceAll('\u001e', ' ')
    .replace(/^[\s,]+/u, '');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw noJson(json, cause);
  }
  return audioInValue(value, 'JSON', holes);
}

/** What is said of text that begins as JSON does. */
export function noJson(text: string, cause?: unknown): BadAudioError {
  const beginning = text.slice(0, 40).replace(/\s+/gu, ' ');
  return new BadAudioError(say`The audio is text that begins "${beginning}" as JSON does, and is none.`, {
    cause,
  });
}

/**
 * The audio in a value that is no bytes: an array of numbers, what a Buffer or typed array becomes as JSON, or an object with one
 * field that holds audio.
 *
 * @param what it is, for messages
 * @param holes what was taken out of it
 * @throws BadAudioError that says what it is instead, and how to get at the audio
 */
export function* audioInValue(value: unknown, what: Word, holes = NO_HOLES): Steps<FoundAudio> {
  const direct = yield* audioLike(value, true, holes);
  if (direct) return direct;
  if (Array.isArray(value) || (typeof value === 'string' && holes.has(value)))
    throw new BadAudioError(
      say`The audio is ${what}, ${typeof value === 'string' ? say`a long text or array` : say`an array`} of other things than numbers.`,
    );
  const isObject = typeof value === 'object' && value !== null;
  const candidates = isObject ? yield* fieldsWithAudio(value as Fields, holes) : [];
  const [surest, second] = [...candidates].sort((a, b) => a.rank - b.rank);
  if (surest && (surest.rank < AUDIO_NAMES.length || !second)) {
    return { ...surest.audio, stated: surest.stated };
  }
  if (surest) {
    throw new BadAudioError(
      say`The audio is ${what} with several fields that may hold it (${candidates.map(({ path }) => path).join(', ')}): send the field that does.`,
    );
  }
  const names = isObject
    ? [...firstFields(value as Fields)]
        .slice(0, 8)
        .map(([name]) => name)
        .join(', ')
    : typeof value;
  throw new BadAudioError(
    say`The audio is ${what} without a field that holds any (it has: ${names}): send audio as bytes, "a Buffer", or in a field named audio, as base64 or an array of numbers.`,
  );
}

type Fields = Readonly<Record<string, unknown>>;

interface Candidate {
  readonly audio: FoundAudio;
  readonly path: string;
  readonly rank: number;
  readonly stated: StatedBeside;
}

/** Where fields are looked for. */
interface Place {
  /** Fields that may still be looked at, in all objects together. */
  readonly budget: { left: number };
  readonly depth: number;
  readonly path: string;
  /** What stands further out. */
  readonly above: StatedBeside;
}

const outermost = (): Place => ({ budget: { left: MOST_FIELDS_IN_ALL }, depth: 1, path: '', above: {} });

function* fieldsWithAudio(object: Fields, holes: Holes, place = outermost()): Steps<Candidate[]> {
  const { budget } = place;
  const stated = { ...place.above, ...statedIn(object) };
  const candidates: Candidate[] = [];
  for (const [name, value] of firstFields(object)) {
    if (budget.left-- <= 0) break;
    const path = place.path === '' ? name : `${place.path}.${name}`;
    const found = AUDIO_NAMES.indexOf(name.toLowerCase());
    const audio = yield* audioLike(value, found >= 0, holes);
    const isObject =
      typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
    if (audio) {
      candidates.push({ audio, path, rank: found >= 0 ? found : AUDIO_NAMES.length, stated });
    } else if (isObject && place.depth < DEEPEST) {
      const inner = { budget, depth: place.depth + 1, path, above: stated };
      candidates.push(...(yield* fieldsWithAudio(value as Fields, holes, inner)));
    }
  }
  return candidates;
}

function* audioLike(value: unknown, isNamed: boolean, holes: Holes): Steps<FoundAudio | undefined> {
  if (typeof value === 'string') return yield* textLike(value, isNamed, holes);
  if (Array.isArray(value)) return yield* numbersLike(value, isNamed);
  if (typeof value !== 'object' || value === null) return undefined;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return viewLike(value);
  const fields = value as Fields;
  if (fields['type'] === 'Buffer' && 'data' in fields) return yield* bufferLike(fields['data'], holes);
  const list = yield* arrayLike(fields);
  if (!list) return undefined;
  const numbers = new PlainNumbers();
  if ((yield* numbers.take(list)) >= 0) return undefined;
  // Typed arrays alone become that, and those of bytes hold no others.
  const isBytes = numbers.areBytes && numbers.largest > 0x7f;
  if (isBytes) return { kind: 'bytes', bytes: yield* numbers.bytes() };
  return yield* audioInNumbers(numbers, isNamed);
}

/** A Buffer or typed array in an object that never was JSON. */
function viewLike(value: ArrayBufferView | ArrayBufferLike): FoundAudio | undefined {
  const samples = samplesOfView(value);
  if (samples instanceof Uint8Array) return { kind: 'bytes', bytes: samples };
  return samples && { kind: 'samples', samples };
}

/** What `JSON.stringify` makes of a Buffer. */
function* bufferLike(data: unknown, holes: Holes): Steps<FoundAudio> {
  const hole = typeof data === 'string' ? holes.get(data) : undefined;
  if (hole?.bytes) return { kind: 'bytes', bytes: yield* joinedBytes(hole.bytes) };
  if (typeof data === 'string' && !hole) return { kind: 'bytes', bytes: Buffer.from(data, 'base64') };
  let numbers = hole?.numbers;
  if (Array.isArray(data)) {
    numbers = new PlainNumbers();
    if ((yield* numbers.take(data)) >= 0) numbers = undefined;
  }
  if (numbers?.areBytes === true) return { kind: 'bytes', bytes: yield* numbers.bytes() };
  throw new BadAudioError(
    say`The audio was a Buffer that was turned into JSON ({"type":"Buffer","data":[...]}), and its data are no bytes: Buffer.from(object.data) makes a Buffer of bytes.`,
  );
}

/** What `JSON.stringify` makes of a typed array: `{"0": 1, "1": 2, ...}`. */
function* arrayLike(fields: Fields): Steps<readonly unknown[] | undefined> {
  if (!('0' in fields)) return undefined;
  const keys = Object.keys(fields);
  const values: unknown[] = [];
  for (const key of keys) {
    if (key !== String(values.length)) return undefined;
    values.push(fields[key]);
    if (values.length % STEP_FIELDS === 0) yield;
  }
  return values;
}

function* textLike(text: string, isNamed: boolean, holes: Holes): Steps<FoundAudio | undefined> {
  const hole = holes.get(text);
  if (hole?.bytes) return { kind: 'bytes', bytes: yield* joinedBytes(hole.bytes) };
  if (hole) return hole.numbers && (yield* audioInNumbers(hole.numbers, isNamed));
  const base64 = /^data:[^,]{0,200};base64,/iu.test(text) ? text.slice(text.indexOf(',') + 1) : text;
  const isShort =
    isNamed && base64.length > 0 && base64.length % 4 === 0 && /^[A-Za-z0-9+/_-]+={0,2}$/u.test(base64);
  const isWord = /^[a-z_-]+$/u.test(base64) && base64.length < FEWEST_NUMBERS;
  if ((!isShort || isWord) && !isBase64Text(base64)) return undefined;
  return { kind: 'bytes', bytes: Buffer.from(base64, 'base64') };
}

function* numbersLike(list: readonly unknown[], isNamed: boolean): Steps<FoundAudio | undefined> {
  if (list.length === 0 || (!isNamed && list.length < FEWEST_NUMBERS)) return undefined;
  const numbers = new PlainNumbers();
  if ((yield* numbers.take(list)) >= 0) return undefined;
  return yield* audioInNumbers(numbers, isNamed);
}

/**
 * Numbers as samples, or as the bytes that they plainly are: those of a container, or of 16-bit samples. Undefined where they are too few
 * to be audio under a name that says nothing.
 *
 * @throws BadAudioError where they may be bytes and may be samples, or are integers outside 16 bits
 */
export function* audioInNumbers(numbers: PlainNumbers, isNamed: boolean): Steps<FoundAudio | undefined> {
  if (numbers.length === 0 || (!isNamed && numbers.length < FEWEST_NUMBERS)) return undefined;
  const isContainer = numbers.areBytes && namedContainer(numbers.head(64)) !== undefined;
  if (isContainer) return { kind: 'bytes', bytes: yield* numbers.bytes() };
  // No sound stays above zero; as bytes of samples that go below it, numbers are above 127 half of the time.
  if (!numbers.areBytes || numbers.length < FEWEST_NUMBERS || numbers.largest <= 0x7f) {
    return { kind: 'samples', samples: yield* numbers.samples() };
  }
  if (numbers.areBytesOfSamples) return { kind: 'bytes', bytes: yield* numbers.bytes() };
  throw new BadAudioError(
    say`The audio is an array of numbers from 0 to 255, which may be bytes or 8-bit samples: send bytes in a Buffer (Buffer.from(array)), samples in an array of their own type (Int16Array.from(...), Uint8Array.from(...)) or as floats from -1 to 1.`,
  );
}

/** Some fields of an object, whatever number it has. */
function* firstFields(object: Fields): Generator<readonly [name: string, value: unknown]> {
  let count = 0;
  for (const name in object) {
    if (count++ === MOST_FIELDS) return;
    yield [name, object[name]];
  }
}

function statedIn(object: Fields): StatedBeside {
  const stated: { -readonly [Name in keyof StatedBeside]: StatedBeside[Name] } = {};
  for (const [name, value] of firstFields(object)) {
    if (RATE_NAMES.test(name) && isWhole(value)) stated.rate = Number(value);
    if (CHANNEL_NAMES.test(name) && isWhole(value)) stated.channels = Number(value);
    if (ENCODING_NAMES.test(name) && typeof value === 'string') {
      const encoding = encodingOf(value);
      if (encoding !== undefined) stated.encoding = encoding;
    }
  }
  return stated;
}

function encodingOf(name: string): Encoding | undefined {
  const plain = name.toLowerCase();
  return isEncoding(plain) && ENCODINGS.includes(plain) ? plain : OTHER_ENCODINGS[plain];
}

function isWhole(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && /^\d{1,7}$/u.test(String(value));
}
