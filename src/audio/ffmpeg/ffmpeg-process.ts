import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { BadAudioError, FfmpegError } from '../../errors';
import { throwIfAborted } from '../decoded-audio';
import { FfmpegLog } from './ffmpeg-log';

/** Milliseconds to wait for ffmpeg's account of its input once audio flows; it is written before the audio. */
const DESCRIPTION_WAIT_MS = 500;

/**
 * Arguments that decode the first audio stream to a WAV of 32-bit floats on standard output, at the input's own rate and
 * channels: there is one resampler for all sources, and it is ours.
 *
 * @param input `-i` with what is to be read, and the options that belong before it
 * @param output options that belong to the output
 */
export function decodingArguments(
  input: readonly string[],
  output: readonly string[] = [],
): readonly string[] {
  return [
    '-nostdin',
    '-hide_banner',
    '-nostats',
    ...['-loglevel', 'level+info'],
    ...input,
    ...['-map', '0:a:0', '-vn', '-sn', '-dn'],
    ...['-c:a', 'pcm_f32le', '-f', 'wav', ...output, 'pipe:1'],
  ];
}

/**
 * Arguments for a file. ffmpeg reads only what it is given: its protocols are restricted to files, so that what is in the
 * file cannot make it fetch anything, and "file:" keeps a name like "http:x.mp3" or "-i.mp3" a name.
 *
 * @param filename absolute
 */
export function fileArguments(filename: string): readonly string[] {
  return decodingArguments(['-protocol_whitelist', 'file,pipe', '-i', `file:${filename}`]);
}

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
  #startError: Error | undefined;
  #stopped = false;
  readonly #onAbort = (): void => {
    this.#child.kill('SIGKILL');
  };

  /**
   * @param name of the input, for error messages
   * @param signal kills ffmpeg; reading then throws AbortedError
   * @throws FfmpegError when the system has no memory or files left for it
   */
  constructor(ffmpegPath: string, args: readonly string[], name: string, signal?: AbortSignal) {
    this.#name = name;
    this.#signal = signal;
    this.#child = started(ffmpegPath, args);
    // An error that nobody hears would end Node-RED.
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

  /** Milliseconds that the input lasts by ffmpeg's account, which may be an estimate; null when it does not know. */
  async durationMs(): Promise<number | null> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DESCRIPTION_WAIT_MS);
    });
    await Promise.race([this.#log.described, patience]);
    clearTimeout(timer);
    return this.#log.durationMs;
  }

  /**
   * The bytes that ffmpeg writes. They end early, without an error, when {@link stop} is called.
   *
   * @throws AbortedError, BadAudioError when there is no audio in the input, FfmpegError with ffmpeg's last words when it fails
   *   at the beginning or after part of the audio
   */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const piece of this.#stdout) {
        throwIfAborted(this.#name, this.#signal);
        yield piece as Uint8Array;
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
    await this.#ended;
    clearTimeout(timer);
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

function started(ffmpegPath: string, args: readonly string[]): ChildProcess {
  try {
    return spawn(ffmpegPath, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
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
