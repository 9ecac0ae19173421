import assert from 'node:assert/strict';
import { RecordBudget, StreamRecord, WatchedStreams } from '../../../nodes/watch';
import type { LiveEvent, ModelResults, StreamFacts, TimeSeriesStep } from '../../../src';

const MODELS = ['speech', 'speaker-map'];

function step(timestamp: number, label: string, speaker: string, mean = -30): TimeSeriesStep {
  const results = {
    speech: { result: label, confidence: 1 },
    'speaker-map': { speaker_top: speaker, speaker_count: 1 },
  } as ModelResults;
  return { timestamp, results, shares: {}, level: { mean, peak: mean + 6 } };
}

function opened(outputPeriod: number, budget = new RecordBudget()): StreamRecord {
  return StreamRecord.open(MODELS, outputPeriod, budget) ?? assert.fail('There is room.');
}

function phasesOf(record: StreamRecord, model = 0): readonly object[] {
  return record.timeline.models[model]?.phases ?? [];
}

function event(key: string, told: object, models: readonly string[] = MODELS): LiveEvent {
  const facts = { receivedMs: 0, lagMs: 0, speed: 10, droppedMs: 0, gaps: 0, gapMs: 0 };
  const stream: StreamFacts = { key, models, outputPeriod: 1_000, ...facts };
  return { ...told, stream, context: undefined } as LiveEvent;
}

describe('The last two minutes of a stream', () => {
  it('are phases per model and levels, the latest audio last', () => {
    const record = opened(1_000);
    for (const [index, label] of ['music', 'music', 'speech'].entries()) {
      record.hear(step(index * 1_000, label, label === 'music' ? 'no_speech' : 'anna', -30 - index));
    }
    const { slotMs, slots, shift, models, level } = record.timeline;
    assert.deepEqual([slotMs, slots, shift], [1_000, 120, -117]);
    assert.deepEqual(models, [
      {
        name: 'speech',
        phases: [
          { from: 117, to: 119, label: 'music' },
          { from: 119, to: 120, label: 'speech' },
        ],
      },
      {
        name: 'speaker-map',
        phases: [
          { from: 117, to: 119, label: 'no_speech' },
          { from: 119, to: 120, label: 'anna' },
        ],
      },
    ]);
    assert.deepEqual(level.slice(-4), [null, -30, -31, -32]);
  });

  it('have a place for each 256 ms where steps are shorter, with the loudest of them', () => {
    const record = opened(64);
    for (let at = 0; at < 512; at += 64) record.hear(step(at, 'speech', 'anna', at === 64 ? -6 : -60));
    const { slotMs, slots, level, models } = record.timeline;
    assert.deepEqual([slotMs, slots], [256, 469]);
    assert.deepEqual(level.slice(-2), [-6, -60]);
    assert.deepEqual(models[0]?.phases, [{ from: 467, to: 469, label: 'speech' }]);
  });

  it('forget what is older, and what comes from before it', () => {
    const record = opened(1_000);
    for (let at = 0; at < 500; at++) record.hear(step(at * 1_000, at < 400 ? 'music' : 'speech', 'anna'));
    record.hear(step(0, 'other', 'bert'));
    assert.deepEqual(phasesOf(record), [
      { from: 0, to: 20, label: 'music' },
      { from: 20, to: 120, label: 'speech' },
    ]);
  });

  it('are empty where nothing came for long, and marked where audio is missing', () => {
    const record = opened(1_000);
    record.hear(step(0, 'music', 'anna'));
    record.lost(1_000);
    record.hear(step(5_000, 'speech', 'anna'));
    assert.deepEqual(phasesOf(record), [
      { from: 114, to: 115, label: 'music' },
      { from: 119, to: 120, label: 'speech' },
    ]);
    assert.deepEqual(record.timeline.lost, [115]);
    record.hear(step(1e9, 'other', 'anna'));
    assert.deepEqual(phasesOf(record), [{ from: 119, to: 120, label: 'other' }]);
    assert.deepEqual(record.timeline.lost, []);
  });

  it('tell more speakers apart than a byte can count, if not all in two minutes', () => {
    const record = opened(1_000);
    for (let at = 0; at < 2_000; at++) record.hear(step(at * 1_000, 'speech', `speaker_${at}`));
    const labels = record.timeline.models[1]?.phases.map(({ label }) => label);
    assert.deepEqual(
      labels,
      Array.from({ length: 120 }, (_, index) => `speaker_${1_880 + index}`),
    );
  });

  it('do not mind times that are none', () => {
    const record = opened(1_000);
    for (const at of [NaN, Infinity, -1e6]) record.hear(step(at, 'speech', 'anna'));
    record.hear(step(0, 'speech', 'anna'));
    assert.deepEqual(phasesOf(record), [{ from: 119, to: 120, label: 'speech' }]);
  });
});

describe('The streams of a node as they are watched', () => {
  it('take no more bytes than there are, and give them back', () => {
    const budget = new RecordBudget(2 * 3 * 120);
    let open = ['a', 'b', 'c'];
    const streams = new WatchedStreams(() => open, budget);
    for (const key of open) streams.hear(event(key, { kind: 'step', step: step(0, 'speech', 'anna') }));
    const kept = (): (boolean | undefined)[] =>
      streams.list('', 9).streams.map(({ id }) => streams.timelineOf(id)?.timeline !== null);
    assert.deepEqual(kept(), [true, true, false]);
    assert.deepEqual(
      streams.list('', 9).streams.map(({ heard }) => heard),
      Array.from({ length: 3 }, () => [
        { model: 'speech', label: 'speech' },
        { model: 'speaker-map', label: 'anna' },
      ]),
    );
    // One ends with a word, one without.
    streams.hear(event('a', { kind: 'closed', reason: 'idle' }));
    open = ['c', 'd', 'e'];
    for (const key of ['d', 'e']) streams.hear(event(key, { kind: 'opened' }));
    assert.deepEqual(kept(), [false, true, true]);
    streams.close();
    assert.notEqual(budget.take(2 * 3 * 120), undefined);
  });

  it('go on after a gap, and are found by their names', () => {
    const streams = new WatchedStreams(() => ['Kitchen', 'hall'], new RecordBudget());
    streams.hear(event('Kitchen', { kind: 'step', step: step(0, 'speech', 'anna') }));
    streams.hear(event('hall', { kind: 'opened' }));
    const [kitchen] = streams.list('kitch', 9).streams;
    streams.hear(event('Kitchen', { kind: 'closed', reason: 'gap' }));
    streams.hear(event('Kitchen', { kind: 'opened' }));
    assert.equal(streams.list('KITCHEN', 9).streams[0]?.id, kitchen?.id);
    assert.deepEqual(streams.list('', 1), { streams: [streams.list('', 2).streams[0]], more: 1 });
    assert.equal(streams.timelineOf(-1), undefined);
  });

  it('have names that can be shown', () => {
    const key = `a\u0000\n\u202Eb\uD800${'x'.repeat(500)}`;
    const streams = new WatchedStreams(() => [key], new RecordBudget());
    streams.hear(event(key, { kind: 'opened' }));
    const name = streams.list('', 1).streams[0]?.name ?? '';
    assert.ok(name.startsWith('a\uFFFD\uFFFD\uFFFDb\uFFFDxxx'), name);
    assert.equal(name.length, 121);
  });
});
