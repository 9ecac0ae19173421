import { BadAudioError, FfmpegError, OverloadedError } from '../../errors';
import { phrase, say } from '../../sentence';
import type { AudioWarning } from '../decoder-warning';
import { isStopped, patience } from './patience';
import { containerEnd, type ContainerEnd } from './container-end';
import { drained } from './drained';
import { pieceArguments } from './ffmpeg-arguments';
import { FfmpegProcess } from './ffmpeg-process';
import { requireFfmpeg } from './find-ffmpeg';

/** Processes at a time: each is one stream of compressed pieces. */
const MOST_PROCESSES = 32;

let processes = 0;

export interface PieceDecoderOptions {
  readonly ffmpegPath?: string;
  readonly signal?: AbortSignal;
  /** Of the audio, for error messages. */
  readonly name: string;
}

/** One ffmpeg that decodes the pieces of one stream of compressed audio to the bytes of a WAV. */
export class PieceDecoder {
  readonly #container: string;
  readonly #options: PieceDecoderOptions;
  readonly #process: Promise<FfmpegProcess>;
  readonly #end: ContainerEnd | undefined;
  #running: FfmpegProcess | undefined;
  /** Since when ffmpeg takes nothing; undefined while it does. */
  #blockedSince: number | undefined;
  #endedAt: number | undefined;
  #stopped = false;

  /**
   * @param container as it was recognised
   * @throws OverloadedError where as many streams are decoded as may be at a time
   */
  constructor(container: string, options: PieceDecoderOptions) {
    if (processes >= MOST_PROCESSES) {
      throw new OverloadedError(
        say`${options.name} is ${container} in pieces, and ${MOST_PROCESSES} streams of compressed audio are decoded already, as many as may be at a time. End streams, or send raw samples.`,
      );
    }
    processes++;
    this.#container = container;
    this.#end = containerEnd(container);
    this.#options = options;
    this.#process = this.#start();
    this.#process.catch(() => undefined); // Whoever writes or reads hears of it.
  }

  /**
   * Hands the next bytes to ffmpeg; resolves when it has taken them.
   *
   * @throws FfmpegError where there is none
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#end?.push(bytes);
    const { input } = await this.#process;
    if (!input || input.destroyed || input.writableEnded) return; // What was wrong is told by the output.
    this.#blockedSince ??= performance.now();
    if (!input.write(bytes)) await drained(input);
    if (!input.writableNeedDrain) this.#blockedSince = undefined;
  }

  /** No more bytes come. */
  end(): void {
    this.#endedAt ??= performance.now();
    void this.#process.then(
      ({ input }) => input?.end(),
      () => undefined,
    );
  }

  /**
   * The bytes of a WAV as they are decoded, until ffmpeg has decoded all.
   *
   * @throws FfmpegError, AbortedError; BadAudioError where there was nothing to decode
   */
  async *output(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const ffmpeg = await this.#process;
      yield* ffmpeg.bytes();
      if (ffmpeg.seconds === 0 && !this.#stopped) throw this.#nothing(ffmpeg);
    } finally {
      await this.stop();
    }
  }

  /** What is wrong with the sound so far; each kind once. @param subject the sound, as the subject of a sentence */
  takeWarnings(subject: string): readonly AudioWarning[] {
    return this.#running?.takeWarnings(subject) ?? [];
  }

  /** Ends ffmpeg. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#process.then(
      (ffmpeg) => ffmpeg.stop(),
      () => undefined,
    );
    processes--;
  }

  /** Whether ffmpeg has nothing to give: it took all that there is, and more may come. Pieces may be far apart. */
  #isQuiet(): boolean {
    if (isStopped(this.#running?.pid)) return false;
    const since = this.#endedAt ?? this.#blockedSince;
    return since === undefined || performance.now() - since < patience().silenceMs;
  }

  #nothing({ lastWords }: FfmpegProcess): BadAudioError {
    const advice =
      this.#container === 'mp4'
        ? phrase` In pieces its index must come first: write it with the index at the start (ffmpeg: -movflags +faststart), or in fragments.`
        : '';
    return new BadAudioError(
      say`There is no sound in ${this.#options.name.replace(/^The /u, 'the ')}, which is ${this.#container} audio in pieces.${advice}${lastWords === '' ? '' : say` ffmpeg says: ${lastWords}`}`,
    );
  }

  async #start(): Promise<FfmpegProcess> {
    const { ffmpegPath, name, signal } = this.#options;
    const program = await requireFfmpeg(ffmpegPath, say`To decode ${this.#container} audio in pieces`);
    if (this.#stopped) throw new FfmpegError('DEEPTONE_FFMPEG_FAILED', say`Decoding of ${name} was stopped.`);
    this.#running = new FfmpegProcess({
      program,
      args: pieceArguments(this.#container),
      name,
      signal,
      stdin: 'pipe',
      silenceMs: patience().silenceMs,
      isQuiet: () => this.#isQuiet(),
      isUnfinished: () => this.#end?.isThere === false,
      fillsHoles: true,
      tellsAtOnce: true,
    });
    return this.#running;
  }
}
