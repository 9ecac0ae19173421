import assert from 'node:assert/strict';
import { InferenceError } from '../../../src/errors';
import { Analysis } from '../../../src/insight';
import type { ModelDescription } from '../../../src/inference';
import {
  analyse,
  describeModel,
  gender,
  loud,
  MUSIC_ROW,
  predictions,
  randomNumbers,
  repeat,
  settings,
  SPEECH_ROW,
  transitionsOf,
} from '../frames';
import { conversation, EASY, EMBEDDING_SIZE, VoiceWorld } from '../voices';

const speakerMap: ModelDescription = {
  ...describeModel({
    name: 'speaker-map',
    classes: [],
    activation: 'embedding',
    gate: 'voice',
    unknownBelow: 0,
  }),
  clustering: {
    pieceFrames: 1,
    groupEvery: 1,
    confirmFrames: 2,
    fewFrames: 0,
    keepNumber: 0,
    pauseFrames: 1,
    switchEvidence: 0,
  },
};

const ANNA = [1, 0, 0];
const BEN = [0, 1, 0];
const models = [speakerMap];

function map(
  embeddings: number[][],
  overrides: { outputPeriod?: number | null; raw?: boolean; speech?: number[][]; volumes?: number[] } = {},
) {
  return analyse(
    { models, outputPeriod: overrides.outputPeriod ?? 256, includeRawValues: overrides.raw ?? false },
    { 'speaker-map': embeddings, 'speech-rt': overrides.speech ?? repeat(embeddings.length, SPEECH_ROW) },
    { volumes: overrides.volumes },
  );
}

