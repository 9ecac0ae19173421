import assert from 'node:assert/strict';
import { Analysis, type AnalysisWarning } from '../../src/insight';
import {
  analyse,
  audioEvent,
  describeModel,
  gender,
  levels,
  MUSIC_ROW,
  predictions,
  repeat,
  settings,
  speechRt,
  SPEECH_ROW,
} from './frames';

interface Heard {
  readonly quiet: number;
  readonly loud?: number;
  readonly row?: readonly number[];
  readonly volume?: number;
  readonly threshold?: number;
}

function warningsOf({ quiet, loud = 0, row = SPEECH_ROW, volume = 0.002, threshold }: Heard) {
  const rows = [...repeat(quiet, row), ...repeat(loud, SPEECH_ROW)];
  const volumes = [...repeat(quiet, volume), ...repeat(loud, 0.1)];
  return analyse(
    { models: [speechRt], ...(threshold === undefined ? {} : { volumeThreshold: threshold }) },
    { 'speech-rt': rows },
    { volumes },
  ).analysis.warnings();
}

describe('The word about speech below the volume threshold (decision 29)', () => {
  it('is said of a second of it, with the threshold that hears it', () => {
    assert.deepEqual(warningsOf({ quiet: 16 }), [
      {
        code: 'quiet-speech',
        message:
          '1.0 of 1.0 s that sound like speech are quieter than the volume threshold (0.005) and count as silence. ' +
          'With a volume threshold of 0.0019 they are heard.',
        volumeThreshold: 0.0019,
      },
    ] satisfies AnalysisWarning[]);
    assert.deepEqual(warningsOf({ quiet: 15 }), []);
  });

  it('is said of a third of the speech, not of the quiet ends of words', () => {
    assert.equal(warningsOf({ quiet: 20, loud: 40 }).length, 1);
    assert.deepEqual(warningsOf({ quiet: 20, loud: 41 }), []);
  });

  it('is not said of what is no speech, of digital silence, nor where nothing or everything is to be silence', () => {
    assert.deepEqual(warningsOf({ quiet: 100, row: MUSIC_ROW }), []);
    assert.deepEqual(warningsOf({ quiet: 100, volume: 0 }), []);
    assert.deepEqual(warningsOf({ quiet: 100, volume: 3e-5 }), []);
    assert.deepEqual(warningsOf({ quiet: 100, threshold: 0 }), []);
    assert.deepEqual(warningsOf({ quiet: 100, threshold: 1 }), []);
  });

  it('proposes a threshold of two digits that nine in ten frames reach, whatever their volumes', () => {
    const frames = 200;
    for (const [low, high] of [
      [0.0001, 0.004],
      [0.0012, 0.0013],
      [0.00004, 0.0002],
    ] as const) {
      const volumes = Array.from({ length: frames }, (_, n) => low * (high / low) ** (n / frames));
      const analysis = new Analysis(settings({ models: [speechRt] }));
      analysis.push(levels(volumes), predictions({ 'speech-rt': repeat(frames, SPEECH_ROW) }));
      const [warning] = analysis.warnings();
      const proposed = warning?.volumeThreshold ?? 0;
      assert.match(String(proposed), /^0\.0*[1-9]\d?$/);
      assert.ok(volumes.filter((volume) => volume >= proposed).length >= 0.9 * frames, `${low}: ${proposed}`);
      assert.ok(proposed >= low / 1.2, `${low}: ${proposed}`);
    }
  });

  it('goes by the gate where it runs, else by a model that knows speech, and is silent without one', () => {
    const volumes = repeat(20, 0.002);
    const said = (models: readonly (typeof gender)[], rows: Record<string, readonly number[]>) =>
      analyse(
        { models },
        Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, repeat(20, row)])),
        { volumes },
      ).analysis.warnings().length;
    assert.equal(said([gender], { gender: [0.5, 0.5], 'speech-rt': SPEECH_ROW }), 1);
    assert.equal(said([gender], { gender: [0.5, 0.5], 'speech-rt': MUSIC_ROW }), 0);
    assert.equal(said([audioEvent], { 'audio-event': [0, 0, 0, 1, 0, 0] }), 1);
    assert.equal(
      said([audioEvent, speechRt], { 'audio-event': [0, 0, 0, 1, 0, 0], 'speech-rt': MUSIC_ROW }),
      0,
    );
    const doorbell = describeModel({ ...audioEvent, name: 'doorbell', classes: ['bell', 'other'] });
    assert.equal(said([doorbell], { doorbell: [1, 0] }), 0);
  });

  it('changes no answer', () => {
    const rows = { 'speech-rt': repeat(20, SPEECH_ROW) };
    const { steps, analysis } = analyse({ models: [speechRt] }, rows, { volumes: repeat(20, 0.002) });
    assert.ok(steps.every(({ shares }) => shares['speech-rt']?.silence === 1));
    assert.equal(analysis.summary()['speech-rt']?.silence_fraction, 1);
  });
});
