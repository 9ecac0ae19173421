/** Starts a program so that it can be ended with all that it starts itself. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { FfmpegError } from '../../errors';
import { say } from '../../sentence';
import { ffmpegEnvironment } from './ffmpeg-environment';
import { endWithUs } from '../../reaper';

const HAS_GROUPS = process.platform !== 'win32';

/** A program in a process group of its own. On Windows there are none: there the program alone is ended. */
export class ProcessGroup {
  readonly child: ChildProcess;
  #isGone = false;
  readonly #forget: () => Promise<void> = () => Promise.resolve();

  /** @throws FfmpegError when the system has no memory or files left for it */
  constructor(program: string, args: readonly string[], stdio: StdioOptions) {
    this.child = started(program, args, stdio);
    const { pid } = this.child;
    if (pid === undefined) return;
    this.#forget = endWithUs(pid);
    this.child.once('exit', () => {
      // Of a script that started the program, the program may be left. Nobody else has the number of the group before that is known.
      this.kill('SIGKILL');
      this.#isGone = true;
    });
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this.child;
    if (this.#isGone || pid === undefined) return;
    if (!HAS_GROUPS) {
      this.child.kill(signal);
      return;
    }
    try {
      process.kill(-pid, signal);
    } catch {
      // Nothing of it is left.
    }
  }

  /** To be called when it has ended. Resolves when nothing of it is left. */
  async gone(): Promise<void> {
    await this.#forget();
  }
}

function started(program: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  try {
    return spawn(program, args, {
      stdio,
      detached: HAS_GROUPS,
      windowsHide: true,
      env: ffmpegEnvironment(process.env),
    });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new FfmpegError('DEEPTONE_FFMPEG_FAILED', say`ffmpeg could not be started: ${words}`, {
      cause: error,
    });
  }
}
