/** What callers hand over as audio. */
import { InvalidArgumentError } from '../errors';
import { phrase, say } from '../sentence';
import type { SampleArray } from './pcm/sample-array';
import type { Sound } from './sound';

/**
 * Audio in memory: typed arrays and number arrays are samples; a Buffer is bytes, raw or of a container. A plain
 * Uint8Array is 8-bit samples, or bytes where a `format` says what they hold.
 */
export type AudioData = SampleArray | Buffer;

/** Pieces of a stream: bytes, or arrays of samples. */
export type StreamInput = AsyncIterable<AudioData | Uint8Array> | Iterable<AudioData | Uint8Array>;

/**
 * The sound that audio in memory is.
 *
 * @param hasFormat a format of bytes is given, so that a plain Uint8Array holds bytes
 * @throws InvalidArgumentError where the type of the data says already what the samples are
 */
export function soundIn(data: AudioData, hasFormat: boolean): Sound {
  if (data instanceof Uint8Array && (Buffer.isBuffer(data) || hasFormat)) return { bytes: data };
  if (hasFormat) {
    throw new InvalidArgumentError(
      say`format says what bytes hold, and the data are samples whose type says it: leave format out; rateIn and channels are accepted.`,
    );
  }
  return { samples: data };
}

/** @throws InvalidArgumentError for an input that gives no pieces, or that is itself a piece */
export function checkStreamInput(input: unknown): asserts input is StreamInput {
  const accepted = phrase`an (async) iterable of byte arrays or sample arrays is accepted, such as a readable stream or a list`;
  if (ArrayBuffer.isView(input) || typeof input === 'string') {
    throw new InvalidArgumentError(
      say`The input of a stream is ${typeof input === 'string' ? say`a text` : say`one array`}: ${accepted}. Put a single array into a list.`,
    );
  }
  const isIterable =
    typeof input === 'object' &&
    input !== null &&
    (Symbol.asyncIterator in input || Symbol.iterator in input);
  if (!isIterable) {
    throw new InvalidArgumentError(say`The input of a stream cannot be iterated: ${accepted}.`);
  }
}
