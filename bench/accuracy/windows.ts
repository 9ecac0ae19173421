/** Windows of labelled sound, and what the engine says of them. */
import type { Deeptone } from '../../src/index';
import { SAMPLE_RATE } from '../../src/clock';
import { joined, type Clip, type Corpus } from './corpus';
import { groupBy, type Outcome } from './measures';

export interface Window {
  readonly samples: Float32Array;
  readonly truth: number;
  readonly voice: string;
  readonly corpus: string;
}

/** Windows in flight at a time: enough for full batches. */
const PARALLEL = 16;

/**
 * Cuts each clip into windows of `seconds`, side by side, at most `perVoice` of a voice; a clip that is shorter gives one window
 * if it holds at least `shortest` seconds.
 */
export async function clipWindows(
  corpus: Corpus,
  clips: readonly Clip[],
  truthOf: (clip: Clip) => number,
  { seconds, shortest = seconds, perVoice = 40 }: { seconds: number; shortest?: number; perVoice?: number },
): Promise<readonly Window[]> {
  const windows: Window[] = [];
  const counts = new Map<string, number>();
  for (const clip of clips) {
    const truth = truthOf(clip);
    if (truth < 0) continue;
    const samples = await corpus.samples(clip);
    for (const part of cut(samples, seconds, shortest)) {
      const key = `${clip.voice}/${truth}`;
      const count = counts.get(key) ?? 0;
      if (count >= perVoice) break;
      counts.set(key, count + 1);
      windows.push({ samples: part, truth, voice: clip.voice, corpus: clip.corpus });
    }
  }
  return windows;
}

/** Windows of `seconds` from all clips of a voice joined; for what words alone do not carry, such as language. */
export async function joinedWindows(
  corpus: Corpus,
  clips: readonly Clip[],
  truthOf: (clip: Clip) => number,
  { seconds, perVoice = 40 }: { seconds: number; perVoice?: number },
): Promise<readonly Window[]> {
  const windows: Window[] = [];
  for (const group of groupBy(clips, (clip) => `${clip.corpus}/${clip.voice}/${truthOf(clip)}`).values()) {
    const [first] = group;
    if (!first || truthOf(first) < 0) continue;
    const samples = joined(await Promise.all(group.map((clip) => corpus.samples(clip))));
    for (const part of cut(samples, seconds, seconds).slice(0, perVoice)) {
      windows.push({ samples: part, truth: truthOf(first), voice: first.voice, corpus: first.corpus });
    }
  }
  return windows;
}

function cut(samples: Float32Array, seconds: number, shortest: number): Float32Array[] {
  const length = Math.round(seconds * SAMPLE_RATE);
  if (samples.length < length) return samples.length >= shortest * SAMPLE_RATE ? [samples] : [];
  return Array.from({ length: Math.floor(samples.length / length) }, (_, index) =>
    samples.subarray(index * length, (index + 1) * length),
  );
}

/** What a model says of each window: its mean probabilities, as `process_audio_chunk` gives them. */
export async function outcomesOf(
  deeptone: Deeptone,
  model: string,
  windows: readonly Window[],
): Promise<readonly Outcome[]> {
  return mapParallel(windows, async ({ samples, truth, voice, corpus }) => {
    const { raw } = await deeptone.processAudioChunk(samples, {
      models: [model],
      includeRawValues: true,
      volumeThreshold: 0,
    });
    return { truth, voice, corpus, probabilities: Object.values(raw?.[model] ?? {}) };
  });
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
