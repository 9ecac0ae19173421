import assert from 'node:assert/strict';
import { DEFAULT_LIVE_SETTINGS, type GapAction, type LiveSettings } from '../../src/streams';
import { WaitingRoom, type Waiting, type WaitingAudio } from '../../src/streams/waiting-audio';

/** Settled pieces, by name, in order. */
let done: string[];

beforeEach(() => {
  done = [];
});

function room(waiting: Partial<LiveSettings['waiting']> = {}, gaps: GapAction = 'silence'): WaitingRoom {
  return new WaitingRoom({ ...DEFAULT_LIVE_SETTINGS.waiting, ...waiting }, gaps);
}

function audio(sampleCount: number, name = ''): Waiting {
  const settle = {
    resolve: () => done.push(name),
    reject: () => done.push(`${name} rejected`),
  };
  return { kind: 'audio', samples: new Float32Array(sampleCount), settle };
}

/** Takes all, as kinds and numbers of samples. */
function taken(line: WaitingAudio): string[] {
  const all: string[] = [];
  for (let item = line.take(); item; item = line.take()) {
    if (item.kind === 'audio') all.push(`audio ${item.samples.length}`);
    else all.push(item.kind === 'silence' ? `silence ${item.sampleCount}` : item.kind);
  }
  return all;
}

describe('Audio that waits', () => {
  it('comes in order, and is counted until it is taken', () => {
    const waiting = room();
    const [a, b] = [waiting.open(), waiting.open()];
    a.add(audio(10));
    a.add({ kind: 'silence', sampleCount: 500 });
    a.add(audio(20));
    b.add(audio(5));
    assert.deepEqual([a.samples, b.samples, waiting.samples], [30, 5, 35]);
    assert.deepEqual(taken(a), ['audio 10', 'silence 500', 'audio 20']);
    assert.deepEqual([a.samples, b.samples, waiting.samples], [0, 5, 5]);
    assert.equal(b.clear().length, 1);
    assert.deepEqual([b.samples, waiting.samples, b.first], [0, 0, undefined]);
    assert.deepEqual(done, [], 'whoever takes or clears it settles it');
  });

  it('begins anew once, however often it was to begin anew with nothing in between', () => {
    const line = room().open();
    line.add(audio(10));
    for (let startTime = 1; startTime <= 1_000; startTime++) {
      line.add({ kind: 'restart', segment: { startTime } });
    }
    assert.equal(line.take()?.kind, 'audio');
    assert.deepEqual(line.take(), { kind: 'restart', segment: { startTime: 1_000 } });
    assert.equal(line.take(), undefined);
  });

  it('keeps silence after silence as one, however much of it there is', () => {
    const line = room().open();
    for (let n = 0; n < 1_000; n++) line.refuse(16);
    assert.deepEqual(taken(line), ['silence 16000']);
    assert.equal(line.droppedSamples, 16_000);
  });

  describe('when the oldest is dropped', () => {
    function dropped(gaps: GapAction): { line: WaitingAudio; waiting: WaitingRoom } {
      const waiting = room({}, gaps);
      const line = waiting.open();
      line.add({ kind: 'silence', sampleCount: 7 });
      line.add(audio(10, 'first'));
      line.add({ kind: 'summary', settle: { resolve: () => undefined, reject: () => undefined } });
      line.add(audio(20, 'second'));
      assert.equal(line.dropOldest(), true);
      return { line, waiting };
    }

    it('silence stands in its place, and its message counts as done', () => {
      const { line, waiting } = dropped('silence');
      assert.deepEqual(done, ['first']);
      assert.deepEqual([line.droppedSamples, waiting.droppedSamples, waiting.samples], [10, 10, 20]);
      assert.equal(line.dropOldest(), true);
      assert.equal(line.dropOldest(), false);
      assert.deepEqual(taken(line), ['silence 17', 'summary', 'silence 20']);
    });

    it('nothing stands in its place where gaps are passed over', () => {
      const { line, waiting } = dropped('ignore');
      assert.deepEqual(taken(line), ['silence 7', 'summary', 'audio 20']);
      assert.equal(waiting.samples, 0);
      line.refuse(5);
      assert.deepEqual(taken(line), []);
    });

    it('all audio goes with it where gaps begin the stream anew', () => {
      const { line, waiting } = dropped('reset');
      assert.deepEqual(done, ['first', 'second']);
      assert.deepEqual(taken(line), ['silence 7', 'summary']);
      assert.deepEqual([waiting.droppedSamples, waiting.samples], [30, 0]);
    });
  });

  describe('has room', () => {
    const second = 16_000;

    it('for what would wait for nothing, however long it is', () => {
      const waiting = room({ streamMs: 1_000, totalMs: 1_000, whenFull: 'drop-newest' });
      assert.equal(waiting.hasRoom(waiting.open(), 100 * second), true);
    });

    it('up to the limit of its line, and of all lines together, to the sample', () => {
      const waiting = room({ streamMs: 2_000, totalMs: 3_000, whenFull: 'drop-newest' });
      const [a, b] = [waiting.open(), waiting.open()];
      a.add(audio(second));
      assert.equal(waiting.hasRoom(a, second), true);
      assert.equal(waiting.hasRoom(a, second + 1), false);
      b.add(audio(second));
      assert.equal(waiting.hasRoom(b, second), true);
      a.add(audio(second));
      assert.equal(waiting.hasRoom(b, 1), false);
      assert.deepEqual(done, []);
    });

    it('after as little of its line was dropped as has to be', () => {
      const waiting = room({ streamMs: 2_000 });
      const [a, b] = [waiting.open(), waiting.open()];
      for (const name of ['a1', 'a2', 'a3', 'a4']) a.add(audio(second / 2, name));
      b.add(audio(second, 'b1'));
      assert.equal(waiting.hasRoom(a, second), true);
      assert.deepEqual(done, ['a1', 'a2']);
      assert.deepEqual([a.droppedSamples, b.droppedSamples], [second, 0]);
    });

    it('after the longest line gave way where all together are too much', () => {
      const waiting = room({ totalMs: 4_000 });
      const [a, b, c] = [waiting.open(), waiting.open(), waiting.open()];
      for (const name of ['a1', 'a2', 'a3']) a.add(audio(second, name));
      b.add(audio(second, 'b1'));
      assert.equal(waiting.hasRoom(c, 2 * second), true);
      assert.deepEqual(done, ['a1', 'a2']);
      assert.deepEqual([a.droppedSamples, b.droppedSamples, c.droppedSamples], [2 * second, 0, 0]);
      assert.equal(waiting.samples, 2 * second);
    });
  });
});
