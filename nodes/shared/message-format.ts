/** The format of raw samples in a message: what the dialog, the message and MQTT 5 say, in the user's order of trust. */
import { declaredFormat, type FormatSource, type FormatTrust, type SampleFormat } from '../../src/audio';
import { InvalidArgumentError } from '../../src';
import { numberIn, textIn } from './fields';
import type { IncomingMessage } from './node-red';
import type { LooseOptions } from './options';

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
      throw new InvalidArgumentError(`trust names "${name}". Accepted: ${SOURCES.join(', ')}.`);
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

/**
 * The format of the raw samples of a message; 16-bit little-endian mono at 16 kHz where nothing is said.
 *
 * @param asked the options in `msg.deeptone`
 * @throws InvalidArgumentError naming the value that is not accepted and where it stands
 */
export function messageFormat(
  dialog: FormatDialog,
  message: IncomingMessage,
  asked: LooseOptions,
): SampleFormat {
  return declaredFormat(
    {
      setting: formatSetting(dialog),
      message: asked.format,
      contentType: message['contentType'],
      userProperties: message['userProperties'],
    },
    formatTrust(dialog),
  );
}
