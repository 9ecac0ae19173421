/** Which devices a worker hears, where a fixed number of workers divide them by a hash of their names. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { InvalidArgumentError } from '../errors';

/** Part `index` (from 0) of `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

const NUMBERS = /^(\d{1,6})\/(\d{1,6})$/;
const AUTOMATIC = /^auto\/(\d{1,6})$/;
/** What a StatefulSet puts behind the name of a pod. */
const ORDINAL = /-(\d{1,6})$/;
const ACCEPTED =
  'K/N is accepted, with K from 0 to N - 1, such as 0/4; or auto/N, where K is the number at the end of the host name, ' +
  'as a StatefulSet of Kubernetes gives it (worker-0)';

/**
 * Reads `K/N`, or `auto/N`.
 *
 * @param host the name of this machine, for `auto`
 * @throws InvalidArgumentError for anything else, and where the host name ends in no number or one beyond N - 1
 */
export function parseShard(text: string, host = hostname()): Shard {
  const automatic = AUTOMATIC.exec(text)?.[1];
  if (automatic !== undefined) {
    const ordinal = ORDINAL.exec(host)?.[1];
    if (ordinal === undefined) {
      throw new InvalidArgumentError(
        `The shard is "${text}", and the name of this host, "${host}", ends in no number: ${ACCEPTED}.`,
      );
    }
    return checked(`${text} on the host "${host}"`, Number(ordinal), Number(automatic));
  }
  const [, index, count] = NUMBERS.exec(text) ?? [];
  if (index === undefined || count === undefined) {
    throw new InvalidArgumentError(`The shard is "${text}": ${ACCEPTED}.`);
  }
  return checked(text, Number(index), Number(count));
}

function checked(text: string, index: number, count: number): Shard {
  if (index >= count) throw new InvalidArgumentError(`The shard is ${text}: ${ACCEPTED}.`);
  return { index, count };
}

/** Whether a device is of a shard. Of all shards of a count it is of exactly one, on every machine and for ever. */
export function isOfShard(device: string, { index, count }: Shard): boolean {
  return createHash('sha256').update(device).digest().readUInt32BE(0) % count === index;
}
