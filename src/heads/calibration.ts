/** The temperature that makes probabilities honest (Guo et al. 2017, "On calibration of modern neural networks"). */
import type { HeldOutHearing } from './held-out';

/** From overconfident scores to timid ones; few recordings do not justify more than this. */
const [SHARPEST, BLUNTEST] = [0.5, 20];
/** Halvings of the interval by the golden section: 40 leave less than a millionth of it. */
const SEARCH_STEPS = 40;

/**
 * Finds the temperature with the least mean negative log-likelihood of the right class. Every class counts the same.
 *
 * @param heldOut scores by heads that did not learn from these recordings
 * @returns rounded to 4 decimals
 */
export function calibrate(heldOut: readonly HeldOutHearing[], classCount: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(SHARPEST), Math.log(BLUNTEST)];
  for (let step = 0; step < SEARCH_STEPS; step += 1) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
    if (loss(heldOut, classCount, Math.exp(left)) < loss(heldOut, classCount, Math.exp(right))) high = right;
    else low = left;
  }
  return Number(Math.exp((low + high) / 2).toFixed(4));
}

function loss(heldOut: readonly HeldOutHearing[], classCount: number, temperature: number): number {
  const sums = new Float64Array(classCount);
  const counts = new Float64Array(classCount);
  for (const { hearing, label, scores } of heldOut) {
    for (let frame = 0; frame < hearing.frameCount; frame += 1) {
      const row = scores.subarray(frame * classCount, (frame + 1) * classCount);
      sums[label] = (sums[label] ?? 0) - Math.log(probability(row, label, temperature));
      counts[label] = (counts[label] ?? 0) + 1;
    }
  }
  return sums.reduce((total, sum, label) => total + sum / (counts[label] ?? 1), 0);
}

function probability(scores: Float32Array, label: number, temperature: number): number {
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const sum = scores.reduce((total, score) => total + Math.exp((score - largest) / temperature), 0);
  return Math.max(1e-12, Math.exp(((scores[label] ?? 0) - largest) / temperature) / sum);
}
