/** The accuracy table of every model, measured through the engine that ships. */
import type { Deeptone } from '../../src/index';
import { underCondition, type Condition, type Surroundings } from './conditions';
import type { Clip, Corpus } from './corpus';
import { diarization, type DiarizationFigures, type TalkSettings } from './diarization';
import { figuresOf, groupBy, winner, type Figures, type Outcome } from './measures';
import { detectionFigures, speechScores, type ClipScores, type DetectionFigures } from './speech-frames';
import { clipWindows, joinedWindows, mapParallel, outcomesOf, type Window } from './windows';

/** One line of a model's table. */
export type Row =
  | {
      readonly kind: 'classes';
      readonly what: string;
      readonly classes: readonly string[];
      readonly figures: Figures;
    }
  | { readonly kind: 'detection'; readonly what: string; readonly figures: DetectionFigures }
  | {
      readonly kind: 'share';
      readonly what: string;
      readonly share: number;
      readonly windows: number;
      readonly voices: number;
    }
  | { readonly kind: 'diarization'; readonly what: string; readonly figures: DiarizationFigures };

export interface ModelTable {
  readonly model: string;
  readonly rows: readonly Row[];
}

/** What a measurement works with. */
export interface Bench {
  readonly deeptone: Deeptone;
  readonly corpus: Corpus;
  readonly surroundings: Surroundings;
  /** Clean among them. */
  readonly conditions: readonly Condition[];
}

/** Measures one model; the order of the rows is that of the reader's questions. */
export async function measureModel(model: string, bench: Bench): Promise<ModelTable> {
  const measure = MEASUREMENTS[model];
  return { model, rows: measure ? await measure(model, bench) : [] };
}

/** What the models that hear a second are given before a window of a second. */
const SECOND_FRAMES = 17;

type Measurement = (model: string, bench: Bench) => Promise<readonly Row[]>;

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  'speech-rt': measureSpeech,
  speech: measureSpeech,
  gender: async (model, bench) => {
    const { corpus } = bench;
    const adults = corpus.clips.filter((clip) => clip.ageGroup === 'adult');
    const windows = await clipWindows(corpus, adults, indexIn(model, bench, 'gender'), {
      seconds: 3,
      shortest: 2,
    });
    return byCondition(model, bench, windows, '3 s, adults');
  },
  arousal: async (model, bench) => measureMood(model, bench, 'arousal'),
  emotions: async (model, bench) => measureMood(model, bench, 'emotion'),
  language: async (model, bench) => {
    const { corpus } = bench;
    const speech = corpus.clips.filter((clip) => clip.event === 'speech');
    const rows: Row[] = [];
    for (const seconds of [3, 10]) {
      const windows = await joinedWindows(corpus, speech, indexIn(model, bench, 'language'), {
        seconds,
        perVoice: 12,
      });
      const outcomes = await outcomesOf(bench.deeptone, model, windows);
      rows.push(
        classes(model, bench, `${seconds} s`, outcomes),
        ...byCorpus(model, bench, `${seconds} s`, outcomes),
      );
    }
    return rows;
  },
  'underage-speaker': async (model, bench) => {
    const { corpus } = bench;
    const truth = indexIn(model, bench, 'ageGroup');
    const children = corpus.clips.filter(
      ({ ageGroup, age, corpus: name }) =>
        name === 'speechocean762' && (ageGroup === 'adult' || (age !== null && age >= 6 && age <= 10)),
    );
    const windows = await clipWindows(corpus, children, truth, { seconds: 2, perVoice: 10 });
    const elsewhere = corpus.clips.filter(
      (clip) => clip.ageGroup === 'adult' && clip.corpus !== 'speechocean762',
    );
    const adults = await clipWindows(corpus, elsewhere, truth, { seconds: 2, perVoice: 10 });
    const outcomes = await outcomesOf(bench.deeptone, model, adults);
    const child = classesOf(model, bench).indexOf('child');
    return [
      ...(await byCondition(model, bench, windows, '2 s, 6 to 10 years against adults')),
      {
        kind: 'share',
        what: 'adults of other corpora taken for children, 2 s',
        share: outcomes.filter((outcome) => winner(outcome) === child).length / Math.max(1, outcomes.length),
        windows: outcomes.length,
        voices: new Set(outcomes.map((outcome) => outcome.voice)).size,
      },
    ];
  },
  'audio-event': async (model, bench) => {
    const windows = await clipWindows(bench.corpus, bench.corpus.clips, indexIn(model, bench, 'event'), {
      seconds: 1,
      shortest: 0.5,
      perVoice: 10,
      context: SECOND_FRAMES,
    });
    return byCondition(model, bench, windows, '1 s');
  },
  'speaker-map': async (_model, { deeptone, corpus, surroundings, conditions }) => {
    const speech = corpus.clips.filter(
      (clip) =>
        clip.event === 'speech' &&
        ['speechocean762', 'ravdess', 'gcompris', 'emovo', 'emodb'].includes(clip.corpus),
    );
    const rows: Row[] = [];
    const measure = async (what: string, settings: Omit<TalkSettings, 'conversations'>): Promise<void> => {
      const figures = await diarization(deeptone, corpus, speech, { ...settings, conversations: 60 });
      rows.push({ kind: 'diarization', what, figures });
    };
    await measure('conversations of 2 to 4 voices, no collar', { manner: 'orderly', way: 'file' });
    await measure('the same, live', { manner: 'orderly', way: 'live' });
    await measure('the same, live and at once', { manner: 'orderly', way: 'at once' });
    for (const condition of conditions) {
      const surround = (samples: Float32Array, index: number): Float32Array =>
        underCondition(samples, condition, surroundings, index + 1);
      for (const way of ['file', 'live'] as const) {
        const what = `lively ones: overlaps, short turns, words of assent; ${condition}, ${way}`;
        await measure(what, { manner: 'lively', way, surround });
      }
    }
    return rows;
  },
};

