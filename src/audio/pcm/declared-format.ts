/**
 * What raw samples are, by what a message, its MQTT 5 properties and a setting say. Raw samples do not tell their own
 * format, and devices differ in where they state it, so the order of trust is the user's.
 */
import { InvalidArgumentError } from '../../errors';
import { type Word, phrase, say } from '../../sentence';
import { describe } from '../../rules';
import { SAMPLE_RATE } from '../../clock';
import { checkSampleFormat, ENCODINGS, isEncoding, type Encoding, type SampleFormat } from './sample-format';

/** Where a statement about the format comes from: a setting, the message itself, or its MQTT 5 properties. */
export type FormatSource = 'setting' | 'message' | 'mqtt';

/** The first source in the order that says something about a part of the format rules over this part. */
export type FormatTrust = readonly FormatSource[];

/** A message knows best what it carries. */
export const DEFAULT_FORMAT_TRUST: FormatTrust = ['message', 'mqtt', 'setting'];

/** Statements about the format; each may say all, a part of it, or nothing. Values are checked here. */
export interface FormatStatements {
  /** `{encoding, rate, channels}` */
  readonly setting?: unknown;
  /** `{encoding, rate, channels}`, in the options of the message. */
  readonly message?: unknown;
  /** MQTT 5 content type: `audio/L16;rate=16000;channels=1`, `audio/pcm;rate=8000`, `audio/wav`, ... */
  readonly contentType?: unknown;
  /** MQTT 5 user properties: `fmt` (or `encoding`), `rate`, `channels`; others are not looked at. */
  readonly userProperties?: unknown;
}

/** Part of a format that one source states. */
interface Statement {
  readonly encoding?: Encoding;
  /** Hz */
  readonly rate?: number;
  readonly channels?: number;
}

/** What raw bytes are when nobody says anything: the stream format of the API reference. */
const DEFAULT: Required<Statement> = { encoding: 's16le', rate: SAMPLE_RATE, channels: 1 };

/**
 * Media types of raw samples. `L8`, `L16`, `L20` and `L24` are in network byte order, `L8` is offset binary (RFC 3551, 4.5);
 * `basic`, `PCMU` and `PCMA` are 8 kHz unless they say otherwise (RFC 2046, 4856). `pcm` is no registered type: devices mean
 * 16-bit little-endian by it.
 */
const RAW_TYPES: ReadonlyMap<string, Statement> = new Map([
  ['audio/l8', { encoding: 'u8' }],
  ['audio/l16', { encoding: 's16be' }],
  ['audio/l24', { encoding: 's24be' }],
  ['audio/pcm', { encoding: 's16le' }],
  ['audio/x-pcm', { encoding: 's16le' }],
  ['audio/basic', { encoding: 'mulaw', rate: 8_000, channels: 1 }],
  ['audio/pcmu', { encoding: 'mulaw', rate: 8_000 }],
  ['audio/pcma', { encoding: 'alaw', rate: 8_000 }],
]);

/**
 * The format of raw samples: part by part what the first source in the order of trust says, 16-bit little-endian mono
 * at 16 kHz where none does. A container (WAV, ...) states its format itself, so its media type says nothing here.
 *
 * @throws InvalidArgumentError naming a value or name that is not accepted, and where it stands
 */
export function declaredFormat(
  statements: FormatStatements,
  trust: FormatTrust = DEFAULT_FORMAT_TRUST,
): SampleFormat {
  const stated = trust.map((source) => statementOf(source, statements));
  const { encoding, rate, channels } = Object.assign({}, DEFAULT, ...stated.reverse()) as Required<Statement>;
  const format = { encoding, sampleRate: rate, channels };
  checkSampleFormat(format);
  return format;
}

/**
 * Whether the message itself says how its samples are encoded, and is believed, so that its bytes are samples whatever they look like.
 *
 * @throws InvalidArgumentError as {@link declaredFormat}
 */
export function isFormatStated(
  statements: FormatStatements,
  trust: FormatTrust = DEFAULT_FORMAT_TRUST,
): boolean {
  return trust.some(
    (source) => source !== 'setting' && statementOf(source, statements).encoding !== undefined,
  );
}

function statementOf(source: FormatSource, statements: FormatStatements): Statement {
  switch (source) {
    case 'setting':
      return formatObject(phrase`the format setting`, statements.setting);
    case 'message':
      return formatObject(phrase`the format of the message`, statements.message);
    case 'mqtt':
      return { ...contentTypeFormat(statements.contentType), ...userFormat(statements.userProperties) };
  }
}

function formatObject(where: Word, value: unknown): Statement {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new InvalidArgumentError(say`${where} must be an object with encoding, rate and channels.`);
  }
  for (const name of Object.keys(value)) {
    if (!['encoding', 'rate', 'channels'].includes(name)) {
      throw new InvalidArgumentError(
        say`There is no "${name}" in ${where}. Accepted: encoding, rate, channels.`,
      );
    }
  }
  const { encoding, rate, channels } = value as Record<string, unknown>;
  return statement(where, encoding, rate, channels);
}

/** MQTT 5 user properties are text; a name that is sent twice arrives as a list, whose first entry counts. */
function userFormat(properties: unknown): Statement {
  if (typeof properties !== 'object' || properties === null) return {};
  const { fmt, encoding, rate, channels } = properties as Record<string, unknown>;
  return statement('userProperties', first(fmt ?? encoding), first(rate), first(channels));
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? (value[0] as unknown) : value;
}

function contentTypeFormat(contentType: unknown): Statement {
  if (typeof contentType !== 'string') return {};
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  const stated = RAW_TYPES.get(type.toLowerCase());
  if (!stated) return {};
  const values = Object.fromEntries(
    parameters.map((parameter) => {
      const [name = '', value = ''] = parameter.split('=');
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/u, '$1')];
    }),
  );
  const where = say`the content type "${contentType}"`;
  return {
    ...stated,
    ...statement(where, values['encoding'] ?? values['fmt'], values['rate'], values['channels']),
  };
}

function statement(where: Word, encoding: unknown, rate: unknown, channels: unknown): Statement {
  return {
    ...(isStated(encoding) ? { encoding: encodingIn(where, encoding) } : {}),
    ...(isStated(rate) ? { rate: numberIn(where, 'rate', rate) } : {}),
    ...(isStated(channels) ? { channels: numberIn(where, 'channels', channels) } : {}),
  };
}

function isStated(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function encodingIn(where: Word, value: unknown): Encoding {
  if (typeof value === 'string' && isEncoding(value)) return value;
  throw new InvalidArgumentError(
    say`encoding in ${where} is ${describe(value)}. Accepted: ${ENCODINGS.join(', ')}.`,
  );
}

function numberIn(where: Word, name: string, value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw new InvalidArgumentError(say`${name} in ${where} is ${describe(value)}: a whole number is accepted.`);
}
