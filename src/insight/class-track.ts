/** A model whose frames are probabilities of classes. */
import { InferenceError } from '../errors';
import { say } from '../sentence';
import type { Baseline, ModelDescription } from '../inference';
import { ClassChoice, NONE, type Decision } from './choice';
import { clampUnit } from './confidence';
import { FrameState } from './gate';
import { LabelBook } from './label-book';
import { labelsOf, type LabelSet } from './labels';
import type { FramesBefore, FrameSlice, ModelTrack, PeriodAnswer } from './model-track';
import { RowMean } from './period';
import { RecentFrames } from './recent-frames';
import { UsualVoice } from './usual';
import type { ModelSummary } from './results';
import { round4 } from './rounding';
import type { TransitionSink } from './transitions';

/** Labels frames by decisions 5 to 8, 31, 41 and 45. Memory does not grow. */
export class ClassTrack implements ModelTrack {
  readonly name: string;
  readonly width: number;
  private readonly choice: ClassChoice;
  private readonly labels: LabelSet;
  private readonly book: LabelBook;
  private readonly rawMean: RowMean | undefined;
  /** Of a model that answers over what was said lately, or against what is usual. */
  private readonly heard: RecentFrames | UsualVoice | undefined;
  private label = 0;
  private confidence = 0;

  /** @throws InvalidArgumentError The decision names what the model does not have. */
  constructor(
    private readonly model: ModelDescription,
    includeRawValues: boolean,
    decision: Decision = {},
  ) {
    this.name = model.name;
    this.width = model.classes.length;
    this.choice = new ClassChoice(model, decision);
    this.labels = labelsOf(model, this.choice);
    const { names, listed } = this.labels;
    this.book = new LabelBook(model.name, names, listed, decision.period ?? 'majority');
    this.heard = heardBy(model, decision);
    this.rawMean = includeRawValues ? new RowMean(this.width) : undefined;
  }

  consume(slice: FrameSlice, sink: TransitionSink): void {
    for (let index = slice.from; index < slice.to; index += 1) {
      this.decide(slice, index);
      this.addRaw(slice, index);
      this.book.add(slice.firstFrame + index - slice.from, this.label, this.confidence, sink);
    }
  }

  /** Adds the probabilities that were judged; of frames that were not, the model's own, or those over what was said lately. */
  private addRaw({ gate, values }: FrameSlice, frame: number): void {
    const { heard } = this;
    const lasts = heard instanceof RecentFrames ? !heard.isEmpty : this.isAsked(gate.states[frame]);
    if (heard && lasts) this.rawMean?.add(heard.probabilities, 0);
    else this.rawMean?.add(values, frame * this.width);
  }

  remember({ gate, values }: FramesBefore, frameCount: number): void {
    for (let index = 0; index < frameCount; index += 1) {
      const offset = index * this.width;
      if (this.isAsked(gate.states[index]) && this.areNumbers(values, offset))
        this.heard?.add(values, offset);
    }
  }

  closePeriod(): PeriodAnswer {
    const means = this.rawMean?.values();
    const raw =
      means && Object.fromEntries(this.model.classes.map((name, index) => [name, round4(means[index] ?? 0)]));
    this.rawMean?.reset();
    return { ...this.book.closePeriod(), raw };
  }

  finish(endMs: number, sink: TransitionSink): void {
    this.book.finish(endMs, sink);
  }

  summary(): ModelSummary {
    return this.book.summary();
  }

  /** Label and confidence of a frame, left in the fields: two numbers without an object per frame. */
  private decide({ gate, values }: FrameSlice, frame: number): void {
    const state = gate.states[frame];
    if (state === FrameState.silent) {
      this.label = this.labels.silence;
      this.confidence = 1;
      return;
    }
    if (!this.isAsked(state)) {
      this.label = this.labels.noSpeech;
      this.confidence = clampUnit(1 - (gate.speechProbabilities[frame] ?? 0));
      return;
    }
    const offset = frame * this.width;
    // Before it is heard: what a track remembers is not to suffer from a frame that fails.
    if (!this.areNumbers(values, offset)) {
      throw new InferenceError(say`The model "${this.name}" gave a probability that is not a number.`);
    }
    this.heard?.add(values, offset);
    const chosen = this.heard ? this.choice.of(this.heard.probabilities, 0) : this.choice.of(values, offset);
    this.confidence = this.choice.confidence;
    this.label = chosen === NONE ? this.labels.unknown : chosen;
  }

  private areNumbers(values: Float32Array, offset: number): boolean {
    for (let label = 0; label < this.width; label += 1)
      if (!Number.isFinite(values[offset + label])) return false;
    return true;
  }

  /** Whether the gates let a frame through to the model. */
  private isAsked(state: number | undefined): boolean {
    return state === FrameState.speech || (state === FrameState.notSpeech && this.model.gate === 'volume');
  }
}

function heardBy(
  { name, pooling, baseline, classes }: ModelDescription,
  decision: Decision,
): RecentFrames | UsualVoice | undefined {
  if (pooling) return new RecentFrames(classes.length, pooling);
  if (!baseline || decision.baseline === false) return undefined;
  if (!isBaseline(baseline, classes.length)) {
    throw new InferenceError(
      say`The baseline of the model "${name}" cannot be used: ${classes.length} logarithms of probabilities, priorSeconds of at least 0 and memorySeconds above 0 are expected.`,
    );
  }
  return new UsualVoice(baseline);
}

/** Of an engine of one's own nobody has checked it. */
function isBaseline(value: Partial<Baseline> | null, classCount: number): value is Baseline {
  const { logProbabilities, priorSeconds = NaN, memorySeconds = NaN } = value ?? {};
  return (
    Array.isArray(logProbabilities) &&
    logProbabilities.length === classCount &&
    logProbabilities.every((log) => Number.isFinite(log) && log <= 0) &&
    priorSeconds >= 0 &&
    memorySeconds > 0 &&
    Number.isFinite(priorSeconds + memorySeconds)
  );
}
