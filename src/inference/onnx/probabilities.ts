/** Scores into probabilities: activation and calibration. */
import type { Calibration } from '../catalogue-schema';
import type { Activation } from '../prediction-engine';

/** A block of rows inside a larger array: row r starts at `offset + r * stride`. */
export interface Rows {
  readonly data: Float32Array;
  readonly offset: number;
  readonly stride: number;
}

/** How the scores of one model become what its stream receives. */
export interface Calibrated {
  readonly activation: Activation;
  readonly calibration: Calibration;
  /** Numbers per row. */
  readonly width: number;
  /** Scores behind those that share in a softmax and are not given out; 0 where left out. */
  readonly rejected?: number | undefined;
}

/**
 * Writes `count` rows of probabilities: softmax(logits / temperature) or sigmoid(logits / temperature + bias);
 * an embedding is copied as it is. Of a model that rejects, what the rejected score takes is missing from the sum of a row.
 *
 * @param from scores of a graph, one row a frame
 * @param to where the probabilities go, with its own place and width of rows
 */
export function writeProbabilities(model: Calibrated, from: Rows, to: Rows, count: number): void {
  for (let row = 0; row < count; row += 1) {
    const source = from.offset + row * from.stride;
    const target = to.offset + row * to.stride;
    switch (model.activation) {
      case 'softmax':
        softmax(model, from.data, source, to.data, target);
        break;
      case 'sigmoid':
        sigmoid(model, from.data, source, to.data, target);
        break;
      case 'embedding':
        to.data.set(from.data.subarray(source, source + model.width), target);
        break;
    }
  }
}

function softmax(
  model: Calibrated,
  from: Float32Array,
  source: number,
  to: Float32Array,
  target: number,
): void {
  const { width, rejected = 0 } = model;
  const { temperature } = model.calibration;
  const scores = width + rejected;
  // Subtracting the largest score keeps exp() from overflowing.
  let largest = -Infinity;
  for (let i = 0; i < scores; i += 1) largest = Math.max(largest, at(from, source + i));
  let sum = 0;
  for (let i = 0; i < scores; i += 1) sum += Math.exp((at(from, source + i) - largest) / temperature);
  for (let i = 0; i < width; i += 1) {
    to[target + i] = Math.exp((at(from, source + i) - largest) / temperature) / sum;
  }
}

function sigmoid(
  model: Calibrated,
  from: Float32Array,
  source: number,
  to: Float32Array,
  target: number,
): void {
  const { temperature, bias } = model.calibration;
  for (let i = 0; i < model.width; i += 1) {
    to[target + i] = 1 / (1 + Math.exp(-(at(from, source + i) / temperature + (bias?.[i] ?? 0))));
  }
}

/** True when `count` numbers from `start` are all finite. */
export function allFinite(data: Float32Array, start: number, count: number): boolean {
  // A sum of so many numbers of 32 bits cannot overflow in 64 bits, and one that is not finite shows in it. Four sums that do not wait for
  // each other are four times as fast as one, and this runs over the whole state of every stream at every step.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const end = start + count;
  let i = start;
  for (; i + 3 < end; i += 4) {
    a += at(data, i);
    b += at(data, i + 1);
    c += at(data, i + 2);
    d += at(data, i + 3);
  }
  for (; i < end; i += 1) a += at(data, i);
  return Number.isFinite(a + b + c + d);
}

function at(data: Float32Array, index: number): number {
  return data[index] ?? NaN;
}
