import { tellListener } from '../../thrown';
import { performance } from 'node:perf_hooks';
import { BadAudioError, DeeptoneError, FfmpegError, InvalidArgumentError } from '../../errors';
import { say } from '../../sentence';
import { openAllowed, sameFilePath, type AllowedFile } from '../allowed-folders';
import type { FfmpegProcess } from './ffmpeg-process';
import {
  DEFAULT_PROTOCOLS,
  inputOpenedAt,
  liveInput,
  isSameServer,
  optionsForOthers,
  type LiveInput,
} from './live-input';
import { LiveRun } from './live-run';
import type { LiveSource, LiveSourceEvent, LiveSourceOptions, RestartDelays } from './live-source-contract';
import { readPlaylist } from './playlist-reader';
import { inSeconds } from '../sample-sink';
import { SoundDecoder } from '../sound-decoder';

export const DEFAULT_SILENCE_TIMEOUT_MS = 15_000;
/** Longer timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DEFAULT_RESTART: RestartDelays = { minMs: 1_000, maxMs: 60_000 };
const DEFAULT_CLOSE_TIMEOUT_MS = 2_000;
/** A playlist may name playlists, and they name sound. */
const DEEPEST_PLAYLIST = 2;

/**
 * Opens a live source: ffmpeg decodes it for as long as it lives; when it dies, ends or gets stuck it is started again, with
 * growing, jittered delays. A playlist (M3U, PLS, XSPF, ASX) is followed: what it names is heard one after the other, and what
 * it may not name (see `liveInput`) ends the iteration with an InvalidArgumentError where nothing was heard before. Nothing is started before the iteration begins. Nothing is buffered but in the pipe: who
 * wants to drop audio under load does it behind this.
 *
 * @throws InvalidArgumentError when the input, an option or a protocol is not allowed
 */
export function openLiveSource(options: LiveSourceOptions): LiveSource {
  const { minMs, maxMs } = options.restart ?? DEFAULT_RESTART;
  if (!(minMs > 0 && maxMs >= minMs)) {
    throw new InvalidArgumentError(
      say`Restart delays of ${minMs} to ${maxMs} ms are not accepted: both must be positive, the first not above the second.`,
    );
  }
  return new FfmpegLiveSource(liveInput(options), options);
}

/** `died`, as it is told. */
type RunEnd = { readonly type: 'ended' } | { readonly type: 'died'; readonly reason: string };

class FfmpegLiveSource implements LiveSource {
  readonly name: string;
  readonly #input: LiveInput;
  readonly #options: LiveSourceOptions;
  readonly #silenceMs: number;
  readonly #closing = new AbortController();
  #process: FfmpegProcess | undefined;
  #begun = false;
  #isOldFfmpeg = false;
  /** When the last audio came, on the monotonic clock; null before the first. */
  #lastAudio: number | null = null;
  #wasHeard = false;
  /** Whether the input is known to be a playlist. */
  #isPlaylist = false;
  /** Milliseconds of audio that the current run has given. */
  #runMs = 0;

