import assert from 'node:assert/strict';
import { Analysis } from '../../src/insight';
import { roundedShares, round4 } from '../../src/insight/rounding';
import {
  analyse,
  audioEvent,
  levels,
  MUSIC_ROW,
  predictions,
  randomNumbers,
  repeat,
  settings,
  SPEECH_ROW,
} from './frames';

describe('The summary (decision 10)', () => {
  it('is the share of frames per label, with every class and gate label present', () => {
    const { analysis } = analyse(
      { outputPeriod: 512 },
      { gender: repeat(8, [0.9, 0.1]), 'speech-rt': [...repeat(6, SPEECH_ROW), ...repeat(2, MUSIC_ROW)] },
      { volumes: [0, 1, 1, 1, 1, 1, 1, 1] },
    );
    assert.deepEqual(analysis.summary(), {
      gender: {
        female_fraction: 0.625,
        male_fraction: 0,
        unknown_fraction: 0,
        no_speech_fraction: 0.25,
        silence_fraction: 0.125,
      },
      level: { mean: -0.6, peak: 0 },
    });
  });

  it('lists only the gate labels that a model can have', () => {
    const { analysis } = analyse({ models: [audioEvent] }, { 'audio-event': [[1, 0, 0, 0, 0, 0]] });
    assert.deepEqual(Object.keys(analysis.summary()['audio-event'] ?? {}), [
      'nat_human_sounds_fraction',
      'neg_human_sounds_fraction',
      'pos_human_sounds_fraction',
      'speech_fraction',
      'music_fraction',
      'noise_fraction',
      'silence_fraction',
    ]);
  });

  it('is there while the audio goes on, and all zero before its first frame', () => {
    const analysis = new Analysis(settings({ models: [audioEvent] }));
    assert.equal(analysis.summary()['audio-event']?.noise_fraction, 0);
    analysis.push(levels([1, 0]), predictions({ 'audio-event': repeat(2, [0, 0, 0, 0, 0, 1]) }));
    assert.equal(analysis.summary()['audio-event']?.noise_fraction, 0.5);
  });

  it('gives a class of a user model that is named like a gate label one share, not two', () => {
    const model = { ...audioEvent, name: 'doorbell', classes: ['bell', 'silence'] };
    const { analysis } = analyse(
      { models: [model] },
      {
        doorbell: [
          [1, 0],
          [0, 1],
          [0, 1],
          [1, 0],
        ],
      },
      { volumes: [1, 1, 1, 0] },
    );
    assert.deepEqual(analysis.summary().doorbell, { bell_fraction: 0.25, silence_fraction: 0.75 });
  });
});

describe('Shares in 4 decimals', () => {
  it('give the missing ten-thousandths to the largest remainders, the earlier of equals first', () => {
    assert.deepEqual(roundedShares([1, 1, 1]), [0.3334, 0.3333, 0.3333]);
    assert.deepEqual(roundedShares([2, 2, 3]), [0.2857, 0.2857, 0.4286]);
    assert.deepEqual(roundedShares([0, 5, 0]), [0, 1, 0]);
  });

  it('are the published language example: 47, 3, 0, 2, 0, 35 and 12 of 99', () => {
    assert.deepEqual(roundedShares([47, 3, 0, 2, 0, 35, 12]), [0.4748, 0.0303, 0, 0.0202, 0, 0.3535, 0.1212]);
  });

  it('sum to exactly 1 for any counts, each within 0.0001 of the truth', () => {
    const random = randomNumbers(7);
    for (let trial = 0; trial < 2000; trial += 1) {
      const scale = 10 ** Math.floor(random() * 10);
      const counts = Array.from({ length: 1 + Math.floor(random() * 9) }, () => Math.floor(random() * scale));
      const total = counts.reduce((sum, count) => sum + count, 0);
      if (total === 0) continue;
      const shares = roundedShares(counts);
      const units = shares.map((share) => Math.round(share * 10_000));
      assert.equal(
        units.reduce((sum, unit) => sum + unit, 0),
        10_000,
      );
      shares.forEach((share, index) => {
        assert.equal(share, round4(share));
        assert.ok(Math.abs(share - (counts[index] ?? 0) / total) < 1e-4);
      });
    }
  });
});
