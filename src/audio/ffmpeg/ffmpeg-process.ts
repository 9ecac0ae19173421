import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { BadAudioError, FfmpegError } from '../../errors';
import { type Word, say } from '../../sentence';
import { throwIfAborted } from '../abort';
import type { AudioWarning } from '../decoder-warning';
import { damageOf } from './damage';
import { FfmpegLog } from './ffmpeg-log';
import { HoleFiller } from './hole-filler';
import { TIMEOUT_VARIABLE } from './patience';
import { ProcessGroup } from './process-group';

/** Milliseconds to wait for ffmpeg's account of its input once audio flows; it is written before the audio. */
const DESCRIPTION_WAIT_MS = 500;
/** Milliseconds to wait for a process that was killed. */
const KILLED_WAIT_MS = 5_000;

/** How a process ended: its exit code, or the signal that ended it; neither when it never started. */
interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** How ffmpeg is run. */
export interface FfmpegRun {
  readonly program: string;
  readonly args: readonly string[];
  /** Of the input, for error messages. */
  readonly name: string;
  /** Kills ffmpeg; reading then throws AbortedError. */
  readonly signal?: AbortSignal;
  /** What its standard input is: nothing, what is written to `input`, or a text. Default `nothing`. */
  readonly stdin?: 'nothing' | 'pipe' | { readonly text: string };
  /** A file that is open here, as its descriptor 3. */
  readonly descriptor?: number;
  /** Milliseconds without output after which it is killed, while somebody waits for it; 0, the default: never. */
  readonly silenceMs?: number;
  /** Milliseconds of waiting in all after which it is killed; 0, the default: never. */
  readonly totalMs?: number;
  /** Whether it gives nothing for a good reason; asked when it has given nothing for {@link silenceMs}. */
  readonly isQuiet?: () => boolean;
  /** Where timestamps say that something is missing, silence is given. Default false. */
  readonly fillsHoles?: boolean;
  /** It is told of a hole or damage at once, and not when all was read. Default false. */
  readonly tellsAtOnce?: boolean;
  /** Whether the input ends without the mark that its container ends with; asked at the end. */
  readonly isUnfinished?: () => boolean;
  /** What it must not repeat in its messages. */
  readonly secrets?: readonly string[];
}

