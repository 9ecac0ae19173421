import assert from 'node:assert/strict';
import { EventQueue } from '../../src/streams/event-queue';

interface Numbered {
  readonly n: number;
}

describe('A queue of events', () => {
  it('gives what was put in before and while it is read, in order', async () => {
    const queue = new EventQueue<Numbered>();
    queue.push({ n: 1 });
    queue.push({ n: 2 });
    const read: number[] = [];
    for await (const { n } of queue) {
      read.push(n);
      if (n === 4) break;
      if (n < 2) continue;
      // The reader is at its wait again by then.
      setImmediate(() => {
        queue.push({ n: n + 1 });
      });
    }
    assert.deepEqual(read, [1, 2, 3, 4]);
  });

  it('lets its reader go when it ends, and gives back what was not read', async () => {
    const queue = new EventQueue<Numbered>();
    for (let n = 1; n <= 4; n++) queue.push({ n });
    const read: number[] = [];
    let left: readonly Numbered[] = [];
    for await (const { n } of queue) {
      read.push(n);
      if (n !== 2) continue;
      queue.push({ n: 5 });
      left = queue.end();
    }
    assert.deepEqual(read, [1, 2]);
    assert.deepEqual(
      left.map(({ n }) => n),
      [3, 4, 5],
    );
  });

  it('lets a reader go that waits for more, and takes nothing after its end', async () => {
    const queue = new EventQueue<Numbered>();
    const read = (async () => {
      const all: Numbered[] = [];
      for await (const one of queue) all.push(one);
      return all;
    })();
    await new Promise(setImmediate);
    assert.deepEqual(queue.end(), []);
    queue.push({ n: 1 });
    assert.deepEqual(await read, []);
    assert.deepEqual(queue.end(), []);
  });
});
