/** The format of raw samples in a message: what the dialog, the message and MQTT 5 say, in the user's order of trust. */
import { InvalidArgumentError, type AudioData, type SoundOptions } from '../../src';
import {
  declaredFormat,
  isContainer,
  isFormatStated,
  payloadSteps,
  type AudioPayload,
  type FormatSource,
  type FormatTrust,
  type SampleFormat,
} from '../../src/audio';
import { inTurns } from '../../src/steps';
import { numberIn, textIn } from './fields';
import type { IncomingMessage } from './node-red';
import type { LooseOptions } from './options';
import { say } from '../../src/sentence';

/** The rows of a dialog about the format. Empty fields say nothing. */
export interface FormatDialog {
  readonly encoding?: string;
  /** Hz */
  readonly rate?: number | string;
  readonly channels?: number | string;
  /** Who is believed, the first one first, apart by commas: {@link TRUSTS}, or any other order. */
  readonly trust?: string;
}

/** The orders of trust that the dialogs offer, the usual one first. */
export const TRUSTS = [
  'message,mqtt,setting',
  'mqtt,message,setting',
  'setting,message,mqtt',
  'setting',
] as const;

const SOURCES: readonly string[] = ['setting', 'message', 'mqtt'] satisfies readonly FormatSource[];

/**
 * The order of trust that a dialog says; undefined where it says none.
 *
 * @throws InvalidArgumentError naming a source that there is not
 */
export function formatTrust({ trust }: FormatDialog): FormatTrust | undefined {
  return textIn(trust)
    ?.split(',')
    .map((word) => {
      const name = word.trim();
      if (isSource(name)) return name;
      throw new InvalidArgumentError(say`trust names "${name}". Accepted: ${SOURCES.join(', ')}.`);
    });
}

function isSource(name: string): name is FormatSource {
  return SOURCES.includes(name);
}

/**
 * The format of raw samples as far as a dialog says it.
 *
 * @throws InvalidArgumentError when a field that takes a number holds something else
 */
export function formatSetting({ encoding, rate, channels }: FormatDialog): object {
  return {
    encoding: textIn(encoding),
    rate: numberIn('rate', rate),
    channels: numberIn('channels', channels),
  };
}

/** The audio of a message as the engine takes it. */
export interface MessageSound {
  readonly data: AudioData;
  /** The same, where it is a container of any kind. */
  readonly container?: Uint8Array;
  /** What raw samples hold. */
  readonly options: SoundOptions;
}

/**
 * The audio of a message: bytes or samples, with the format that is said for raw ones, 16-bit little-endian mono at 16 kHz where
 * nothing is said.
 *
 * @param asked the options in `msg.deeptone`
 * @throws InvalidArgumentError naming a value of the format that is not accepted and where it stands; BadAudioError for a payload
 *   that is no audio
 */
export async function messageSound(
  dialog: FormatDialog,
  message: IncomingMessage,
  asked: LooseOptions,
): Promise<MessageSound> {
  const audio = await inTurns(payloadSteps(message.payload));
  const statements = {
    setting: formatSetting(dialog),
    message: asked.format,
    contentType: message['contentType'],
    userProperties: message['userProperties'],
  };
  const trust = formatTrust(dialog);
  const format = withEnvelope(declaredFormat(statements, trust), audio.stated);
  const isStated = isFormatStated(statements, trust) || audio.stated?.encoding !== undefined;
  if (audio.kind === 'samples') {
    return { data: audio.samples, options: { rateIn: format.sampleRate, channels: format.channels } };
  }
  const data = asBuffer(audio.bytes);
  const container = isContainer(data, { format, isStated }) ? { container: data } : {};
  return { data, ...container, options: { format, checkContent: !isStated } };
}

/** An envelope of the audio knows best what it carries. */
function withEnvelope(format: SampleFormat, stated: AudioPayload['stated']): SampleFormat {
  return {
    encoding: stated?.encoding ?? format.encoding,
    sampleRate: stated?.rate ?? format.sampleRate,
    channels: stated?.channels ?? format.channels,
  };
}

/** The same memory: a Buffer says that it holds bytes, while a plain Uint8Array would be 8-bit samples. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
