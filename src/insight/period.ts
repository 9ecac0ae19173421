/** From the frames of an output period to one answer (decision 9). */

import type { PeriodRule } from './choice';
import type { LabelShares } from './results';
import { roundedShares } from './rounding';

/** Counts the frame labels of one period. */
export class PeriodVote {
  private readonly counts: Float64Array;
  private readonly confidenceSums: Float64Array;
  private frames = 0;

  /** @param labelCount Labels are 0 to labelCount - 1. */
  constructor(labelCount: number) {
    this.counts = new Float64Array(labelCount);
    this.confidenceSums = new Float64Array(labelCount);
  }

  add(label: number, confidence: number): void {
    this.frames += 1;
    this.counts[label] = (this.counts[label] ?? 0) + 1;
    this.confidenceSums[label] = (this.confidenceSums[label] ?? 0) + confidence;
  }

  /** Frames of the period that have this label. */
  count(label: number): number {
    return this.counts[label] ?? 0;
  }

  /**
   * Share of the frames per label that has any, in the order of the labels, 4 decimals that sum to 1.
   *
   * @param nameOf Asked only for labels that have frames.
   */
  shares(nameOf: (label: number) => string): LabelShares {
    const found: number[] = [];
    for (let label = 0; label < this.counts.length; label += 1) if (this.count(label) > 0) found.push(label);
    const [only] = found;
    if (only !== undefined && found.length === 1) return { [nameOf(only)]: 1 };
    const shares = roundedShares(found.map((label) => this.count(label)));
    return Object.fromEntries(found.map((label, index) => [nameOf(label), shares[index] ?? 0]));
  }

  /**
   * The label of most frames; of equals the one with the higher summed confidence, then the lower rank.
   *
   * @param rank Order of labels in a tie of both; the label itself where it is left out.
   */
  winner(rank: (label: number) => number = (label) => label): number {
    let winner = 0;
    for (let label = 1; label < this.counts.length; label += 1) {
      if (this.isAhead(label, winner, rank)) winner = label;
    }
    return winner;
  }

  /**
   * The label that stands for the period (decision 31).
   *
   * @param isOfInterest Whether a label that has frames may stand for the period by `any` or a share.
   */
  chosen(
    rule: PeriodRule,
    isOfInterest: (label: number) => boolean,
    rank: (label: number) => number = (label) => label,
  ): number {
    if (rule === 'majority') return this.winner(rank);
    const least = rule === 'any' ? 1 : Math.max(1, rule * this.frames);
    let chosen: number | undefined;
    for (let label = 0; label < this.counts.length; label += 1) {
      if (this.count(label) < least || !isOfInterest(label)) continue;
      if (chosen === undefined || this.isAhead(label, chosen, rank)) chosen = label;
    }
    return chosen ?? this.winner(rank);
  }

  private isAhead(label: number, of: number, rank: (label: number) => number): boolean {
    const more =
      this.count(label) - this.count(of) ||
      (this.confidenceSums[label] ?? 0) - (this.confidenceSums[of] ?? 0) ||
      rank(of) - rank(label);
    return more > 0;
  }

  /** Mean confidence of the frames that have this label. */
  meanConfidence(label: number): number {
    return (this.confidenceSums[label] ?? 0) / this.count(label);
  }

  reset(): void {
    this.frames = 0;
    this.counts.fill(0);
    this.confidenceSums.fill(0);
  }
}

/** Mean of rows over all frames of a period, gated or not. */
export class RowMean {
  private readonly sums: Float64Array;
  private rows = 0;

  constructor(width: number) {
    this.sums = new Float64Array(width);
  }

  add(values: Float32Array, offset: number): void {
    for (let index = 0; index < this.sums.length; index += 1) {
      this.sums[index] = (this.sums[index] ?? 0) + (values[offset + index] ?? 0);
    }
    this.rows += 1;
  }

  /** The mean; zeros where no row was added. */
  values(): number[] {
    return Array.from(this.sums, (sum) => (this.rows === 0 ? 0 : sum / this.rows));
  }

  reset(): void {
    this.sums.fill(0);
    this.rows = 0;
  }
}
