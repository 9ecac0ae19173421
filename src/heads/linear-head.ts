/** One linear layer with a softmax, and how it learns. */
import type { Hearing } from './hearing';

/** scores = features x weights + bias; the features are the tap's own numbers, whatever their scale. */
export interface LinearHead {
  readonly channels: number;
  readonly classCount: number;
  /** Row-major [channels x classCount]. */
  readonly weights: Float32Array;
  /** [classCount]. */
  readonly bias: Float32Array;
}

/** Examples per step. */
const BATCH = 64;
const STEPS = 1_000;
/** Of the first step; it falls to 0 in a straight line. */
const LEARNING_RATE = 0.01;
/** Weight of the squared weights beside the mean loss: few recordings must not be learned by heart. */
const L2 = 0.003;
/** Adam, Kingma and Ba 2015, with their constants. */
const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * Learns from hearings by logistic regression. Every class counts the same, and within it every hearing, however
 * many or long they are.
 *
 * @param classes hearings per class, none of them empty
 * @param random decides in which order examples are seen
 */
export function trainLinearHead(
  classes: readonly (readonly Hearing[])[],
  channels: number,
  random: () => number,
): LinearHead {
  const scale = scaleOf(classes.flat(), channels);
  const classCount = classes.length;
  const size = (channels + 1) * classCount;
  const weights = new Float64Array(size); // Its last row is the bias.
  const gradient = new Float64Array(size);
  const first = new Float64Array(size);
  const second = new Float64Array(size);
  const example = new Float64Array(channels + 1).fill(1);
  const scores = new Float64Array(classCount);
  for (let step = 1; step <= STEPS; step += 1) {
    for (let i = 0; i < size; i += 1) gradient[i] = i < channels * classCount ? L2 * (weights[i] ?? 0) : 0;
    for (let n = 0; n < BATCH; n += 1) {
      const label = pick(classCount, random);
      takeExample(classes[label] ?? [], scale, random, example);
      addGradient(weights, example, label, scores, gradient);
    }
    const rate = LEARNING_RATE * (1 - (step - 1) / STEPS);
    const [correction1, correction2] = [1 - BETA_1 ** step, 1 - BETA_2 ** step];
    for (let i = 0; i < size; i += 1) {
      const slope = gradient[i] ?? 0;
      const m = (first[i] = BETA_1 * (first[i] ?? 0) + (1 - BETA_1) * slope);
      const v = (second[i] = BETA_2 * (second[i] ?? 0) + (1 - BETA_2) * slope * slope);
      weights[i] = (weights[i] ?? 0) - (rate * m) / correction1 / (Math.sqrt(v / correction2) + EPSILON);
    }
  }
  return unscaled(weights, scale, channels, classCount);
}

/**
 * @param features row-major [frameCount x channels]
 * @returns row-major [frameCount x classCount], uncalibrated scores (logits)
 */
export function scoresOf(head: LinearHead, features: Float32Array, frameCount: number): Float32Array {
  const { channels, classCount, weights, bias } = head;
  const scores = new Float32Array(frameCount * classCount);
  for (let frame = 0; frame < frameCount; frame += 1) {
    for (let k = 0; k < classCount; k += 1) {
      let score = bias[k] ?? 0;
      for (let c = 0; c < channels; c += 1) {
        score += (features[frame * channels + c] ?? 0) * (weights[c * classCount + k] ?? 0);
      }
      scores[frame * classCount + k] = score;
    }
  }
  return scores;
}

/** Mean and standard deviation per channel. */
interface Scale {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

function scaleOf(hearings: readonly Hearing[], channels: number): Scale {
  const mean = new Float64Array(channels);
  const square = new Float64Array(channels);
  const count = hearings.reduce((sum, { frameCount }) => sum + frameCount, 0);
  for (const { features } of hearings) {
    for (let i = 0; i < features.length; i += 1) {
      const value = features[i] ?? 0;
      const c = i % channels;
      mean[c] = (mean[c] ?? 0) + value / count;
      square[c] = (square[c] ?? 0) + (value * value) / count;
    }
  }
  // A channel that never changes says nothing; a deviation of 1 leaves it at 0.
  const deviation = mean.map((m, c) => Math.sqrt(Math.max(0, (square[c] ?? 0) - m * m)));
  return { mean, deviation: deviation.map((d) => (d > 1e-6 ? d : 1)) };
}

function pick(count: number, random: () => number): number {
  return Math.floor(random() * count);
}

/** Puts a random frame of a random hearing into `example`, scaled; its last number stays 1, for the bias. */
function takeExample(
  hearings: readonly Hearing[],
  { mean, deviation }: Scale,
  random: () => number,
  example: Float64Array,
): void {
  const chosen = hearings[pick(hearings.length, random)];
  if (!chosen) return;
  const channels = mean.length;
  const start = pick(chosen.frameCount, random) * channels;
  for (let c = 0; c < channels; c += 1) {
    example[c] = ((chosen.features[start + c] ?? 0) - (mean[c] ?? 0)) / (deviation[c] ?? 1);
  }
}

/** Adds one example's share of the slope of the mean cross-entropy. */
function addGradient(
  weights: Float64Array,
  example: Float64Array,
  label: number,
  scores: Float64Array,
  gradient: Float64Array,
): void {
  const classCount = scores.length;
  scores.fill(0);
  for (let c = 0, i = 0; c < example.length; c += 1) {
    const value = example[c] ?? 0;
    for (let k = 0; k < classCount; k += 1, i += 1) {
      scores[k] = (scores[k] ?? 0) + (weights[i] ?? 0) * value;
    }
  }
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const sum = scores.reduce((total, score) => total + Math.exp(score - largest), 0);
  for (let k = 0; k < classCount; k += 1) {
    const probability = Math.exp((scores[k] ?? 0) - largest) / sum;
    scores[k] = (probability - (k === label ? 1 : 0)) / BATCH;
  }
  for (let c = 0, i = 0; c < example.length; c += 1) {
    const value = example[c] ?? 0;
    for (let k = 0; k < classCount; k += 1, i += 1) {
      gradient[i] = (gradient[i] ?? 0) + (scores[k] ?? 0) * value;
    }
  }
}

/** Folds the scale into the weights: ((x - mean) / deviation) w + b = x (w / deviation) + (b - mean w / deviation). */
function unscaled(scaled: Float64Array, scale: Scale, channels: number, classCount: number): LinearHead {
  const weights = new Float32Array(channels * classCount);
  const bias = Float32Array.from(scaled.subarray(channels * classCount));
  for (let c = 0; c < channels; c += 1) {
    for (let k = 0; k < classCount; k += 1) {
      const weight = (scaled[c * classCount + k] ?? 0) / (scale.deviation[c] ?? 1);
      weights[c * classCount + k] = weight;
      bias[k] = (bias[k] ?? 0) - (scale.mean[c] ?? 0) * weight;
    }
  }
  return { channels, classCount, weights, bias };
}
