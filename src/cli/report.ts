import { CommanderError } from 'commander';
import { DeeptoneError } from '../errors';
import { ExitCode, exitCodeFor } from './exit-codes';

/** What a failure comes to on the command line. The only place where errors become text. */
export interface Report {
  /** A sentence for standard error; undefined where it has been said, or where there is nothing to say. */
  readonly message: string | undefined;
  readonly exitCode: ExitCode;
}

/** A command line that cannot be meant, found after it was parsed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A failure as data, for the line of a file that could not be analysed. */
export interface ErrorLine {
  readonly code: string;
  readonly message: string;
}

/** @param error whatever ended a command */
export function reportFailure(error: unknown): Report {
  if (error instanceof CommanderError) return reportParsing(error);
  if (error instanceof UsageError) return { message: error.message, exitCode: ExitCode.Usage };
  if (error instanceof DeeptoneError) return { message: error.message, exitCode: exitCodeFor(error.code) };
  return { message: internal(error), exitCode: ExitCode.Internal };
}

/** @param error what analysing one file came to */
export function errorLine(error: unknown): ErrorLine {
  if (error instanceof DeeptoneError) return { code: error.code, message: error.message };
  return { code: 'DEEPTONE_INTERNAL', message: internal(error) };
}

/** Commander has written its message already; asking for help or the version is no failure. */
function reportParsing(error: CommanderError): Report {
  const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
  return { message: undefined, exitCode: asked || error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage };
}

function internal(error: unknown): string {
  if (!(error instanceof Error)) return `An unexpected failure: ${String(error)}`;
  const detail = process.env['DEEPTONE_DEBUG'] ? (error.stack ?? error.message) : error.message;
  return `An unexpected failure: ${detail}`;
}
