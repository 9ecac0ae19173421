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

  describe('with the level of each period', () => {
    const level = (mean: number, peak = mean + 10) => ({ mean, peak });
    const levelIn = (publications: readonly Publication[]) =>
      (state(publications) as { level?: unknown } | undefined)?.level;

    it('has it in the next state', () => {
      const results = board();
      results.open(KITCHEN);
      results.change(KITCHEN, [turn('speech', 'silence')], 1);
      results.heard(KITCHEN, level(-60), 0, 2);
      results.heard(KITCHEN, level(-59), 1_024, 3);
      assert.deepEqual(levelIn(results.change(KITCHEN, [turn('speech', 'speech', 2_048)], 4)), level(-59));
      assert.deepEqual(levelIn(results.all(5)), level(-59));
    });

    it('tells the first one, and one that differs by 3 dB, with the results as they stand', () => {
      const results = board();
      results.open(KITCHEN);
      results.change(KITCHEN, [turn('speech', 'silence', 64)], 1);
      assert.deepEqual(state(results.heard(KITCHEN, level(-60), 0, 1_024)), {
        device: 'kitchen',
        stream: KITCHEN,
        timestamp: 64,
        time: 1_024,
        results: { speech: { result: 'silence', confidence: 0.9, since: 64 } },
        level: level(-60),
      });
      assert.deepEqual(results.heard(KITCHEN, level(-62.9), 1_024, 2_048), []);
      assert.deepEqual(levelIn(results.heard(KITCHEN, level(-63), 2_048, 3_072)), level(-63));
      assert.deepEqual(levelIn(results.heard(KITCHEN, level(-63, -20), 3_072, 4_096)), level(-63, -20));
    });

    it('does so once a second at most, however short the periods are, and then as it is', () => {
      const results = board();
      results.open(KITCHEN);
      const told = Array.from({ length: 40 }, (_, n) =>
        results.heard(KITCHEN, level(n % 2 === 0 ? -20 : -50 + n), n * 64, n),
      );
      const times = told.flatMap((publications, n) => (publications.length > 0 ? [n * 64] : []));
      assert.equal(times[0], 0);
      times.slice(1).forEach((time, n) => {
        assert.ok(time - (times[n] ?? 0) >= 1_000, times.join());
      });
      assert.equal(times.length, 3);
    });

    it('has none of a stream that is not shown, nor in the last words of a device', () => {
      const results = board();
      assert.deepEqual(results.heard(KITCHEN, level(-20), 0, 1), []);
      results.open(KITCHEN);
      results.heard(KITCHEN, level(-20), 0, 1);
      assert.equal(levelIn(results.close(KITCHEN, 1_024, 2)), undefined);
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
