/**
 * Every option, once: its rule, the ways in that take it, its name in messages, its flag, its default. What the SDK checks,
 * the names in messages, the flags of the command line and the limits in the edit dialogs follow from here. The compiler
 * holds it equal to the types of the ways in.
 */
import { MAX_SAMPLE_RATE, MIN_SAMPLE_RATE } from '../audio';
import { FRAME_MS, SAMPLE_RATE } from '../clock';
import type { Rule, RuleFor } from '../rules';
import { ChunkMemory } from './chunk-memory';
import { DEFAULT_SPEAKER_DELAY } from './held-frames';
import { DECISION, MOST_ENTRIES, SEGMENTS } from './option-rules';
import type { OptionsOf, WayIn } from './options';
import { say } from '../sentence';

type KeysOf<Union> = Union extends unknown ? keyof Union : never;
type AnyOptions = OptionsOf[WayIn];
export type OptionName = KeysOf<AnyOptions>;
/** What an option holds where it is given. */
export type ValueOf<Name extends OptionName> = NonNullable<
  Extract<AnyOptions, Partial<Record<Name, unknown>>>[Name]
>;

/** The commands that analyse. */
export type AnalysisCommand = 'analyze' | 'stream' | 'serve';

/** A flag of the command line. */
export interface OptionFlag {
  /** As commander takes it: `--rate <hertz>`. */
  readonly flag: string;
  /** What it does, for each command that has it. */
  readonly help: Readonly<Partial<Record<AnalysisCommand, string>>>;
}

interface OptionEntry<T> {
  readonly ways: readonly WayIn[];
  readonly rule: RuleFor<T>;
  /** Must be given in code. */
  readonly isRequired?: true;
  /** What holds where nothing is said; of one that must be given in code, what messages and the command line take. */
  readonly default?: T;
  /** Its name in the options of a message, `{outputPeriod, format: {rate, ...}}`. Without one, messages cannot ask for it. */
  readonly message?: string;
  readonly flag?: OptionFlag;
}

const EVERYWHERE = ['file', 'bytes', 'chunk', 'stream', 'open', 'live'] as const;
const WITH_STEPS = ['file', 'bytes', 'stream', 'open', 'live'] as const;
const WITH_AN_END = ['file', 'bytes'] as const;
const WITH_PROGRESS = ['file', 'bytes', 'chunk'] as const;
const WITH_WARNINGS = ['file', 'bytes', 'chunk', 'stream'] as const;
/** Ways in for audio that does not tell its format. */
const WITH_RAW_SAMPLES = ['bytes', 'chunk', 'stream'] as const;

/** The help of a flag that does the same in all commands. */
const same = (help: string): Readonly<Record<AnalysisCommand, string>> => ({
  analyze: help,
  stream: help,
  serve: help,
});

/** Milliseconds: the field of the embeddings; nothing is gained beyond. */
const LONGEST_SPEAKER_DELAY = 2_048;
/** By what reads the samples. */
const CHECKED_LATER = { type: 'judged', holds: () => true, accepted: '' } as const;
const TRUE_OR_FALSE = { type: 'boolean', accepted: say`true or false is accepted` } as const;
const A_FUNCTION = { type: 'function', accepted: say`a function is accepted` } as const;