  constructor(input: LiveInput, options: LiveSourceOptions) {
    this.name = input.name;
    this.#input = input;
    this.#options = options;
    this.#silenceMs = options.silenceTimeoutMs ?? DEFAULT_SILENCE_TIMEOUT_MS;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Float32Array, void, undefined> {
    if (this.#begun) throw new InvalidArgumentError(say`A live source can be iterated only once.`);
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
        const end = yield* this.#live();
        if (this.#isClosed() || end.type === 'ended') return;
        this.#tell(end);
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

  /** One life of the source; what it must not play is no reason to give up where it could be heard before. */
  async *#live(): AsyncGenerator<Float32Array, RunEnd, undefined> {
    try {
      return yield* this.#play(this.#input, 0);
    } catch (error) {
      if (this.#wasHeard && error instanceof InvalidArgumentError) return diedOf(error);
      throw error;
    }
  }

  /** One life of an input, which has to be in the folders that there are, where it is a file. */
  async *#play(input: LiveInput, depth: number): AsyncGenerator<Float32Array, RunEnd, undefined> {
    const { folders } = this.#options;
    if (!input.isFile || !folders) return yield* this.#playAny(input, depth);
    let file: AllowedFile;
    try {
      file = await openAllowed(input.address, folders);
    } catch (error) {
      if (error instanceof DeeptoneError) throw error;
      return { type: 'died', reason: `"${input.name}" cannot be opened: ${String(error)}.` };
    }
    try {
      return yield* this.#playAny(inputOpenedAt(input, sameFilePath(file)), depth);
    } finally {
      await file.handle.close();
    }
  }

  /** One life of an input; where it turns out to be a playlist, of all that it names. */
  async *#playAny(input: LiveInput, depth: number): AsyncGenerator<Float32Array, RunEnd, undefined> {
    let end: RunEnd = { type: 'died', reason: `The playlist "${input.name}" could not be read again.` };
    this.#runMs = 0;
    // ffmpeg knows sound best; what it cannot hear may be a playlist, and then is one at the next start too.
    if (depth > 0 || !this.#isPlaylist) {
      end = yield* this.#run(input);
      if (this.#isClosed() || this.#runMs > 0 || end.type === 'ended') return end;
    }
    const entries = await this.#entriesOf(input);
    if (entries && depth >= DEEPEST_PLAYLIST) {
      throw new InvalidArgumentError(
        say`"${this.name}" is a playlist that leads to a playlist in a playlist. Give this source the address of the sound itself.`,
      );
    }
    if (depth === 0) this.#isPlaylist = entries !== undefined;
    return entries ? yield* this.#follow(entries, depth + 1) : end;
  }

  /**
   * What a playlist names, as far as it is allowed; undefined where the input is none.
   *
   * @throws InvalidArgumentError when nothing of it is
   */
  async #entriesOf(input: LiveInput): Promise<readonly LiveInput[] | undefined> {
    const { inputOptions = [], allowedProtocols = DEFAULT_PROTOCOLS } = this.#options;
    const { signal } = this.#closing;
    const named = await readPlaylist(input, { inputOptions, allowedProtocols, signal });
    if (!named) return undefined;
    const refused = named.filter((one) => one instanceof InvalidArgumentError);
    const [refusal] = refused;
    if (refusal && refused.length === named.length) throw refusal;
    for (const { message } of refused) this.#tell({ type: 'died', reason: message });
    return named
      .filter((one) => typeof one === 'string')
      .map((one) => {
        const options = isSameServer(one, this.#input.address)
          ? inputOptions
          : optionsForOthers(inputOptions);
        return liveInput({ ...this.#options, input: one, inputOptions: options, loop: false });
      });
  }

  /** Plays what a playlist names, one after the other; what cannot be heard is told and passed over. */
  async *#follow(
    entries: readonly LiveInput[],
    depth: number,
  ): AsyncGenerator<Float32Array, RunEnd, undefined> {
    for (;;) {
      let end: RunEnd = { type: 'ended' };
      let playedMs = 0;
      let refusals = 0;
      for (const [n, entry] of entries.entries()) {
        if (n > 0) this.#tell({ type: 'connecting', attempt: 1 });
        // Nothing of a file is lost while it is not read.
        if (entry.isFile) this.#lastAudio = null;
        try {
          end = yield* this.#play(entry, depth);
        } catch (error) {
          if (!(error instanceof InvalidArgumentError) || ++refusals === entries.length) throw error;
          end = diedOf(error);
        }
        if (this.#isClosed()) return end;
        playedMs += this.#runMs;
        const isUnheard = this.#runMs === 0 && n < entries.length - 1;
        if (isUnheard && end.type === 'died') this.#tell(end);
      }
      this.#runMs = playedMs;
      if (this.#options.loop !== true || end.type === 'died' || playedMs === 0) return end;
    }
  }

  /** One life of ffmpeg. */
  async *#run(input: LiveInput): AsyncGenerator<Float32Array, RunEnd, undefined> {
    this.#runMs = 0;
    let life: LiveRun;
    try {
      const { ffmpegPath, allowedProtocols = DEFAULT_PROTOCOLS } = this.#options;
      life = new LiveRun(ffmpegPath, input, allowedProtocols, this.#isOldFfmpeg);
    } catch (error) {
      return died(error);
    }
    const { ffmpeg } = life;
    this.#process = ffmpeg;
    const output = ffmpeg.bytes();
    const decoder = new SoundDecoder({ channels: this.#options.channel ?? 'mix', isWav: true });
    try {
      for (;;) {
        const next = await this.#next(output);
        if (next === 'silent') {
          this.#tell({ type: 'silent', forMs: this.#silenceMs });
          return { type: 'died', reason: `Nothing came from "${input.name}" for ${this.#silenceMs} ms.` };
        }
        if (next.done === true) break;
        for (const [piece] of inSeconds(decoder.push(next.value))) {
          if (!piece) continue;
          this.#count(piece);
          yield piece;
        }
      }
      const [rest] = decoder.finish();
      if (rest && rest.length > 0) yield rest;
      const isEndless = this.#options.endless ?? !input.isFile;
      return isEndless ? { type: 'died', reason: `"${input.name}" came to its end.` } : { type: 'ended' };
    } catch (error) {
      const why = life.explained(error);
      this.#isOldFfmpeg ||= life.isOldFfmpeg;
      return died(why);
    } finally {
      life.stopFeeding();
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
    this.#wasHeard = true;
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
    tellListener(() => {
      this.#options.onEvent?.(event);
    });
  }
}

/** What a new start may mend; anything else is thrown on. */
function died(error: unknown): RunEnd {
  if (error instanceof FfmpegError || error instanceof BadAudioError) return diedOf(error);
  throw error;
}

function diedOf({ message }: Error): RunEnd {
  return { type: 'died', reason: message };
}
