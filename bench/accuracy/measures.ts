/** Figures from outcomes, with intervals bootstrapped over speakers. */
import { seededRandom } from '../../test/tools/audio';

/** One window and what the model made of it. */
export interface Outcome {
  /** The speaker or source: what intervals are drawn over. */
  readonly voice: string;
  readonly corpus: string;
  /** Index of the true class. */
  readonly truth: number;
  /** Mean probability per class; empty where the gate let nothing through. */
  readonly probabilities: readonly number[];
  /** Probability per class of each frame that passed the gates. */
  readonly frames: readonly (readonly number[])[];
  /** What each of these frames was answered. */
  readonly answers: readonly string[];
}

/** Everything that a table says of one set of outcomes. All shares are 0 to 1. */
export interface Figures {
  readonly windows: number;
  readonly voices: number;
  readonly accuracy: number;
  /** Mean recall over the classes that occur: unweighted average recall, balanced accuracy. */
  readonly macroRecall: number;
  /** 95 % interval of `macroRecall`, bootstrapped over voices. */
  readonly interval: readonly [number, number];
  readonly macroF1: number;
  readonly recalls: readonly (number | null)[];
  readonly f1: readonly (number | null)[];
  /** Expected calibration error of single frames, over ten bins of the winner's probability; null where there are none. */
  readonly calibrationError: number | null;
  /** Rows: truth; columns: winner, and last of all how many had no answer. */
  readonly confusion: readonly (readonly number[])[];
}

const RESAMPLES = 500;

/** Null where there are no outcomes. */
export function figuresOf(outcomes: readonly Outcome[], classes: number): Figures | null {
  if (outcomes.length === 0) return null;
  const confusion = confusionOf(outcomes, classes);
  const recalls = recallsOf(confusion);
  const f1 = f1Of(confusion);
  return {
    windows: outcomes.length,
    voices: new Set(outcomes.map((outcome) => outcome.voice)).size,
    accuracy: mean(outcomes.map((outcome) => (winner(outcome) === outcome.truth ? 1 : 0))),
    macroRecall: meanOfKnown(recalls),
    interval: bootstrap(
      groupBy(outcomes, (outcome) => outcome.voice),
      classes,
    ),
    macroF1: meanOfKnown(f1),
    recalls,
    f1,
    calibrationError: calibrationErrorOf(outcomes),
    confusion,
  };
}

/** Index of the most probable class of a window; -1 where there is no answer. */
export function winner({ probabilities }: Outcome): number {
  return probabilities.length === 0 ? -1 : winnerOf(probabilities);
}

function winnerOf(probabilities: readonly number[]): number {
  return probabilities.reduce((best, value, index) => (value > (probabilities[best] ?? 0) ? index : best), 0);
}

function confusionOf(outcomes: readonly Outcome[], classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes + 1).fill(0));
  for (const outcome of outcomes) {
    const row = counts[outcome.truth];
    const answer = winner(outcome);
    const column = answer < 0 ? classes : answer;
    if (row) row[column] = (row[column] ?? 0) + 1;
  }
  return counts;
}

function recallsOf(confusion: readonly (readonly number[])[]): (number | null)[] {
  return confusion.map((row, truth) => {
    const total = sum(row);
    return total === 0 ? null : (row[truth] ?? 0) / total;
  });
}

function f1Of(confusion: readonly (readonly number[])[]): (number | null)[] {
  return confusion.map((row, index) => {
    const hits = row[index] ?? 0;
    const actual = sum(row);
    const claimed = sum(confusion.map((other) => other[index] ?? 0));
    return actual === 0 ? null : (2 * hits) / (actual + claimed);
  });
}

