/**
 * What callers may ask for, and the one place that checks it. Unknown names are rejected, not ignored (decision 21).
 */
import { FRAME_MS } from '../clock';
import { InvalidArgumentError, ModelInvalidError, ModelNotFoundError } from '../errors';
import { MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, type SampleFormat } from '../audio';
import type { BrokenModel, ModelDescription } from '../inference';
import type { VoiceSignatures } from '../insight';

/** Options that every way in understands. */
export interface AnalysisOptions {
  /** Names of the models to run, at least one. A model named twice runs once. */
  readonly models: readonly string[];
  /** Milliseconds between answers: a positive multiple of 64. */
  readonly outputPeriod: number;
  /** Give every class's probability beside the winner. Default false. */
  readonly includeRawValues?: boolean;
  /** Root mean square, full scale 1.0, below which a frame is silence; 0 to 1. Default 0.005 (decision 5). */
  readonly volumeThreshold?: number;
  /** Voices that speaker-map knows by name, see `createVoiceSignatures`. Other models do not look at them. */
  readonly voiceSignatures?: VoiceSignatures;
}

/** Options of answers that have an end. */
export interface WholeOptions extends AnalysisOptions {
  /** Add the share of time per class. Default false. */
  readonly includeSummary?: boolean;
  /** Add the phases of equal prediction. Default false. */
  readonly includeTransitions?: boolean;
  /** Add signatures of the speakers that speaker-map heard, by their labels. Default false. */
  readonly includeVoiceSignatures?: boolean;
  /** Kept for the API reference's sake: memory is bounded with and without it (decision 13). */
  readonly useChunking?: boolean;
  /** Called now and then with the share done (null where the length is unknown) and the milliseconds analysed. */
  readonly onProgress?: (fraction: number | null, analysedMs: number) => void;
  /** Aborts the analysis; it then fails with AbortedError. */
  readonly signal?: AbortSignal;
}

export interface FileOptions extends WholeOptions {
  /** The channel to analyse, counted from 0. Default: every channel on its own (decision 16). */
  readonly channel?: number;
  /** Told once when samples that are not finite were replaced by 0 (decision 17). Default: a process warning. */
  readonly onWarning?: (message: string) => void;
}

export interface BytesOptions extends WholeOptions {
  /** Hz of the samples, 4,000 to 384,000. Default 16,000. */
  readonly rateIn?: number;
  /** Number of interleaved channels. Default 1. */
  readonly channels?: number;
  /** Which of several channels to analyse; by default they are averaged (decision 19). */
  readonly channel?: number;
  /** What a Buffer or Uint8Array of raw bytes holds. Default for a Buffer: 16-bit little-endian at `rateIn`. */
  readonly format?: SampleFormat;
}

export interface ChunkOptions {
  readonly models: readonly string[];
  readonly includeRawValues?: boolean;
  readonly volumeThreshold?: number;
  /** Leading samples that only warm the models up; 0 to less than the chunk's length (decision 12). Default 0. */
  readonly contextSamples?: number;
  readonly voiceSignatures?: VoiceSignatures;
}

export interface StreamOptions extends AnalysisOptions {
  /** Hz of the samples. Default 16,000. */
  readonly rateIn?: number;
  /** What byte arrays hold. Default: what a WAV header at the start says, else 16-bit little-endian mono at `rateIn`. */
  readonly format?: SampleFormat;
  /** Told once when samples that are not finite were replaced by 0 (decision 17). Default: a process warning. */
  readonly onWarning?: (message: string) => void;
}

/** RMS below which a frame is silence (decision 5). */
export const DEFAULT_VOLUME_THRESHOLD = 0.005;

const COMMON = ['models', 'outputPeriod', 'includeRawValues', 'volumeThreshold', 'voiceSignatures'] as const;
const WHOLE = [
  ...COMMON,
  'includeSummary',
  'includeTransitions',
  'includeVoiceSignatures',
  'useChunking',
  'onProgress',
  'signal',
] as const;

/** Names of the options of each way in. */
export const OPTION_NAMES = {
  file: [...WHOLE, 'channel', 'onWarning'],
  bytes: [...WHOLE, 'rateIn', 'channels', 'channel', 'format'],
  chunk: ['models', 'includeRawValues', 'volumeThreshold', 'contextSamples', 'voiceSignatures'],
  stream: [...COMMON, 'rateIn', 'format', 'onWarning'],
  open: COMMON,
} as const satisfies Record<string, readonly string[]>;

export type WayIn = keyof typeof OPTION_NAMES;

/**
 * Checks the options of one way in.
 *
 * @throws InvalidArgumentError naming the option, its value and what is accepted
 */
export function checkOptions(way: WayIn, options: unknown): void {
  const names: readonly string[] = OPTION_NAMES[way];
  checkNamedOptions(options, Object.fromEntries(names.map((name) => [name, RULES[name] ?? ANYTHING])));
  if (way !== 'chunk' && (options as { outputPeriod?: unknown }).outputPeriod === undefined) {
    throw new InvalidArgumentError(`outputPeriod is missing: ${PERIOD_RULE}.`);
  }
}

