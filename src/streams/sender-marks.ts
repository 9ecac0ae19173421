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
 * Reads the MQTT 5 user properties `seq` and `ts`; what they do not say, chunks of a WAV may: `time`, which Snips' audio server
 * writes into each, and `seq `. What is no number is passed over.
 */
export function senderMarks(userProperties: unknown, payload: unknown): SenderMarks {
  const properties = typeof userProperties === 'object' && userProperties !== null ? userProperties : {};
  const { seq, ts } = properties as { readonly seq?: unknown; readonly ts?: unknown };
  const inHeader = payload instanceof Uint8Array ? headerMarks(payload) : {};
  const number = numberIn(seq) ?? inHeader.seq;
  return {
    seq: number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined,
    ts: timeIn(ts) ?? timeIn(inHeader.ts),
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

/** What the chunks of a WAV between header and audio say: `time` (milliseconds) and `seq `, each unsigned, 64-bit, little-endian. */
function headerMarks(message: Uint8Array): SenderMarks {
  if (!beginsAsWav(message)) return {};
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const found: { seq?: number; ts?: number } = {};
  let at = 12;
  for (let chunk = 0; chunk < MAX_CHUNKS && at + 16 <= view.byteLength; chunk++) {
    const name = String.fromCharCode(...message.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    if (name === 'data') break;
    const value = size === 8 ? Number(view.getBigUint64(at + 8, true)) : undefined;
    if (name === 'time' && value !== undefined) found.ts ??= value;
    if (name === 'seq ' && value !== undefined) found.seq ??= value;
    at += 8 + size + (size % 2);
  }
  return found;
}
