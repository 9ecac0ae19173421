import assert from 'node:assert/strict';
import { ResultBoard } from '../../src/mqtt/result-board';

const NAMES = ['speech', 'speaker-map'];

function board(maxDevices?: number): ResultBoard {
  return new ResultBoard({
    prefix: 'deeptone',
    deviceOf: (stream) => stream,
    classesOf: (model) => (model === 'speech' ? ['speech', 'music'] : []),
    models: () => NAMES,
    announce: (device) => ({ topic: `homeassistant/${device}`, payload: '{}', retain: true }),
    ...(maxDevices === undefined ? {} : { maxDevices }),
  });
}

describe('The devices that stand on a broker', () => {
  it('are no more than there may be, whatever is heard and however long ago', () => {
    const results = board(3);
    for (const device of ['a', 'b', 'c']) assert.equal(results.open(device).kind, 'shown');
    results.close('a', 0, 1_000);
    assert.deepEqual(results.open('d'), { kind: 'full', device: 'd', maxDevices: 3 });
    assert.deepEqual(results.change('d', [], 1), []);
    assert.equal(results.open('a').kind, 'shown');
    results.forget('b');
    assert.equal(results.open('d').kind, 'shown');
    const many = board();
    for (let n = 0; n < 10_000; n++) {
      many.open(`random-${n}`);
      many.close(`random-${n}`, 0, n);
    }
    assert.equal(many.knownDevices.length, 256);
  });

  it('are forgotten with every topic that they can have', () => {
    const results = board();
    const [opened] = [results.open('a')];
    const change = { model: 'speech', result: 'own', confidence: 1, timestampStart: 0 };
    const said = [
      ...(opened.kind === 'shown' ? opened.publications : []),
      ...results.change('a', [change, { ...change, model: 'speaker-map', result: 'speaker_3' }], 1),
    ];
    const cleared = results.forget('a');
    const topics = new Set(cleared.map(({ topic }) => topic));
    for (const { topic } of said) assert.ok(topics.has(topic), topic);
    assert.ok(cleared.every(({ payload, retain }) => payload === '' && retain));
    assert.deepEqual(results.knownDevices, []);
    assert.deepEqual(results.change('a', [{ ...change, result: 'music' }], 2), []);
    assert.equal(results.open('a').kind, 'shown');
  });

  it('are forgotten when they have been gone for long, the longest gone first, and some at a time', () => {
    const results = board();
    for (let n = 0; n < 40; n++) {
      results.open(`mic-${n}`);
      if (n > 0) results.close(`mic-${n}`, 0, 1_000 - n);
    }
    assert.deepEqual(results.expire(900), []);
    results.expire(2_000);
    assert.equal(results.knownDevices.length, 24);
    assert.ok(results.knownDevices.includes('mic-1') && !results.knownDevices.includes('mic-39'));
    results.expire(2_000);
    results.expire(2_000);
    assert.deepEqual(results.knownDevices, ['mic-0']); // It is open.
  });

  it('may be from an earlier day, or of another node', () => {
    const results = board(3);
    results.found('old', 'offline', true, 5_000);
    results.found('killed', 'online', true, 5_000);
    results.found('elsewhere', 'online', false, 5_000);
    assert.equal(results.open('new').kind, 'full');
    results.expire(6_000);
    assert.deepEqual(results.knownDevices, ['elsewhere']);
    results.found('elsewhere', '', false, 7_000);
    assert.deepEqual(results.knownDevices, []);
  });
});
