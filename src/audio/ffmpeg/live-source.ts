import { performance } from 'node:perf_hooks';
import { BadAudioError, FfmpegError, InvalidArgumentError } from '../../errors';
import { FfmpegProcess } from './ffmpeg-process';
import { liveInput, type LiveInput, type LiveInputOptions } from './live-input';
import { PcmDecoder } from '../pcm/pcm-decoder';
import { bytesPerSample } from '../pcm/sample-format';
import { WavStreamReader } from '../wav/wav-stream-reader';

const DEFAULT_SILENCE_TIMEOUT_MS = 15_000;
/** Longer timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DEFAULT_RESTART: RestartDelays = { minMs: 1_000, maxMs: 60_000 };
const DEFAULT_CLOSE_TIMEOUT_MS = 2_000;

/** Milliseconds before a source that died is started again: doubled each time it dies at once, from least to most. */
export interface RestartDelays {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface LiveSourceOptions extends LiveInputOptions {
  /** An address (`rtsp://`, `http://`), a sound card (`alsa:hw:1`), or a file or playlist. */
  readonly input: string;
  /** ffmpeg's options for it, such as `['-f', 's16le', '-ar', '16000']`; only those that say how to read are accepted. */
  readonly inputOptions?: readonly string[];
  /** Protocols, sound systems and special formats that inputs may use; `DEFAULT_PROTOCOLS` otherwise. */
  readonly allowedProtocols?: readonly string[];
  /** Play a file at its own speed (the default), or as fast as it is read. */
  readonly realTime?: boolean;
  /** Begin a file again at its end. */
  readonly loop?: boolean;
  readonly ffmpegPath: string;
  /** Give this channel, counted from 0; the average of all otherwise. */
  readonly channel?: number;
  /** Whether the end of the input is a failure, after which it is started again. Default: true for all but files. */
  readonly endless?: boolean;
  /** Milliseconds without a byte, the start included, after which a source counts as stuck and is restarted; 0 = never. Default 15,000. */
  readonly silenceTimeoutMs?: number;
  readonly restart?: RestartDelays;
  /** Milliseconds that ffmpeg has to take leave of a camera or server before it is killed. Default 2,000. */
  readonly closeTimeoutMs?: number;
  /** Told of everything that happens to the source, in order. Must not throw. */
  readonly onEvent?: (event: LiveSourceEvent) => void;
}

/** What happens to a live source. Texts hold no user name or password of an address. */
export type LiveSourceEvent =
  /** ffmpeg is started; `attempt` counts from 1 and begins anew after a run that went well. */
  | { readonly type: 'connecting'; readonly attempt: number }
  /** The first audio of a run is here. `gapMs`: sound that was lost since the run before; null for the first run. */
  | { readonly type: 'started'; readonly gapMs: number | null }
  /** Nothing came for this long; the source is restarted. */
  | { readonly type: 'silent'; readonly forMs: number }
  /** The source failed or ended though it should not; `reason` is a sentence, with ffmpeg's last words where it said any. */
  | { readonly type: 'died'; readonly reason: string }
  | { readonly type: 'restarting'; readonly inMs: number }
  /** A file has come to its end, or the source was closed. Nothing follows. */
  | { readonly type: 'ended' };

/** 16 kHz mono samples at full scale 1.0, in pieces of at most a second, for as long as the source lives; iterated once. */
export interface LiveSource extends AsyncIterable<Float32Array> {
  /** The input without user name and password. */
  readonly name: string;
  /** Ends ffmpeg and the iteration, within the close timeout. Leaving the iteration does the same. */
  close(): Promise<void>;
}

/**
 * Opens a live source: ffmpeg decodes it for as long as it lives; when it dies, ends or gets stuck it is started again, with
 * growing, jittered delays. Nothing is started before the iteration begins. Nothing is buffered but in the pipe: who
 * wants to drop audio under load does it behind this.
 *
 * @throws InvalidArgumentError when the input, an option or a protocol is not allowed
 */
export function openLiveSource(options: LiveSourceOptions): LiveSource {
  const { minMs, maxMs } = options.restart ?? DEFAULT_RESTART;
  if (!(minMs > 0 && maxMs >= minMs)) {
    throw new InvalidArgumentError(
      `Restart delays of ${minMs} to ${maxMs} ms are not accepted: both must be positive, the first not above the second.`,
    );
  }
  return new FfmpegLiveSource(liveInput(options), options);
}

type RunEnd = { readonly kind: 'ended' } | { readonly kind: 'died'; readonly reason: string };

class FfmpegLiveSource implements LiveSource {
  readonly name: string;
  readonly #input: LiveInput;
  readonly #options: LiveSourceOptions;
  readonly #endless: boolean;
  readonly #silenceMs: number;
  readonly #closing = new AbortController();
  #process: FfmpegProcess | undefined;
  #begun = false;
  /** When the last audio came, on the monotonic clock; null before the first. */
  #lastAudio: number | null = null;
  /** Milliseconds of audio that the current run has given. */
  #runMs = 0;