export const OPTIONS = {
  models: {
    ways: EVERYWHERE,
    rule: {
      type: 'list',
      of: { type: 'text', accepted: say`the name of a model is accepted` },
      accepted: say`a list of names of models is accepted`,
    },
    isRequired: true,
    message: 'models',
    flag: {
      flag: '--models <names>',
      help: same('models to run, with commas between them, or all; "deeptone models" lists them'),
    },
  },
  outputPeriod: {
    ways: WITH_STEPS,
    rule: {
      type: 'number',
      whole: true,
      minimum: FRAME_MS,
      multipleOf: FRAME_MS,
      accepted: say`a positive multiple of ${FRAME_MS} (milliseconds) is accepted, such as 64, 512 or 1024`,
    },
    isRequired: true,
    default: 1_024, // A step a second, on the grid of the frames.
    message: 'outputPeriod',
    flag: {
      flag: '--output-period <ms>',
      help: same(`milliseconds between answers, a multiple of ${FRAME_MS}`),
    },
  },
  channel: {
    ways: ['file', 'bytes', 'chunk', 'stream', 'live'],
    rule: {
      type: 'number',
      whole: true,
      minimum: 0,
      accepted: say`a channel number counted from 0 is accepted`,
    },
    message: 'channel',
    flag: {
      flag: '--channel <number>',
      help: {
        analyze: 'the channel to analyse, counted from 0 (default: every channel on its own)',
        stream: 'the channel to analyse, counted from 0 (default: their average)',
        serve: 'the channel to analyse, counted from 0 (default: their average)',
      },
    },
  },
  includeSummary: {
    ways: ['file', 'bytes', 'live'],
    rule: TRUE_OR_FALSE,
    message: 'includeSummary',
    flag: {
      flag: '--summary',
      help: {
        analyze: 'add the share of time per class',
        stream: 'add a line with the share of time per class at the end',
      },
    },
  },
  includeTransitions: {
    ways: ['file', 'bytes', 'live'],
    rule: TRUE_OR_FALSE,
    message: 'includeTransitions',
    flag: {
      flag: '--transitions',
      help: {
        analyze: 'add the phases of equal prediction',
        stream: 'add a line for each phase of equal prediction as it ends',
      },
    },
  },
  includeRawValues: {
    ways: EVERYWHERE,
    rule: TRUE_OR_FALSE,
    message: 'includeRawValues',
    flag: { flag: '--raw', help: same('add the probability of every class') },
  },
  includeVoiceSignatures: { ways: WITH_AN_END, rule: TRUE_OR_FALSE },
  useChunking: { ways: WITH_AN_END, rule: TRUE_OR_FALSE, message: 'useChunking' },
  volumeThreshold: {
    ways: EVERYWHERE,
    rule: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      accepted: say`a number from 0 (nothing is silence) to 1 (everything is) is accepted`,
    },
    default: 0.005, // Decision 5.
    message: 'volumeThreshold',
    flag: {
      flag: '--volume-threshold <level>',
      help: same('RMS below which a frame is silence, 0 to 1'),
    },
  },
  speakerDelay: {
    ways: ['stream', 'open', 'live'],
    rule: {
      type: 'number',
      whole: true,
      minimum: 0,
      maximum: LONGEST_SPEAKER_DELAY,
      multipleOf: FRAME_MS,
      accepted: `a multiple of ${FRAME_MS} from 0 (at once) to ${LONGEST_SPEAKER_DELAY} (milliseconds) is accepted`,
    },
    default: DEFAULT_SPEAKER_DELAY, // Decision 14.
    message: 'speakerDelay',
    flag: {
      flag: '--speaker-delay <ms>',
      help: {
        stream: 'milliseconds that answers wait where speaker-map is among the models; 0: none',
        serve: 'milliseconds that answers wait where speaker-map is among the models; 0: none',
      },
    },
  },
  voiceSignatures: {
    ways: EVERYWHERE,
    rule: { type: 'object', accepted: say`an object {speakerId: {version: 1, data: base64}} is accepted` },
    message: 'voiceSignatures',
  },
  decisions: {
    ways: EVERYWHERE,
    rule: {
      type: 'object',
      most: MOST_ENTRIES,
      others: DECISION,
      accepted: say`an object {model: {classes, thresholds, period}} is accepted`,
    },
    message: 'decisions',
    flag: {
      flag: '--decisions <json>',
      help: same(
        'how answers are chosen, by models: possible classes, thresholds, what stands for a period, such as \'{"language": {"classes": ["en", "de"]}}\'',
      ),
    },
  },
  loudAbove: {
    ways: EVERYWHERE,
    rule: {
      type: 'number',
      minimum: -120,
      maximum: 0,
      accepted: say`a level from -120 to 0 (dBFS) is accepted, such as -30`,
    },
    message: 'loudAbove',
    flag: {
      flag: '--loud-above <dBFS>',
      help: same('tell also what is loud: the level from which on it is, such as -30'),
    },
  },
  commonSpeakers: {
    ways: ['file'],
    rule: TRUE_OR_FALSE,
    message: 'commonSpeakers',
    flag: {
      flag: '--common-speakers',
      help: { analyze: 'number the speakers over all channels, not anew in each' },
    },
  },
  segments: {
    ways: ['file', 'bytes', 'open', 'live'],
    rule: SEGMENTS,
    message: 'segments',
  },
  onSegment: { ways: WITH_AN_END, rule: A_FUNCTION },
  contextSamples: {
    ways: ['chunk'],
    rule: {
      type: 'number',
      whole: true,
      minimum: 0,
      accepted: say`a whole number from 0 to less than the number of samples is accepted`,
    },
    default: 0,
    message: 'contextSamples',
  },
  format: {
    ways: WITH_RAW_SAMPLES,
    rule: {
      type: 'object',
      fields: { encoding: CHECKED_LATER, sampleRate: CHECKED_LATER, channels: CHECKED_LATER },
      others: 'none',
      accepted: say`an object {encoding, sampleRate, channels} is accepted`,
    },
    message: 'format.encoding',
    flag: {
      flag: '--format <encoding>',
      help: {
        stream: 'encoding of raw samples, such as f32le (default: s16le; a header in the sound rules)',
        serve: 'encoding of raw samples, such as f32le (default: s16le; what messages say rules)',
      },
    },
  },
  rateIn: {
    ways: WITH_RAW_SAMPLES,
    rule: {
      type: 'number',
      whole: true,
      minimum: MIN_SAMPLE_RATE,
      maximum: MAX_SAMPLE_RATE,
      accepted: say`a whole sample rate from ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE} (Hz) is accepted`,
    },
    default: SAMPLE_RATE,
    message: 'format.rate',
    flag: {
      flag: '--rate <hertz>',
      help: { stream: 'sample rate of raw samples', serve: 'sample rate of raw samples' },
    },
  },
  channels: {
    ways: ['bytes', 'chunk'],
    rule: {
      type: 'number',
      whole: true,
      minimum: 1,
      accepted: say`a whole number of at least 1 is accepted`,
    },
    default: 1,
    message: 'format.channels',
    flag: {
      flag: '--channels <count>',
      help: {
        stream: 'interleaved channels of raw samples',
        serve: 'interleaved channels of raw samples',
      },
    },
  },
  checkContent: { ways: WITH_RAW_SAMPLES, rule: TRUE_OR_FALSE },
  memory: {
    ways: ['chunk'],
    rule: {
      type: 'judged',
      holds: (value) => value instanceof ChunkMemory,
      accepted: say`a ChunkMemory is accepted`,
    },
  },
  topic: {
    ways: ['chunk'],
    rule: { type: 'text', accepted: say`a text is accepted` },
  },
  onProgress: { ways: WITH_PROGRESS, rule: A_FUNCTION },
  onWarning: { ways: WITH_WARNINGS, rule: A_FUNCTION },
  onEngineLost: { ways: ['open'], rule: A_FUNCTION },
  signal: {
    ways: WITH_PROGRESS,
    rule: {
      type: 'judged',
      holds: (value) => value instanceof AbortSignal,
      accepted: say`an AbortSignal is accepted`,
    },
  },
} as const satisfies { readonly [Name in OptionName]: OptionEntry<ValueOf<Name>> };

