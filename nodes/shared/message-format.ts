/** The format of raw samples in a message: what the dialog, the message and MQTT 5 say, in the user's order of trust. */
import { declaredFormat, type FormatTrust, type SampleFormat } from '../../src/audio';
import type { IncomingMessage } from './node-red';
import type { LooseOptions } from './options';

/** The rows of a dialog about the format. Empty fields say nothing. */
export interface FormatDialog {
  readonly encoding?: string;
  /** Hz */
  readonly rate?: number | string;
  readonly channels?: number | string;
  /** Who is believed first: `message` (default), `mqtt`, or `setting`, which believes nobody else. */
  readonly trust?: string;
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
  const { encoding, rate, channels } = dialog;
  return declaredFormat(
    {
      setting: { encoding, rate, channels },
      message: asked.format,
      contentType: message['contentType'],
      userProperties: message['userProperties'],
    },
    trustOf(dialog.trust),
  );
}

function trustOf(choice: string | undefined): FormatTrust {
  switch (choice) {
    case 'setting':
      return ['setting'];
    case 'mqtt':
      return ['mqtt', 'message', 'setting'];
    case 'message':
    case undefined:
    default:
      return ['message', 'mqtt', 'setting'];
  }
}
