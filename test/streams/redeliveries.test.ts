import assert from 'node:assert/strict';
import { messageMark, Redeliveries, type MessageMark } from '../../src/streams/redeliveries';

function mark(payload: unknown, packetId?: number): MessageMark {
  const found = messageMark(payload, packetId === undefined ? { dup: true } : { dup: true, packetId });
  return found ?? assert.fail();
}

const SOUND = Buffer.from([1, 2, 3, 4]);
const OTHER = Buffer.from([1, 2, 3, 5]);
const SILENCE = Buffer.alloc(4);

describe('Messages that are delivered again', () => {
  it('are known by what they hold, in any form', () => {
    const bytes = mark(SOUND);
    assert.deepEqual(mark(new Uint8Array(SOUND)), bytes);
    assert.deepEqual(mark(new Int16Array(new Uint8Array(SOUND).buffer)), bytes);
    assert.notDeepEqual(mark(OTHER), bytes);
    assert.deepEqual(mark('AQID'), mark('AQID'));
    assert.notDeepEqual(mark('AQID'), mark('AQIE'));
    assert.deepEqual(mark([0.5, -0.5]), mark([0.5, -0.5]));
    assert.notDeepEqual(mark([0.5, -0.5]), mark([0.5, 0.5]));
    assert.equal(messageMark({ payload: 1 }, { dup: true }), undefined);
    assert.equal(messageMark(5, { dup: true }), undefined);
  });

  it('are those of their own stream', () => {
    const known = new Redeliveries(10);
    known.heard('a', mark(SOUND));
    assert.equal(known.isRepeated('a', mark(SOUND)), true);
    assert.equal(known.isRepeated('a', mark(OTHER)), false);
    assert.equal(known.isRepeated('b', mark(SOUND)), false);
  });

  it('are known under another number too, except where a stream holds the same several times', () => {
    const known = new Redeliveries(10);
    known.heard('a', mark(SOUND, 1));
    assert.equal(known.isRepeated('a', mark(SOUND, 9)), true);
    known.heard('a', mark(SILENCE, 2));
    known.heard('a', mark(SILENCE, 3));
    assert.equal(known.isRepeated('a', mark(SILENCE, 3)), true);
    assert.equal(known.isRepeated('a', mark(SILENCE, 4)), false);
    assert.equal(known.isRepeated('a', mark(SILENCE)), true);
  });

  it('are remembered for 256 messages of a stream', () => {
    const known = new Redeliveries(10);
    for (let n = 0; n <= 256; n++) known.heard('a', mark([n]));
    assert.equal(known.isRepeated('a', mark([0])), false);
    for (let n = 1; n <= 256; n++) assert.equal(known.isRepeated('a', mark([n])), true);
  });

  it('are forgotten with the streams that were heard longest ago', () => {
    const known = new Redeliveries(600);
    for (let n = 0; n < 1_200; n++) known.heard(`${n}`, mark(SOUND));
    known.heard('0', mark(OTHER));
    known.heard('one more', mark(SOUND));
    assert.equal(known.isRepeated('0', mark(SOUND)), true);
    assert.equal(known.isRepeated('1', mark(SOUND)), false);
    assert.equal(known.isRepeated('2', mark(SOUND)), true);
    known.forget('2');
    assert.equal(known.isRepeated('2', mark(SOUND)), false);
    known.forget();
    assert.equal(known.isRepeated('0', mark(SOUND)), false);
  });
});
