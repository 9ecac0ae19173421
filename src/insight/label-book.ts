/** What is kept of the labels of one model's frames. */
import { isBackground, type PeriodRule } from './choice';
import { PeriodVote } from './period';
import type { LabelShares, ModelSummary } from './results';
import { round4 } from './rounding';
import { fractions } from './summary';
import { RunTracker, type TransitionSink } from './transitions';

/** Counts what periods, phases and the summary need of frames that have labels: memory does not grow. */
export class LabelBook {
  private readonly vote: PeriodVote;
  private readonly runs: RunTracker;
  private readonly totals: Float64Array;
  private readonly nameOf = (label: number): string => this.names[label] ?? '';
  private readonly isOfInterest = (label: number): boolean => !isBackground(this.nameOf(label));

  /**
   * @param model Its name.
   * @param names Of the labels, which are 0 to the number of names - 1.
   * @param listed Labels that the summary lists.
   * @param rule What stands for a period.
   */
  constructor(
    model: string,
    private readonly names: readonly string[],
    private readonly listed: readonly number[],
    private readonly rule: PeriodRule,
  ) {
    this.vote = new PeriodVote(names.length);
    this.runs = new RunTracker(model);
    this.totals = new Float64Array(names.length);
  }

  /** @param frame Number of the frame in the stream. */
  add(frame: number, label: number, confidence: number, sink: TransitionSink): void {
    this.totals[label] = (this.totals[label] ?? 0) + 1;
    this.vote.add(label, confidence);
    this.runs.add(frame, label, confidence, this.nameOf, sink);
  }

  /** Result and shares of the frames since the last call. */
  closePeriod(): { readonly result: { result: string; confidence: number }; readonly shares: LabelShares } {
    const winner = this.vote.chosen(this.rule, this.isOfInterest);
    const confidence = round4(this.vote.meanConfidence(winner));
    const shares = this.vote.shares(this.nameOf);
    this.vote.reset();
    return { result: { result: this.nameOf(winner), confidence }, shares };
  }

  /** Ends the last phase. */
  finish(endMs: number, sink: TransitionSink): void {
    this.runs.finish(endMs, sink);
  }

  summary(): ModelSummary {
    return fractions(
      this.listed.map((label) => ({ name: this.nameOf(label), frames: this.totals[label] ?? 0 })),
    );
  }
}
