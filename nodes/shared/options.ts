/**
 * What a node was set to and what a message asks for, as the options of the engine. Names are checked here, values
 * where the engine checks them for every way in.
 */
import { InvalidArgumentError } from '../../src';
import { optionEntries, type OPTIONS, type WayIn } from '../../src/pipeline';
import { numberIn } from './fields';
import type { IncomingMessage } from './node-red';
import { say } from '../../src/sentence';

/** The outermost name that an option has in a message: `format` of `format.rate`. */
type Outermost<Path> = Path extends `${infer Head}.${string}` ? Head : Path;
type Entry = (typeof OPTIONS)[keyof typeof OPTIONS];
export type MessageName = Outermost<Extract<Entry, { readonly message: string }>['message']>;
/** Options by their names in messages; the values are not checked yet. */
export type LooseOptions = Readonly<Partial<Record<MessageName, unknown>>>;

function messageNames(way: WayIn, ...more: readonly MessageName[]): readonly string[] {
  const names = optionEntries().flatMap(({ ways, message }) =>
    message !== undefined && ways.includes(way) ? [message.replace(/\..*/u, '')] : [],
  );
  return [...new Set([...names, ...more])];
}

/** The names that `msg.deeptone` may carry, per kind of node. They win over the node's settings. */
export const MESSAGE_OPTIONS = {
  file: messageNames('file'),
  bytes: messageNames('bytes'),
  chunk: messageNames('chunk'),
  // Live streams decode before the engine hears: the format is not an option of the way in.
  stream: messageNames('live', 'format'),
} as const satisfies Record<string, readonly string[]>;

export type NodeKind = keyof typeof MESSAGE_OPTIONS;

/**
 * The options that a message asks for.
 *
 * @throws InvalidArgumentError when `msg.deeptone` is no object or has a name that this node does not know
 */
export function messageOptions(kind: NodeKind, message: IncomingMessage): LooseOptions {
  const asked = message.deeptone;
  if (asked === undefined || asked === null) return {};
  const known: readonly string[] = MESSAGE_OPTIONS[kind];
  if (typeof asked !== 'object' || Array.isArray(asked)) {
    throw new InvalidArgumentError(
      say`msg.deeptone is ${Array.isArray(asked) ? say`an array` : say`a ${typeof asked}`}: an object with any of ${known.join(', ')} is accepted.`,
    );
  }
  for (const name of Object.keys(asked)) {
    if (!known.includes(name)) {
      throw new InvalidArgumentError(
        say`There is no option "${name}" in msg.deeptone of this node. Accepted: ${known.join(', ')}.`,
      );
    }
  }
  return asked;
}

/** Later options win; `undefined` says nothing, `null` asks for the engine's own default. */
export function mergeOptions(...all: readonly LooseOptions[]): LooseOptions {
  const merged = Object.assign({}, ...all.map((options) => without(options, undefined))) as LooseOptions;
  return without(merged, null);
}

function without(options: LooseOptions, unwanted: null | undefined): LooseOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== unwanted));
}

/** The properties of an edit dialog that become options. Text fields may hold numbers or the value of `${ENV}`. */
export interface DialogOptions {
  readonly models?: unknown;
  readonly outputPeriod?: unknown;
  readonly channel?: unknown;
  readonly includeRawValues?: unknown;
  readonly volumeThreshold?: unknown;
  /** Of files. */
  readonly commonSpeakers?: unknown;
  /** dBFS. */
  readonly loudAbove?: unknown;
  /** Milliseconds, of live streams. */
  readonly speakerDelay?: unknown;
  /** By names of models; `${NAME}` may bring it as JSON. */
  readonly decisions?: unknown;
  /** Cut out the sound of phases. */
  readonly segments?: unknown;
  readonly segmentModel?: unknown;
  /** Results apart by commas; empty: all that are no background. */
  readonly segmentResults?: unknown;
  /** Milliseconds. */
  readonly segmentBefore?: unknown;
  readonly segmentAfter?: unknown;
  readonly segmentMinimum?: unknown;
  readonly segmentHold?: unknown;
  /** Seconds. */
  readonly segmentLongest?: unknown;
}

/**
 * The options that a node was set to; empty fields are left out.
 *
 * @throws InvalidArgumentError when a field that takes a number holds something else
 */
export function dialogOptions(dialog: DialogOptions): LooseOptions {
  const options: Record<string, unknown> = {
    models: Array.isArray(dialog.models) ? dialog.models : namesIn(dialog.models),
    outputPeriod: numberIn('outputPeriod', dialog.outputPeriod),
    channel: numberIn('channel', dialog.channel),
    volumeThreshold: numberIn('volumeThreshold', dialog.volumeThreshold),
    includeRawValues: dialog.includeRawValues === true ? true : undefined,
    commonSpeakers: dialog.commonSpeakers === true ? true : undefined,
    loudAbove: numberIn('loudAbove', dialog.loudAbove),
    speakerDelay: numberIn('speakerDelay', dialog.speakerDelay),
    decisions: decisionsIn(dialog.decisions),
    segments: dialog.segments === true ? segmentsIn(dialog) : undefined,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** @throws InvalidArgumentError for text that is no JSON */
function decisionsIn(value: unknown): unknown {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') return Object.keys(value).length === 0 ? undefined : value;
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new InvalidArgumentError(say`decisions is ${JSON.stringify(value)}: JSON is accepted.`, { cause });
  }
}

/** The fields about the sound of phases; empty ones are left to the engine. */
function segmentsIn(dialog: DialogOptions): object {
  const longest = numberIn('segmentLongest', dialog.segmentLongest);
  const results = namesIn(dialog.segmentResults);
  const settings = {
    model: dialog.segmentModel,
    results: results.length === 0 ? undefined : results,
    before: numberIn('segmentBefore', dialog.segmentBefore),
    after: numberIn('segmentAfter', dialog.segmentAfter),
    minimum: numberIn('segmentMinimum', dialog.segmentMinimum),
    hold: numberIn('segmentHold', dialog.segmentHold),
    longest: longest === undefined ? undefined : longest * 1_000,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** `${MODELS}` may bring a list as text: names apart by commas or spaces. */
function namesIn(value: unknown): readonly string[] {
  return typeof value === 'string' ? value.split(/[\s,]+/).filter((name) => name !== '') : [];
}
