/** Audio in JSON and in objects that were JSON: arrays, Buffers, envelopes with one field of audio. */
import { types } from 'node:util';
import { BadAudioError } from '../errors';
import { namedContainer } from './containers';
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
/** Fields of an object that are looked at. */
const MOST_FIELDS = 64;
/** Numbers under a name that says nothing that are taken for audio. */
const FEWEST_NUMBERS = 64;

/**
 * The audio in a JSON text.
 *
 * @throws BadAudioError that says what it is instead
 */
export function audioInJson(text: string): FoundAudio {
  const json = withoutMark(text)
    .replaceAll('\u001e', ' ')
    .replace(/^[\s,]+/u, '');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    const beginning = json.slice(0, 40).replace(/\s+/gu, ' ');
    throw new BadAudioError(`The audio is text that begins "${beginning}" as JSON does, and is none.`, {
      cause,
    });
  }
  return audioInValue(value, 'JSON');
}

/**
 * The audio in a value that is no bytes: an array of numbers, what a Buffer or typed array becomes as JSON, or an object with one
 * field that holds audio.
 *
 * @param what it is, for messages
 * @throws BadAudioError that says what it is instead, and how to get at the audio
 */
export function audioInValue(value: unknown, what: string): FoundAudio {
  const direct = audioLike(value, true);
  if (direct) return direct;
  if (Array.isArray(value))
    throw new BadAudioError(`The audio is ${what}, an array of other things than numbers.`);
  const candidates = typeof value === 'object' && value !== null ? fieldsWithAudio(value as Fields, 1) : [];
  const [surest, second] = [...candidates].sort((a, b) => a.rank - b.rank);
  if (surest && (surest.rank < AUDIO_NAMES.length || !second)) {
    return { ...surest.audio, stated: surest.stated };
  }
  const names =
    typeof value === 'object' && value !== null ? Object.keys(value).slice(0, 8).join(', ') : typeof value;
  if (surest) {
    throw new BadAudioError(
      `The audio is ${what} with several fields that may hold it (${candidates.map(({ path }) => path).join(', ')}): send the field that does.`,
    );
  }
  throw new BadAudioError(
    `The audio is ${what} without a field that holds any (it has: ${names}): send audio as bytes, "a Buffer", or in a field named audio, as base64 or an array of numbers.`,
  );
}

type Fields = Readonly<Record<string, unknown>>;

interface Candidate {
  readonly audio: FoundAudio;
  readonly path: string;
  readonly rank: number;
  readonly stated: StatedBeside;
}

function fieldsWithAudio(object: Fields, depth: number, path = '', above: StatedBeside = {}): Candidate[] {
  const stated = { ...above, ...statedIn(object) };
  return Object.entries(object)
    .slice(0, MOST_FIELDS)
    .flatMap(([name, value]): Candidate[] => {
      const where = path === '' ? name : `${path}.${name}`;
      const found = AUDIO_NAMES.indexOf(name.toLowerCase());
      const audio = audioLike(value, found >= 0);
      if (audio) return [{ audio, path: where, rank: found >= 0 ? found : AUDIO_NAMES.length, stated }];
      const isObject =
        typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
      return isObject && depth < DEEPEST ? fieldsWithAudio(value as Fields, depth + 1, where, stated) : [];
    });
}

function audioLike(value: unknown, isNamed: boolean): FoundAudio | undefined {
  if (typeof value === 'string') return textLike(value, isNamed);
  if (Array.isArray(value)) return numbersLike(value, isNamed);
  if (typeof value !== 'object' || value === null) return undefined;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return viewLike(value);
  const fields = value as Fields;
  if (fields['type'] === 'Buffer' && 'data' in fields) return bufferLike(fields['data']);
  const numbers = arrayLike(fields);
  // Typed arrays alone become that, and those of bytes hold no others.
  const isBytes = numbers?.every(isByte) === true && numbers.some((value) => Number(value) > 0x7f);
  if (isBytes) return { kind: 'bytes', bytes: Uint8Array.from(numbers as readonly number[]) };
  return numbers && numbersLike(numbers, isNamed);
}

/** A Buffer or typed array in an object that never was JSON. */
function viewLike(value: ArrayBufferView | ArrayBufferLike): FoundAudio | undefined {
  const samples = samplesOfView(value);
  if (samples instanceof Uint8Array) return { kind: 'bytes', bytes: samples };
  return samples && { kind: 'samples', samples };
}

