import assert from 'node:assert/strict';
import { InvalidArgumentError } from '../../src/errors';
import { Analysis } from '../../src/insight';
import {
  analyse,
  arousal,
  audioEvent,
  gender,
  labelOf,
  loud,
  MUSIC_ROW,
  predictions,
  repeat,
  settings,
  SPEECH_ROW,
} from './frames';

const SURE_FEMALE = [0.9, 0.1];

describe('A period (decision 9)', () => {
  it('has the label of most frames and the mean confidence of those frames alone', () => {
    const { steps } = analyse(
      { outputPeriod: 256 },
      {
        gender: [
          [0.9, 0.1],
          [0.8, 0.2],
          [0.01, 0.99],
          [0.7, 0.3],
        ],
        'speech-rt': repeat(4, SPEECH_ROW),
      },
    );
    // (0.8 + 0.6 + 0.4) / 3
    assert.equal(steps.length, 1);
    assert.deepEqual(steps[0]?.results, { gender: { result: 'female', confidence: 0.6 } });
    assert.deepEqual(steps[0].shares, { gender: { female: 0.75, male: 0.25 } });
  });

  it('goes in a tie to the label with the higher summed confidence', () => {
    const { steps } = analyse(
      { models: [arousal], outputPeriod: 256 },
      {
        arousal: [
          [0.5, 0.4, 0.1],
          [0.1, 0.1, 0.8],
          [0.5, 0.4, 0.1],
          [0.2, 0.2, 0.6],
        ],
        'speech-rt': repeat(4, SPEECH_ROW),
      },
    );
    assert.deepEqual(steps[0]?.results.arousal, { result: 'low', confidence: 0.7 });
  });

  it('goes in a tie of both to the class that the manifest lists first', () => {
    const { steps } = analyse(
      { models: [arousal], outputPeriod: 128 },
      {
        arousal: [
          [0.25, 0.25, 0.5],
          [0.25, 0.5, 0.25],
        ],
        'speech-rt': repeat(2, SPEECH_ROW),
      },
    );
    assert.deepEqual(steps[0]?.results.arousal, { result: 'neutral', confidence: 0.5 });
  });

  it('puts the gate labels behind the classes in that order: unknown, no_speech, silence', () => {
    const top = (gate: number[][], rows: number[][], volumes: number[]) => {
      const models = [{ ...gender, unknownBelow: 0.75 }];
      const frames = { gender: rows, 'speech-rt': gate };
      return labelOf(analyse({ models, outputPeriod: 128 }, frames, { volumes }).steps[0], 'gender');
    };
    const surelyMusic = [1, 0, 0];
    const halfSpeech = [0.5, 0, 0.5];
    const halfFemale = [0.75, 0.25];
    const surelyFemale = [1, 0];
    // Each pair has the same confidence twice; the one that comes first in the order is second in time.
    assert.equal(top([surelyMusic, SPEECH_ROW], [surelyFemale, surelyFemale], [1, 1]), 'female');
    assert.equal(top([halfSpeech, SPEECH_ROW], [surelyFemale, halfFemale], [1, 1]), 'unknown');
    assert.equal(top([SPEECH_ROW, surelyMusic], [surelyFemale, surelyFemale], [0, 1]), 'no_speech');
  });

  it('carries the mean of the model over all its frames, gated or not, and no gate classes', () => {
    const { steps } = analyse(
      { models: [gender], outputPeriod: 256, includeRawValues: true },
      {
        gender: [
          [0.1, 0.9],
          [0.2, 0.8],
          [0.3, 0.7],
          [0.8, 0.2],
        ],
        'speech-rt': [SPEECH_ROW, MUSIC_ROW, MUSIC_ROW, MUSIC_ROW],
      },
      { volumes: [0.1, 0, 0.1, 0.1] },
    );
    assert.deepEqual(steps, [
      {
        timestamp: 0,
        results: { gender: { result: 'no_speech', confidence: 0.9 } },
        shares: { gender: { male: 0.25, no_speech: 0.5, silence: 0.25 } },
        level: { mean: -21.2, peak: -20 },
        raw: { gender: { female: 0.35, male: 0.65 } },
      },
    ]);
  });

  it('carries six independent values for audio-event', () => {
    const { steps } = analyse(
      { models: [audioEvent], outputPeriod: 128, includeRawValues: true },
      {
        'audio-event': [
          [0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
          [0.7, 0.8, 0.9, 0.6, 0.5, 0.2],
        ],
      },
    );
    assert.deepEqual(steps[0]?.raw?.['audio-event'], {
      nat_human_sounds: 0.8,
      neg_human_sounds: 0.8,
      pos_human_sounds: 0.8,
      speech: 0.6,
      music: 0.5,
      noise: 0.3,
    });
  });
});

describe('The series of periods (decisions 2 and 4)', () => {
  const rowsOf = (frames: number) => ({
    gender: repeat(frames, SURE_FEMALE),
    'speech-rt': repeat(frames, SPEECH_ROW),
  });

  it('starts at 0, is stamped with the start of each window, and ends with the partial one', () => {
    const { steps } = analyse({ outputPeriod: 192 }, rowsOf(7));
    assert.deepEqual(
      steps.map((step) => step.timestamp),
      [0, 192, 384],
    );
  });

  it('gives a step with the frame that completes it, not later', () => {
    const analysis = new Analysis(settings({ outputPeriod: 128 }));
    const push = (frames: number) => analysis.push(loud(frames), predictions(rowsOf(frames))).steps.length;
    assert.deepEqual([push(1), push(1), push(5)], [0, 1, 2]);
    assert.equal(analysis.finish(7 * 1024).steps.length, 1);
  });

  it('is one period for everything where there is no output period', () => {
    const { steps } = analyse({ outputPeriod: null }, rowsOf(40));
    assert.equal(steps.length, 1);
    assert.deepEqual(steps[0]?.results, { gender: { result: 'female', confidence: 0.8 } });
  });

  it('gives nothing where there was no frame', () => {
    const analysis = new Analysis(settings({}));
    assert.deepEqual(analysis.finish(0), { steps: [], begun: [], ended: [] });
  });

  it('keeps the models in the order in which they were asked for', () => {
    const { steps } = analyse(
      { models: [audioEvent, gender, arousal] },
      { ...rowsOf(1), arousal: [[0.1, 0.2, 0.7]], 'audio-event': [[0, 0, 0, 0, 0, 1]] },
    );
    assert.deepEqual(Object.keys(steps[0]?.results ?? {}), ['audio-event', 'gender', 'arousal']);
  });

  it('refuses an output period that is not a positive multiple of 64', () => {
    for (const outputPeriod of [0, -64, 100, 63.9, NaN]) {
      assert.throws(() => new Analysis(settings({ outputPeriod })), InvalidArgumentError);
    }
  });
});
