/**
 * What a `catalogue.json` looks like. Two kinds exist: the shipped set, whose models sit on a trunk in the same
 * folder, and a user's folder, whose models are heads on a tap of that trunk or models of their own.
 */
import Ajv, { type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import type { Activation, ClusteringSettings, Gate } from './prediction-engine';

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

export interface SetHeader {
  readonly version: 1;
  readonly set: string;
  readonly title: string;
  readonly trunk: TrunkEntry;
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
}

export type BuiltInSource =
  | { readonly kind: 'trunk'; readonly output: 'scores'; readonly offset: number }
  | { readonly kind: 'trunk'; readonly output: 'embedding' };

export interface BuiltInEntry extends EntryBase {
  readonly source: BuiltInSource;
  readonly receptiveFieldMs: number;
  readonly trainingData: 'open' | 'non-commercial';
  readonly clustering?: ClusteringSettings;
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

const positiveInteger = { type: 'integer', minimum: 1 } as const;
const text = { type: 'string', minLength: 1 } as const;
const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;

const trunkSchema = {
  type: 'object',
  required: ['file', 'sha256', 'stateSize', 'embeddingSize', 'scoresSize', 'taps'],
  properties: {
    file: text,
    sha256,
    stateSize: positiveInteger,
    embeddingSize: positiveInteger,
    scoresSize: positiveInteger,
    taps: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['channels', 'receptiveFieldMs'],
        properties: { channels: positiveInteger, receptiveFieldMs: { type: 'number', exclusiveMinimum: 0 } },
      },
    },
  },
} as const;

const headerProperties = {
  version: { const: 1 },
  models: { type: 'array' },
} as const;

const entryProperties = {
  // `no_speech`, `silence` and `unknown` are labels of the gates (decision 7), never classes of a model.
  name: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 64 },
  title: text,
  description: { type: 'string' },
  classes: {
    type: 'array',
    uniqueItems: true,
    items: {
      type: 'string',
      minLength: 1,
      maxLength: 64,
      not: { enum: ['no_speech', 'silence', 'unknown'] },
    },
  },
  activation: { enum: ['softmax', 'sigmoid', 'embedding'] },
  calibration: {
    type: 'object',
    required: ['temperature'],
    properties: {
      temperature: { type: 'number', exclusiveMinimum: 0 },
      bias: { type: 'array', items: { type: 'number' } },
    },
  },
  receptiveFieldMs: { type: 'number', exclusiveMinimum: 0 },
  gate: { enum: ['volume', 'voice'] },
  unknownBelow: { type: ['number', 'null'], minimum: -1, maximum: 1 },
  license: text,
} as const;

/** Where `property` is `value`, `needed` must be there too. */
function requiredWhere(property: string, value: string, needed: string): SchemaObject {
  return {
    if: { type: 'object', properties: { [property]: { const: value } } },
    then: { type: 'object', required: [needed] },
  };
}

const builtInSchema = {
  type: 'object',
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
  properties: {
    ...entryProperties,
    source: {
      type: 'object',
      required: ['kind', 'output'],
      properties: {
        kind: { const: 'trunk' },
        output: { enum: ['scores', 'embedding'] },
        offset: { type: 'integer', minimum: 0 },
      },
      ...requiredWhere('output', 'scores', 'offset'),
    },
    trainingData: { enum: ['open', 'non-commercial'] },
    clustering: { type: 'object', additionalProperties: { type: 'number' } },
  },
} as const;

const userSchema = {
  type: 'object',
  required: ['name', 'source', 'classes', 'activation'],
  properties: {
    ...entryProperties,
    activation: { enum: ['softmax', 'sigmoid'] },
    source: {
      type: 'object',
      required: ['kind', 'file'],
      properties: {
        kind: { enum: ['head', 'pcm'] },
        file: text,
        tap: text,
        trunkSha256: sha256,
        stateSize: positiveInteger,
      },
      allOf: [requiredWhere('kind', 'head', 'tap'), requiredWhere('kind', 'pcm', 'stateSize')],
    },
  },
} as const;

/** Gives the value as what it was checked to be, or the first reason why it is not. */
export type Check<T> = (
  value: unknown,
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export interface CatalogueChecks {
  readonly setHeader: Check<SetHeader>;
  readonly userFolderHeader: Check<UserFolderHeader>;
  readonly builtIn: Check<BuiltInEntry>;
  readonly user: Check<UserEntry>;
}

let checks: CatalogueChecks | undefined;

/** The validators, compiled at first use. */
export function catalogueChecks(): CatalogueChecks {
  return (checks ??= compile());
}

function compile(): CatalogueChecks {
  const ajv = new Ajv({ allowUnionTypes: true });
  return {
    setHeader: asCheck(
      ajv.compile<SetHeader>({
        type: 'object',
        required: ['version', 'set', 'title', 'trunk', 'models'],
        properties: { ...headerProperties, set: text, title: text, trunk: trunkSchema },
      }),
    ),
    userFolderHeader: asCheck(
      ajv.compile<UserFolderHeader>({
        type: 'object',
        required: ['version', 'models'],
        properties: headerProperties,
      }),
    ),
    builtIn: asCheck(ajv.compile<BuiltInEntry>(builtInSchema)),
    user: asCheck(ajv.compile<UserEntry>(userSchema)),
  };
}

function asCheck<T>(validate: ValidateFunction<T>): Check<T> {
  return (value) =>
    validate(value) ? { ok: true, value } : { ok: false, reason: describe(validate.errors?.[0]) };
}

function describe(error: ErrorObject | undefined): string {
  if (!error) return 'it does not follow the catalogue format';
  const place =
    error.instancePath === '' ? 'the entry' : `"${error.instancePath.slice(1).replaceAll('/', '.')}"`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'enum':
      return `${place} must be one of ${(params.allowedValues as readonly unknown[]).join(', ')}`;
    case 'const':
      return `${place} must be ${JSON.stringify(params.allowedValue)}`;
    case 'not':
      return `${place} must not be no_speech, silence or unknown, which are labels of the gates`;
    default:
      return `${place} ${error.message ?? 'is not valid'}`;
  }
}
