/**
 * The number and the time of a message as its first 12 bytes, for transports that have no place for them (MQTT 3.1.1):
 *
 *     bytes 0 to 3    seq, unsigned 32-bit little-endian: 0, 1, 2, ... one more with every message
 *     bytes 4 to 11   ts, unsigned 64-bit little-endian: epoch milliseconds of the first sample; 0: not known
 */
import { BadAudioError } from '../errors';
import { say } from '../sentence';
import { describe } from '../rules';
import type { SenderMarks } from './sender-marks';

export const MARK_PREFIX_BYTES = 12;
const TS_AT = 4;

/** A message without its prefix, and what that says. */
export interface MarkedPayload {
  readonly payload: unknown;
  readonly marks?: SenderMarks;
}

/**
 * Takes the prefix off a message. One without a byte is left as it is: it may end its stream.
 *
 * @throws BadAudioError for what is no bytes, or fewer than the prefix has
 */
export function splitMarks(payload: unknown): MarkedPayload {
  if (!(payload instanceof Uint8Array)) {
    throw new BadAudioError(
      say`The message is ${describe(payload)}: bytes are accepted, of which the first ${MARK_PREFIX_BYTES} are seq and ts, as the settings say.`,
    );
  }
  if (payload.length === 0) return { payload };
  const marks = marksIn(payload);
  if (marks) return { payload: payload.subarray(MARK_PREFIX_BYTES), marks };
  throw new BadAudioError(
    say`The message has ${payload.length} bytes: at least ${MARK_PREFIX_BYTES} are accepted, because the first ${MARK_PREFIX_BYTES} are seq and ts, as the settings say.`,
  );
}

/** What the prefix of a message says; undefined where it has none. */
export function marksIn(payload: Uint8Array): SenderMarks | undefined {
  if (payload.length < MARK_PREFIX_BYTES) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const ts = Number(view.getBigUint64(TS_AT, true));
  return { seq: view.getUint32(0, true), ...(ts === 0 ? {} : { ts }) };
}
