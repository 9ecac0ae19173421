/**
 * What a `catalogue.json` looks like. Two kinds exist: the shipped set, whose models sit on a trunk in the same
 * folder, and a user's folder, whose models are heads on a tap of that trunk or models of their own.
 */
import { problemWith, type Rule, type RulesFor } from '../rules';
import type { Activation, Baseline, ClusteringSettings, Gate, Pooling } from './prediction-engine';

/** p = softmax(logits / temperature) or sigmoid(logits / temperature + bias). */
export interface Calibration {
  /** Scores are divided by it: above 1 makes a model less sure of itself. */
  readonly temperature: number;
  /** One number per class; only with `sigmoid`. */
  readonly bias?: readonly number[];
}

/** A tap of the trunk: features at one receptive field, for users' own heads. */
export interface Tap {
  /** Numbers per frame. */
  readonly channels: number;
  /** Milliseconds of sound that one frame looks back on. */
  readonly receptiveFieldMs: number;
}

/** The shared graph: PCM and state in; scores of all built-in heads, embedding, taps and state out. */
export interface TrunkEntry {
  readonly file: string;
  /** Lower-case hexadecimal SHA-256 of the file. */
  readonly sha256: string;
  /** Numbers of recurrent state per stream. */
  readonly stateSize: number;
  /** Numbers of the embedding of a voice, per frame. */
  readonly embeddingSize: number;
  /** Logits of all built-in classifier heads, side by side. */
  readonly scoresSize: number;
  /** Features by name, from the shortest look back to the longest. */
  readonly taps: Readonly<Record<string, Tap>>;
}

/** Whether somebody speaks: one score of the trunk, and how it is read. */
export interface GateEntry {
  readonly source: Extract<BuiltInSource, { output: 'scores' }>;
  readonly temperature: number;
  /** Somebody speaks from this probability on, until it falls below the other one. */
  readonly openAbove: number;
  readonly closeBelow: number;
}

export interface SetHeader {
  readonly version: 1;
  readonly set: string;
  readonly title: string;
  readonly trunk: TrunkEntry;
  /** Left out: `speech-rt` decides. */
  readonly gate?: GateEntry;
  readonly models: readonly unknown[];
}

export interface UserFolderHeader {
  readonly version: 1;
  readonly models: readonly unknown[];
}

interface EntryBase {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly classes: readonly string[];
  readonly activation: Activation;
  readonly calibration?: Calibration;
  readonly gate?: Gate;
  readonly unknownBelow?: number | null;
  readonly license?: string;
  /** Answers over what was said lately; only with `softmax`. */
  readonly pooling?: Pooling;
  /** Answers against what is usual in a channel; only with `softmax`. */
  readonly baseline?: Baseline;
}

export type BuiltInSource =
  | { readonly kind: 'trunk'; readonly output: 'scores'; readonly offset: number }
  | { readonly kind: 'trunk'; readonly output: 'embedding' };

export interface BuiltInEntry extends EntryBase {
  readonly source: BuiltInSource;
  readonly receptiveFieldMs: number;
  readonly trainingData: 'open' | 'non-commercial';
  readonly clustering?: ClusteringSettings;
  /** Name of a class that is never answered, none of the others; its score stands behind theirs. */
  readonly reject?: string;
}

export type UserSource =
  | {
      readonly kind: 'head';
      readonly file: string;
      readonly tap: string;
      /** SHA-256 of the trunk that the head was trained on; a head made for another trunk gives nonsense. */
      readonly trunkSha256?: string;
    }
  | { readonly kind: 'pcm'; readonly file: string; readonly stateSize: number };

export interface UserEntry extends EntryBase {
  readonly source: UserSource;
  /** Optional for a head, which then has the field of its tap. */
  readonly receptiveFieldMs?: number;
}

/** Bounds what is remembered of a stream: 938 frames. */
const LONGEST_POOLING_SECONDS = 60;
const LEAST_LOG_PROBABILITY = -30;
/** A day of speech. */
const LONGEST_BASELINE_SECONDS = 86_400;

/** A text that says something. */
const TEXT = { type: 'text', pattern: /./su, accepted: 'a text is accepted' } as const;
const ANY_TEXT = { type: 'text', accepted: 'a text is accepted' } as const;
const COUNT = {
  type: 'number',
  whole: true,
  minimum: 1,
  accepted: 'a whole number of at least 1 is accepted',
} as const;
const INDEX = {
  type: 'number',
  whole: true,
  minimum: 0,
  accepted: 'a whole number of at least 0 is accepted',
} as const;
const ABOVE_ZERO = { type: 'number', above: 0, accepted: 'a number above 0 is accepted' } as const;
const NUMBER = { type: 'number', accepted: 'a number is accepted' } as const;
const SHA256 = {
  type: 'text',
  pattern: /^[0-9a-f]{64}$/u,
  accepted: '64 hexadecimal digits in lower case are accepted',
} as const;