  constructor(input: LiveInput, options: LiveSourceOptions) {
    this.name = input.name;
    this.#input = input;
    this.#options = options;
    this.#endless = options.endless ?? !input.isFile;
    this.#silenceMs = options.silenceTimeoutMs ?? DEFAULT_SILENCE_TIMEOUT_MS;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Float32Array, void, undefined> {
    if (this.#begun) throw new InvalidArgumentError('A live source can be iterated only once.');
    this.#begun = true;
    return this.#pieces();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#process?.stop(this.#options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS);
  }

  async *#pieces(): AsyncGenerator<Float32Array, void, undefined> {
    const { minMs, maxMs } = this.#options.restart ?? DEFAULT_RESTART;
    let attempt = 1;
    let delay = minMs;
    try {
      while (!this.#isClosed()) {
        this.#tell({ type: 'connecting', attempt });
        const end = yield* this.#run();
        if (this.#isClosed() || end.kind === 'ended') return;
        this.#tell({ type: 'died', reason: end.reason });
        // A run that outlived the delay before it went well: what is wrong now is something new.
        const wentWell = this.#runMs > delay;
        attempt = wentWell ? 1 : attempt + 1;
        delay = wentWell || attempt === 2 ? minMs : Math.min(maxMs, 2 * delay);
        const inMs = Math.round(delay * (0.5 + 0.5 * Math.random()));
        this.#tell({ type: 'restarting', inMs });
        await this.#wait(inMs);
      }
    } finally {
      await this.close();
      this.#tell({ type: 'ended' });
    }
  }

  /** One life of ffmpeg. */
  async *#run(): AsyncGenerator<Float32Array, RunEnd, undefined> {
    this.#runMs = 0;
    let ffmpeg: FfmpegProcess;
    try {
      ffmpeg = new FfmpegProcess(this.#options.ffmpegPath, this.#input.args, `"${this.name}"`);
    } catch (error) {
      return died(error);
    }
    this.#process = ffmpeg;
    const output = ffmpeg.bytes();
    const decoder = new StreamDecoder(this.#options.channel);
    try {
      for (;;) {
        const next = await this.#next(output);
        if (next === 'silent') {
          this.#tell({ type: 'silent', forMs: this.#silenceMs });
          return { kind: 'died', reason: `Nothing came from "${this.name}" for ${this.#silenceMs} ms.` };
        }
        if (next.done === true) break;
        for (const piece of decoder.push(next.value)) {
          this.#count(piece);
          yield piece;
        }
      }
      const rest = decoder.flush();
      if (rest.length > 0) yield rest;
      return this.#endless ? { kind: 'died', reason: `"${this.name}" came to its end.` } : { kind: 'ended' };
    } catch (error) {
      return died(error);
    } finally {
      await ffmpeg.stop(this.#options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS);
    }
  }

  /** The next bytes; `silent` when none come in time. The clock runs only while somebody waits for audio. */
  async #next(
    output: AsyncGenerator<Uint8Array, void>,
  ): Promise<IteratorResult<Uint8Array, void> | 'silent'> {
    const next = output.next();
    if (this.#silenceMs === 0) return next;
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<'silent'>((resolve) => {
      timer = setTimeout(resolve, Math.min(this.#silenceMs, LONGEST_TIMER_MS), 'silent');
    });
    // When silence wins, ffmpeg is stopped and this ends unheard.
    next.catch(() => undefined);
    try {
      return await Promise.race([next, silent]);
    } finally {
      clearTimeout(timer);
    }
  }

  #count(piece: Float32Array): void {
    const now = performance.now();
    const pieceMs = piece.length / 16;
    if (this.#runMs === 0) {
      // What is heard now was said while it came: only the time before is lost.
      const gapMs =
        this.#lastAudio === null ? null : Math.max(0, Math.round(now - this.#lastAudio - pieceMs));
      this.#tell({ type: 'started', gapMs });
    }
    this.#lastAudio = now;
    this.#runMs += pieceMs;
  }

  async #wait(ms: number): Promise<void> {
    const { signal } = this.#closing;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #tell(event: LiveSourceEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** What a new start may mend; anything else is thrown on. */
function died(error: unknown): RunEnd {
  if (error instanceof FfmpegError || error instanceof BadAudioError) {
    return { kind: 'died', reason: error.message };
  }
  throw error;
}

/** The WAV of one run to mono samples. */
class StreamDecoder {
  readonly #reader = new WavStreamReader();
  readonly #channel: number | undefined;
  #decoder: PcmDecoder | undefined;
  #secondBytes = 0;

  constructor(channel: number | undefined) {
    this.#channel = channel;
  }

  *push(bytes: Uint8Array): Generator<Float32Array, void, undefined> {
    const audio = this.#reader.push(bytes);
    const { format } = this.#reader;
    if (format === undefined) return;
    this.#secondBytes = bytesPerSample(format.encoding) * format.channels * format.sampleRate;
    this.#decoder ??= new PcmDecoder(
      format,
      this.#channel === undefined ? { mix: true } : { channel: this.#channel },
    );
    for (let at = 0; at < audio.length; at += this.#secondBytes) {
      const [piece] = this.#decoder.push(audio.subarray(at, at + this.#secondBytes));
      if (piece !== undefined && piece.length > 0) yield piece;
    }
  }

  flush(): Float32Array {
    return this.#decoder?.flush()[0] ?? new Float32Array(0);
  }
}
