import { DeeptoneError, type DeeptoneErrorCode } from '../errors';

/** The stable code of an error of ours; undefined for any other error. */
export function codeOf(error: unknown): DeeptoneErrorCode | undefined {
  return error instanceof DeeptoneError ? error.code : undefined;
}
