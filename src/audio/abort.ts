import { AbortedError } from '../errors';
import { say } from '../sentence';

/** @throws AbortedError when the caller has aborted */
export function throwIfAborted(name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new AbortedError(say`Decoding of ${name} was aborted.`, { cause: signal.reason });
  }
}
