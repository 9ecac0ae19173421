import assert from 'node:assert/strict';
import { Deeptone, InvalidArgumentError } from '../../src';
import { Allowance } from '../../src/streams/allowance';
import { pcm, TestHub } from './live-hub';
import { makeWav, noise } from '../tools/audio';

const deeptone = new Deeptone(null);
after(() => deeptone.close());

describe('What a sender may ask for again and again', () => {
  const payload = pcm(noise(0.1));

  /** How many messages were heard, and how many refused with the typed error. */
  async function sendAll(
    test: TestHub,
    messages: readonly Parameters<TestHub['hub']['hear']>[1][],
  ): Promise<{ heard: number; refused: number }> {
    const counts = { heard: 0, refused: 0 };
    for (const message of messages) {
      try {
        await test.hub.hear('k', message);
        counts.heard++;
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        counts.refused++;
      }
    }
    return counts;
  }

  const rates = Array.from({ length: 300 }, (_, n) => 8_000 + 7 * n);
  const changing = {
    'the rate in the message': rates.map((rate) => ({ payload, format: { rate } })),
    'the rate in MQTT properties': rates.map((rate) => ({ payload, userProperties: { rate: String(rate) } })),
    'the channels': rates.map((_, n) => ({ payload, format: { channels: (n % 4) + 1 } })),
    'the encoding': rates.map((_, n) => ({ payload, format: { encoding: n % 2 ? 's16be' : 's16le' } })),
    'the rate of whole WAVs': rates.map((rate) => ({
      payload: makeWav([noise(0.02)], { rate }),
    })),
  };
  for (const [what, messages] of Object.entries(changing)) {
    it(`is another format only a few times a minute: ${what}`, async () => {
      const test = new TestHub(deeptone);
      const { heard, refused } = await sendAll(test, messages);
      assert.ok(heard >= 9 && heard <= 12, `${heard} heard, ${refused} refused`);
      const warned = test.of('warning').filter(({ code }) => code === 'format-changes');
      assert.equal(warned.length, 1);
      await test.hub.close();
    });
  }

  it('is not refused for a sender that changes its format now and then, nor for others', async () => {
    const test = new TestHub(deeptone);
    const counts = await sendAll(
      test,
      Array.from({ length: 60 }, (_, n) => ({ payload, format: { rate: n < 30 ? 8_000 : 16_000 } })),
    );
    assert.deepEqual(counts, { heard: 60, refused: 0 });
    await sendAll(test, changing['the channels']);
    await test.hub.hear('other', { payload });
    await test.hub.close();
  });

  it('may be set, and switched off', async () => {
    const few = changing['the rate in the message'].slice(0, 40);
    const test = new TestHub(deeptone, { settings: { changes: { formats: 0 } } });
    assert.deepEqual(await sendAll(test, few), { heard: 40, refused: 0 });
    await test.hub.close();
    const strict = new TestHub(deeptone, { settings: { changes: { formats: 1 } } });
    assert.ok((await sendAll(strict, few)).heard <= 3);
    await strict.hub.close();
  });

  const jumping = {
    'times that jump forward by a day': (n: number) => ({ ts: String(1.7e12 + n * 86_400_000) }),
    'times that jump to and fro': (n: number) => ({ ts: String(1.7e12 + (n % 2) * 86_400_000) }),
    'times that jump back': (n: number) => ({ ts: String(1.7e12 - n * 3_600_000) }),
    'times beyond all times': (n: number) => ({ ts: n % 2 ? '1e308' : '-1e308' }),
    'times that are as far as times can be': (n: number) => ({ ts: n % 2 ? '8.64e15' : '-8.64e15' }),
    'numbers that jump far ahead': (n: number) => ({ seq: String(n * 1_000_000_000) }),
    'numbers that jump to and fro': (n: number) => ({ seq: String(n % 2 ? 5 : 9e15) }),
    'numbers that are none': (n: number) => ({ seq: ['NaN', '-1', 'Infinity', '1.5', ''][n % 5], ts: 'NaN' }),
  };
  for (const [what, marks] of Object.entries(jumping)) {
    it(`is a new beginning only some times a minute, told as one: ${what}`, async () => {
      const test = new TestHub(deeptone);
      for (let n = 0; n < 120; n++) await test.hub.hear('k', { payload, userProperties: marks(n) });
      await test.hub.end('k');
      assert.ok(test.of('opened').length <= 24, `${test.of('opened').length} beginnings`);
      assert.ok(test.of('gap').length <= 24, `${test.of('gap').length} gaps told`);
      assert.ok(test.of('warning').filter(({ code }) => code === 'gaps-ignored').length <= 1);
      // 120 messages of 100 ms are at most 240 steps of 64 ms, and the last of each beginning.
      assert.ok(test.of('step').length <= 264, `${test.of('step').length} steps`);
      const { gapMs } = test.hub.statistics;
      assert.ok(Number.isFinite(gapMs) && gapMs < 120 * 31 * 86_400_000, String(gapMs));
      await test.hub.close();
    });
  }

  it('is no loss that cannot be: one that is no number, or less than nothing', async () => {
    const test = new TestHub(deeptone);
    await test.hub.hear('k', { payload });
    for (const lostMs of [NaN, -1, Infinity, '5' as unknown as number, 5n as unknown as number]) {
      await assert.rejects(test.hub.hear('k', { payload, lostMs }), InvalidArgumentError, String(lostMs));
    }
    await test.hub.close();
  });

  it('is no clock that shows no time, and the next good message is heard', async () => {
    const test = new TestHub(deeptone, { settings: { idleMs: 50 } });
    const clock = test as { now: unknown };
    for (const now of [NaN, Infinity, undefined, null, 5n, 'noon']) {
      clock.now = now;
      await assert.rejects(test.hub.hear('k', { payload }), /now\(\) gave .*epoch milliseconds/);
      test.hub.endIdle();
    }
    clock.now = 1.7e12;
    await test.hub.hear('k', { payload });
    assert.deepEqual(test.hub.keys, ['k']);
    await test.hub.close();
  });
});

describe('An allowance', () => {
  it('is used up at once or bit by bit, and comes back with time', () => {
    let now = 0;
    const allowance = new Allowance(6, () => now);
    assert.equal(Array.from({ length: 10 }, () => allowance.take()).filter(Boolean).length, 6);
    now = 9_999;
    assert.equal(allowance.take(), false);
    now = 10_000;
    assert.equal(allowance.take(), true);
    now = 1e9;
    assert.equal(Array.from({ length: 10 }, () => allowance.take()).filter(Boolean).length, 6);
  });
});
