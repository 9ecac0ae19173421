/** What was said lately, taken together: for models that need more speech than their network looks back on (decision 41). */
import { FRAME_MS } from '../clock';
import type { Pooling } from '../inference';

/**
 * Mean of the probabilities of the last frames that a model was asked about. Silence takes no room in it. Memory is that of so many
 * frames, and a frame costs the same however many these are.
 */
export class RecentFrames {
  /** Probabilities of the classes now; what is missing to a sum of 1 is the share of what is none of them. */
  readonly probabilities: Float32Array;
  /** Rows of `#width` numbers, a ring: the classes, and none of them. */
  readonly #ring: Float32Array;
  readonly #sums: Float64Array;
  readonly #width: number;
  readonly #size: number;
  /** Frames of an even answer that count beside what was heard. */
  readonly #prior: number;
  readonly #sharpness: number;
  #next = 0;
  #count = 0;

  /** @param classCount of the model */
  constructor(classCount: number, { seconds, temperature = 1, priorSeconds = 0 }: Pooling) {
    this.#width = classCount + 1;
    this.#size = Math.max(1, Math.floor((seconds * 1_000) / FRAME_MS));
    this.#prior = (priorSeconds * 1_000) / FRAME_MS;
    this.#sharpness = 1 / temperature;
    this.#ring = new Float32Array(this.#size * this.#width);
    this.#sums = new Float64Array(this.#width);
    this.probabilities = new Float32Array(classCount);
  }

  /** Whether no frame was heard yet. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /**
   * Hears one frame in the place of the oldest.
   *
   * @param values row-major [frames x classes], probabilities
   * @param offset where the frame's row begins
   */
  add(values: Float32Array, offset: number): void {
    const none = this.#width - 1;
    let rest = 1;
    for (let label = 0; label < none; label += 1) {
      const probability = values[offset + label] ?? 0;
      rest -= probability;
      this.#put(label, probability);
    }
    this.#put(none, Math.max(0, rest));
    this.#count = Math.min(this.#count + 1, this.#size);
    this.#next = (this.#next + 1) % this.#size;
    if (this.#next === 0) this.#sumAnew();
    this.#update();
  }

  #put(label: number, value: number): void {
    const at = this.#next * this.#width + label;
    this.#sums[label] = (this.#sums[label] ?? 0) - (this.#ring[at] ?? 0);
    this.#ring[at] = value;
    this.#sums[label] = (this.#sums[label] ?? 0) + (this.#ring[at] ?? 0);
  }

  /** Once a round, so that no rounding error adds up in streams that run for weeks. */
  #sumAnew(): void {
    this.#sums.fill(0);
    for (let at = 0; at < this.#ring.length; at += 1) {
      const label = at % this.#width;
      this.#sums[label] = (this.#sums[label] ?? 0) + (this.#ring[at] ?? 0);
    }
  }

  /** Means to the power of the sharpness, summing to 1 with that of none. */
  #update(): void {
    const even = this.#prior / this.#width;
    const total = this.#count + this.#prior;
    const sharp = (label: number): number =>
      Math.max(0, ((this.#sums[label] ?? 0) + even) / total) ** this.#sharpness;
    let sum = sharp(this.#width - 1);
    for (let label = 0; label < this.probabilities.length; label += 1) sum += sharp(label);
    for (let label = 0; label < this.probabilities.length; label += 1)
      this.probabilities[label] = sharp(label) / sum;
  }
}
