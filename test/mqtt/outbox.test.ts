import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { MqttOutbox, type Publication } from '../../src/mqtt/outbox';

function note(topic: string, payload: string): Publication {
  return { topic, payload, retain: true };
}

describe('The way out to a broker', () => {
  it('keeps only the latest message of a topic while the broker is gone', async () => {
    const sent: string[] = [];
    const outbox = new MqttOutbox(({ topic, payload }, done) => {
      sent.push(`${topic}=${payload}`);
      done();
    });
    outbox.add([note('a', '1'), note('b', '1')]);
    outbox.add([note('a', '2')]);
    await turn();
    assert.deepEqual(sent, []);
    outbox.connected();
    await outbox.drained();
    assert.deepEqual(sent, ['a=2', 'b=1']);
  });

  it('hands a client that does not write only a few, and the rest as it writes', async () => {
    const writing: (() => void)[] = [];
    const outbox = new MqttOutbox((_, done) => {
      writing.push(done);
    });
    outbox.connected();
    outbox.add(Array.from({ length: 1_000 }, (_, n) => note(`t${n}`, 'x')));
    for (let n = 0; n < 20; n += 1) await turn();
    assert.equal(writing.length, 32);
    let written = 0;
    const drained = outbox.drained().then(() => {
      written = -written;
    });
    while (written >= 0) {
      writing.shift()?.();
      written += 1;
      await turn();
    }
    await drained;
    assert.ok(written <= -1_000);
  });

  it('never holds more topics than its limit, and counts what it refuses', () => {
    const outbox = new MqttOutbox(() => undefined);
    outbox.add(Array.from({ length: 20_010 }, (_, n) => note(`t${n}`, 'x')));
    outbox.add([note('t1', 'y')]);
    assert.equal(outbox.dropped, 10);
  });

  it('hands over everything at once before the connection closes', () => {
    const sent: string[] = [];
    const outbox = new MqttOutbox(({ topic }) => sent.push(topic));
    outbox.connected();
    outbox.add(Array.from({ length: 100 }, (_, n) => note(`t${n}`, 'x')));
    outbox.flush();
    assert.equal(sent.length, 100);
  });

  it('does not wait for a broker that is gone', async () => {
    const outbox = new MqttOutbox(() => undefined);
    outbox.connected();
    outbox.add([note('a', '1')]);
    await turn();
    const drained = outbox.drained();
    outbox.disconnected();
    await drained;
  });
});
