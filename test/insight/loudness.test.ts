import assert from 'node:assert/strict';
import { InvalidArgumentError } from '../../src/errors';
import { Analysis } from '../../src/insight';
import { analyse, describeModel, MUSIC_ROW, repeat, settings, speechRt } from './frames';

describe('Loudness (decision 32)', () => {
  /** Answers to frames with these volumes, at full scale 1.0. */
  function hear(volumes: readonly number[], overrides: Parameters<typeof settings>[0] = {}) {
    const rows = { 'speech-rt': repeat(volumes.length, MUSIC_ROW) };
    const how = { models: [speechRt], outputPeriod: 64 * volumes.length, loudAbove: -20, ...overrides };
    return analyse(how, rows, { volumes });
  }

  it('is told beside the models: in steps, shares, summary and transitions', () => {
    const { steps, analysis, transitions } = hear([0.1, 0.2, 0.099, 0.001]);
    assert.deepEqual(steps[0]?.results['loudness'], { result: 'loud', confidence: 1 });
    const [step] = steps;
    assert.ok(step);
    assert.deepEqual(step.results['loudness'], { result: 'loud', confidence: 1 });
    assert.deepEqual(analysis.summary()['loudness'], {
      loud_fraction: 0.5,
      quiet_fraction: 0.25,
      silence_fraction: 0.25,
    });
    assert.deepEqual(
      (transitions['loudness'] ?? []).map(({ result, timestamp_start }) => [result, timestamp_start]),
      [
        ['loud', 0],
        ['quiet', 128],
        ['silence', 192],
      ],
    );
  });

  it('is told of a bang in a long period, where that is asked for', () => {
    const { steps } = hear([...repeat(99, 0.01), 0.5], { decisions: { loudness: { period: 'any' } } });
    assert.deepEqual(steps[0]?.results['loudness'], { result: 'loud', confidence: 1 });
  });

  it('goes before silence where its level is the lower one', () => {
    assert.deepEqual(hear([0.001], { loudAbove: -65 }).steps[0]?.results['loudness'], {
      result: 'loud',
      confidence: 1,
    });
  });

  it('has no raw values, and is not told where it is not asked for', () => {
    const { steps } = hear([0.1], { includeRawValues: true });
    assert.deepEqual(steps[0]?.raw?.['loudness'], {});
    assert.equal('loudness' in (hear([0.1], { loudAbove: undefined }).steps[0]?.results ?? {}), false);
  });

  it('cannot be told beside a model of the same name', () => {
    const own = describeModel({ ...speechRt, name: 'loudness' });
    assert.throws(() => new Analysis(settings({ models: [own], loudAbove: -30 })), InvalidArgumentError);
  });
});
