/** From a frame's probabilities to its winner and confidence (decision 7). */
import type { Activation } from '../inference';

/**
 * The class with the highest probability; the first of equals.
 *
 * @param probabilities Row-major [frames x classes].
 * @param offset Where the frame's row begins.
 */
export function winningClass(probabilities: Float32Array, offset: number, classCount: number): number {
  let winner = 0;
  for (let label = 1; label < classCount; label += 1) {
    if ((probabilities[offset + label] ?? 0) > (probabilities[offset + winner] ?? 0)) winner = label;
  }
  return winner;
}

/**
 * Confidence of the winner, in [0, 1]: |p1 - p2| for two classes that exclude each other, otherwise the winner's
 * probability. Classes of a sigmoid model are independent, so there the second says nothing about the first.
 */
export function winnerConfidence(
  probabilities: Float32Array,
  offset: number,
  classCount: number,
  winner: number,
  activation: Activation,
): number {
  const probability = probabilities[offset + winner] ?? 0;
  const confidence =
    classCount === 2 && activation === 'softmax'
      ? probability - (probabilities[offset + 1 - winner] ?? 0)
      : probability;
  return clampUnit(confidence);
}

/** Keeps rounding errors of float32 out of [0, 1]; NaN stays NaN. */
export function clampUnit(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
