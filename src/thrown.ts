/** Whatever callbacks throw, which may be anything, also what cannot even be looked at. */
import { isNativeError } from 'node:util/types';

/** What was thrown, as an Error. Never throws. */
export function thrownError(thrown: unknown): Error {
  try {
    // Errors of another realm, as functions of a flow throw them, are none by `instanceof`.
    if (thrown instanceof Error || isNativeError(thrown)) return thrown;
    return new Error(String(thrown));
  } catch {
    return new Error('Something was thrown that is no error and cannot be written down.');
  }
}

/**
 * Calls whoever listens; what it throws is its own fault and must not stop what it listens to, so it is a warning of the process.
 *
 * @param told calls the listener
 */
export function tellListener(told: () => void): void {
  try {
    told();
  } catch (thrown) {
    try {
      process.emitWarning(thrownError(thrown));
    } catch {
      // Not even its words can be read.
    }
  }
}
