import type { AudioWarning } from './decoder-warning';
import { OverloadedError } from '../errors';
import { say } from '../sentence';
import { PieceDecoder, type PieceDecoderOptions } from './ffmpeg/piece-decoder';

/** Bytes that may wait for ffmpeg to take them: minutes of compressed audio. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** Compressed sound in pieces: bytes in, the bytes of a WAV out, later. */
export class CompressedSound {
  readonly #ffmpeg: PieceDecoder;
  readonly #name: string;
  #writing: Promise<void> = Promise.resolve();
  #waitingBytes = 0;

  /** @throws OverloadedError where too many streams are decoded already */
  constructor(container: string, options: PieceDecoderOptions) {
    this.#ffmpeg = new PieceDecoder(container, options);
    this.#name = options.name;
  }

  /** Takes the next bytes; what goes wrong is told by {@link accepted} and {@link wavBytes}. */
  write(bytes: Uint8Array): void {
    if (this.#waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      this.#writing = Promise.reject(
        new OverloadedError(
          say`${this.#name} comes faster than ffmpeg decodes it: more than ${MOST_WAITING_BYTES} bytes wait.`,
        ),
      );
      this.#writing.catch(() => undefined);
      return;
    }
    const copy = Uint8Array.prototype.slice.call(bytes);
    this.#waitingBytes += copy.length;
    this.#writing = this.#writing
      .then(() => this.#ffmpeg.write(copy))
      .finally(() => {
        this.#waitingBytes -= copy.length;
      });
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

  /** The bytes of a WAV, as they are decoded. @throws FfmpegError, BadAudioError, AbortedError */
  wavBytes(): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#ffmpeg.output();
  }

  /** What is wrong with the sound so far; each kind once. @param subject the sound, as the subject of a sentence */
  takeWarnings(subject: string): readonly AudioWarning[] {
    return this.#ffmpeg.takeWarnings(subject);
  }

  async stop(): Promise<void> {
    await this.#ffmpeg.stop();
  }
}
