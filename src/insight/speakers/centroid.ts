/** Means of unit vectors, and how alike two vectors are. */

/** Cosine of the angle between two vectors; 0 where one of them is all zeros. */
export function similarity(a: Float32Array, b: Float32Array): number {
  const product = dot(a, b);
  return product === 0 ? 0 : product / (lengthOf(a) * lengthOf(b));
}

/** Inner product; four sums side by side, because one would wait for each addition. */
export function dot(a: Float32Array, b: Float32Array): number {
  const whole = a.length & ~3;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let index = 0; index < whole; index += 4) {
    s0 += (a[index] ?? 0) * (b[index] ?? 0);
    s1 += (a[index + 1] ?? 0) * (b[index + 1] ?? 0);
    s2 += (a[index + 2] ?? 0) * (b[index + 2] ?? 0);
    s3 += (a[index + 3] ?? 0) * (b[index + 3] ?? 0);
  }
  for (let index = whole; index < a.length; index += 1) s0 += (a[index] ?? 0) * (b[index] ?? 0);
  return s0 + s1 + s2 + s3;
}

/** Euclidean length. */
export function lengthOf(vector: Float32Array): number {
  let energy = 0;
  for (const value of vector) energy += value * value;
  return Math.sqrt(energy);
}

/** The vector at unit length; all zeros stay all zeros. */
export function normalised(vector: ArrayLike<number>): Float32Array {
  let energy = 0;
  for (let index = 0; index < vector.length; index += 1) energy += (vector[index] ?? 0) ** 2;
  const scale = energy === 0 ? 0 : 1 / Math.sqrt(energy);
  const unit = new Float32Array(vector.length);
  for (let index = 0; index < unit.length; index += 1) unit[index] = (vector[index] ?? 0) * scale;
  return unit;
}

/** Running mean of embeddings whose memory is bounded: beyond `memory` frames the oldest fade. */
export class Centroid {
  /** The mean; not of unit length. */
  readonly mean: Float32Array;
  /** Frames behind the mean, at most `memory`. */
  weight = 0;

  constructor(
    size: number,
    private readonly memory: number,
  ) {
    this.mean = new Float32Array(size);
  }

  /** Adds one embedding, or the mean of several, with the weight of that many frames. */
  add(embedding: Float32Array, frames = 1): void {
    this.weight = Math.min(this.memory, this.weight + frames);
    const share = Math.min(1, frames / this.weight);
    for (let index = 0; index < this.mean.length; index += 1) {
      const mean = this.mean[index] ?? 0;
      this.mean[index] = mean + share * ((embedding[index] ?? 0) - mean);
    }
  }
}
