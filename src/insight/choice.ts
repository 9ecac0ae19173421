/** How answers are chosen from probabilities where a caller leaves that not to the model (decision 31). */
import { InvalidArgumentError } from '../errors';
import { say } from '../sentence';
import type { ModelDescription } from '../inference';
import { winnerConfidence, winningClass } from './confidence';
import { NO_SPEECH, SILENCE, UNKNOWN } from './labels';

/** What stands for an output period: the label of most frames, any class that was there, or one with this share of the frames. */
export type PeriodRule = 'majority' | 'any' | number;

/** How the answers of one model are chosen. */
export interface Decision {
  /** The classes that are possible; the others are never answered. Default: all. */
  readonly classes?: readonly string[];
  /** Per class, the probability from which on it is answered, whatever is more probable; below it, it never is. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /** What stands for an output period. Default: `majority`. */
  readonly period?: PeriodRule;
  /** false: as the model says it, not against what is usual in the channel (decision 45); nothing to models that answer so anyway. Default: true. */
  readonly baseline?: boolean;
}

/** Per name of a model, how its answers are chosen. */
export type Decisions = Readonly<Record<string, Decision>>;

/** Labels that say that nothing of interest was there: no class stands for a period by `any` or a share that is one of these. */
const BACKGROUND: ReadonlySet<string> = new Set([
  ...[SILENCE, NO_SPEECH, UNKNOWN],
  ...['other', 'noise', 'neutral', 'quiet'],
]);

export function isBackground(label: string): boolean {
  return BACKGROUND.has(label);
}

/** No label: the answer is `unknown`. */
export const NONE = -1;

/** Chooses the class of a frame. */
export class ClassChoice {
  /** Whether it may choose none. */
  readonly mayChooseNone: boolean;
  /** Numbers of classes that are possible. */
  readonly possible: readonly number[];
  /** Of the class chosen last, in [0, 1]; NaN where a probability is. */
  confidence = 0;
  readonly #model: ModelDescription;
  readonly #width: number;
  /** Per class; NaN where there is none. Empty where no class has one. */
  readonly #thresholds: readonly number[];
  /** Probabilities as they are with only the possible classes; the first row of it is used. */
  readonly #row: Float32Array;

  /** @throws InvalidArgumentError naming a class that the model does not have */
  constructor(model: ModelDescription, decision: Decision) {
    checkDecision(model, decision);
    const { classes, thresholds } = decision;
    this.#model = model;
    this.#width = model.classes.length;
    this.#row = new Float32Array(this.#width);
    this.possible = [...model.classes.keys()].filter(
      (label) => classes?.includes(model.classes[label] ?? '') ?? true,
    );
    this.#thresholds = thresholds ? model.classes.map((name) => thresholds[name] ?? NaN) : [];
    this.mayChooseNone = model.unknownBelow !== null || this.#thresholds.length > 0;
  }

  /**
   * The class of a frame, or {@link NONE}; its confidence is left in the field.
   *
   * @param probabilities row-major [frames x classes]
   * @param offset where the frame's row begins
   */
  of(probabilities: Float32Array, offset: number): number {
    if (this.possible.length === this.#width) return this.#choose(probabilities, offset);
    this.#restrict(probabilities, offset);
    return this.#choose(this.#row, 0);
  }

  #choose(row: Float32Array, offset: number): number {
    const { activation, unknownBelow } = this.#model;
    const winner = winningClass(row, offset, this.#width);
    const reached = this.#reached(row, offset);
    if (reached !== undefined && reached !== winner) {
      this.confidence = row[offset + reached] ?? 0;
      return reached;
    }
    this.confidence = winnerConfidence(row, offset, this.#width, winner, activation);
    if (reached === winner) return winner;
    const isTooLow = unknownBelow !== null && this.confidence < unknownBelow;
    return isTooLow || !Number.isNaN(this.#thresholds[winner] ?? NaN) ? NONE : winner;
  }

  /** Of the classes that reach their thresholds the one that is farthest above; the first of equals. */
  #reached(row: Float32Array, offset: number): number | undefined {
    let farthest: number | undefined;
    let most = -1;
    for (let label = 0; label < this.#thresholds.length; label += 1) {
      const above = (row[offset + label] ?? 0) - (this.#thresholds[label] ?? NaN);
      if (above >= 0 && above > most && this.possible.includes(label)) [farthest, most] = [label, above];
    }
    return farthest;
  }

  /** What the others had falls to the possible classes in proportion; what a model rejects stays rejected. */
  #restrict(probabilities: Float32Array, offset: number): void {
    let others = 0;
    if (this.#model.activation === 'softmax') {
      for (let label = 0; label < this.#width; label += 1) {
        if (!this.possible.includes(label)) others += probabilities[offset + label] ?? 0;
      }
    }
    const rest = Math.max(1 - others, Number.EPSILON);
    this.#row.fill(0);
    for (const label of this.possible) this.#row[label] = (probabilities[offset + label] ?? 0) / rest;
  }
}

/** @throws InvalidArgumentError naming a class that the model does not have */
export function checkDecision(model: ModelDescription, { classes, thresholds }: Decision = {}): void {
  if (!classes && !thresholds) return;
  if (model.activation === 'embedding') {
    throw new InvalidArgumentError(
      say`decisions.${model.name} has classes or thresholds, and "${model.name}" has no classes: only period is accepted.`,
    );
  }
  if (classes?.length === 0) {
    throw new InvalidArgumentError(
      say`decisions.${model.name}.classes is empty: at least one of ${model.classes.join(', ')} is accepted.`,
    );
  }
  for (const name of [...(classes ?? []), ...Object.keys(thresholds ?? {})]) {
    if (model.classes.includes(name)) continue;
    throw new InvalidArgumentError(
      say`decisions.${model.name} names the class "${name}", which "${model.name}" does not have. Accepted: ${model.classes.join(', ')}.`,
    );
  }
}
