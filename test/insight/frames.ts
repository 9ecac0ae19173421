/** Frames for tests of the insight room: descriptions as in the catalogue, and predictions from plain rows. */
import assert from 'node:assert/strict';
import type { FramePredictions, ModelDescription } from '../../src/inference';
import {
  Analysis,
  type AnalysisEvents,
  type AnalysisSettings,
  type FrameLevels,
  type TimeSeriesStep,
  type Transition,
} from '../../src/insight';

type Essentials = Pick<ModelDescription, 'name' | 'classes' | 'activation' | 'gate' | 'unknownBelow'>;

export function describeModel(essentials: Essentials): ModelDescription {
  return {
    title: essentials.name,
    description: essentials.name,
    receptiveFieldMs: 128,
    license: 'Apache-2.0',
    trainingData: 'open',
    ...essentials,
  };
}

export const speechRt = describeModel({
  name: 'speech-rt',
  classes: ['music', 'other', 'speech'],
  activation: 'softmax',
  gate: 'volume',
  unknownBelow: null,
});
export const gender = describeModel({
  name: 'gender',
  classes: ['female', 'male'],
  activation: 'softmax',
  gate: 'voice',
  unknownBelow: 0.3,
});
export const arousal = describeModel({
  name: 'arousal',
  classes: ['high', 'neutral', 'low'],
  activation: 'softmax',
  gate: 'voice',
  unknownBelow: null,
});
export const language = describeModel({
  name: 'language',
  classes: ['de', 'en', 'es', 'fr', 'it'],
  activation: 'softmax',
  gate: 'voice',
  unknownBelow: 0.4,
});
export const audioEvent = describeModel({
  name: 'audio-event',
  classes: ['nat_human_sounds', 'neg_human_sounds', 'pos_human_sounds', 'speech', 'music', 'noise'],
  activation: 'sigmoid',
  gate: 'volume',
  unknownBelow: null,
});

/** Gate rows: surely speech, surely not. */
export const SPEECH_ROW = [0.05, 0.05, 0.9];
export const MUSIC_ROW = [0.8, 0.1, 0.1];

export type Rows = Readonly<Record<string, readonly (readonly number[])[]>>;

export function predictions(rows: Rows): FramePredictions {
  const entries = Object.entries(rows);
  return {
    frameCount: entries[0]?.[1].length ?? 0,
    probabilities: new Map(entries.map(([name, frames]) => [name, Float32Array.from(frames.flat())])),
  };
}

/** Frames of square waves, whose peak is their volume. */
export function levels(volumes: Iterable<number>, filling = 0): FrameLevels {
  const values = Float32Array.from(volumes);
  return { volumes: values, peaks: values, filling };
}

/** Frames that are loud. */
export function loud(frameCount: number): FrameLevels {
  return levels(repeat(frameCount, 1));
}

export function repeat<T>(times: number, value: T): T[] {
  return Array.from({ length: times }, () => value);
}

export function settings(overrides: Partial<AnalysisSettings>): AnalysisSettings {
  return {
    models: [gender],
    outputPeriod: 64,
    includeRawValues: false,
    volumeThreshold: 0.005,
    ...overrides,
  };
}

/** Everything in one push and the end at a frame boundary. */
export function analyse(
  overrides: Partial<AnalysisSettings>,
  rows: Rows,
  options: { volumes?: readonly number[]; endSamples?: number } = {},
): AnalysisEvents & { analysis: Analysis; transitions: Record<string, Transition[]> } {
  const analysis = new Analysis(settings(overrides));
  const frames = predictions(rows);
  const volumes = options.volumes ?? repeat(frames.frameCount, 0.1);
  const pushed = analysis.push(levels(volumes), frames);
  const last = analysis.finish(options.endSamples ?? frames.frameCount * 1024);
  const ended = [...pushed.ended, ...last.ended];
  return {
    analysis,
    transitions: transitionsOf(ended),
    steps: [...pushed.steps, ...last.steps],
    begun: [...pushed.begun, ...last.begun],
    ended,
  };
}

/** Deterministic random numbers in [0, 1) (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The label of a model with classes in a step. */
export function labelOf(step: TimeSeriesStep | undefined, model: string): string | undefined {
  const result = step?.results[model];
  return result && 'result' in result ? result.result : undefined;
}

/** Transitions per model, as they stand in an answer. */
export function transitionsOf(ended: AnalysisEvents['ended']): Record<string, Transition[]> {
  const transitions: Record<string, Transition[]> = {};
  for (const { model, result, confidence, timestamp_start, timestamp_end } of ended) {
    assert.ok(timestamp_end !== null);
    (transitions[model] ??= []).push({ timestamp_start, timestamp_end, result, confidence });
  }
  return transitions;
}
