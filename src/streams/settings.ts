import { SAMPLE_RATE } from '../clock';
import { type AnalysisOptions, type LiveOptions, optionNames } from '../pipeline';
import { checkValue, type Rule } from '../rules';
import { say } from '../sentence';

export type { LiveOptions };

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
  /** Bytes that a message may have; a longer one is refused. */
  readonly maxMessageBytes: number;
  readonly waiting: {
    /** Audio that may wait per stream, and over all streams. */
    readonly streamMs: number;
    readonly totalMs: number;
    /** Bytes of long messages that may wait to be read, over all streams. */
    readonly totalBytes: number;
    readonly whenFull: WhenFull;
  };
  readonly gaps: {
    readonly action: GapAction;
    /** A pause in arrivals beyond this is a gap, where the sender gives neither `seq` nor `ts`. 0 = pauses are none. */
    readonly arrivalMs: number;
    /**
     * Longer gaps begin the stream anew rather than being filled; so do gaps of more than an hour, and a series of gaps that is longer in
     * all than this beyond the time that has passed and the audio that was heard.
     */
    readonly maxMs: number;
  };
  /** How often a minute a stream goes along with what costs something, so that no sender can ask for it with every message. 0 = always. */
  readonly changes: {
    /** Other formats than before. Beyond, messages are refused until a minute has passed for as many. */
    readonly formats: number;
    /** New beginnings after gaps. Beyond, gaps are counted, and passed over as with `ignore`. */
    readonly restarts: number;
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

/** Bytes of the largest message that MQTT knows, 256 MiB. */
const LARGEST_MQTT_MESSAGE = 268_435_456;

export const DEFAULT_LIVE_SETTINGS: LiveSettings = {
  maxStreams: 256,
  idleMs: 30_000,
  summaryMs: 0,
  endOnEmpty: false,
  maxMessageBytes: LARGEST_MQTT_MESSAGE,
  waiting: {
    streamMs: 60_000,
    totalMs: 600_000,
    totalBytes: 2 * LARGEST_MQTT_MESSAGE,
    whenFull: 'drop-oldest',
  },
  gaps: { action: 'silence', arrivalMs: 3_000, maxMs: 60_000 },
  changes: { formats: 8, restarts: 20 },
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
    ...over(base, given),
    waiting: over(base.waiting, given.waiting),
    gaps: over(base.gaps, given.gaps),
    changes: over(base.changes, given.changes),
    transitions: over(base.transitions, given.transitions),
  };
  const { waiting, gaps, changes, transitions } = settings;
  checkValue('maxStreams', settings.maxStreams, atLeast(1));
  checkValue('idleMs', settings.idleMs, atLeast(0));
  checkValue('summaryMs', settings.summaryMs, atLeast(0));
  checkValue('maxMessageBytes', settings.maxMessageBytes, atLeast(1));
  checkValue('waiting.totalBytes', waiting.totalBytes, atLeast(1));
  checkValue('waiting.streamMs', waiting.streamMs, atLeast(1));
  checkValue('waiting.totalMs', waiting.totalMs, atLeast(1));
  checkValue('waiting.whenFull', waiting.whenFull, oneOf(WHEN_FULL));
  checkValue('gaps.action', gaps.action, oneOf(GAP_ACTIONS));
  checkValue('gaps.arrivalMs', gaps.arrivalMs, atLeast(0));
  checkValue('gaps.maxMs', gaps.maxMs, atLeast(0));
  checkValue('changes.formats', changes.formats, atLeast(0));
  checkValue('changes.restarts', changes.restarts, atLeast(0));
  checkValue('transitions.minimumMs', transitions.minimumMs, atLeast(0));
  checkValue('transitions.holdMs', transitions.holdMs, atLeast(0));
  return settings;
}

/** What was left out, or is undefined, stays as it is in the base. */
function over<T extends object>(base: T, given: object = {}): T {
  return { ...base, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function atLeast(minimum: number): Rule {
  return { type: 'number', minimum, accepted: say`a number of at least ${minimum} is accepted` };
}

function oneOf(choices: readonly string[]): Rule {
  return { type: 'choice', choices, accepted: say`one of ${choices.join(', ')} is accepted` };
}

/** What a live stream takes and the engine's own streams do not. */
const OWN_NAMES: ReadonlySet<string> = new Set(
  optionNames('live').filter((name) => !optionNames('open').includes(name)),
);

/** Without what the engine has no use for; names that nobody knows stay, for it to refuse. */
export function analysisOptions(options: LiveOptions): AnalysisOptions {
  const passed = Object.entries(options).filter(([name]) => !OWN_NAMES.has(name));
  return Object.fromEntries(passed) as AnalysisOptions;
}

/** Milliseconds as samples at 16 kHz. */
export function toSamples(ms: number): number {
  return (ms * SAMPLE_RATE) / 1_000;
}
