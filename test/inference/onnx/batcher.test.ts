import assert from 'node:assert/strict';
import { Batcher, type Batch } from '../../../src/inference/onnx/batcher';

interface Request {
  readonly name: string;
  readonly frameCount: number;
}

const settings = { maxDelayMs: 15, maxStreams: 32, maxFrames: 64 };

function batcher(streams: number): Batcher<Request> {
  const made = new Batcher<Request>(settings);
  for (let stream = 0; stream < streams; stream += 1) made.open(stream);
  return made;
}

const request = (name: string, frameCount: number): Request => ({ name, frameCount });

/** `2: a0+1 b0+2`: frames per item, then request, first frame and count of every part. */
function shown(batch: Batch<Request> | undefined): string {
  if (!batch) return 'wait';
  const items = batch.items.map(({ parts }) =>
    parts.map((part) => `${part.request.name}${part.fromFrame}+${part.frameCount}`).join(','),
  );
  return `${batch.frameCount}: ${items.join(' ')}`;
}

describe('Batcher', () => {
  it('has nothing to run without requests', () => {
    const b = batcher(1);
    assert.equal(b.waitMs(0), Infinity);
    assert.equal(b.next(0), undefined);
  });

  it('runs a lone stream at once', () => {
    const b = batcher(1);
    b.add(0, request('a', 1), 1_000);
    assert.equal(b.waitMs(1_000), 0);
    assert.equal(shown(b.next(1_000)), '1: a0+1');
    assert.equal(b.waitMs(1_000), Infinity);
  });

  it('runs the frames of all live streams that have one ready together', () => {
    const b = batcher(3);
    for (const [stream, name] of ['a', 'b', 'c'].entries()) b.add(stream, request(name, 1), 0);
    assert.equal(shown(b.next(0)), '1: a0+1 b0+1 c0+1');
  });

  it('waits for a live stream whose frame is due, and no longer than the bound', () => {
    const b = batcher(2);
    for (const at of [0, 64, 128]) {
      b.add(1, request('late', 1), at);
      b.next(at);
    }
    // Stream 1 comes every 64 ms: its next frame is due at 192.
    b.add(0, request('early', 1), 185);
    assert.equal(b.waitMs(185), 15);
    assert.equal(shown(b.next(185)), 'wait');
    b.add(1, request('late', 1), 192);
    assert.equal(shown(b.next(192)), '1: early0+1 late0+1');

    b.add(0, request('early', 1), 250);
    assert.equal(shown(b.next(264)), 'wait');
    assert.equal(shown(b.next(265)), '1: early0+1');
  });

  it('does not wait for a stream that is not due or has gone silent', () => {
    const b = batcher(2);
    for (const at of [0, 64, 128]) {
      b.add(1, request('late', 1), at);
      b.next(at);
    }
    b.add(0, request('early', 1), 130);
    assert.equal(shown(b.next(130)), '1: early0+1');
    b.add(0, request('early', 1), 1_000);
    assert.equal(shown(b.next(1_000)), '1: early0+1');
  });

  it('keeps the order inside a stream and takes a backlog of small requests in one run', () => {
    const b = batcher(1);
    for (const name of ['a', 'b', 'c']) b.add(0, request(name, 2), 0);
    assert.equal(shown(b.next(0)), '6: a0+2,b0+2,c0+2');
  });

  it('gives every stream of a batch the same number of frames', () => {
    const b = batcher(3);
    b.add(0, request('a', 1), 0);
    b.add(1, request('b', 3), 0);
    b.add(2, request('c', 3), 0);
    assert.equal(shown(b.next(0)), '1: a0+1 b0+1 c0+1');
    assert.equal(shown(b.next(0)), '2: b1+2 c1+2');
    assert.equal(b.next(0), undefined);
  });

  it('never takes more streams than the largest batch', () => {
    const b = batcher(40);
    for (let stream = 0; stream < 40; stream += 1) b.add(stream, request('x', 1), 0);
    assert.equal(b.next(0)?.items.length, 32);
    assert.deepEqual(
      b.next(0)?.items.map((item) => item.stream),
      [32, 33, 34, 35, 36, 37, 38, 39],
    );
  });

  it('runs a long request in strides', () => {
    const b = batcher(1);
    b.add(0, request('file', 150), 0);
    assert.deepEqual([b.next(0), b.next(0), b.next(0), b.next(0)].map(shown), [
      '64: file0+64',
      '64: file64+64',
      '22: file128+22',
      'wait',
    ]);
  });

  it('takes turns between long requests', () => {
    const b = batcher(2);
    b.add(0, request('a', 128), 0);
    b.add(1, request('b', 128), 0);
    assert.deepEqual([b.next(0), b.next(0), b.next(0), b.next(0)].map(shown), [
      '64: a0+64',
      '64: b0+64',
      '64: a64+64',
      '64: b64+64',
    ]);
  });

  it('lets live streams in between the strides of a long request, without waiting', () => {
    const b = batcher(2);
    b.add(0, request('file', 192), 0);
    assert.equal(shown(b.next(0)), '64: file0+64');
    b.add(1, request('live', 1), 5);
    assert.equal(shown(b.next(5)), '1: live0+1');
    assert.equal(shown(b.next(5)), '64: file64+64');
  });

  it('lets a long request go on while live streams always have frames', () => {
    const b = batcher(2);
    b.add(0, request('file', 640), 0);
    const kinds: string[] = [];
    for (let at = 0; at < 20; at += 1) {
      b.add(1, request('live', 1), at);
      kinds.push(b.next(at)?.items[0]?.parts[0]?.request.name ?? 'none');
    }
    assert.equal(kinds.filter((name) => name === 'file').length, 4);
  });

  it('runs the requests of an item that was given back one at a time, in order', () => {
    const b = batcher(1);
    for (const name of ['a', 'b', 'c']) b.add(0, request(name, 2), 0);
    const batch = b.next(0);
    assert.ok(batch?.items[0]);
    b.add(0, request('d', 1), 1);
    b.giveBack(batch.items[0]);
    assert.deepEqual([b.next(1), b.next(1), b.next(1), b.next(1), b.next(1)].map(shown), [
      '2: a0+2',
      '2: b0+2',
      '2: c0+2',
      '1: d0+1',
      'wait',
    ]);
  });

  it('gives back a part of a request as that part', () => {
    const b = batcher(1);
    b.add(0, request('a', 3), 0);
    b.add(0, request('b', 63), 0);
    const batch = b.next(0);
    assert.equal(shown(batch), '64: a0+3,b0+61');
    assert.ok(batch?.items[0]);
    b.giveBack(batch.items[0]);
    assert.deepEqual([b.next(0), b.next(0), b.next(0)].map(shown), ['3: a0+3', '63: b0+63', 'wait']);
  });

  it('takes nothing back for a stream that was closed', () => {
    const b = batcher(1);
    for (const name of ['a', 'b']) b.add(0, request(name, 2), 0);
    const batch = b.next(0);
    assert.ok(batch?.items[0]);
    b.close(0);
    assert.equal(b.giveBack(batch.items[0]), false);
    assert.equal(b.next(0), undefined);
  });

  it('drops the rest of a request that failed and goes on with the next', () => {
    const b = batcher(1);
    const failing = request('a', 100);
    b.add(0, failing, 0);
    b.add(0, request('b', 1), 0);
    b.next(0);
    b.drop(0, failing);
    assert.equal(b.framesReady, 1);
    assert.equal(shown(b.next(0)), '1: b0+1');
    assert.equal(b.isIdle(0), true);
  });

  it('forgets a closed stream and what waits in it', () => {
    const b = batcher(2);
    b.add(0, request('a', 1), 0);
    b.close(0);
    assert.equal(b.framesReady, 0);
    assert.equal(b.next(0), undefined);
    assert.equal(b.streamCount, 1);
    b.add(0, request('a', 1), 0);
    assert.equal(b.next(0), undefined);
  });
});
