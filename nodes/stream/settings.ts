/** The dialog of the stream node as settings of the live room. Empty fields are left to their defaults. */
import {
  InvalidArgumentError,
  type FormatSource,
  type FormatTrust,
  type GapAction,
  type WhenFull,
} from '../../src';
import type { LiveOptions, PartialLiveSettings } from '../../src';
import type { NodeDef } from '../shared/node-red';
import {
  dialogOptions,
  mergeOptions,
  numberIn,
  type DialogOptions,
  type LooseOptions,
} from '../shared/options';

/** What the editor saves. Text fields may hold numbers or the value of `${ENV}`. */
export interface StreamConfig extends NodeDef, DialogOptions {
  readonly engine: string;
  /** Where the audio comes from. */
  readonly source?: 'messages' | 'ffmpeg' | 'mqtt';
  /** Names the stream of a message. */
  readonly key?: string;
  readonly keyType?: string;
  readonly sendAs?: 'steps' | 'chart';
  /** Adds epoch milliseconds to steps and transitions. */
  readonly wallClock?: boolean;
  /** With a fourth output that tells of streams, gaps and trouble. */
  readonly events?: boolean;
  readonly encoding?: string;
  readonly rate?: number | string;
  readonly channels?: number | string;
  /** Sources of the format in order, apart by commas: `message,mqtt,setting`. */
  readonly trust?: string;
  /** Seconds of audio between running summaries. */
  readonly summaryEvery?: number | string;
  /** Milliseconds. */
  readonly minimum?: number | string;
  readonly hold?: number | string;
  readonly tellBegin?: boolean;
  readonly tellRaw?: boolean;
  readonly gaps?: string;
  /** Seconds without a message that are a gap. */
  readonly pause?: number | string;
  /** Seconds of a gap that are filled at most. */
  readonly longestGap?: number | string;
  readonly maxStreams?: number | string;
  /** Seconds. */
  readonly idle?: number | string;
  readonly endOnEmpty?: boolean;
  /** Seconds of audio that may wait per stream, and over all. */
  readonly waiting?: number | string;
  readonly waitingTotal?: number | string;
  readonly whenFull?: string;
  /** Id of a core `mqtt-broker` node, for the MQTT source and for published results. */
  readonly broker?: string;
  /** Topic filter of the MQTT source. */
  readonly mqttTopic?: string;
  readonly mqttQos?: number | string;
  /** Publish results on the broker. */
  readonly publish?: boolean;
  readonly publishPrefix?: string;
  /** Where the name of a stream holds the device, `audio/{device}/pcm`; empty: what the wildcards of the filter match. */
  readonly publishDevice?: string;
  /** Announce devices to Home Assistant. */
  readonly discovery?: boolean;
  readonly discoveryPrefix?: string;
  /** What ffmpeg opens, and the name of its stream. */
  readonly input?: string;
  readonly streamName?: string;
  /** Options of ffmpeg for the input, as on a command line. */
  readonly inputOptions?: string;
  /** Apart by commas or spaces. */
  readonly protocols?: string;
  readonly loop?: boolean;
  readonly fast?: boolean;
  /** Seconds without audio after which the input is opened again. */
  readonly silenceTimeout?: number | string;
}

/** Kept apart from the flow, encrypted. */
export interface StreamCredentials {
  readonly inputUser?: string;
  readonly inputPassword?: string;
}

const DEFAULTS: LooseOptions = { outputPeriod: 1_024 };

/**
 * Options of every stream of the node, with what one message asks for.
 *
 * @throws InvalidArgumentError when a field that takes a number holds something else
 */
export function streamOptions(config: StreamConfig, asked: LooseOptions = {}): LiveOptions {
  const options = mergeOptions(DEFAULTS, dialogOptions(config), { ...asked, format: null });
  // A chart draws probabilities.
  const complete = config.sendAs === 'chart' ? { ...options, includeRawValues: true } : options;
  // What is null must not be taken from the options of all streams either.
  const unset = Object.entries(asked).filter(([name, value]) => value === null && name !== 'format');
  const cleared = Object.fromEntries(unset.map(([name]) => [name, undefined]));
  return { ...cleared, ...complete } as unknown as LiveOptions; // Names are checked; values are checked where they are used.
}

/** @throws InvalidArgumentError when a field that takes a number holds something else */
export function liveSettingsOf(config: StreamConfig): PartialLiveSettings {
  return filled({
    maxStreams: numberIn('maxStreams', config.maxStreams),
    idleMs: seconds('idle', config.idle),
    summaryMs: seconds('summaryEvery', config.summaryEvery),
    endOnEmpty: config.endOnEmpty === true,
    waiting: filled({
      streamMs: seconds('waiting', config.waiting),
      totalMs: seconds('waitingTotal', config.waitingTotal),
      whenFull: text(config.whenFull) as WhenFull | undefined, // Checked by the live room.
    }),
    gaps: filled({
      action: text(config.gaps) as GapAction | undefined, // Checked by the live room.
      arrivalMs: seconds('pause', config.pause),
      maxMs: seconds('longestGap', config.longestGap),
    }),
    transitions: filled({
      minimumMs: numberIn('minimum', config.minimum),
      holdMs: numberIn('hold', config.hold),
      alsoRaw: config.tellRaw === true,
    }),
  });
}

/** The format of raw samples as far as it is set. */
export function formatSetting(config: StreamConfig): object {
  return filled({
    encoding: text(config.encoding),
    rate: numberIn('rate', config.rate),
    channels: numberIn('channels', config.channels),
  });
}

const SOURCES: readonly string[] = ['setting', 'message', 'mqtt'] satisfies readonly FormatSource[];

/** @throws InvalidArgumentError naming a source that there is not */
export function formatTrust(config: StreamConfig): FormatTrust | undefined {
  const named = text(config.trust)
    ?.split(',')
    .map((name) => name.trim());
  const unknown = named?.find((name) => !SOURCES.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`trust names "${unknown}". Accepted: ${SOURCES.join(', ')}.`);
  }
  return named as FormatTrust | undefined;
}

function seconds(name: string, value: number | string | undefined): number | undefined {
  const number = numberIn(name, value);
  return number === undefined ? undefined : number * 1_000;
}

function text(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** Without the fields that are undefined. */
function filled<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
