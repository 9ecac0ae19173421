/** What a live stream is fed with, as 16 kHz samples. */
import { PcmDecoder, samplesToFloat32 } from './audio';
import { SAMPLE_RATE } from './clock';
import { InvalidArgumentError } from './errors';
import type { StreamOptions } from './options';
import { defaultByteFormat, type AudioData } from './samples-source';

/** Pieces of a stream: bytes, or arrays of samples. */
export type StreamInput = AsyncIterable<AudioData | Uint8Array> | Iterable<AudioData | Uint8Array>;

const NOTHING = new Float32Array(0);

/**
 * Turns the pieces of one stream into samples; state carries from piece to piece. Samples that are not finite become 0
 * and are counted (decision 17).
 */
export class StreamSamples {
  readonly #bytes: PcmDecoder;
  readonly #samples: PcmDecoder;
  #nonFiniteNumbers = 0;

  /** @throws InvalidArgumentError for a format that is not accepted */
  constructor({ rateIn = SAMPLE_RATE, format = defaultByteFormat(rateIn) }: StreamOptions) {
    this.#bytes = new PcmDecoder(format, { mix: true });
    this.#samples = new PcmDecoder({ encoding: 'f32le', sampleRate: rateIn, channels: 1 });
  }

  /** Samples so far that were not finite. */
  get nonFiniteSamples(): number {
    return this.#bytes.nonFiniteSamples + this.#samples.nonFiniteSamples + this.#nonFiniteNumbers;
  }

  /** @throws InvalidArgumentError, BadAudioError for a piece that is neither bytes nor samples */
  push(piece: AudioData | Uint8Array): Float32Array {
    if (piece instanceof Uint8Array) return this.#bytes.push(piece)[0] ?? NOTHING;
    const floats = this.#floats(piece);
    return (
      this.#samples.push(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength))[0] ?? NOTHING
    );
  }

  /** What still waits for samples that will not come. */
  flush(): Float32Array {
    const [bytes, samples] = [this.#bytes.flush()[0] ?? NOTHING, this.#samples.flush()[0] ?? NOTHING];
    const joined = new Float32Array(bytes.length + samples.length);
    joined.set(bytes);
    joined.set(samples, bytes.length);
    return joined;
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