async function measureSpeech(model: string, bench: Bench): Promise<readonly Row[]> {
  const { corpus, deeptone, surroundings } = bench;
  const truth = (clip: Clip) => {
    const event = clip.event === 'speech' || clip.event === 'music' ? clip.event : 'other';
    return clip.note.includes('babble') ? -1 : classesOf(model, bench).indexOf(event);
  };
  const windows = await clipWindows(corpus, corpus.clips, truth, {
    seconds: 1,
    perVoice: 8,
    context: SECOND_FRAMES,
  });
  const speech = await clipWindows(
    corpus,
    corpus.clips.filter((clip) => clip.event === 'speech'),
    () => 0,
    { seconds: 4, shortest: 2, perVoice: 2 },
  );
  const others = windows.filter((window) => window.truth !== classesOf(model, bench).indexOf('speech'));
  const rows: Row[] = [];
  const everyCondition: ClipScores[] = [];
  for (const condition of bench.conditions) {
    const scores = await speechScores(deeptone, model, speech, others, condition, surroundings);
    everyCondition.push(...scores);
    rows.push({ kind: 'detection', what: `speech, frames, ${condition}`, figures: detectionFigures(scores) });
  }
  const all = {
    kind: 'detection',
    what: 'speech, frames, all conditions',
    figures: detectionFigures(everyCondition),
  } as const;
  return [all, ...rows, ...(await byCondition(model, bench, windows, '1 s'))];
}

async function measureMood(
  model: string,
  bench: Bench,
  label: 'arousal' | 'emotion',
): Promise<readonly Row[]> {
  const windows = await clipWindows(bench.corpus, bench.corpus.clips, indexIn(model, bench, label), {
    seconds: 2,
    shortest: 1,
  });
  return byCondition(model, bench, windows, '2 s');
}

async function byCondition(
  model: string,
  bench: Bench,
  windows: readonly Window[],
  what: string,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const condition of bench.conditions) {
    const outcomes = await outcomesOf(bench.deeptone, model, await heard(windows, condition, bench));
    rows.push(classes(model, bench, `${what}, ${condition}`, outcomes));
    if (condition === 'clean') rows.push(...byCorpus(model, bench, `${what}, clean`, outcomes));
  }
  return rows;
}

function heard(windows: readonly Window[], condition: Condition, { surroundings }: Bench): Promise<Window[]> {
  return mapParallel(windows, (window, index) =>
    Promise.resolve({
      ...window,
      samples: underCondition(window.samples, condition, surroundings, index + 1),
    }),
  );
}

function byCorpus(model: string, bench: Bench, what: string, outcomes: readonly Outcome[]): readonly Row[] {
  const groups = groupBy(outcomes, (outcome) => outcome.corpus);
  if (groups.size < 2 || groups.size > 8) return [];
  return [...groups]
    .filter(([, group]) => new Set(group.map((outcome) => outcome.truth)).size > 1)
    .map(([name, group]) => classes(model, bench, `${what}, ${name}`, group));
}

function classes(model: string, bench: Bench, what: string, outcomes: readonly Outcome[]): Row {
  const names = classesOf(model, bench);
  return { kind: 'classes', what, classes: names, figures: figuresOf(outcomes, names.length) };
}

function classesOf(model: string, { deeptone }: Bench): readonly string[] {
  return deeptone.describeModels().find(({ name }) => name === model)?.classes ?? [];
}

function indexIn(
  model: string,
  bench: Bench,
  label: 'gender' | 'arousal' | 'emotion' | 'language' | 'ageGroup' | 'event',
) {
  const names = classesOf(model, bench);
  const written: Readonly<Record<string, string>> = { f: 'female', m: 'male' };
  return (clip: Clip) => names.indexOf(written[clip[label]] ?? clip[label]);
}
