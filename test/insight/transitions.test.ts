import assert from 'node:assert/strict';
import { ClosedError } from '../../src/errors';
import { Analysis } from '../../src/insight';
import {
  analyse,
  arousal,
  gender,
  loud,
  MUSIC_ROW,
  predictions,
  repeat,
  settings,
  SPEECH_ROW,
} from './frames';

const FEMALE = [0.9, 0.1];
const MALE = [0.2, 0.8];

describe('Transitions (decision 11)', () => {
  it('are runs of equal frame labels with the mean confidence, contiguous from 0 to the end', () => {
    const { transitions } = analyse(
      { outputPeriod: 1024 },
      {
        gender: [FEMALE, [0.7, 0.3], MALE, MALE, MALE],
        'speech-rt': [SPEECH_ROW, SPEECH_ROW, SPEECH_ROW, MUSIC_ROW, SPEECH_ROW],
      },
    );
    assert.deepEqual(transitions, {
      gender: [
        { timestamp_start: 0, timestamp_end: 128, result: 'female', confidence: 0.6 },
        { timestamp_start: 128, timestamp_end: 192, result: 'male', confidence: 0.6 },
        { timestamp_start: 192, timestamp_end: 256, result: 'no_speech', confidence: 0.9 },
        { timestamp_start: 256, timestamp_end: 320, result: 'male', confidence: 0.6 },
      ],
    });
  });

  it('end at the true end of the audio, rounded to a millisecond, not at the padded one (decision 4)', () => {
    const rows = { gender: [FEMALE, FEMALE], 'speech-rt': repeat(2, SPEECH_ROW) };
    const end = (endSamples: number) =>
      analyse({}, rows, { endSamples }).transitions.gender?.[0]?.timestamp_end;
    assert.equal(end(2048), 128);
    assert.equal(end(1600), 100);
    assert.equal(end(1607), 100);
    assert.equal(end(1608), 101);
    assert.equal(end(1032), 65);
  });

  it('do not depend on the output period', () => {
    const rows = { gender: [FEMALE, MALE, MALE, FEMALE], 'speech-rt': repeat(4, SPEECH_ROW) };
    const [fine, whole] = [64, null].map((outputPeriod) => analyse({ outputPeriod }, rows).transitions);
    assert.deepEqual(fine, whole);
  });

  it('come as events the moment they begin and end', () => {
    const analysis = new Analysis(settings({}));
    const push = (row: number[]) =>
      analysis.push(loud(1), predictions({ gender: [row], 'speech-rt': [SPEECH_ROW] }));
    const first = { model: 'gender', result: 'female', previous: null, timestamp_start: 0 };
    assert.deepEqual(push(FEMALE).begun, [{ ...first, confidence: 0.8, timestamp_end: null }]);
    assert.deepEqual(push([0.7, 0.3]), { steps: [step(64, 'female', 0.4)], begun: [], ended: [] });
    const second = push(MALE);
    assert.deepEqual(second.ended, [{ ...first, confidence: 0.6, timestamp_end: 128 }]);
    const male = { model: 'gender', result: 'male', previous: 'female', timestamp_start: 128 };
    assert.deepEqual(second.begun, [{ ...male, confidence: 0.6, timestamp_end: null }]);
    const end = analysis.finish(2049);
    assert.deepEqual(end.ended, [{ ...male, confidence: 0.6, timestamp_end: 128 }]);
  });

  it('of several models come in order of time', () => {
    const { ended, begun } = analyse(
      { models: [gender, arousal] },
      {
        gender: [FEMALE, FEMALE, MALE, MALE],
        arousal: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 1, 0],
          [1, 0, 0],
        ],
        'speech-rt': repeat(4, SPEECH_ROW),
      },
    );
    assert.deepEqual(
      ended.map((event) => [event.model, event.timestamp_end]),
      [
        ['arousal', 64],
        ['gender', 128],
        ['arousal', 192],
        ['gender', 256],
        ['arousal', 256],
      ],
    );
    assert.deepEqual(
      begun.map((event) => event.timestamp_start),
      [0, 0, 64, 128, 192],
    );
  });

  it('stay exact after a month of audio', () => {
    const analysis = new Analysis(settings({ outputPeriod: 64 * 1000 }));
    const block = 1_000_000;
    const volumes = new Float32Array(block);
    const silence = {
      frameCount: block,
      probabilities: new Map([
        ['gender', new Float32Array(2 * block)],
        ['speech-rt', new Float32Array(3 * block)],
      ]),
    };
    let last = 0;
    // 40 million frames = 29.6 days, beyond 2^31 milliseconds.
    for (let pushes = 0; pushes < 40; pushes += 1) {
      last = analysis.push({ volumes, peaks: volumes }, silence).steps.at(-1)?.timestamp ?? -1;
    }
    assert.equal(last, 40_000_000 * 64 - 64_000);
    const [ended] = analysis.finish(40_000_000 * 1024 - 8).ended;
    assert.equal(ended?.timestamp_end, 2_560_000_000);
    assert.equal(ended.confidence, 1);
    assert.ok(last > 2 ** 31);
  });

  it('end once: after the end an analysis takes no more frames', () => {
    const { analysis } = analyse({}, { gender: [FEMALE], 'speech-rt': [SPEECH_ROW] });
    assert.deepEqual(analysis.finish(1024), { steps: [], begun: [], ended: [] });
    assert.throws(
      () => analysis.push(loud(1), predictions({ gender: [FEMALE], 'speech-rt': [SPEECH_ROW] })),
      ClosedError,
    );
  });
});

function step(timestamp: number, result: string, confidence: number) {
  const shares = { gender: { [result]: 1 } };
  return { timestamp, results: { gender: { result, confidence } }, shares, level: { mean: 0, peak: 0 } };
}
