import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { BadAudioError, FfmpegError } from '../../errors';
import { throwIfAborted } from '../abort';
import { ffmpegEnvironment } from './ffmpeg-environment';
import { FfmpegLog } from './ffmpeg-log';

/** Milliseconds to wait for ffmpeg's account of its input once audio flows; it is written before the audio. */
const DESCRIPTION_WAIT_MS = 500;

/** How a process ended: its exit code, or the signal that ended it; neither when it never started. */
interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** One run of ffmpeg that writes to its standard output. The pipe's own limit holds it back when nobody reads. */
export class FfmpegProcess {
  readonly #child: ChildProcess;
  readonly #stdout: Readable;
  readonly #log = new FfmpegLog();
  readonly #ended: Promise<Exit>;
  readonly #signal: AbortSignal | undefined;
  readonly #name: string;
  readonly #silenceMs: number;
  /** It gave nothing for too long. Such a process may hang in the system, where not even a kill ends it. */
  #isStuck = false;
  #startError: Error | undefined;
  #stopped = false;
  readonly #onAbort = (): void => {
    this.#child.kill('SIGKILL');
  };

  /**
   * @param name of the input, for error messages
   * @param signal kills ffmpeg; reading then throws AbortedError
   * @param takesInput it reads what is written to {@link input}
   * @param silenceMs milliseconds without output after which it is killed, while somebody waits for it; 0: never
   * @throws FfmpegError when the system has no memory or files left for it
   */
  constructor(
    ffmpegPath: string,
    args: readonly string[],
    name: string,
    signal?: AbortSignal,
    takesInput = false,
    silenceMs = 0,
  ) {
    this.#name = name;
    this.#silenceMs = silenceMs;
    this.#signal = signal;
    this.#child = started(ffmpegPath, args, takesInput);
    // It closes its input when it fails; what it says then is the error, not the pipe's.
    this.#child.stdin?.on('error', () => undefined);
    // An error that nobody hears would end the whole process.
    this.#child.on('error', (error) => {
      this.#startError ??= error;
    });
    const { stdout, stderr } = pipesOf(this.#child);
    if (!stdout || !stderr) {
      throw new FfmpegError(
        'DEEPTONE_FFMPEG_FAILED',
        `ffmpeg (${ffmpegPath}) was started without its pipes: too many files are open.`,
      );
    }
    this.#stdout = stdout;
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log.push(text);
    });
    this.#ended = new Promise<Exit>((resolve) => {
      this.#child.once('error', () => {
        if (this.#child.pid === undefined) resolve({ code: null, signal: null });
      });
      this.#child.once('close', (code, signalName) => {
        resolve({ code, signal: signalName });
      });
    }).then((end) => {
      this.#log.end();
      signal?.removeEventListener('abort', this.#onAbort);
      return end;
    });
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted === true) this.#onAbort();
  }

  /** Resolves when it is gone. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  /** ffmpeg's standard input; null where it takes none. */
  get input(): Writable | null {
    return this.#child.stdin;
  }

  /**
   * ffmpeg's account of its input: milliseconds that it lasts, which may be an estimate (null when it does not know), and its
   * audio tracks.
   */
  async description(): Promise<{ readonly durationMs: number | null; readonly audioTracks: number }> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DESCRIPTION_WAIT_MS);
    });
    await Promise.race([this.#log.described, patience]);
    clearTimeout(timer);
    const { durationMs, audioTracks } = this.#log;
    return { durationMs, audioTracks };
  }

  /**
   * The bytes that ffmpeg writes. They end early, without an error, when {@link stop} is called.
   *
   * @throws AbortedError, BadAudioError when there is no audio in the input, FfmpegError with ffmpeg's last words when it fails
   *   at the beginning or after part of the audio
   */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const piece of this.#pieces()) {
        throwIfAborted(this.#name, this.#signal);
        yield piece;
      }
      if (this.#isStopped()) return;
      const end = await this.#ended;
      throwIfAborted(this.#name, this.#signal);
      if (this.#startError !== undefined || end.code !== 0) {
        throw this.#failure(end.code, end.signal);
      }
    } catch (error) {
      if (!this.#isStopped()) throw error;
    } finally {
      await this.stop();
    }
  }

  /**
   * Ends ffmpeg if it still runs and waits until it is gone.
   *
   * @param graceMs time to take leave of a camera or server after SIGTERM, before SIGKILL; 0 kills at once
   */
  async stop(graceMs = 0): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.#stopped) {
      this.#stopped = true;
      this.#child.kill(graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
      timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
      this.#stdout.destroy();
    }
    if (!this.#isStuck) await this.#ended;
    clearTimeout(timer);
  }

  async *#pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const output = this.#stdout[Symbol.asyncIterator]() as AsyncIterableIterator<Uint8Array>;
    for (;;) {
      const next = output.next();
      next.catch(() => undefined); // When patience wins, ffmpeg is killed and this ends unheard.
      const result = await inTime(next, this.#silenceMs);
      if (result === undefined) {
        this.#isStuck = true;
        this.#child.kill('SIGKILL');
        throw new FfmpegError(
          'DEEPTONE_FFMPEG_FAILED',
          `ffmpeg gave nothing for ${this.#silenceMs / 1_000} s while decoding ${this.#name}, and was ended. The storage may be gone, or the machine too busy.`,
        );
      }
      if (result.done === true) return;
      yield result.value;
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #failure(code: number | null, signal: string | null): Error {
    const cause = this.#startError;
    if (cause !== undefined) {
      return new FfmpegError('DEEPTONE_FFMPEG_FAILED', `ffmpeg could not be started: ${cause.message}`, {
        cause,
      });
    }
    const words = this.#log.lastWords;
    if (/matches no streams/u.test(words)) {
      return new BadAudioError(`There is no audio in ${this.#name}.`);
    }
    const how = code === null ? `was ended by ${signal ?? 'a signal'}` : `failed with exit code ${code}`;
    return new FfmpegError(
      'DEEPTONE_FFMPEG_FAILED',
      `ffmpeg ${how} while decoding ${this.#name}. ${words === '' ? 'It said nothing.' : `Its last words: ${words}`}`,
    );
  }
}

/** The value, or undefined when it does not come in time; 0 ms: there is all the time. */
async function inTime<T>(value: Promise<T>, ms: number): Promise<T | undefined> {
  if (ms === 0) return value;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}

function started(ffmpegPath: string, args: readonly string[], takesInput: boolean): ChildProcess {
  try {
    return spawn(ffmpegPath, args, {
      stdio: [takesInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      windowsHide: true,
      env: ffmpegEnvironment(process.env),
    });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new FfmpegError('DEEPTONE_FFMPEG_FAILED', `ffmpeg could not be started: ${words}`, {
      cause: error,
    });
  }
}

/** Where the system has no files left there are none, whatever the types of Node.js say. */
function pipesOf(child: ChildProcess): {
  readonly stdout?: Readable | null;
  readonly stderr?: Readable | null;
} {
  return child;
}
