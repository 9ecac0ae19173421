import { AbortedError } from '../errors';

/** @throws AbortedError when the caller has aborted */
export function throwIfAborted(name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new AbortedError(`Decoding of ${name} was aborted.`, { cause: signal.reason });
  }
}
