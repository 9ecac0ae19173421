import {
  concatenate,
  SoundDecoder,
  type AudioData,
  type AudioWarning,
  type SoundDecoderOptions,
} from '../audio';

/** Sound in pieces of any kind for a stream that takes 16 kHz samples. */
export class SoundFeed {
  readonly #decoder: SoundDecoder;
  /** What was decoded later than it came, and was not taken yet. */
  #late: Float32Array[] = [];
  /** Settles when all compressed sound is decoded; undefined where there is none. */
  #decoding: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: SoundDecoderOptions) {
    this.#decoder = new SoundDecoder(options);
  }

  /** Warnings about the sound since they were last taken. */
  takeWarnings(): readonly AudioWarning[] {
    return this.#decoder.takeWarnings();
  }

  /**
   * Takes the next piece; resolves when ffmpeg, where it is needed, has taken it.
   *
   * @returns 16 kHz mono samples that are known by now
   * @throws BadAudioError, InvalidArgumentError, FfmpegError
   */
  async push(piece: AudioData | Uint8Array): Promise<Float32Array> {
    const [samples] =
      piece instanceof Uint8Array ? this.#decoder.push(piece) : this.#decoder.pushSamples(piece);
    if (!this.#decoder.isCompressed) return samples ?? new Float32Array(0);
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
