/** What is usual for who speaks into a channel, taken into account: for models of moods (decision 45). */
import { FRAME_MS } from '../clock';
import type { Baseline } from '../inference';

/** Of the logarithm of a probability, so that one frame that is sure beyond measure weighs no more than another. */
const LEAST_PROBABILITY = 1e-9;

/**
 * Sees each frame of a model against the mean of those before it: by as much as that mean differs from what training knows of the usual
 * class, the frame is corrected. Memory is two numbers a class, and a frame costs the same however many there were.
 */
export class UsualVoice {
  /** Probabilities of the last frame that was heard, corrected. */
  readonly probabilities: Float32Array;
  /** Means of the logarithms of the probabilities so far. */
  readonly #means: Float64Array;
  readonly #logs: Float64Array;
  readonly #usual: readonly number[];
  readonly #prior: number;
  readonly #most: number;
  #count = 0;

  constructor({ logProbabilities, priorSeconds, memorySeconds }: Baseline) {
    this.#usual = logProbabilities;
    this.#prior = (priorSeconds * 1_000) / FRAME_MS;
    this.#most = Math.max(1, Math.floor((memorySeconds * 1_000) / FRAME_MS));
    this.#means = new Float64Array(logProbabilities.length);
    this.#logs = new Float64Array(logProbabilities.length);
    this.probabilities = new Float32Array(logProbabilities.length);
  }

  /**
   * Hears one frame and leaves its corrected probabilities.
   *
   * @param values row-major [frames x classes], probabilities
   * @param offset where the frame's row begins
   */
  add(values: Float32Array, offset: number): void {
    for (let label = 0; label < this.#logs.length; label += 1)
      this.#logs[label] = Math.log(Math.max(LEAST_PROBABILITY, values[offset + label] ?? 0));
    this.#correct();
    this.#count = Math.min(this.#count + 1, this.#most);
    for (let label = 0; label < this.#logs.length; label += 1) {
      const mean = this.#means[label] ?? 0;
      this.#means[label] = mean + ((this.#logs[label] ?? 0) - mean) / this.#count;
    }
  }

  #correct(): void {
    const weight = this.#count === 0 ? 0 : this.#count / (this.#count + this.#prior);
    let sum = 0;
    for (let label = 0; label < this.#logs.length; label += 1) {
      const unlike = (this.#means[label] ?? 0) - (this.#usual[label] ?? 0);
      const likely = Math.exp((this.#logs[label] ?? 0) - weight * unlike);
      this.probabilities[label] = likely;
      sum += likely;
    }
    for (let label = 0; label < this.#logs.length; label += 1)
      this.probabilities[label] = (this.probabilities[label] ?? 0) / sum;
  }
}
