/** Loud or quiet: no model, but answered as those are (decision 32). */
import { FrameState } from './gate';
import { LabelBook } from './label-book';
import { SILENCE } from './labels';
import type { FrameSlice, ModelTrack, PeriodAnswer } from './model-track';
import type { PeriodRule } from './choice';
import type { ModelSummary } from './results';
import type { TransitionSink } from './transitions';

/** What its answers are called. */
export const LOUDNESS = 'loudness';
/** Its labels, in the order of ties. */
export const LOUDNESS_LABELS = ['loud', 'quiet', SILENCE] as const;
const [LOUD, QUIET, SILENT] = [0, 1, 2] as const;

export class LoudnessTrack implements ModelTrack {
  readonly name = LOUDNESS;
  readonly width = 0;
  private readonly book: LabelBook;
  private readonly threshold: number;

  /** @param loudAbove dBFS; a frame with this level, or above, is loud. */
  constructor(loudAbove: number, rule: PeriodRule = 'majority') {
    this.book = new LabelBook(this.name, LOUDNESS_LABELS, [LOUD, QUIET, SILENT], rule);
    // Volumes are 32-bit floats: compared at the same precision, as those of decision 5.
    this.threshold = Math.fround(10 ** (loudAbove / 20));
  }

  consume({ gate, volumes, from, to, firstFrame }: FrameSlice, sink: TransitionSink): void {
    for (let index = from; index < to; index += 1) {
      const isLoud = (volumes[index] ?? 0) >= this.threshold;
      const label = isLoud ? LOUD : gate.states[index] === FrameState.silent ? SILENT : QUIET;
      this.book.add(firstFrame + index - from, label, 1, sink);
    }
  }

  closePeriod(): PeriodAnswer {
    return { ...this.book.closePeriod(), raw: undefined };
  }

  finish(endMs: number, sink: TransitionSink): void {
    this.book.finish(endMs, sink);
  }

  summary(): ModelSummary {
    return this.book.summary();
  }
}
