/** What a message says about its place in the sender's audio: a sequence number and a capture time. */
import { beginsAsWav } from '../audio';

export interface SenderMarks {
  /** Number of the message, counted by the sender. */
  readonly seq?: number;
  /** Milliseconds on the sender's clock at which the first sample was heard; epoch milliseconds where it has a calendar. */
  readonly ts?: number;
}

/** The last moment that a Date can hold (ECMAScript 21.4.1.1); what is beyond is no time. */
const LAST_MS = 8.64e15;
/** Chunks before the audio of a WAV that are looked at. */
const MAX_CHUNKS = 16;

/**
 * Reads the MQTT 5 user properties `seq` and `ts`; without a `ts`, the `time` chunk that Snips' audio server writes into
 * each WAV. What is no number is passed over.
 */
export function senderMarks(userProperties: unknown, payload: unknown): SenderMarks {
  const properties = typeof userProperties === 'object' && userProperties !== null ? userProperties : {};
  const { seq, ts } = properties as { readonly seq?: unknown; readonly ts?: unknown };
  const number = numberIn(seq);
  return {
    seq: number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined,
    ts: timeIn(ts) ?? (payload instanceof Uint8Array ? hermesTime(payload) : undefined),
  };
}

function timeIn(value: unknown): number | undefined {
  const ms = numberIn(value);
  return ms !== undefined && Math.abs(ms) <= LAST_MS ? ms : undefined;
}

function numberIn(value: unknown): number | undefined {
  const only: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof only === 'number') return Number.isFinite(only) ? only : undefined;
  if (typeof only !== 'string' || only.trim() === '') return undefined;
  const number = Number(only);
  return Number.isFinite(number) ? number : undefined;
}

/** Milliseconds in the `time` chunk (unsigned 64-bit little-endian) between header and audio; undefined without one. */
function hermesTime(message: Uint8Array): number | undefined {
  if (!beginsAsWav(message)) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 12;
  for (let chunk = 0; chunk < MAX_CHUNKS && at + 16 <= view.byteLength; chunk++) {
    const name = String.fromCharCode(...message.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    if (name === 'data') return undefined;
    if (name === 'time' && size === 8) {
      const ms = view.getBigUint64(at + 8, true);
      return ms <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(ms) : undefined;
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}