/** What a value must be, and how that is told. */
export interface Rule {
  readonly holds: (value: unknown) => boolean;
  readonly accepted: string;
  /** The value may hold a secret by mistake and is not repeated. */
  readonly isSecret?: boolean;
}

/**
 * Checks an object of options, each by its rule; one that is undefined counts as left out.
 *
 * @throws InvalidArgumentError for anything but an object, an unknown name, and a value that breaks its rule
 */
export function checkNamedOptions(options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(`The options must be an object, not ${describe(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      throw new InvalidArgumentError(
        `There is no option "${name}". Accepted: ${Object.keys(rules).join(', ')}.`,
      );
    }
    if (value !== undefined && !rule.holds(value)) {
      const given = rule.isSecret ? `of type ${typeof value}` : describe(value);
      throw new InvalidArgumentError(`${name} is ${given}: ${rule.accepted}.`);
    }
  }
}

const PERIOD_RULE = `a positive multiple of ${FRAME_MS} (milliseconds) is accepted, such as 64, 512 or 1024`;

/** For what is checked where more is known: `models`, against the engine. */
const ANYTHING: Rule = { holds: () => true, accepted: '' };
const TRUE_OR_FALSE: Rule = {
  holds: (value) => typeof value === 'boolean',
  accepted: 'true or false is accepted',
};
const A_FUNCTION: Rule = {
  holds: (value) => typeof value === 'function',
  accepted: 'a function is accepted',
};

const FORMAT_NAMES: readonly string[] = ['encoding', 'sampleRate', 'channels'];

/** What each option accepts; `models` is checked against the engine by {@link selectModels}. */
const RULES: Readonly<Record<string, Rule>> = {
  outputPeriod: {
    holds: (value) => isInteger(value, FRAME_MS) && value % FRAME_MS === 0,
    accepted: PERIOD_RULE,
  },
  volumeThreshold: {
    holds: (value) => typeof value === 'number' && value >= 0 && value <= 1,
    accepted: 'a number from 0 (nothing is silence) to 1 (everything is) is accepted',
  },
  includeRawValues: TRUE_OR_FALSE,
  includeSummary: TRUE_OR_FALSE,
  includeTransitions: TRUE_OR_FALSE,
  includeVoiceSignatures: TRUE_OR_FALSE,
  useChunking: TRUE_OR_FALSE,
  channel: {
    holds: (value) => isInteger(value, 0),
    accepted: 'a channel number counted from 0 is accepted',
  },
  channels: {
    holds: (value) => isInteger(value, 1),
    accepted: 'a whole number of at least 1 is accepted',
  },
  contextSamples: {
    holds: (value) => isInteger(value, 0),
    accepted: 'a whole number from 0 to less than the number of samples is accepted',
  },
  rateIn: {
    holds: (value) => isInteger(value, MIN_SAMPLE_RATE) && value <= MAX_SAMPLE_RATE,
    accepted: `a whole sample rate from ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE} (Hz) is accepted`,
  },
  voiceSignatures: {
    holds: isPlainObject,
    accepted: 'an object {speakerId: {version: 1, data: base64}} is accepted',
  },
  format: {
    holds: (value) => isPlainObject(value) && Object.keys(value).every((name) => FORMAT_NAMES.includes(name)),
    accepted: 'an object {encoding, sampleRate, channels} is accepted',
  },
  onProgress: A_FUNCTION,
  onWarning: A_FUNCTION,
  signal: { holds: (value) => value instanceof AbortSignal, accepted: 'an AbortSignal is accepted' },
};

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown, minimum: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= minimum;
}

/** Names in an object that a message lists. */
const MOST_NAMES = 8;

/** A value in a few words, for messages. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const names = Object.keys(value);
  return names.length > 0 && names.length <= MOST_NAMES ? `an object with ${names.join(', ')}` : 'an object';
}

/**
 * The descriptions of the models asked for, in the order asked, each once.
 *
 * @param broken models that were left out, and why
 * @throws InvalidArgumentError for an empty list, ModelInvalidError for one that was left out, ModelNotFoundError for an
 *   unknown name
 */
export function selectModels(
  names: unknown,
  available: readonly ModelDescription[],
  broken: readonly BrokenModel[] = [],
): readonly ModelDescription[] {
  const availableNames = available.map((model) => model.name);
  if (!Array.isArray(names) || names.length === 0) {
    const given = Array.isArray(names) ? 'an empty list' : describe(names);
    throw new InvalidArgumentError(
      `models is ${given}: a list of at least one of ${availableNames.join(', ')} is accepted.`,
    );
  }
  return [...new Set(names as readonly unknown[])].map((name) => {
    const model = available.find((candidate) => candidate.name === name);
    const leftOut = model ? undefined : broken.find((candidate) => candidate.name === name);
    if (leftOut) {
      throw new ModelInvalidError(`The model "${leftOut.name}" cannot be used: ${leftOut.reason}.`);
    }
    if (!model) {
      throw new ModelNotFoundError(typeof name === 'string' ? name : describe(name), availableNames);
    }
    return model;
  });
}
