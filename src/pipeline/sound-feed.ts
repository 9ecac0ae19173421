import {
  concatenate,
  SoundDecoder,
  type AudioData,
  type AudioWarning,
  type DecodedChannels,
  type Parts,
  type SoundDecoderOptions,
} from '../audio';

import { gently } from '../steps';

/** Bytes or samples of a piece that is read at once. */
const LONG_PIECE = 65_536;

const NONE = new Float32Array(0);

/** Sound in pieces of any kind for a stream that takes 16 kHz samples. */
export class SoundFeed {
  readonly #decoder: SoundDecoder;
  /** What was decoded later than it came, and was not taken yet. */
  #late: Float32Array[] = [];
  /** Settles when all compressed sound is decoded; undefined where there is none. */
  #decoding: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Settles when the long pieces so far are read; undefined where none is being read. */
  #reading: Promise<unknown> | undefined;

  constructor(options: SoundDecoderOptions) {
    this.#decoder = new SoundDecoder(options);
  }

  /** Warnings about the sound since they were last taken. */
  takeWarnings(): readonly AudioWarning[] {
    return this.#decoder.takeWarnings();
  }

  /**
   * Takes the next piece, a long one a little at a time; resolves when ffmpeg, where it is needed, has taken it.
   *
   * @param piece read or copied before this returns
   * @returns 16 kHz mono samples that are known by now
   * @throws BadAudioError, InvalidArgumentError, FfmpegError
   */
  async push(piece: AudioData | Uint8Array): Promise<Float32Array> {
    if (!this.#reading && piece.length <= LONG_PIECE) return this.#heard([...this.#partsOf(piece)]);
    const copy = copyOf(piece);
    const reading = (this.#reading ?? Promise.resolve()).then(async () => {
      const parts: DecodedChannels[] = [];
      for await (const part of gently(this.#partsOf(copy))) {
        parts.push(part);
        if (!this.#decoder.isCompressed) continue;
        this.#decoding ??= this.#decode();
        await this.#decoder.accepted();
      }
      return this.#heard(parts);
    });
    const settled = reading.catch(() => undefined);
    this.#reading = settled;
    try {
      return await reading;
    } finally {
      if (this.#reading === settled) this.#reading = undefined;
    }
  }

  #partsOf(piece: AudioData | Uint8Array): Parts {
    return piece instanceof Uint8Array
      ? this.#decoder.partsOfBytes(piece)
      : this.#decoder.partsOfSamples(piece);
  }

  async #heard(parts: readonly DecodedChannels[]): Promise<Float32Array> {
    if (!this.#decoder.isCompressed) return concatenate(parts.map(([samples]) => samples ?? NONE));
    this.#decoding ??= this.#decode();
    await this.#decoder.accepted();
    return this.#taken();
  }

  /** The sound has ended. @returns the last samples @throws as {@link push} */
  async finish(): Promise<Float32Array> {
    const [last = new Float32Array(0)] = this.#decoder.finish();
    if (!this.#decoding) return last;
    await this.#decoding;
    const [rest = new Float32Array(0)] = this.#decoder.flush();
    return concatenate([this.#taken(), rest]);
  }

  /** Lets go of ffmpeg. */
  async close(): Promise<void> {
    await this.#decoder.close();
  }

  async #decode(): Promise<void> {
    try {
      for await (const [samples] of this.#decoder.late()) if (samples) this.#late.push(samples);
    } catch (error) {
      this.#failure = { error };
    }
  }

  #taken(): Float32Array {
    if (this.#failure) throw this.#failure.error;
    return concatenate(this.#late.splice(0));
  }
}

/** A piece as it is now. */
function copyOf(piece: AudioData | Uint8Array): AudioData | Uint8Array {
  // A Buffer's own slice shares its memory.
  return piece instanceof Uint8Array ? Uint8Array.prototype.slice.call(piece) : piece.slice();
}