/** What `JSON.stringify` makes of a Buffer. */
function bufferLike(data: unknown): FoundAudio {
  if (typeof data === 'string') return { kind: 'bytes', bytes: Buffer.from(data, 'base64') };
  if (Array.isArray(data) && data.every(isByte))
    return { kind: 'bytes', bytes: Uint8Array.from(data as number[]) };
  throw new BadAudioError(
    'The audio was a Buffer that was turned into JSON ({"type":"Buffer","data":[...]}), and its data are no bytes: Buffer.from(object.data) makes a Buffer of bytes.',
  );
}

/** What `JSON.stringify` makes of a typed array: `{"0": 1, "1": 2, ...}`. */
function arrayLike(fields: Fields): readonly unknown[] | undefined {
  if (!('0' in fields)) return undefined;
  const values = Object.values(fields);
  const isArray = Object.keys(fields).every((key, index) => key === String(index));
  return isArray ? values : undefined;
}

function textLike(text: string, isNamed: boolean): FoundAudio | undefined {
  const base64 = /^data:[^,]{0,200};base64,/iu.test(text) ? text.slice(text.indexOf(',') + 1) : text;
  const isShort =
    isNamed && base64.length > 0 && base64.length % 4 === 0 && /^[A-Za-z0-9+/_-]+={0,2}$/u.test(base64);
  const isWord = /^[a-z_-]+$/u.test(base64) && base64.length < FEWEST_NUMBERS;
  if ((!isShort || isWord) && !isBase64Text(base64)) return undefined;
  return { kind: 'bytes', bytes: Buffer.from(base64, 'base64') };
}

function numbersLike(list: readonly unknown[], isNamed: boolean): FoundAudio | undefined {
  if (list.length === 0 || (!isNamed && list.length < FEWEST_NUMBERS)) return undefined;
  // JSON has no NaN: what was one comes as null, and is for the decoder to judge.
  if (!list.every((value) => typeof value === 'number' || value === null)) return undefined;
  return audioInNumbers(list.map((value) => (typeof value === 'number' ? value : Number.NaN)));
}

/**
 * Numbers as samples, or as the bytes that they plainly are: those of a container, or of 16-bit samples.
 *
 * @throws BadAudioError where they may be bytes and may be samples
 */
export function audioInNumbers(list: readonly number[]): FoundAudio {
  if (!list.every(isByte)) return { kind: 'samples', samples: list };
  const head = Uint8Array.from(list.slice(0, 64));
  if (namedContainer(head) !== undefined) return { kind: 'bytes', bytes: Uint8Array.from(list) };
  // No sound stays above zero; as bytes of samples that go below it, numbers are above 127 half of the time.
  if (list.length < FEWEST_NUMBERS || !list.some((value) => value > 0x7f)) {
    return { kind: 'samples', samples: list };
  }
  if (highBytesAreSigns(list)) return { kind: 'bytes', bytes: Uint8Array.from(list) };
  throw new BadAudioError(
    'The audio is an array of numbers from 0 to 255, which may be bytes or 8-bit samples: send bytes in a Buffer (Buffer.from(array)), samples in an array of their own type (Int16Array.from(...), Uint8Array.from(...)) or as floats from -1 to 1.',
  );
}

/** Mean steps from one byte to the next of its kind: those of low bytes are 85 by chance, high bytes go along with the sound. */
const LEAST_LOW_STEP = 50;
const LARGEST_HIGH_STEP = 12;

/**
 * Whether every second byte is the high byte of a 16-bit sample: near 0 or 255, and the others are not or are too, as in quiet sound; or it
 * changes slowly, and the others do as they like.
 */
function highBytesAreSigns(list: readonly number[]): boolean {
  let high = 0;
  let low = 0;
  let highSteps = 0;
  let lowSteps = 0;
  const isSign = (value = 0x80): boolean => value < 0x20 || value >= 0xe0;
  for (let at = 0; at + 1 < list.length; at += 2) {
    if (isSign(list[at])) low++;
    if (isSign(list[at + 1])) high++;
    if (at === 0) continue;
    lowSteps += Math.abs((list[at] ?? 0) - (list[at - 2] ?? 0));
    const step = Math.abs((list[at + 1] ?? 0) - (list[at - 1] ?? 0));
    highSteps += Math.min(step, 256 - step);
  }
  const pairs = Math.floor(list.length / 2);
  const isQuiet = low > 0.8 * pairs;
  if (high > 0.8 * pairs && (low < high || isQuiet)) return true;
  return lowSteps > LEAST_LOW_STEP * pairs && highSteps < LARGEST_HIGH_STEP * pairs;
}

function isByte(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}

function statedIn(object: Fields): StatedBeside {
  const stated: { -readonly [Name in keyof StatedBeside]: StatedBeside[Name] } = {};
  for (const [name, value] of Object.entries(object).slice(0, MOST_FIELDS)) {
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