const TRUNK = {
  type: 'object',
  fields: {
    file: TEXT,
    sha256: SHA256,
    stateSize: COUNT,
    embeddingSize: COUNT,
    scoresSize: COUNT,
    taps: {
      type: 'object',
      others: {
        type: 'object',
        fields: { channels: COUNT, receptiveFieldMs: ABOVE_ZERO } satisfies RulesFor<Tap>,
        required: ['channels', 'receptiveFieldMs'],
        accepted: 'an object {channels, receptiveFieldMs} is accepted',
      },
      accepted: 'an object of taps by their names is accepted',
    },
  } satisfies RulesFor<TrunkEntry>,
  required: ['file', 'sha256', 'stateSize', 'embeddingSize', 'scoresSize', 'taps'],
  accepted: 'an object that describes the shared graph is accepted',
} as const;

const SHARE = {
  type: 'number',
  minimum: 0,
  maximum: 1,
  accepted: 'a number from 0 to 1 is accepted',
} as const;

const GATE = {
  type: 'object',
  fields: {
    source: {
      type: 'object',
      fields: {
        kind: oneOf('trunk'),
        output: oneOf('scores'),
        offset: INDEX,
      },
      required: ['kind', 'output', 'offset'],
      accepted: 'an object {kind, output, offset} is accepted',
    },
    temperature: ABOVE_ZERO,
    openAbove: SHARE,
    closeBelow: SHARE,
  } satisfies RulesFor<GateEntry>,
  required: ['source', 'temperature', 'openAbove', 'closeBelow'],
  accepted: 'an object {source, temperature, openAbove, closeBelow} is accepted',
} as const;

const FOLDER_FIELDS = {
  version: { type: 'choice', choices: [1], accepted: '1 is accepted' },
  models: {
    type: 'list',
    // Each entry is checked on its own, so that one that is broken can be left out.
    of: { type: 'judged', holds: () => true, accepted: '' },
    accepted: 'a list of models is accepted',
  },
} as const satisfies RulesFor<UserFolderHeader>;

const ENTRY_FIELDS = {
  name: {
    type: 'text',
    pattern: /^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/u,
    accepted: 'up to 64 lower-case letters and digits, with hyphens between them, are accepted',
  },
  title: TEXT,
  description: ANY_TEXT,
  classes: {
    type: 'list',
    of: {
      type: 'text',
      // Labels of the gates (decision 7) are never classes of a model.
      pattern: /^(?!(no_speech|silence|unknown)$).{1,64}$/su,
      accepted:
        'a text of up to 64 characters is accepted, but for no_speech, silence and unknown, which are labels of the gates',
    },
    isUnique: true,
    accepted: 'a list of classes is accepted, each once',
  },
  calibration: {
    type: 'object',
    fields: {
      temperature: ABOVE_ZERO,
      bias: { type: 'list', of: NUMBER, accepted: 'a list of numbers is accepted' },
    } satisfies RulesFor<Calibration>,
    required: ['temperature'],
    accepted: 'an object {temperature, bias} is accepted',
  },
  receptiveFieldMs: ABOVE_ZERO,
  gate: { type: 'choice', choices: ['volume', 'voice'], accepted: '"volume" or "voice" is accepted' },
  license: TEXT,
  pooling: {
    type: 'object',
    fields: {
      seconds: {
        type: 'number',
        minimum: 0.064,
        maximum: LONGEST_POOLING_SECONDS,
        accepted: `a number from 0.064 to ${LONGEST_POOLING_SECONDS} is accepted`,
      },
      temperature: ABOVE_ZERO,
      priorSeconds: { type: 'number', minimum: 0, accepted: 'a number of at least 0 is accepted' },
    } satisfies RulesFor<Pooling>,
    required: ['seconds'],
    accepted: 'an object {seconds, temperature, priorSeconds} is accepted',
  },
  baseline: {
    type: 'object',
    fields: {
      logProbabilities: {
        type: 'list',
        of: {
          type: 'number',
          minimum: LEAST_LOG_PROBABILITY,
          maximum: 0,
          accepted: `a number from ${LEAST_LOG_PROBABILITY} to 0 is accepted`,
        },
        accepted: 'a list of numbers, one per class, is accepted',
      },
      priorSeconds: { type: 'number', minimum: 0, accepted: 'a number of at least 0 is accepted' },
      memorySeconds: {
        type: 'number',
        minimum: 1,
        maximum: LONGEST_BASELINE_SECONDS,
        accepted: `a number from 1 to ${LONGEST_BASELINE_SECONDS} is accepted`,
      },
    } satisfies RulesFor<Baseline>,
    required: ['logProbabilities', 'priorSeconds', 'memorySeconds'],
    accepted: 'an object {logProbabilities, priorSeconds, memorySeconds} is accepted',
  },
} as const;

