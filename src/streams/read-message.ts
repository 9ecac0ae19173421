import { InvalidArgumentError } from '../errors';
import { phrase, say } from '../sentence';
import { checkAttached } from '../audio';
import { checkValue, describe, type Rule } from '../rules';
import type { StreamAudio, StreamHandOver } from './events';

/** The user properties that are looked at: the sender's marks and the format. */
const PROPERTIES = ['seq', 'ts', 'fmt', 'encoding', 'rate', 'channels'] as const;

const LOST: Rule = {
  type: 'number',
  minimum: 0,
  accepted: say`a number of milliseconds of at least 0 is accepted`,
};

const HAND_OVER: Rule = {
  type: 'object',
  accepted: say`an object with lostMs, and lastSeq where it is known, is accepted`,
  fields: {
    lostMs: LOST,
    lastSeq: {
      type: 'judged',
      holds: (value) => value === null || Number.isSafeInteger(value),
      accepted: say`the number of a message is accepted, or null`,
    },
  },
  required: ['lostMs'],
  others: 'none',
};

/**
 * A message as it is now, read once: what is read of it later cannot throw, nor be another.
 *
 * @throws InvalidArgumentError for what is no message, or has properties that throw; BadAudioError where the memory of the audio was
 *   given away
 */
export function readMessage<C>(audio: unknown): StreamAudio<C> {
  if (typeof audio !== 'object' || audio === null) {
    throw new InvalidArgumentError(
      say`A message of a stream is ${audio === null ? say`null` : describe(audio)}: an object with a payload is accepted.`,
    );
  }
  const message = read<C>(audio);
  if (message.lostMs !== undefined) checkValue('lostMs', message.lostMs, LOST);
  if (message.handOver !== undefined) checkValue('handOver', message.handOver, HAND_OVER);
  checkAttached(message.payload);
  return message;
}

function read<C>(audio: object): StreamAudio<C> {
  try {
    const { format, options, userProperties, handOver, marks, ...rest } = audio as StreamAudio<C>;
    return {
      ...rest,
      ...(handOver === undefined ? {} : { handOver: shallowCopy(handOver) as StreamHandOver }), // Checked below.
      ...(marks === undefined ? {} : { marks: known(marks) }),
      ...(options === undefined ? {} : { options: { ...options } }),
      format: shallowCopy(format),
      userProperties: known(userProperties),
    };
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : phrase`it throws`;
    throw new InvalidArgumentError(say`The message cannot be read: ${words}`, { cause });
  }
}

/** Copies a plain object; anything else is for others to judge. */
function shallowCopy(value: unknown): unknown {
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isPlain && !ArrayBuffer.isView(value) ? { ...value } : value;
}

function known(properties: unknown): Record<string, unknown> {
  if (typeof properties !== 'object' || properties === null) return {};
  const values = properties as Readonly<Record<string, unknown>>;
  return Object.fromEntries(PROPERTIES.map((name) => [name, values[name]]));
}
