/** What a live stream is fed with, as 16 kHz samples. */
import { detectContainer, isWavContainer, PcmDecoder, samplesToFloat32, WavStreamReader } from '.';
import { SAMPLE_RATE } from '../clock';
import { InvalidArgumentError } from '../errors';
import type { StreamOptions } from '../pipeline/options';
import { defaultByteFormat, type AudioData } from './samples-source';

/** Pieces of a stream: bytes, or arrays of samples. */
export type StreamInput = AsyncIterable<AudioData | Uint8Array> | Iterable<AudioData | Uint8Array>;

const NOTHING = new Float32Array(0);
const NO_BYTES = new Uint8Array(0);
/** Bytes that tell every kind of WAV; Sony Wave64 takes the most. */
const WAV_HEAD_BYTES = 28;
const WAV_LETTERS = /^(R(I(F[FX]?)?|F(64?)?)?|B(W(64?)?)?|r(i(ff?)?)?)$/;

/**
 * Turns the pieces of one stream into samples; state carries from piece to piece. Samples that are not finite become 0
 * and are counted (decision 17). Bytes that begin as a WAV are heard by its header, unless a format or rate is declared.
 */
export class StreamSamples {
  #bytes: PcmDecoder;
  readonly #samples: PcmDecoder;
  #nonFiniteNumbers = 0;
  /** Bytes that may yet turn out to be the beginning of a WAV; undefined once that is known. */
  #head: Uint8Array | undefined;
  #wav: WavStreamReader | undefined;

  /** @throws InvalidArgumentError for a format that is not accepted */
  constructor({ rateIn, format }: StreamOptions) {
    this.#bytes = new PcmDecoder(format ?? defaultByteFormat(rateIn), { mix: true });
    this.#samples = new PcmDecoder({ encoding: 'f32le', sampleRate: rateIn ?? SAMPLE_RATE, channels: 1 });
    this.#head = format === undefined && rateIn === undefined ? NO_BYTES : undefined;
  }

  /** Samples so far that were not finite. */
  get nonFiniteSamples(): number {
    return this.#bytes.nonFiniteSamples + this.#samples.nonFiniteSamples + this.#nonFiniteNumbers;
  }

  /** @throws InvalidArgumentError, BadAudioError for a piece that is neither bytes nor samples */
  push(piece: AudioData | Uint8Array): Float32Array {
    if (piece instanceof Uint8Array) {
      const audio = this.#audioOf(piece); // First: it may change the decoder.
      return this.#bytes.push(audio)[0] ?? NOTHING;
    }
    const floats = this.#floats(piece);
    return (
      this.#samples.push(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength))[0] ?? NOTHING
    );
  }

  /**
   * What still waits for samples that will not come.
   *
   * @throws BadAudioError for a WAV that ended within its header
   */
  flush(): Float32Array {
    this.#wav?.end();
    const rest = [this.#bytes.push(this.#head ?? NO_BYTES), this.#bytes.flush(), this.#samples.flush()];
    return Float32Array.from(rest.flatMap(([samples]) => [...(samples ?? NOTHING)]));
  }

  /** The bytes that are audio: all of them, or those of a WAV. */
  #audioOf(piece: Uint8Array): Uint8Array {
    let bytes = piece;
    if (this.#head) {
      bytes = Buffer.concat([this.#head, piece]);
      const isWav = isWavContainer(detectContainer(bytes));
      this.#head = !isWav && mayBecomeWav(bytes) ? bytes : undefined;
      if (this.#head) return NO_BYTES;
      if (isWav) this.#wav = new WavStreamReader();
    }
    if (!this.#wav) return bytes;
    const isBegun = this.#wav.format !== undefined;
    const audio = this.#wav.push(bytes);
    const { format } = this.#wav;
    if (!isBegun && format) this.#bytes = new PcmDecoder(format, { mix: true });
    return audio;
  }

  #floats(piece: Exclude<AudioData, Uint8Array>): Float32Array {
    // Float samples that are not finite are for the decoder to count, not an error as in a clip.
    if (piece instanceof Float32Array || piece instanceof Float64Array) return Float32Array.from(piece);
    return samplesToFloat32(Array.isArray(piece) ? this.#finiteNumbers(piece) : piece);
  }

  /** A 0 leaves it to the other numbers what a plain array holds: integers of 16 bits, or floats. */
  #finiteNumbers(piece: readonly number[]): readonly number[] {
    if (piece.every((value) => Number.isFinite(value) || typeof value !== 'number')) return piece;
    return piece.map((value) => {
      if (Number.isFinite(value) || typeof value !== 'number') return value;
      this.#nonFiniteNumbers += 1;
      return 0;
    });
  }
}

function mayBecomeWav(head: Uint8Array): boolean {
  const letters = Buffer.from(head.subarray(0, 4)).toString('latin1');
  return head.length < WAV_HEAD_BYTES && (letters === '' || WAV_LETTERS.test(letters));
}

/** @throws InvalidArgumentError for an input that gives no pieces, or that is itself a piece */
export function checkStreamInput(input: unknown): asserts input is StreamInput {
  const accepted =
    'an (async) iterable of byte arrays or sample arrays is accepted, such as a readable stream or a list';
  if (ArrayBuffer.isView(input) || typeof input === 'string') {
    throw new InvalidArgumentError(
      `The input of a stream is ${typeof input === 'string' ? 'a text' : 'one array'}: ${accepted}. Put a single array into a list.`,
    );
  }
  const isIterable =
    typeof input === 'object' &&
    input !== null &&
    (Symbol.asyncIterator in input || Symbol.iterator in input);
  if (!isIterable) {
    throw new InvalidArgumentError(`The input of a stream cannot be iterated: ${accepted}.`);
  }
}
