import assert from 'node:assert/strict';
import { ResultBoard, type ResultChange } from '../../src/mqtt/result-board';
import type { Publication } from '../../src/mqtt/outbox';
import { deviceNames } from '../../src/mqtt/topics';

const CLASSES: Readonly<Record<string, readonly string[]>> = {
  speech: ['silence', 'music', 'other', 'speech'],
  gender: ['female', 'male'],
};

function board(): ResultBoard {
  return new ResultBoard({
    prefix: 'deeptone',
    deviceOf: deviceNames('audio/{device}/#', undefined),
    classesOf: (model) => CLASSES[model] ?? [],
  });
}

function turn(model: string, result: string, timestampStart = 0): ResultChange {
  return { model, result, confidence: 0.9, timestampStart };
}

function lines(publications: readonly Publication[]): string[] {
  return publications
    .filter(({ topic }) => !topic.endsWith('/state'))
    .map(({ topic, payload }) => `${topic} ${payload}`);
}

function state(publications: readonly Publication[]): unknown {
  const found = publications.find(({ topic }) => topic.endsWith('/state'));
  return found && JSON.parse(found.payload);
}

const KITCHEN = 'audio/kitchen/pcm';

describe('The board of results on a broker', () => {
  it('switches one class on and the others of its model off when a model turns', () => {
    const results = board();
    assert.deepEqual(results.open(KITCHEN), {
      kind: 'shown',
      device: 'kitchen',
      publications: [{ topic: 'deeptone/kitchen/availability', payload: 'online', retain: true }],
    });
    assert.deepEqual(lines(results.change(KITCHEN, [turn('speech', 'silence')], 1)), [
      'deeptone/kitchen/speech/music OFF',
      'deeptone/kitchen/speech/other OFF',
      'deeptone/kitchen/speech/speech OFF',
      'deeptone/kitchen/speech/silence ON',
    ]);
    assert.deepEqual(lines(results.change(KITCHEN, [turn('speech', 'speech', 640)], 2)), [
      'deeptone/kitchen/speech/silence OFF',
      'deeptone/kitchen/speech/speech ON',
    ]);
  });

  it('says nothing when nothing changes', () => {
    const results = board();
    results.open(KITCHEN);
    results.change(KITCHEN, [turn('speech', 'silence')], 1);
    assert.deepEqual(results.change(KITCHEN, [turn('speech', 'silence', 64)], 2), []);
  });

  it('has one state per device with all models in it', () => {
    const results = board();
    results.open(KITCHEN);
    results.change(KITCHEN, [turn('speech', 'speech', 64)], 1);
    assert.deepEqual(state(results.change(KITCHEN, [turn('gender', 'female', 128)], 1_700)), {
      device: 'kitchen',
      stream: KITCHEN,
      timestamp: 128,
      time: 1_700,
      results: {
        speech: { result: 'speech', confidence: 0.9, since: 64 },
        gender: { result: 'female', confidence: 0.9, since: 128 },
      },
    });
  });

  it('switches off what is on when a stream ends, and says that the device is gone', () => {
    const results = board();
    results.open(KITCHEN);
    results.change(KITCHEN, [turn('speech', 'speech'), turn('gender', 'male')], 1);
    const last = results.close(KITCHEN, 5_000, 2);
    assert.deepEqual(lines(last), [
      'deeptone/kitchen/speech/speech OFF',
      'deeptone/kitchen/gender/male OFF',
      'deeptone/kitchen/availability offline',
    ]);
    assert.deepEqual(state(last), {
      device: 'kitchen',
      stream: KITCHEN,
      timestamp: 5_000,
      time: 2,
      results: {},
    });
    assert.deepEqual(results.close(KITCHEN, 5_000, 2), []);
  });

  it('can tell everything again to a broker that has forgotten it', () => {
    const results = board();
    results.open(KITCHEN);
    results.change(KITCHEN, [turn('gender', 'male')], 1);
    const all = results.all(3);
    assert.deepEqual(lines(all), [
      'deeptone/availability online',
      'deeptone/kitchen/availability online',
      'deeptone/kitchen/gender/female OFF',
      'deeptone/kitchen/gender/male ON',
    ]);
    assert.ok(all.every(({ retain }) => retain));
    assert.ok(state(all));
  });

  it('shows the first of two streams that name the same device', () => {
    const results = board();
    results.open('audio/kitchen/left');
    assert.deepEqual(results.open('audio/kitchen/right'), {
      kind: 'taken',
      device: 'kitchen',
      by: 'audio/kitchen/left',
    });
    assert.deepEqual(results.change('audio/kitchen/right', [turn('speech', 'speech')], 1), []);
    assert.deepEqual(results.close('audio/kitchen/right', 1, 1), []);
    assert.equal(results.open('garden').kind, 'unnamed');
  });

  it('keeps labels that a model finds by itself, up to a limit, and makes every label safe in a topic', () => {
    const results = board();
    results.open(KITCHEN);
    const topics = new Set<string>();
    for (let speaker = 1; speaker <= 100; speaker += 1) {
      const said = results.change(KITCHEN, [turn('speaker-map', `speaker_${speaker}`, speaker)], speaker);
      for (const { topic } of said) topics.add(topic);
    }
    assert.equal(topics.size, 64 + 1);
    assert.deepEqual(lines(results.change(KITCHEN, [turn('mine', 'a/b+c')], 1)), [
      'deeptone/kitchen/mine/a-b-c ON',
    ]);
  });

  it('knows its own topics', () => {
    assert.equal(board().owns('deeptone/kitchen/state'), true);
    assert.equal(board().owns('deeptone-audio/kitchen'), false);
  });
});
