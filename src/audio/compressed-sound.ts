import { PieceDecoder, type PieceDecoderOptions } from './ffmpeg/piece-decoder';
import { WavStreamReader, type AudioRun } from './wav/wav-stream-reader';

/** Compressed sound in pieces: bytes in, runs of samples out, later. */
export class CompressedSound {
  readonly #ffmpeg: PieceDecoder;
  #writing: Promise<void> = Promise.resolve();

  /** @throws OverloadedError where too many streams are decoded already */
  constructor(container: string, options: PieceDecoderOptions) {
    this.#ffmpeg = new PieceDecoder(container, options);
  }

  /** Takes the next bytes; what goes wrong is told by {@link accepted} and {@link runs}. */
  write(bytes: Uint8Array): void {
    const copy = Uint8Array.prototype.slice.call(bytes);
    this.#writing = this.#writing.then(() => this.#ffmpeg.write(copy));
    this.#writing.catch(() => undefined);
  }

  /** @throws FfmpegError, OverloadedError */
  accepted(): Promise<void> {
    return this.#writing;
  }

  /** No more bytes come. */
  end(): void {
    const end = (): void => {
      this.#ffmpeg.end();
    };
    this.#writing.then(end, end);
  }

  /** @throws FfmpegError, BadAudioError, AbortedError */
  async *runs(): AsyncGenerator<AudioRun, void, undefined> {
    const reader = new WavStreamReader();
    for await (const bytes of this.#ffmpeg.output()) yield* reader.push(bytes);
    if (reader.format) yield* reader.end();
  }

  async stop(): Promise<void> {
    await this.#ffmpeg.stop();
  }
}
