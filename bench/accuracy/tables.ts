/** The accuracy table of every model, measured through the engine that ships. */
import { underCondition } from './conditions';
import { diarization, type TalkSettings } from './diarization';
import { measureGate } from './gate';
import { householdRows } from './household';
import { measureLanguage } from './language';
import { byCondition, indexIn, type Bench, type ModelTable, type Row } from './rows';
import { fewOfSpeech, isLabelledThroughout, measureSpeech, SECOND_FRAMES } from './speech';
import { clipWindows } from './windows';
import { measureUnderage, youngRows } from './young';

/** Measures one model; the order of the rows is that of the reader's questions. */
export async function measureModel(model: string, bench: Bench): Promise<ModelTable> {
  const measure = MEASUREMENTS[model];
  return { model, rows: measure ? await measure(model, bench) : [] };
}

type Measurement = (model: string, bench: Bench) => Promise<readonly Row[]>;

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  gate: (_model, bench) => measureGate(bench),
  'speech-rt': measureSpeech,
  speech: measureSpeech,
  gender: async (model, bench) => {
    const { corpus } = bench;
    const adults = corpus.clips.filter((clip) => clip.ageGroup === 'adult');
    const windows = await clipWindows(corpus, adults, indexIn(model, bench, 'gender'), {
      seconds: 3,
      shortest: 2,
      perVoice: 6,
    });
    return [
      ...(await byCondition(model, bench, windows, '3 s, adults')),
      ...(await youngRows(model, bench, { seconds: 3, answers: ['female', 'male', 'unknown'] })),
    ];
  },
  arousal: async (model, bench) => measureMood(model, bench, 'arousal'),
  emotions: async (model, bench) => measureMood(model, bench, 'emotion'),
  language: measureLanguage,
  'underage-speaker': measureUnderage,
  'audio-event': async (model, bench) => {
    const clips = bench.corpus.clips.filter(isLabelledThroughout);
    const windows = await clipWindows(bench.corpus, clips, indexIn(model, bench, 'event'), {
      seconds: 1,
      shortest: 0.5,
      perVoice: fewOfSpeech(10),
      context: SECOND_FRAMES,
    });
    return [
      ...(await byCondition(model, bench, windows, '1 s', true)),
      ...(await householdRows(model, bench)),
    ];
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

/** What can be measured. */
export const MEASURED: readonly string[] = Object.keys(MEASUREMENTS);

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
