import assert from 'node:assert/strict';
import { InferenceError } from '../../src/errors';
import { Analysis, frameVolumes } from '../../src/insight';
import {
  analyse,
  arousal,
  audioEvent,
  gender,
  labelOf,
  loud,
  MUSIC_ROW,
  predictions,
  settings,
  SPEECH_ROW,
  speechRt,
} from './frames';

const FEMALE = [0.81276, 0.18724];

function resultOf(volume: number, volumeThreshold: number, gateRow: readonly number[] = SPEECH_ROW) {
  const { steps } = analyse(
    { volumeThreshold },
    { gender: [FEMALE], 'speech-rt': [gateRow] },
    { volumes: [volume] },
  );
  return steps[0]?.results.gender;
}

describe('The volume gate (decision 5)', () => {
  it('calls a frame silence, with confidence 1, when its volume is below the threshold', () => {
    assert.deepEqual(resultOf(0.0049, 0.005), { result: 'silence', confidence: 1 });
  });

  it('does not call a frame silence when its volume equals the threshold', () => {
    assert.deepEqual(resultOf(0.005, 0.005), { result: 'female', confidence: 0.6255 });
    assert.deepEqual(resultOf(0.001, 0.001), { result: 'female', confidence: 0.6255 });
  });

  it('never says silence at threshold 0, even for digital zero', () => {
    assert.deepEqual(resultOf(0, 0), { result: 'female', confidence: 0.6255 });
  });

  it('always says silence at threshold 1, whatever the level', () => {
    assert.deepEqual(resultOf(1, 1), { result: 'silence', confidence: 1 });
    assert.deepEqual(resultOf(3.5, 1), { result: 'silence', confidence: 1 });
  });

  it('goes before the speech gate', () => {
    assert.deepEqual(resultOf(0.001, 0.005, MUSIC_ROW), { result: 'silence', confidence: 1 });
  });

  it('takes the root mean square of a frame at full scale 1', () => {
    const square = new Float32Array(1024).map((_, index) => (index % 2 === 0 ? 0.5 : -0.5));
    assert.deepEqual([...frameVolumes(square)], [0.5]);
    const sine = new Float32Array(1024).map((_, index) => Math.sin((2 * Math.PI * index) / 64));
    assert.ok(Math.abs((frameVolumes(sine)[0] ?? 0) - Math.SQRT1_2) < 1e-6);
  });

  it('counts a last partial frame as padded with zeros', () => {
    const volumes = frameVolumes(new Float32Array(1024 + 256).fill(0.5));
    assert.deepEqual([...volumes], [0.5, 0.25]);
    assert.equal(frameVolumes(new Float32Array(0)).length, 0);
  });
});

