/** A model whose frames are probabilities of classes. */
import { InferenceError } from '../errors';
import type { ModelDescription } from '../inference';
import { clampUnit, winnerConfidence, winningClass } from './confidence';
import { FrameState } from './gate';
import { labelsOf, type LabelSet } from './labels';
import type { FrameSlice, ModelTrack, PeriodAnswer } from './model-track';
import { PeriodVote, RowMean } from './period';
import type { ModelSummary } from './results';
import { round4 } from './rounding';
import { fractions } from './summary';
import { RunTracker, type TransitionSink } from './transitions';

/** Labels frames by decisions 5 to 8 and keeps what periods, phases and the summary need: memory does not grow. */
export class ClassTrack implements ModelTrack {
  readonly name: string;
  readonly width: number;
  private readonly labels: LabelSet;
  private readonly vote: PeriodVote;
  private readonly rawMean: RowMean | undefined;
  private readonly runs: RunTracker;
  private readonly totals: Float64Array;
  private readonly nameOf = (label: number): string => this.labels.names[label] ?? '';
  private label = 0;
  private confidence = 0;

  constructor(
    private readonly model: ModelDescription,
    includeRawValues: boolean,
  ) {
    this.name = model.name;
    this.width = model.classes.length;
    this.labels = labelsOf(model);
    this.vote = new PeriodVote(this.labels.names.length);
    this.rawMean = includeRawValues ? new RowMean(this.width) : undefined;
    this.runs = new RunTracker(model.name);
    this.totals = new Float64Array(this.labels.names.length);
  }

  consume(slice: FrameSlice, sink: TransitionSink): void {
    for (let index = slice.from; index < slice.to; index += 1) {
      this.decide(slice, index);
      this.totals[this.label] = (this.totals[this.label] ?? 0) + 1;
      this.vote.add(this.label, this.confidence);
      this.rawMean?.add(slice.values, index * this.width);
      const frame = slice.firstFrame + index - slice.from;
      this.runs.add(frame, this.label, this.confidence, this.nameOf, sink);
    }
  }

  closePeriod(): PeriodAnswer {
    const winner = this.vote.winner();
    const result = {
      result: this.nameOf(winner),
      confidence: round4(this.vote.meanConfidence(winner)),
    };
    const shares = this.vote.shares(this.nameOf);
    const means = this.rawMean?.values();
    const raw =
      means && Object.fromEntries(this.model.classes.map((name, index) => [name, round4(means[index] ?? 0)]));
    this.vote.reset();
    this.rawMean?.reset();
    return { result, shares, raw };
  }

  finish(endMs: number, sink: TransitionSink): void {
    this.runs.finish(endMs, sink);
  }

  summary(): ModelSummary {
    return fractions(
      this.labels.listed.map((label) => ({
        name: this.nameOf(label),
        frames: this.totals[label] ?? 0,
      })),
    );
  }

  /** Label and confidence of a frame, left in the fields: two numbers without an object per frame. */
  private decide({ gate, values }: FrameSlice, frame: number): void {
    const state = gate.states[frame];
    if (state === FrameState.silent) {
      this.label = this.labels.silence;
      this.confidence = 1;
      return;
    }
    if (state === FrameState.notSpeech && this.model.gate === 'voice') {
      this.label = this.labels.noSpeech;
      this.confidence = clampUnit(1 - (gate.speechProbabilities[frame] ?? 0));
      return;
    }
    const { activation, unknownBelow } = this.model;
    const offset = frame * this.width;
    const winner = winningClass(values, offset, this.width);
    this.confidence = winnerConfidence(values, offset, this.width, winner, activation);
    if (Number.isNaN(this.confidence)) {
      throw new InferenceError(`The model "${this.name}" gave a probability that is not a number.`);
    }
    this.label = unknownBelow !== null && this.confidence < unknownBelow ? this.labels.unknown : winner;
  }
}