/** Names of the options that have a flag. */
export type FlaggedName = {
  [Name in OptionName]: (typeof OPTIONS)[Name] extends { readonly flag: OptionFlag } ? Name : never;
}[OptionName];

/** Names of the options of a way in, by the table. */
export type NamesOf<Way extends WayIn> = {
  [Name in OptionName]: Way extends (typeof OPTIONS)[Name]['ways'][number] ? Name : never;
}[OptionName];

type Differing<A, B> = Exclude<A, B> | Exclude<B, A>;
/** Ways in whose type and whose column of the table do not name the same options, with these names. */
type Disagreement = {
  [Way in WayIn]: [Differing<NamesOf<Way>, keyof OptionsOf[Way]>] extends [never]
    ? never
    : { readonly way: Way; readonly names: Differing<NamesOf<Way>, keyof OptionsOf[Way]> };
}[WayIn];
type None<T extends never> = T;
/** Compiles only where there is no such way in. */
export type Agreement = None<Disagreement>;

/** Names of the options of a way in. */
export function optionNames(way: WayIn): readonly OptionName[] {
  return optionEntries()
    .filter(({ ways }) => ways.includes(way))
    .map(({ name }) => name);
}

interface NamedEntry extends Omit<OptionEntry<unknown>, 'rule'> {
  readonly name: OptionName;
  readonly rule: Rule;
}

/** The table, row by row. */
export function optionEntries(): readonly NamedEntry[] {
  return Object.entries(OPTIONS).map(([name, entry]) => ({ name: name as OptionName, ...entry }));
}

/** RMS below which a frame is silence (decision 5). */
export const DEFAULT_VOLUME_THRESHOLD = OPTIONS.volumeThreshold.default;