function calibrationErrorOf(outcomes: readonly Outcome[]): number | null {
  const bins = Array.from({ length: 10 }, () => ({ confidence: 0, hits: 0 }));
  let count = 0;
  for (const { frames, truth } of outcomes) {
    for (const probabilities of frames) {
      const best = winnerOf(probabilities);
      const confidence = probabilities[best] ?? 0;
      const bin = bins[Math.min(9, Math.floor(confidence * 10))];
      if (!bin) continue;
      count++;
      bin.confidence += confidence;
      bin.hits += best === truth ? 1 : 0;
    }
  }
  return count === 0 ? null : sum(bins.map((bin) => Math.abs(bin.confidence - bin.hits))) / count;
}

function bootstrap(
  voices: ReadonlyMap<string, readonly Outcome[]>,
  classes: number,
): readonly [number, number] {
  const tables = [...voices.values()].map((outcomes) => confusionOf(outcomes, classes));
  return intervalOf(tables.length, (drawn) => {
    const total = Array.from({ length: classes }, () => new Array<number>(classes + 1).fill(0));
    for (const index of drawn) {
      tables[index]?.forEach((row, truth) => {
        row.forEach((count, claimed) => {
          const target = total[truth];
          if (target) target[claimed] = (target[claimed] ?? 0) + count;
        });
      });
    }
    return meanOfKnown(recallsOf(total));
  });
}

/** 95 % interval of a figure over `count` groups drawn with replacement. */
export function intervalOf(
  count: number,
  figure: (drawn: readonly number[]) => number,
): readonly [number, number] {
  const random = seededRandom(1);
  const values = Array.from({ length: RESAMPLES }, () =>
    figure(Array.from({ length: count }, () => Math.floor(random() * count))),
  ).sort((a, b) => a - b);
  return [values[Math.floor(RESAMPLES * 0.025)] ?? 0, values[Math.floor(RESAMPLES * 0.975)] ?? 0];
}

/**
 * Scores of positive and negative frames of one voice, in bins, so that intervals stay cheap. Bins are even steps of the logit: networks that are
 * sure of themselves say 0.0001 and 0.9999, which even steps of the probability would throw together.
 */
export class ScoreHistogram {
  static readonly BINS = 1_000;
  /** Largest logit that is told from a larger one. */
  static readonly #MOST = 12;
  readonly positive = new Float64Array(ScoreHistogram.BINS);
  readonly negative = new Float64Array(ScoreHistogram.BINS);

  /** How many scores there are. */
  get size(): number {
    return sum([...this.positive]) + sum([...this.negative]);
  }

  add(score: number, isPositive: boolean): void {
    const probability = Math.max(0, Math.min(1, score));
    const logit = Math.log(probability / (1 - probability));
    const most = ScoreHistogram.#MOST;
    const place = (Math.max(-most, Math.min(most, logit)) + most) / (2 * most);
    const bin = Math.min(ScoreHistogram.BINS - 1, Math.floor(place * ScoreHistogram.BINS));
    const counts = isPositive ? this.positive : this.negative;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
}

/** Area under the receiver operating characteristic of pooled histograms. */
export function rocAuc(histograms: readonly ScoreHistogram[]): number {
  const positive = new Float64Array(ScoreHistogram.BINS);
  const negative = new Float64Array(ScoreHistogram.BINS);
  for (const histogram of histograms) {
    for (let bin = 0; bin < ScoreHistogram.BINS; bin++) {
      positive[bin] = (positive[bin] ?? 0) + (histogram.positive[bin] ?? 0);
      negative[bin] = (negative[bin] ?? 0) + (histogram.negative[bin] ?? 0);
    }
  }
  let below = 0;
  let area = 0;
  let positives = 0;
  for (let bin = 0; bin < ScoreHistogram.BINS; bin++) {
    area += (positive[bin] ?? 0) * (below + (negative[bin] ?? 0) / 2);
    below += negative[bin] ?? 0;
    positives += positive[bin] ?? 0;
  }
  return area / Math.max(1, positives * below);
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / Math.max(1, values.length);
}

function meanOfKnown(values: readonly (number | null)[]): number {
  return mean(values.filter((value) => value !== null));
}
