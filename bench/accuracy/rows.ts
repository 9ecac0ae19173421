/** Lines of the tables, and how they are measured under the conditions. */
import type { Deeptone } from '../../src/index';
import { underCondition, type Condition, type Surroundings } from './conditions';
import type { Clip, Corpus } from './corpus';
import type { DiarizationFigures } from './diarization';
import { figuresOf, groupBy, type Figures, type Outcome } from './measures';
import type { OverVoices } from './shares';
import type { Detector } from './detectors';
import type { SceneCondition } from './speech-frames';
import type { WindowPeer } from './yamnet-kinds';
import { answersTo, mapParallel, type Window } from './windows';

/** One line of a model's table; its figures are null where the corpus has nothing to measure them by. */
export type Row =
  | {
      readonly kind: 'classes';
      readonly what: string;
      readonly classes: readonly string[];
      readonly figures: Figures | null;
    }
  | {
      readonly kind: 'detection';
      readonly figure: 'ROC-AUC' | 'F1';
      readonly what: string;
      /** Of frames. */
      readonly figures: OverVoices | null;
    }
  | {
      readonly kind: 'share';
      readonly what: string;
      /** What the value is called; a share where nothing is said. */
      readonly figure?: string;
      readonly figures: OverVoices | null;
    }
  | {
      readonly kind: 'rate';
      readonly what: string;
      /** How often an hour. */
      readonly figures: OverVoices | null;
    }
  | { readonly kind: 'diarization'; readonly what: string; readonly figures: DiarizationFigures | null };

export interface ModelTable {
  readonly model: string;
  readonly rows: readonly Row[];
}

/** What a measurement works with. */
export interface Bench {
  readonly deeptone: Deeptone;
  readonly modelSet: 'standard' | 'open';
  readonly corpus: Corpus;
  readonly surroundings: Surroundings;
  /** What all models are heard under, of what was asked for. */
  readonly conditions: readonly Condition[];
  /** The same, and what speech alone is looked for under. */
  readonly scenes: readonly SceneCondition[];
  readonly peers: Peers;
}

/** Networks of others that hear the same. */
export interface Peers {
  /** What says whether somebody speaks. */
  readonly speech: readonly Detector[];
  /** What says which kind of sound it is. */
  readonly kinds: readonly WindowPeer[];
}

/** More corpora than this, each with several classes, have no rows of their own. */
const MOST_CORPORA = 10;

/** A row per condition, and one per peer that hears the same windows; under the clean one also a row per corpus that has several of the classes. */
export async function byCondition(
  model: string,
  bench: Bench,
  windows: readonly Window[],
  what: string,
  besidePeers = false,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const condition of bench.conditions) {
    const sounds = await heard(windows, condition, bench);
    const answers = await answersTo(bench.deeptone, model, sounds);
    const outcomes = answers.filter((outcome) => outcome !== undefined);
    rows.push(classes(model, bench, `${what}, ${condition}`, outcomes));
    for (const peer of besidePeers ? bench.peers.kinds : []) {
      const same = sounds.filter((_, index) => answers[index] !== undefined);
      const said = await peer.outcomes(same, classesOf(model, bench));
      rows.push(classes(model, bench, `peer: ${peer.title}, ${what}, ${condition}`, said));
    }
    if (condition === 'clean') rows.push(...byCorpus(model, bench, `${what}, clean`, outcomes));
  }
  return rows;
}

/** The windows as they are under a condition. */
export function heard(
  windows: readonly Window[],
  condition: Condition,
  { surroundings }: Bench,
): Promise<Window[]> {
  return mapParallel(windows, (window, index) =>
    Promise.resolve({
      ...window,
      samples: underCondition(window.samples, condition, surroundings, index + 1),
    }),
  );
}

/** A row per corpus that has several of the classes. */
export function byCorpus(
  model: string,
  bench: Bench,
  what: string,
  outcomes: readonly Outcome[],
): readonly Row[] {
  const groups = groupBy(outcomes, (outcome) => outcome.corpus);
  const told = [...groups].filter(([, group]) => new Set(group.map((outcome) => outcome.truth)).size > 1);
  if (groups.size < 2 || told.length > MOST_CORPORA) return [];
  return told.map(([name, group]) => classes(model, bench, `${what}, ${name}`, group));
}

/** A row about the most probable class of each window: recalls, F1, calibration. */
export function classes(model: string, bench: Bench, what: string, outcomes: readonly Outcome[]): Row {
  const names = classesOf(model, bench);
  return { kind: 'classes', what, classes: names, figures: figuresOf(outcomes, names.length) };
}

/** Classes of a model, in the order of its probabilities. */
export function classesOf(model: string, { deeptone }: Bench): readonly string[] {
  return deeptone.describeModels().find(({ name }) => name === model)?.classes ?? [];
}

/** The number of a clip's label among the classes of a model; -1 where it is none of them. */
export function indexIn(
  model: string,
  bench: Bench,
  label: 'gender' | 'arousal' | 'emotion' | 'language' | 'ageGroup' | 'event',
) {
  const names = classesOf(model, bench);
  const written: Readonly<Record<string, string>> = { f: 'female', m: 'male' };
  return (clip: Clip) => names.indexOf(written[clip[label]] ?? clip[label]);
}
