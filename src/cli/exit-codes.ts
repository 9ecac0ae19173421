import type { DeeptoneErrorCode } from '../errors';

/** Exit codes of `deeptone`, documented in docs/command-line.md. */
export const ExitCode = {
  Ok: 0,
  /** Some input could not be analysed, or its answer is no; everything else was done. */
  InputFailed: 1,
  /** The command line is wrong: nothing was done. */
  Usage: 2,
  /** It cannot run here: runtime, models or license. `deeptone doctor` says what to do. */
  CannotRun: 3,
  /** A fault of the program itself. */
  Internal: 70,
  /** 128 + SIGINT, as shells count. */
  Interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The exit code when an error of this kind ends the whole command. */
export function exitCodeFor(code: DeeptoneErrorCode): ExitCode {
  switch (code) {
    case 'DEEPTONE_INVALID_ARGUMENT':
    case 'DEEPTONE_MODEL_NOT_FOUND':
      return ExitCode.Usage;
    case 'DEEPTONE_FILE_NOT_FOUND':
    case 'DEEPTONE_FILE_UNREADABLE':
    case 'DEEPTONE_FILE_NOT_ALLOWED':
    case 'DEEPTONE_BAD_AUDIO':
    case 'DEEPTONE_TOO_LARGE':
    case 'DEEPTONE_FFMPEG_NOT_FOUND':
    case 'DEEPTONE_FFMPEG_FAILED':
    case 'DEEPTONE_VOICE_SIGNATURE':
      return ExitCode.InputFailed;
    case 'DEEPTONE_MODEL_INVALID':
    case 'DEEPTONE_LICENSE':
    case 'DEEPTONE_RUNTIME_UNAVAILABLE':
    case 'DEEPTONE_INFERENCE_FAILED':
    case 'DEEPTONE_ENGINE_LOST':
    case 'DEEPTONE_BROKER':
    case 'DEEPTONE_OVERLOADED':
    case 'DEEPTONE_CLOSED':
      return ExitCode.CannotRun;
    case 'DEEPTONE_ABORTED':
      return ExitCode.Interrupted;
  }
}