describe('The speaker map (decision 14)', () => {
  it('gives the speaker of most frames and the number of speakers of each period', () => {
    const { steps } = map([
      ...repeat(5, ANNA),
      ...repeat(3, BEN),
      ...repeat(4, BEN),
      ANNA,
      ...repeat(3, BEN),
    ]);
    assert.deepEqual(
      steps.map((step) => step.results['speaker-map']),
      [
        { speaker_top: 'speaker_1', speaker_count: 1 },
        { speaker_top: 'speaker_2', speaker_count: 2 },
        { speaker_top: 'speaker_2', speaker_count: 1 },
        { speaker_top: 'speaker_2', speaker_count: 2 },
      ],
    );
  });

  it('says unknown until a voice is a speaker, and never revises it', () => {
    const { transitions } = map([ANNA, ANNA, BEN, BEN, BEN]);
    assert.deepEqual(transitions['speaker-map'], [
      { timestamp_start: 0, timestamp_end: 64, result: 'unknown', confidence: 0 },
      { timestamp_start: 64, timestamp_end: 128, result: 'speaker_1', confidence: 1 },
      { timestamp_start: 128, timestamp_end: 192, result: 'unknown', confidence: 0 },
      { timestamp_start: 192, timestamp_end: 320, result: 'speaker_2', confidence: 1 },
    ]);
  });

  it('says silence and no_speech as the gate does, and no speaker where nobody speaks', () => {
    const { steps, analysis, transitions } = map(repeat(8, ANNA), {
      outputPeriod: 128,
      volumes: [0, 0, 1, 1, 1, 1, 1, 1],
      speech: [...repeat(2, SPEECH_ROW), ...repeat(2, MUSIC_ROW), ...repeat(4, SPEECH_ROW)],
    });
    assert.deepEqual(
      steps.map((step) => step.results['speaker-map']),
      [
        { speaker_top: 'silence', speaker_count: 0 },
        { speaker_top: 'no_speech', speaker_count: 0 },
        { speaker_top: 'speaker_1', speaker_count: 1 },
        { speaker_top: 'speaker_1', speaker_count: 1 },
      ],
    );
    assert.deepEqual(analysis.summary(), {
      'speaker-map': {
        speaker_count: 1,
        speaker_1_fraction: 0.375,
        unknown_fraction: 0.125,
        no_speech_fraction: 0.25,
        silence_fraction: 0.25,
      },
      level: { mean: -1.2, peak: 0 },
    });
    assert.deepEqual(
      transitions['speaker-map']?.map(({ result, confidence }) => [result, confidence]),
      [
        ['silence', 1],
        ['no_speech', 0.9],
        ['unknown', 0],
        ['speaker_1', 1],
      ],
    );
  });

  it('summarises what it heard before anyone spoke', () => {
    const analysis = new Analysis(settings({ models }));
    assert.deepEqual(analysis.summary()['speaker-map'], {
      speaker_count: 0,
      unknown_fraction: 0,
      no_speech_fraction: 0,
      silence_fraction: 0,
    });
  });

  it('carries the similarity of the period to every speaker known by its end', () => {
    const { steps } = map([...repeat(4, ANNA), ANNA, ANNA, ANNA, BEN, ...repeat(4, BEN)], { raw: true });
    assert.deepEqual(steps[0]?.raw, { 'speaker-map': { speaker_1: 1 } });
    // Mean of three times ANNA and once BEN: 3 / sqrt(10).
    assert.deepEqual(steps[1]?.raw, { 'speaker-map': { speaker_1: 0.9487 } });
    assert.deepEqual(steps[2]?.raw, { 'speaker-map': { speaker_1: 0, speaker_2: 1 } });
  });

  it('gives a tie to the speaker who appeared first', () => {
    const { steps } = map([...repeat(2, ANNA), ...repeat(2, BEN), BEN, ANNA, BEN, ANNA]);
    assert.deepEqual(steps[1]?.results['speaker-map'], { speaker_top: 'speaker_1', speaker_count: 2 });
  });

  it('calls a voice unknown that is nearest to a speaker but not near enough for the model', () => {
    const strict = { ...speakerMap, unknownBelow: 0.9 };
    const { transitions } = analyse(
      { models: [strict] },
      { 'speaker-map': [ANNA, ANNA, [0.8, 0.6, 0]], 'speech-rt': repeat(3, SPEECH_ROW) },
    );
    assert.deepEqual(transitions['speaker-map']?.at(-1), {
      timestamp_start: 128,
      timestamp_end: 192,
      result: 'unknown',
      confidence: 0.8,
    });
  });

  it('keeps its memory and its summary bounded when there is no room for more speakers', () => {
    const crowded = {
      ...speakerMap,
      clustering: { ...speakerMap.clustering, maxSpeakers: 2, forgetFrames: 4 },
    };
    const axes = Array.from({ length: 8 }, (_, axis) =>
      Array.from({ length: 8 }, (_value, index) => Number(axis === index)),
    );
    const embeddings = axes.flatMap((axis) => repeat(8, axis));
    const { analysis, steps } = analyse(
      { models: [crowded], outputPeriod: 256 },
      { 'speaker-map': embeddings, 'speech-rt': repeat(64, SPEECH_ROW) },
    );
    assert.deepEqual(steps.at(-1)?.results['speaker-map'], { speaker_top: 'speaker_8', speaker_count: 1 });
    const summary = analysis.summary()['speaker-map'] ?? {};
    assert.deepEqual(Object.keys(summary), [
      'speaker_count',
      'speaker_7_fraction',
      'speaker_8_fraction',
      'unknown_fraction',
      'no_speech_fraction',
      'silence_fraction',
    ]);
    assert.equal(summary.speaker_count, 2);
    assert.equal(summary.speaker_8_fraction, 0.1094);
  });

  it('gives the same answers whatever the size of the pieces (decision 13)', () => {
    const model = { ...speakerMap, clustering: {} };
    const world = new VoiceWorld(44, EASY);
    const frames = conversation(44, 3, 10).flatMap(([voice, length]) =>
      Array.from({ length }, () => ({
        embedding: [...world.frame(voice)],
        gate: voice === null ? MUSIC_ROW : SPEECH_ROW,
      })),
    );
    const runWith = (sizes: () => number) => {
      const analysis = new Analysis(
        settings({ models: [model, gender], outputPeriod: 320, includeRawValues: true }),
      );
      const steps = [];
      const ended = [];
      for (let from = 0; from < frames.length;) {
        const piece = frames.slice(from, from + sizes());
        from += piece.length;
        const rows = {
          'speaker-map': piece.map(({ embedding }) => embedding),
          'speech-rt': piece.map(({ gate }) => gate),
          gender: repeat(piece.length, [0.9, 0.1]),
        };
        const events = analysis.push(loud(piece.length), predictions(rows));
        steps.push(...events.steps);
        ended.push(...events.ended);
      }
      const last = analysis.finish(frames.length * 1024);
      steps.push(...last.steps);
      ended.push(...last.ended);
      return { steps, summary: analysis.summary(), transitions: transitionsOf(ended) };
    };
    const random = randomNumbers(1);
    const whole = runWith(() => Infinity);
    assert.deepEqual(
      runWith(() => 1),
      whole,
    );
    assert.deepEqual(
      runWith(() => 1 + Math.floor(random() * 30)),
      whole,
    );
    assert.equal(whole.summary['speaker-map']?.speaker_count, 3);
    assert.equal(EMBEDDING_SIZE, frames[0]?.embedding.length);
  });

  it('says so when the engine gives values that are no embeddings', () => {
    assert.throws(() => map([[NaN, 0, 0]]), InferenceError);
    const uneven = {
      frameCount: 2,
      probabilities: new Map([
        ['speaker-map', new Float32Array(3)],
        ['speech-rt', new Float32Array(6)],
      ]),
    };
    assert.throws(() => new Analysis(settings({ models })).push(loud(2), uneven), InferenceError);
  });
});
