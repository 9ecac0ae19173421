/**
 * The fields of the edit dialogs that hold numbers, with their rules and defaults. Nodes check by them, and the dialogs are
 * served them: what an option of the engine is, the table of options says.
 */
import { DEFAULT_SILENCE_TIMEOUT_MS } from '../../src/audio';
import { DEFAULT_LOST_MS } from '../../src/mqtt';
import { DEFAULT_LIVE_SETTINGS } from '../../src/streams';
import { DEFAULT_LIMITS, DEFAULT_SEGMENTS, ENGINE_RULES, OPTIONS } from '../../src/pipeline';
import { checkValue, type NumberLimits, type Rule } from '../../src/rules';
import { InvalidArgumentError } from '../../src';
import { type Word, phrase, say } from '../../src/sentence';

type NumberRule = Extract<Rule, { readonly type: 'number' }>;

export interface Field {
  readonly rule: NumberRule;
  /** What an empty field means; shown in it. */
  readonly default?: number;
}

export interface FieldWithDefault extends Field {
  readonly default: number;
}

function atLeast(minimum: number, fallback: number): FieldWithDefault {
  return field({ minimum }, say`a number of at least ${minimum} is accepted`, fallback);
}

function above(limit: number, fallback: number): FieldWithDefault {
  return field({ above: limit }, say`a number above ${limit} is accepted`, fallback);
}

function countFrom(minimum: number, fallback: number): FieldWithDefault {
  return field({ whole: true, minimum }, say`a whole number of at least ${minimum} is accepted`, fallback);
}

function field(limits: NumberLimits, accepted: Word, fallback: number): FieldWithDefault {
  return { rule: { type: 'number', ...limits, accepted }, default: fallback };
}

const { outputPeriod, channel, volumeThreshold, loudAbove, rateIn, channels, segments, speakerDelay } =
  OPTIONS;
const { waiting, gaps, transitions, ...live } = DEFAULT_LIVE_SETTINGS;
const RAW_FORMAT = { rate: rateIn, channels };
/** What is heard as loud, and which sound is cut out: everywhere but of chunks, which are no phases. */
const SOUND = {
  loudAbove,
  segmentBefore: { rule: segments.rule.fields.before, default: DEFAULT_SEGMENTS.before },
  segmentAfter: { rule: segments.rule.fields.after, default: DEFAULT_SEGMENTS.after },
  segmentMinimum: { rule: segments.rule.fields.minimum, default: DEFAULT_SEGMENTS.minimum },
  segmentHold: { rule: segments.rule.fields.hold, default: DEFAULT_SEGMENTS.hold },
  segmentLongest: field(
    { minimum: 1, maximum: 600 },
    phrase`a number of seconds from 1 to 600 is accepted`,
    DEFAULT_SEGMENTS.longest / 1_000,
  ),
};
/** Where a node answers message by message. */
const STEPS = { outputPeriod, channel, volumeThreshold, ...SOUND, parallel: countFrom(1, 1) };

/** Units of the limits of an engine. */
export const MEGABYTE = 1_048_576;
export const HOUR_MS = 3_600_000;
export const MILLION = 1_000_000;

/** Fields with numbers, by node. Times are in seconds, but for those of steps and transitions, which are in milliseconds. */
export const FIELDS = {
  'deeptone-engine': {
    workers: { rule: ENGINE_RULES.workers, default: 1 },
    threads: { rule: ENGINE_RULES.threads, default: 1 },
    maxMessage: above(0, DEFAULT_LIMITS.maxMessageBytes / MEGABYTE),
    maxDuration: above(0, DEFAULT_LIMITS.maxDuration / HOUR_MS),
    maxChannels: countFrom(1, DEFAULT_LIMITS.maxChannels),
    maxAnswer: above(0, DEFAULT_LIMITS.maxAnswerValues / MILLION),
    maxWaiting: above(0, 1_024),
  },
  // A file name that waits costs nothing, a clip is memory.
  'deeptone-file': { ...STEPS, waitingMessages: countFrom(0, 1_000) },
  'deeptone-bytes': { ...STEPS, ...RAW_FORMAT, waitingMessages: countFrom(0, 20) },
  'deeptone-chunk': {
    channel,
    volumeThreshold,
    loudAbove,
    ...RAW_FORMAT,
    topics: countFrom(1, 100),
    waitingMessages: countFrom(0, 100),
  },
  'deeptone-stream': {
    outputPeriod,
    speakerDelay,
    channel,
    volumeThreshold,
    ...SOUND,
    ...RAW_FORMAT,
    summaryEvery: atLeast(0, live.summaryMs / 1_000),
    minimum: atLeast(0, transitions.minimumMs),
    hold: atLeast(0, transitions.holdMs),
    pause: atLeast(0, gaps.arrivalMs / 1_000),
    longestGap: atLeast(0, gaps.maxMs / 1_000),
    maxStreams: countFrom(1, live.maxStreams),
    idle: atLeast(0, live.idleMs / 1_000),
    waitingSeconds: above(0, waiting.streamMs / 1_000),
    waitingSecondsTotal: above(0, waiting.totalMs / 1_000),
    groupLost: field(
      { minimum: 1, maximum: 60 },
      phrase`a number from 1 to 60 is accepted`,
      DEFAULT_LOST_MS / 1_000,
    ),
    publishDevices: countFrom(1, 256),
    publishExpiry: atLeast(0, 30),
    silenceTimeout: atLeast(0, DEFAULT_SILENCE_TIMEOUT_MS / 1_000),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Field>>>>;

export type NodeType = keyof typeof FIELDS;

/** The numbers of a node's fields; those without a default may be left out. */
export type FieldNumbers<Type extends NodeType> = {
  readonly [Name in keyof (typeof FIELDS)[Type]]: (typeof FIELDS)[Type][Name] extends FieldWithDefault
    ? number
    : number | undefined;
};

/**
 * The numbers that a node was set to, or their defaults where a field is empty. Fields may hold text, as `${ENV}` gives it.
 *
 * @throws InvalidArgumentError naming a field that is no number, or not one that is accepted
 */
export function fieldNumbers<Type extends NodeType>(type: Type, config: object): FieldNumbers<Type> {
  const saved = config as Readonly<Record<string, unknown>>;
  const fields: Readonly<Record<string, Field>> = FIELDS[type];
  const numbers = Object.entries(fields).map(([name, { rule, default: fallback }]) => {
    const number = numberIn(name, saved[name]);
    checkValue(name, number, rule);
    return [name, number ?? fallback] as const;
  });
  return Object.fromEntries(numbers) as FieldNumbers<Type>; // The names are those of the table.
}

/**
 * A number from a text field of a dialog; undefined for an empty one.
 *
 * @throws InvalidArgumentError
 */
export function numberIn(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) {
    throw new InvalidArgumentError(say`${name} is ${JSON.stringify(value)}: a number is accepted.`);
  }
  return number;
}

/** A text from a field of a dialog; undefined for an empty one. */
export function textIn(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** The texts of a list that are not empty. */
export function textsIn(values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).map((text) => text.trim()).filter((text) => text !== '');
}