/** A number, or null for a model that always says what it heard. */
const UNKNOWN_BELOW = {
  type: 'judged',
  holds: (value: unknown) => value === null || (typeof value === 'number' && value >= -1 && value <= 1),
  accepted: 'a number from -1 to 1, or null, is accepted',
} as const;

const BUILT_IN: Rule = {
  type: 'object',
  fields: {
    ...ENTRY_FIELDS,
    activation: oneOf('softmax', 'sigmoid', 'embedding'),
    unknownBelow: UNKNOWN_BELOW,
    source: {
      type: 'object',
      fields: { kind: oneOf('trunk'), output: oneOf('scores', 'embedding'), offset: INDEX },
      required: ['kind', 'output'],
      requiredBy: { name: 'output', values: { scores: ['offset'] } },
      accepted: 'an object {kind, output, offset} is accepted',
    },
    trainingData: oneOf('open', 'non-commercial'),
    reject: TEXT,
    clustering: { type: 'object', others: NUMBER, accepted: 'an object of numbers is accepted' },
  } satisfies Omit<RulesFor<BuiltInEntry>, 'unknownBelow'> & { unknownBelow: Rule },
  required: [
    'name',
    'source',
    'classes',
    'activation',
    'receptiveFieldMs',
    'gate',
    'unknownBelow',
    'license',
    'trainingData',
  ],
  accepted: 'an object that describes a model is accepted',
};

const USER: Rule = {
  type: 'object',
  fields: {
    ...ENTRY_FIELDS,
    activation: oneOf('softmax', 'sigmoid'),
    unknownBelow: UNKNOWN_BELOW,
    source: {
      type: 'object',
      fields: { kind: oneOf('head', 'pcm'), file: TEXT, tap: TEXT, trunkSha256: SHA256, stateSize: COUNT },
      required: ['kind', 'file'],
      requiredBy: { name: 'kind', values: { head: ['tap'], pcm: ['stateSize'] } },
      accepted: 'an object {kind, file, tap or stateSize} is accepted',
    },
  } satisfies Omit<RulesFor<UserEntry>, 'unknownBelow'> & { unknownBelow: Rule },
  required: ['name', 'source', 'classes', 'activation'],
  accepted: 'an object that describes a model is accepted',
};

/** Gives the value as what it was checked to be, or the first reason why it is not. */
export type Check<T> = (
  value: unknown,
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** The parts of a catalogue, each checked on its own. */
export const CATALOGUE_CHECKS: {
  readonly setHeader: Check<SetHeader>;
  readonly userFolderHeader: Check<UserFolderHeader>;
  readonly builtIn: Check<BuiltInEntry>;
  readonly user: Check<UserEntry>;
} = {
  setHeader: checkBy({
    type: 'object',
    fields: {
      ...FOLDER_FIELDS,
      set: TEXT,
      title: TEXT,
      trunk: TRUNK,
      gate: GATE,
    } satisfies RulesFor<SetHeader>,
    required: ['version', 'set', 'title', 'trunk', 'models'],
    accepted: 'an object is accepted',
  }),
  userFolderHeader: checkBy({
    type: 'object',
    fields: FOLDER_FIELDS,
    required: ['version', 'models'],
    accepted: 'an object is accepted',
  }),
  builtIn: checkBy(BUILT_IN),
  user: checkBy(USER),
};

/** The rules are held equal to the types above by the compiler, name by name. */
function checkBy<T>(rule: Rule): Check<T> {
  return (value) => {
    const problem = problemWith('', value, rule);
    if (!problem) return { ok: true, value: value as T };
    const place = problem.path === '' ? 'the entry' : `"${problem.path}"`;
    return { ok: false, reason: `${place} ${String(problem.sentence)}` };
  };
}

function oneOf(...choices: readonly string[]) {
  return { type: 'choice', choices, accepted: `one of ${choices.join(', ')} is accepted` } as const;
}
