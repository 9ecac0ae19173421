/** Sound that a browser sends while it listens. */
import { InvalidArgumentError } from '../../src';
import type { NodeMessage } from '../shared/node-red';
import { fieldsOf, numberOf } from './reading';

/** Samples a second that browsers record with, 16 bits each. */
const LEAST_RATE = 8_000;
const MOST_RATE = 192_000;
/** A second of the most: pages send tenths of one. */
const MOST_BYTES = 2 * MOST_RATE;

/**
 * A message for the stream node out of what a page sent: `{pcm, rate, seq}`, or `{end: true}`.
 *
 * @param stream name of the stream; each browser has its own
 * @throws InvalidArgumentError for what our page does not send
 */
export function microphoneMessage(value: unknown, stream: string, client: string): NodeMessage {
  const { pcm, end, seq, rate } = fieldsOf(value);
  const about = { topic: `${stream}/${client.slice(0, 6)}`, _client: { socketId: client } };
  if (end === true) return { ...about, complete: true };
  const hertz = numberOf(rate) ?? 0;
  const isRate = Number.isInteger(hertz) && hertz >= LEAST_RATE && hertz <= MOST_RATE;
  if (!isRate || !Buffer.isBuffer(pcm) || pcm.length === 0 || pcm.length % 2 > 0 || pcm.length > MOST_BYTES)
    throw new InvalidArgumentError('A page sent something else than sound.');
  const number = numberOf(seq);
  return {
    ...about,
    payload: pcm,
    contentType: `audio/pcm;rate=${hertz};channels=1`,
    ...(number === undefined ? {} : { userProperties: { seq: String(number) } }),
  };
}
