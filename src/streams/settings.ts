import { SAMPLE_RATE } from '../clock';
import { InvalidArgumentError } from '../errors';
import type { AnalysisOptions } from '../pipeline/options';

/** How one stream is analysed. */
export interface LiveOptions extends AnalysisOptions {
  /** The channel to hear of several, counted from 0; by default they are averaged (decision 19). */
  readonly channel?: number;
  /** Tell running summaries. Default true. */
  readonly includeSummary?: boolean;
  /** Tell transitions. Default true. */
  readonly includeTransitions?: boolean;
}

/** What to give up when audio comes faster than it can be answered. */
export type WhenFull = 'drop-oldest' | 'drop-newest' | 'error';
/** What to do about audio that never came. */
export type GapAction = 'silence' | 'reset' | 'ignore';

/** How a hub treats its streams. All times in milliseconds; 0 switches a time limit off. */
export interface LiveSettings {
  /** Streams that may be open at once; audio of one more is refused. */
  readonly maxStreams: number;
  /** A stream that hears nothing for so long is ended: last step, summary, transitions. 0 = never. */
  readonly idleMs: number;
  /** Audio between two running summaries. 0 = on request and at the end only. */
  readonly summaryMs: number;
  /** A message without a byte ends its stream; otherwise it is passed over. */
  readonly endOnEmpty: boolean;
  readonly waiting: {
    /** Audio that may wait per stream, and over all streams. */
    readonly streamMs: number;
    readonly totalMs: number;
    readonly whenFull: WhenFull;
  };
  readonly gaps: {
    readonly action: GapAction;
    /** A pause in arrivals beyond this is a gap, where the sender gives neither `seq` nor `ts`. 0 = pauses are none. */
    readonly arrivalMs: number;
    /** Longer gaps begin the stream anew rather than being filled. */
    readonly maxMs: number;
  };
  /** Hysteresis of the transitions that are told as steady ones; see `TransitionFilter`. */
  readonly transitions: {
    /** A phase shorter than this is not told. 0 = every phase. */
    readonly minimumMs: number;
    /** A phase goes on through interruptions up to this long. 0 = none. */
    readonly holdMs: number;
    /** Tell the raw ones beside the steady ones. */
    readonly alsoRaw: boolean;
  };
}

export const DEFAULT_LIVE_SETTINGS: LiveSettings = {
  maxStreams: 256,
  idleMs: 30_000,
  summaryMs: 0,
  endOnEmpty: false,
  waiting: { streamMs: 60_000, totalMs: 600_000, whenFull: 'drop-oldest' },
  gaps: { action: 'silence', arrivalMs: 3_000, maxMs: 60_000 },
  transitions: { minimumMs: 0, holdMs: 0, alsoRaw: false },
};

const WHEN_FULL: readonly string[] = ['drop-oldest', 'drop-newest', 'error'] satisfies readonly WhenFull[];
const GAP_ACTIONS: readonly string[] = ['silence', 'reset', 'ignore'] satisfies readonly GapAction[];

/** Settings of which any may be left out. */
export type PartialLiveSettings = {
  readonly [Name in keyof LiveSettings]?: LiveSettings[Name] extends object
    ? Partial<LiveSettings[Name]>
    : LiveSettings[Name];
};

/**
 * Settings with what was left out filled in.
 *
 * @throws InvalidArgumentError naming a value that is not accepted
 */
export function liveSettings(given: PartialLiveSettings = {}): LiveSettings {
  const base = DEFAULT_LIVE_SETTINGS;
  const settings: LiveSettings = {
    ...base,
    ...given,
    waiting: { ...base.waiting, ...given.waiting },
    gaps: { ...base.gaps, ...given.gaps },
    transitions: { ...base.transitions, ...given.transitions },
  };
  atLeast('maxStreams', settings.maxStreams, 1);
  atLeast('idleMs', settings.idleMs, 0);
  atLeast('summaryMs', settings.summaryMs, 0);
  atLeast('waiting.streamMs', settings.waiting.streamMs, 1);
  atLeast('waiting.totalMs', settings.waiting.totalMs, 1);
  atLeast('gaps.arrivalMs', settings.gaps.arrivalMs, 0);
  atLeast('gaps.maxMs', settings.gaps.maxMs, 0);
  atLeast('transitions.minimumMs', settings.transitions.minimumMs, 0);
  atLeast('transitions.holdMs', settings.transitions.holdMs, 0);
  oneOf('waiting.whenFull', settings.waiting.whenFull, WHEN_FULL);
  oneOf('gaps.action', settings.gaps.action, GAP_ACTIONS);
  return settings;
}

function atLeast(name: string, value: unknown, minimum: number): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < minimum) {
    throw new InvalidArgumentError(
      `${name} is ${String(value)}: a number of at least ${minimum} is accepted.`,
    );
  }
}

function oneOf(name: string, value: unknown, accepted: readonly string[]): void {
  if (typeof value !== 'string' || !accepted.includes(value)) {
    throw new InvalidArgumentError(`${name} is ${String(value)}. Accepted: ${accepted.join(', ')}.`);
  }
}

const LIVE_NAMES: readonly string[] = [
  'channel',
  'includeSummary',
  'includeTransitions',
] satisfies readonly (keyof LiveOptions)[];

/** Without what the engine has no use for; names that nobody knows stay, for it to refuse. */
export function analysisOptions(options: LiveOptions): AnalysisOptions {
  const entries = Object.entries(options).filter(([name]) => !LIVE_NAMES.includes(name));
  return Object.fromEntries(entries) as unknown as AnalysisOptions;
}

/** Milliseconds as samples at 16 kHz. */
export function toSamples(ms: number): number {
  return (ms * SAMPLE_RATE) / 1_000;
}
