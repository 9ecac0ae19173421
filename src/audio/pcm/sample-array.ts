import { types } from 'node:util';
import { BadAudioError, InvalidArgumentError } from '../../errors';
import { type Word, say } from '../../sentence';
import { checkAttached } from '../detached';
import { atOnce, type Steps } from '../../steps';
import { PlainNumbers } from './plain-numbers';
import { firstNonFinite } from './sample-codec';

/** Samples in memory, as a caller may have them (decision 17). */
export type SampleArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | readonly number[];

/**
 * Samples at full scale 1.0 (decision 17). Integers are scaled by the width of their array to [-1, 1), unsigned ones are
 * offset by half their range first; float arrays are taken as they are (a `Float32Array` is returned itself, not a copy).
 *
 * A plain array of numbers says nothing of its scale, so its values decide: when all are integers they are 16-bit samples
 * (-32,768 to 32,767), otherwise they are taken as they are, as for floats. So `[0.5, -0.25]` is loud, and `[1, 0, -1]`
 * is the quietest sound that 16 bits can hold.
 *
 * @throws BadAudioError naming the first position that is not a finite number, or outside 16 bits in a plain array of integers
 * @throws InvalidArgumentError for anything else than these arrays. A `Buffer` is bytes in a format that it does not tell:
 *   decode it with `PcmDecoder` or `openAudioContainer`
 */
export function samplesToFloat32(data: SampleArray): Float32Array {
  return atOnce(finiteSamples(data));
}

/** Samples that are scaled in one step: about a millisecond. */
const STEP_SAMPLES = 262_144;

/** As {@link samplesToFloat32}, a little at a time. */
export function* finiteSamples(data: SampleArray): Steps<Float32Array> {
  checkAttached(data);
  if (data instanceof Float32Array) return yield* finite(data);
  if (data instanceof Float64Array) return yield* finite(yield* scaled(data, 0, 1));
  if (data instanceof Int16Array) return yield* scaled(data, 0, 2 ** -15);
  if (data instanceof Int8Array) return yield* scaled(data, 0, 2 ** -7);
  if (data instanceof Int32Array) return yield* scaled(data, 0, 2 ** -31);
  if (data instanceof Uint8Array && !Buffer.isBuffer(data)) return yield* scaled(data, 2 ** 7, 2 ** -7);
  if (data instanceof Uint16Array) return yield* scaled(data, 2 ** 15, 2 ** -15);
  if (data instanceof Uint32Array) return yield* scaled(data, 2 ** 31, 2 ** -31);
  if (Array.isArray(data)) return yield* finite(yield* scaledNumbers(data));
  throw new InvalidArgumentError(
    say`Samples cannot be ${describe(data)}: an array of numbers or a signed, unsigned or float typed array of up to 32 bits (floats up to 64) is accepted.`,
  );
}

function describe(data: unknown): Word {
  if (data === null || typeof data !== 'object') {
    return data === null ? 'null' : say`of type ${typeof data}`;
  }
  const { constructor } = data as { readonly constructor?: unknown };
  return say`of type ${typeof constructor === 'function' ? constructor.name : 'Object'}`;
}

function* scaled(
  data: Exclude<SampleArray, Float32Array | readonly number[]>,
  offset: number,
  scale: number,
): Steps<Float32Array> {
  const out = new Float32Array(data.length);
  for (let from = 0; from < out.length; from += STEP_SAMPLES) {
    if (from > 0) yield;
    const to = Math.min(from + STEP_SAMPLES, out.length);
    for (let i = from; i < to; i++) out[i] = ((data[i] ?? 0) - offset) * scale;
  }
  return out;
}

function* finite(samples: Float32Array): Steps<Float32Array> {
  for (let from = 0; from < samples.length; from += STEP_SAMPLES) {
    if (from > 0) yield;
    const position = firstNonFinite(samples.subarray(from, from + STEP_SAMPLES));
    if (position < 0) continue;
    throw new BadAudioError(
      say`Sample ${from + position} is ${String(samples[from + position])}: samples must be finite numbers.`,
    );
  }
  return samples;
}

/**
 * A plain array of numbers at full scale 1.0, as {@link samplesToFloat32}; those that are not finite stay so.
 *
 * @throws BadAudioError naming the first position that is no number, or outside 16 bits where all are integers
 */
export function* scaledNumbers(data: readonly unknown[]): Steps<Float32Array> {
  const numbers = new PlainNumbers();
  const wrong = yield* numbers.take(data);
  if (wrong >= 0)
    throw new BadAudioError(say`Sample ${wrong} is ${String(data[wrong])}: samples must be finite numbers.`);
  return yield* numbers.samples();
}

/**
 * The same memory as an array of our own realm, bytes where nothing is said about samples: an array that was made in a sandbox comes from a realm of its own, where
 * `instanceof` of ours says no. Undefined for a view that holds no samples.
 */
export function samplesOfView(
  view: ArrayBufferView | ArrayBufferLike,
): Exclude<SampleArray, readonly number[]> | undefined {
  if (!ArrayBuffer.isView(view)) return new Uint8Array(view);
  const { buffer, byteOffset, byteLength } = view;
  if (types.isUint8Array(view) || types.isUint8ClampedArray(view)) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  if (types.isInt8Array(view)) return new Int8Array(buffer, byteOffset, byteLength);
  if (types.isInt16Array(view)) return new Int16Array(buffer, byteOffset, byteLength / 2);
  if (types.isUint16Array(view)) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  if (types.isInt32Array(view)) return new Int32Array(buffer, byteOffset, byteLength / 4);
  if (types.isUint32Array(view)) return new Uint32Array(buffer, byteOffset, byteLength / 4);
  if (types.isFloat32Array(view)) return new Float32Array(buffer, byteOffset, byteLength / 4);
  if (types.isFloat64Array(view)) return new Float64Array(buffer, byteOffset, byteLength / 8);
  return undefined;
}
