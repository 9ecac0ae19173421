/** The dialog of the stream node as settings of the live room. Empty fields are left to their defaults. */
import type { GapAction, LiveOptions, PartialLiveSettings, WhenFull } from '../../src';
import { checkOptions, OPTIONS } from '../../src/pipeline';
import { DEFAULT_LIVE_SETTINGS } from '../../src/streams';
import type { EngineLimits } from '../engine';
import { fieldNumbers, textIn } from '../shared/fields';
import type { FormatDialog } from '../shared/message-format';
import type { NodeDef } from '../shared/node-red';
import { dialogOptions, mergeOptions, type DialogOptions, type LooseOptions } from '../shared/options';

/** What the editor saves. Text fields may hold numbers or the value of `${ENV}`. */
export interface StreamConfig extends NodeDef, DialogOptions, FormatDialog {
  readonly engine: string;
  /** Where the audio comes from. */
  readonly source?: 'messages' | 'ffmpeg' | 'mqtt';
  /** Names the stream of a message. */
  readonly key?: string;
  readonly keyType?: string;
  readonly sendAs?: 'text' | 'steps' | 'chart';
  /** Adds epoch milliseconds to steps and transitions. */
  readonly wallClock?: boolean;
  /** With a fourth output that tells of streams, gaps and trouble. */
  readonly events?: boolean;
  /** With a fifth output for the sound of phases. */
  readonly segments?: boolean;
  /** Seconds of audio between running summaries. */
  readonly summaryEvery?: number | string;
  /** Milliseconds. */
  readonly minimum?: number | string;
  readonly hold?: number | string;
  readonly tellBegin?: boolean;
  readonly tellRaw?: boolean;
  /** Messages begin with their number and time, 12 bytes. */
  readonly markPrefix?: boolean;
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
  readonly waitingSeconds?: number | string;
  readonly waitingSecondsTotal?: number | string;
  readonly whenFull?: string;
  /** Id of a core `mqtt-broker` node, for the MQTT source and for published results. */
  readonly broker?: string;
  /** Topic filter of the MQTT source. */
  readonly mqttTopic?: string;
  readonly mqttQos?: number | string;
  /** Name of the group of Node-REDs that the devices are shared with; empty: none. */
  readonly group?: string;
  /** Seconds without a word after which a member of the group is lost. */
  readonly groupLost?: number | string;
  /** Publish results on the broker. */
  readonly publish?: boolean;
  readonly publishPrefix?: string;
  /** Where the name of a stream holds the device, `audio/{device}/pcm`; empty: what the wildcards of the filter match. */
  readonly publishDevice?: string;
  /** Devices whose results may stand on the broker. */
  readonly publishDevices?: number | string;
  /** Days after which a device that is gone is forgotten. */
  readonly publishExpiry?: number | string;
  /** Announce devices to Home Assistant. */
  readonly discovery?: boolean;
  readonly discoveryPrefix?: string;
  /** What is opened in everyday words, for the dialog: microphone, camera, radio or file. */
  readonly inputKind?: string;
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

const DEFAULTS: LooseOptions = { outputPeriod: OPTIONS.outputPeriod.default };

/**
 * Options of every stream of the node, with what one message asks for.
 *
 * @throws InvalidArgumentError naming what is not accepted
 */
export function streamOptions(config: StreamConfig, asked: LooseOptions = {}): LiveOptions {
  const options = mergeOptions(DEFAULTS, dialogOptions(config), { ...asked, format: null });
  // A chart draws probabilities.
  const complete = config.sendAs === 'chart' ? { ...options, includeRawValues: true } : options;
  // What is null must not be taken from the options of all streams either.
  const unset = Object.entries(asked).filter(([name, value]) => value === null && name !== 'format');
  const checked: unknown = { ...Object.fromEntries(unset.map(([name]) => [name, undefined])), ...complete };
  checkOptions('live', checked);
  return checked;
}

/** @throws InvalidArgumentError naming a field that is not accepted */
export function liveSettingsOf(config: StreamConfig, limits: EngineLimits): PartialLiveSettings {
  const numbers = fieldNumbers('deeptone-stream', config);
  const { waiting, gaps } = DEFAULT_LIVE_SETTINGS;
  return {
    maxStreams: numbers.maxStreams,
    idleMs: numbers.idle * 1_000,
    summaryMs: numbers.summaryEvery * 1_000,
    endOnEmpty: config.endOnEmpty === true,
    maxMessageBytes: limits.maxMessageBytes,
    waiting: {
      totalBytes: limits.maxWaitingBytes,
      streamMs: numbers.waitingSeconds * 1_000,
      totalMs: numbers.waitingSecondsTotal * 1_000,
      whenFull: (textIn(config.whenFull) as WhenFull | undefined) ?? waiting.whenFull, // Checked by the live room.
    },
    gaps: {
      action: (textIn(config.gaps) as GapAction | undefined) ?? gaps.action, // Checked by the live room.
      arrivalMs: numbers.pause * 1_000,
      maxMs: numbers.longestGap * 1_000,
    },
    transitions: {
      minimumMs: numbers.minimum,
      holdMs: numbers.hold,
      alsoRaw: config.tellRaw === true,
    },
  };
}