/** One run of ffmpeg that writes to its standard output. The pipe's own limit holds it back when nobody reads. */
export class FfmpegProcess {
  readonly #group: ProcessGroup;
  readonly #stdout: Readable;
  readonly #log: FfmpegLog;
  readonly #ended: Promise<Exit>;
  readonly #run: FfmpegRun;
  readonly #filler: HoleFiller;
  readonly #told = new Set<string>();
  #isOver = false;
  #startError: Error | undefined;
  #stopped = false;
  readonly #onAbort = (): void => {
    this.#group.kill('SIGKILL');
  };

  /** @throws FfmpegError when the system has no memory or files left for it */
  constructor(run: FfmpegRun) {
    this.#run = run;
    const { program, args, signal, stdin = 'nothing' } = run;
    const log = new FfmpegLog(run.secrets);
    this.#log = log;
    this.#filler = new HoleFiller(
      () => {
        const jumps = log.timeline.take();
        return run.fillsHoles === true ? jumps : [];
      },
      () => log.promisedSeconds,
    );
    this.#group = new ProcessGroup(program, args, [
      ...([stdin === 'nothing' ? 'ignore' : 'pipe', 'pipe', 'pipe'] as const),
      ...(run.descriptor === undefined ? [] : [run.descriptor]),
    ]);
    const { child } = this.#group;
    // It closes its input when it fails; what it says then is the error, not the pipe's.
    child.stdin?.on('error', () => undefined);
    // An error that nobody hears would end the whole process.
    child.on('error', (error) => {
      this.#startError ??= error;
    });
    const { stdout, stderr } = pipesOf(child);
    if (!stdout || !stderr) {
      this.#group.kill('SIGKILL');
      throw new FfmpegError(
        'DEEPTONE_FFMPEG_FAILED',
        say`ffmpeg (${program}) was started without its pipes: too many files are open.`,
      );
    }
    if (typeof stdin === 'object') child.stdin?.end(stdin.text);
    this.#stdout = stdout;
    // What nobody listens to when a program ends, Node.js throws away; one that ends at once may have written a whole short sound.
    stdout.on('readable', () => undefined);
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log.push(text);
    });
    this.#ended = this.#end();
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted === true) this.#onAbort();
  }

  /** Resolves when it is gone. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  get pid(): number | undefined {
    return this.#group.child.pid;
  }

  /** ffmpeg's standard input; null where it takes none. */
  get input(): Writable | null {
    return this.#group.child.stdin;
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
        throwIfAborted(this.#run.name, this.#run.signal);
        yield* this.#filler.push(piece);
      }
      yield* this.#filler.end();
      if (this.#isStopped()) return;
      const end = await this.#ended;
      throwIfAborted(this.#run.name, this.#run.signal);
      if (this.#startError !== undefined || end.code !== 0) {
        throw this.#failure(end.code, end.signal);
      }
      this.#isOver = true;
    } catch (error) {
      if (!this.#isStopped()) throw error;
    } finally {
      await this.stop();
    }
  }

  /** Seconds of sound that it has given. */
  get seconds(): number {
    return this.#filler.seconds;
  }

  /** ffmpeg's last words. */
  get lastWords(): string {
    return this.#log.lastWords;
  }

  /**
   * What is wrong with the input, as far as it is known; each kind once.
   *
   * @param subject the input, as the subject of a sentence
   */
  takeWarnings(subject: string): readonly AudioWarning[] {
    const [log, filler, isOver] = [this.#log, this.#filler, this.#isOver];
    if (!isOver && this.#run.tellsAtOnce !== true) return [];
    const isUnfinished = isOver && this.#run.isUnfinished?.() === true;
    const all = damageOf(subject, { log, filler, isOver, isUnfinished });
    const warnings = all.filter(({ code }) => !this.#told.has(code));
    for (const { code } of warnings) this.#told.add(code);
    return warnings;
  }

  /**
   * Ends ffmpeg, with all that it started, if it still runs, and waits until it is gone: no longer than some seconds, since in a system
   * call that hangs not even a kill ends it.
   *
   * @param graceMs time to take leave of a camera or server after SIGTERM, before SIGKILL; 0 kills at once
   */
  async stop(graceMs = 0): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.#stopped) {
      this.#stopped = true;
      this.#group.kill(graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
      timer = setTimeout(() => {
        this.#group.kill('SIGKILL');
      }, graceMs);
      this.#stdout.destroy();
    }
    await inTime(this.#ended, graceMs + KILLED_WAIT_MS);
    clearTimeout(timer);
  }

  async #end(): Promise<Exit> {
    const { child } = this.#group;
    const end = await new Promise<Exit>((resolve) => {
      child.once('error', () => {
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
      child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
    this.#log.end();
    this.#run.signal?.removeEventListener('abort', this.#onAbort);
    await this.#group.gone();
    return end;
  }

  async *#pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const { silenceMs = 0, totalMs = Infinity, isQuiet } = this.#run;
    const output = this.#stdout[Symbol.asyncIterator]() as AsyncIterableIterator<Uint8Array>;
    let waited = 0;
    for (;;) {
      const since = performance.now();
      const next = output.next();
      next.catch(() => undefined); // When patience wins, ffmpeg is killed and this ends unheard.
      let result = await inTime(next, silenceMs);
      while (result === undefined && isQuiet?.() === true) result = await inTime(next, silenceMs);
      waited += performance.now() - since;
      if (result === undefined) throw this.#impatience(say`gave nothing for ${silenceMs / 1_000} s`);
      if (waited > totalMs) throw this.#impatience(say`took more than ${totalMs / 1_000} s`);
      if (result.done === true) return;
      // What it says about these bytes was written before them, and is read when the event loop comes round.
      await aroundOnce();
      yield result.value;
    }
  }

  #impatience(what: Word): FfmpegError {
    return new FfmpegError(
      'DEEPTONE_FFMPEG_FAILED',
      say`ffmpeg ${what} while decoding ${this.#run.name}, and was ended. The storage may be gone, or the machine too busy; ${TIMEOUT_VARIABLE} sets how long it may take.`,
    );
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #failure(code: number | null, signal: string | null): Error {
    const cause = this.#startError;
    if (cause !== undefined) {
      return new FfmpegError('DEEPTONE_FFMPEG_FAILED', say`ffmpeg could not be started: ${cause.message}`, {
        cause,
      });
    }
    const words = this.#log.lastWords;
    if (/matches no streams/u.test(words)) {
      return new BadAudioError(say`There is no audio in ${this.#run.name}.`);
    }
    const how =
      code === null ? say`was ended by ${signal ?? 'a signal'}` : say`failed with exit code ${code}`;
    return new FfmpegError(
      'DEEPTONE_FFMPEG_FAILED',
      say`ffmpeg ${how} while decoding ${this.#run.name}. ${words === '' ? say`It said nothing.` : say`Its last words: ${words}`}`,
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

/** Resolves when everything was read that was there to be read at the call. */
async function aroundOnce(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Where the system has no files left there are none, whatever the types of Node.js say. */
function pipesOf(child: ChildProcess): {
  readonly stdout?: Readable | null;
  readonly stderr?: Readable | null;
} {
  return child;
}
