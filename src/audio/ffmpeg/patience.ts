import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from '../../errors';
import { say } from '../../sentence';

/** Environment variable that says for how many seconds ffmpeg may give nothing of a file, clip or stream of pieces. */
export const TIMEOUT_VARIABLE = 'DEEPTONE_FFMPEG_TIMEOUT';
/** A disk that has to start takes some seconds. */
const DEFAULT_SECONDS = 30;
/** How many times as long may be waited for all of a file or clip: an hour. What others do with the sound meanwhile does not count. */
const IN_ALL = 120;
const LONGEST_SECONDS = 86_400;

/** For how long ffmpeg is waited for. */
export interface Patience {
  /** Milliseconds in which it gives nothing. */
  readonly silenceMs: number;
  /** Milliseconds of waiting for one file or clip in all. */
  readonly totalMs: number;
}

/** @throws InvalidArgumentError when the environment variable is no number of seconds */
export function patience(): Patience {
  const text = process.env[TIMEOUT_VARIABLE] ?? '';
  const seconds = text.trim() === '' ? DEFAULT_SECONDS : Number(text);
  if (!(seconds > 0 && seconds <= LONGEST_SECONDS)) {
    throw new InvalidArgumentError(
      say`The environment variable ${TIMEOUT_VARIABLE} says "${text}": a number of seconds above 0, up to ${LONGEST_SECONDS}, is accepted.`,
    );
  }
  return { silenceMs: seconds * 1_000, totalMs: seconds * 1_000 * IN_ALL };
}

/** Whether somebody has stopped a process (SIGSTOP, a debugger): Linux tells. */
export function isStopped(pid: number | undefined): boolean {
  if (pid === undefined || process.platform !== 'linux') return false;
  try {
    // The name of the program, in brackets, may hold anything.
    return /^ [Tt] /u.test(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/su, ''));
  } catch {
    return false;
  }
}
