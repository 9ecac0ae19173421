/**
 * Labels of frames. Inside the room a label is a small integer, so that a frame costs no string; names are put on
 * at the edge. The order of the integers is the order in which ties are decided (decision 9): the model's classes
 * as its manifest lists them, then `unknown`, `no_speech`, `silence`.
 */
import type { ModelDescription } from '../inference';

/** Which of a model's labels a caller may get. */
interface Choosable {
  /** Whether a frame may have none of the classes. */
  readonly mayChooseNone: boolean;
  /** Numbers of the classes that are possible. */
  readonly possible: readonly number[];
}

export const UNKNOWN = 'unknown';
export const NO_SPEECH = 'no_speech';
export const SILENCE = 'silence';

/** Labels that are not a model's own classes, in tie order. */
export const GATE_LABELS: readonly string[] = [UNKNOWN, NO_SPEECH, SILENCE];

/** The labels that frames of one model can have. */
export interface LabelSet {
  /** Name per label. */
  readonly names: readonly string[];
  readonly unknown: number;
  readonly noSpeech: number;
  readonly silence: number;
  /** Labels that the model's summary lists: its classes and the gate labels that it can have. */
  readonly listed: readonly number[];
}

/**
 * The labels of a model with classes. A user's model that has a class named like a gate label shares the label
 * with the gate, so that a name stands for one thing.
 */
export function labelsOf(
  model: Pick<ModelDescription, 'classes' | 'gate'>,
  { mayChooseNone, possible }: Choosable,
): LabelSet {
  const names = [...model.classes];
  const labelNamed = (name: string): number => {
    const existing = names.indexOf(name);
    return existing >= 0 ? existing : names.push(name) - 1;
  };
  const unknown = labelNamed(UNKNOWN);
  const noSpeech = labelNamed(NO_SPEECH);
  const silence = labelNamed(SILENCE);
  const listed = names
    .map((_, label) => label)
    .filter(
      (label) =>
        possible.includes(label) ||
        label === silence ||
        (label === unknown && mayChooseNone) ||
        (label === noSpeech && model.gate === 'voice'),
    );
  return { names, unknown, noSpeech, silence, listed };
}
