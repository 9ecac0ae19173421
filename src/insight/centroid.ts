/** Means of unit vectors, and how alike two vectors are. */

/** Cosine of the angle between two vectors; 0 where one of them is all zeros. */
export function similarity(a: Float32Array, b: Float32Array): number {
  return cosine(a, lengthOf(a), b, lengthOf(b));
}

/** Euclidean length. */
export function lengthOf(vector: Float32Array): number {
  let energy = 0;
  for (const value of vector) energy += value * value;
  return Math.sqrt(energy);
}

/** As {@link similarity}, where the lengths are known: this is what runs per frame and speaker. */
function cosine(a: Float32Array, lengthA: number, b: Float32Array, lengthB: number): number {
  let dot = 0;
  for (let index = 0; index < a.length; index += 1) dot += (a[index] ?? 0) * (b[index] ?? 0);
  return dot === 0 ? 0 : dot / (lengthA * lengthB);
}

/** The vector at unit length; all zeros stay all zeros. */
export function normalised(vector: ArrayLike<number>): Float32Array {
  let energy = 0;
  for (let index = 0; index < vector.length; index += 1) energy += (vector[index] ?? 0) ** 2;
  const scale = energy === 0 ? 0 : 1 / Math.sqrt(energy);
  return Float32Array.from(vector, (value) => value * scale);
}

/** Running mean of embeddings whose memory is bounded: beyond `memory` frames the oldest fade. */
export class Centroid {
  /** The mean; not of unit length. */
  readonly mean: Float32Array;
  /** Frames behind the mean, at most `memory`. */
  weight = 0;
  private length = 0;

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
    this.length = lengthOf(this.mean);
  }

  /** Cosine with a vector of the given length. */
  similarityTo(vector: Float32Array, length: number): number {
    return cosine(vector, length, this.mean, this.length);
  }
}
