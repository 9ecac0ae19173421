/** Windows of labelled sound, and what the engine says of them. */
import type { Deeptone, TimeSeriesStep } from '../../src/index';
import { FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE } from '../../src/clock';
import { joined } from '../../test/tools/audio';
import type { Clip, Corpus } from './corpus';
import { groupBy, type Outcome } from './measures';

export interface Window {
  /** The window, after what was heard before it. */
  readonly samples: Float32Array;
  /** Frames of context before the window; their answers do not count. */
  readonly contextFrames: number;
  readonly truth: number;
  /** With its corpus. */
  readonly voice: string;
  readonly corpus: string;
}

/** Windows in flight at a time: enough for full batches. */
const PARALLEL = 16;

/**
 * Cuts each clip into windows of `seconds`, side by side, at most `perVoice` of a voice; a clip that is shorter gives one window
 * if it holds at least `shortest` seconds. A window is heard as in a stream: after up to `context` frames of its own clip.
 */
export async function clipWindows(
  corpus: Corpus,
  clips: readonly Clip[],
  truthOf: (clip: Clip) => number,
  {
    seconds,
    shortest = seconds,
    perVoice = 12,
    context = 0,
  }: {
    seconds: number;
    shortest?: number;
    perVoice?: number | ((clip: Clip) => number);
    context?: number;
  },
): Promise<readonly Window[]> {
  const windows: Window[] = [];
  const counts = new Map<string, number>();
  for (const clip of clips) {
    const truth = truthOf(clip);
    const most = typeof perVoice === 'number' ? perVoice : perVoice(clip);
    const voice = voiceOf(clip);
    if (truth < 0 || (counts.get(`${voice}/${truth}`) ?? 0) >= most) continue;
    const samples = await corpus.samples(clip);
    for (const [start, end] of cut(samples, seconds, shortest)) {
      const key = `${voice}/${truth}`;
      const count = counts.get(key) ?? 0;
      if (count >= most) break;
      counts.set(key, count + 1);
      const contextFrames = Math.min(context, Math.floor(start / FRAME_SAMPLES));
      windows.push({
        samples: samples.subarray(start - contextFrames * FRAME_SAMPLES, end),
        contextFrames,
        truth,
        voice,
        corpus: clip.corpus,
      });
    }
  }
  return windows;
}

/** Windows of `seconds` from all clips of a voice joined; for what words alone do not carry, such as language. */
export async function joinedWindows(
  corpus: Corpus,
  clips: readonly Clip[],
  truthOf: (clip: Clip) => number,
  { seconds, perVoice = 12 }: { seconds: number; perVoice?: number },
): Promise<readonly Window[]> {
  const windows: Window[] = [];
  for (const group of groupBy(clips, (clip) => `${voiceOf(clip)}/${truthOf(clip)}`).values()) {
    const [first] = group;
    if (!first || truthOf(first) < 0) continue;
    const samples = joined(await Promise.all(group.map((clip) => corpus.samples(clip))));
    const truth = truthOf(first);
    for (const [start, end] of cut(samples, seconds, seconds).slice(0, perVoice)) {
      windows.push({
        samples: samples.subarray(start, end),
        contextFrames: 0,
        truth,
        voice: voiceOf(first),
        corpus: first.corpus,
      });
    }
  }
  return windows;
}

/** Voices of different corpora may be called alike. */
function voiceOf({ corpus, voice }: Clip): string {
  return `${corpus}/${voice}`;
}

/** Where windows begin and end, in samples. */
function cut(samples: Float32Array, seconds: number, shortest: number): (readonly [number, number])[] {
  const length = Math.round(seconds * SAMPLE_RATE);
  if (samples.length < length) return samples.length >= shortest * SAMPLE_RATE ? [[0, samples.length]] : [];
  return Array.from({ length: Math.floor(samples.length / length) }, (_, index) => [
    index * length,
    (index + 1) * length,
  ]);
}

/** Labels that say that the model was not asked (decisions 5 and 6). */
const GATED: ReadonlySet<string> = new Set(['silence', 'no_speech']);

/**
 * What a model says of each window, as a user gets it: the mean of the probabilities of its frames (decision 9) that pass the gates. A
 * window of silence alone is left out, for there is nothing to tell; one in which the gate found no speech has no answer, which
 * counts as a wrong one.
 */
export async function outcomesOf(
  deeptone: Deeptone,
  model: string,
  windows: readonly Window[],
): Promise<readonly Outcome[]> {
  return (await answersTo(deeptone, model, windows)).filter((outcome) => outcome !== undefined);
}

/** The same, with a place for every window: undefined where a window is silence alone. */
export function answersTo(
  deeptone: Deeptone,
  model: string,
  windows: readonly Window[],
): Promise<readonly (Outcome | undefined)[]> {
  return mapParallel(windows, async ({ samples, contextFrames, truth, voice, corpus }) => {
    const { time_series } = await deeptone.processAudioBytes(samples, {
      models: [model],
      outputPeriod: FRAME_MS,
      includeRawValues: true,
    });
    const steps = time_series.slice(contextFrames);
    if (steps.every((step) => labelOf(step, model) === 'silence')) return undefined;
    const passed = steps.filter((step) => !GATED.has(labelOf(step, model)));
    const frames = passed.map((step) => Object.values(step.raw?.[model] ?? {}));
    const probabilities = (frames[0] ?? []).map(
      (_, index) => frames.reduce((sum, frame) => sum + (frame[index] ?? 0), 0) / frames.length,
    );
    const answers = passed.map((step) => labelOf(step, model));
    return { truth, voice, corpus, probabilities, frames, answers };
  });
}

/** What a model answers in a step; empty for one that has no classes. */
export function labelOf({ results }: Pick<TimeSeriesStep, 'results'>, model: string): string {
  const answer = results[model];
  return answer && 'result' in answer ? answer.result : '';
}

/** Maps with a bounded number under way at once; the order is kept. */
export async function mapParallel<T, R>(
  items: readonly T[],
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (let index = next++; index < items.length; index = next++) {
        const item = items[index];
        if (item !== undefined) results[index] = await map(item, index);
      }
    }),
  );
  return results;
}