describe('The speech gate (decision 6)', () => {
  const models = [speechRt, gender, arousal, audioEvent];
  const rows = {
    'speech-rt': [[0.55, 0.2, 0.25]],
    gender: [FEMALE],
    arousal: [[0.1, 0.2, 0.7]],
    'audio-event': [[0.1, 0.7946, 0.3, 0.6, 0.2, 0.1]],
  };

  it('makes voice models say no_speech with confidence 1 - p(speech), and leaves the others alone', () => {
    const { steps } = analyse({ models }, rows);
    assert.deepEqual(steps[0]?.results, {
      'speech-rt': { result: 'music', confidence: 0.55 },
      gender: { result: 'no_speech', confidence: 0.75 },
      arousal: { result: 'no_speech', confidence: 0.75 },
      'audio-event': { result: 'neg_human_sounds', confidence: 0.7946 },
    });
  });

  it('opens where speech wins, even below one half', () => {
    const { steps } = analyse({ models: [gender] }, { gender: [FEMALE], 'speech-rt': [[0.3, 0.3, 0.4]] });
    assert.deepEqual(steps[0]?.results.gender, { result: 'female', confidence: 0.6255 });
  });

  it('works where speech-rt was not requested, and answers for the requested models alone', () => {
    const { steps } = analyse({ models: [gender] }, { gender: [FEMALE], 'speech-rt': [MUSIC_ROW] });
    assert.deepEqual(steps[0]?.results, { gender: { result: 'no_speech', confidence: 0.9 } });
  });

  it('follows the classes of a speech-rt of two classes', () => {
    const { steps } = analyse(
      { models: [gender], gate: { name: 'speech-rt', classes: ['speech', 'no-speech'] } },
      { gender: [FEMALE], 'speech-rt': [[0.1, 0.9]] },
    );
    assert.deepEqual(steps[0]?.results.gender, { result: 'no_speech', confidence: 0.9 });
  });

  it('is a gate of its own where there is one: open from one probability on, until it falls below the other', () => {
    const gate = { name: '@gate', openAbove: 0.6, closeBelow: 0.4 };
    const rows = [0.59, 0.6, 0.45, 0.4, 0.39, 0.5, 0.7].map((p) => [p]);
    const { steps } = analyse(
      { models: [gender], gate },
      { gender: rows.map(() => FEMALE), '@gate': rows },
      { volumes: rows.map(() => 0.1) },
    );
    assert.deepEqual(
      steps.map((step) => labelOf(step, 'gender')),
      ['no_speech', 'female', 'female', 'female', 'no_speech', 'no_speech', 'female'],
    );
    assert.deepEqual(steps[0]?.results.gender, { result: 'no_speech', confidence: 0.41 });
  });

  it('stays open from one push to the next', () => {
    const gate = { name: '@gate', openAbove: 0.6, closeBelow: 0.4 };
    const analysis = new Analysis(settings({ models: [gender], gate }));
    const labels = [0.9, 0.5].map((p) => {
      const { steps } = analysis.push(loud(1), predictions({ gender: [FEMALE], '@gate': [[p]] }));
      return labelOf(steps[0], 'gender');
    });
    assert.deepEqual(labels, ['female', 'female']);
  });

  it('leaves an answer of speech-rt alone where the engine has a gate of its own', () => {
    const gate = { name: '@gate', openAbove: 0.5, closeBelow: 0.5 };
    const { steps } = analyse(
      { models: [speechRt, gender], gate },
      { 'speech-rt': [SPEECH_ROW], gender: [FEMALE], '@gate': [[0.1]] },
    );
    assert.equal(labelOf(steps[0], 'speech-rt'), 'speech');
    assert.deepEqual(steps[0]?.results.gender, { result: 'no_speech', confidence: 0.9 });
  });

  it('needs no gate where volume alone decides', () => {
    const { steps } = analyse({ models: [audioEvent] }, { 'audio-event': rows['audio-event'] });
    assert.equal(labelOf(steps[0], 'audio-event'), 'neg_human_sounds');
  });

  it('says so when the engine did not give the frames of the gate', () => {
    assert.throws(() => analyse({ models: [gender] }, { gender: [FEMALE] }), InferenceError);
  });
});

describe('What an engine must give', () => {
  const two = predictions({ gender: [FEMALE, FEMALE], 'speech-rt': [SPEECH_ROW, SPEECH_ROW] });

  it('is one volume per frame', () => {
    assert.throws(() => new Analysis(settings({})).push(loud(3), two), InferenceError);
  });

  it('is every requested model, with a probability for every class of every frame', () => {
    const analysis = new Analysis(settings({ models: [gender, arousal] }));
    assert.throws(() => analysis.push(loud(2), two), /"arousal"/);
    const short = {
      frameCount: 2,
      probabilities: new Map(two.probabilities).set('gender', new Float32Array(3)),
    };
    assert.throws(() => new Analysis(settings({})).push(loud(2), short), /4 are expected/);
  });

  it('is numbers', () => {
    assert.throws(() => analyse({}, { gender: [[NaN, NaN]], 'speech-rt': [SPEECH_ROW] }), /not a number/);
  });
});
