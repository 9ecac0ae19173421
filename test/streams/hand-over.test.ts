import assert from 'node:assert/strict';
import { Deeptone } from '../../src';
import { noise } from '../tools/audio';
import { pcm, TestHub } from './live-hub';

const deeptone = new Deeptone();
after(() => deeptone.close());

describe('A stream that another program has heard until now', () => {
  let test: TestHub;
  beforeEach(() => {
    test = new TestHub(deeptone);
  });

  async function hear(seq: number, handOver?: { lostMs: number; lastSeq?: number | null }): Promise<void> {
    const userProperties = { seq: String(seq) };
    await test.hub.hear('a', { payload: pcm(noise(0.2)), userProperties, handOver });
  }

  it('begins with a gap that is as long as so many messages, where they are counted', async () => {
    await hear(57, { lostMs: 4_100, lastSeq: 54 });
    await hear(58);
    await test.hub.end('a');
    const { evidence, remedy, lostMs, timestamp } = test.of('gap')[0] ?? assert.fail();
    const gap = { evidence, remedy, lostMs, timestamp };
    assert.deepEqual(gap, { evidence: 'handover', remedy: 'restart', lostMs: 400, timestamp: 0 });
    assert.equal(test.of('gap').length, 1);
    const { receivedMs, gapMs, gaps } = test.of('closed')[0]?.stream ?? assert.fail();
    assert.deepEqual({ receivedMs, gapMs, gaps }, { receivedMs: 400, gapMs: 400, gaps: 1 });
  });

  it('begins with a gap of what can be missing at most, where nobody counts', async () => {
    await hear(57, { lostMs: 4_100, lastSeq: null });
    assert.equal(test.of('gap')[0]?.lostMs, 4_100);
    await test.hub.hear('b', { payload: pcm(noise(0.2)), handOver: { lostMs: 250.4, lastSeq: 3 } });
    assert.equal(test.of('gap', 'b')[0]?.lostMs, 250);
  });

  it('begins without a gap where nothing is missing, or its device counts anew', async () => {
    await hear(55, { lostMs: 4_100, lastSeq: 54 });
    await test.hub.hear('b', { payload: pcm(noise(0.2)), handOver: { lostMs: 0 } });
    await test.hub.hear('c', {
      ...{ payload: pcm(noise(0.2)), userProperties: { seq: '0' } },
      handOver: { lostMs: 10, lastSeq: 1_000 },
    });
    assert.deepEqual(test.of('gap'), []);
  });

  it('is another than the one that was heard here before', async () => {
    await hear(1);
    await hear(9, { lostMs: 0, lastSeq: 8 });
    await test.hub.end('a', undefined, 'handover');
    assert.deepEqual(
      test.of('closed').map(({ reason, stream }) => [reason, stream.receivedMs]),
      [
        ['handover', 200],
        ['handover', 200],
      ],
    );
    assert.deepEqual(test.of('gap'), []);
  });

  for (const handOver of [
    {},
    { lostMs: -1 },
    { lostMs: Number.NaN },
    { lostMs: 1, lastSeq: 1.5 },
    { lostMs: 1, more: 1 },
    7,
  ]) {
    it(`is not said by ${JSON.stringify(handOver)}`, async () => {
      const audio: unknown = { payload: pcm(noise(0.2)), handOver };
      await assert.rejects(test.hub.hear('a', audio as { payload: Buffer }), {
        code: 'DEEPTONE_INVALID_ARGUMENT',
      });
      assert.deepEqual(test.hub.keys, []);
    });
  }
});
