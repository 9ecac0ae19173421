import assert from 'node:assert/strict';
import { Deeptone, type StreamAudio } from '../../src';
import { BadAudioError, InvalidArgumentError } from '../../src/errors';
import { SilenceBudget } from '../../src/streams/silence-budget';
import { pcm, TestHub } from './live-hub';
import { noise } from '../tools/audio';

const deeptone = new Deeptone(null);
after(() => deeptone.close());

function cycle(): object {
  const value: Record<string, unknown> = {};
  value['rate'] = value;
  return value;
}

const detached = Buffer.from(new Uint8Array(3_200).buffer);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

const throwing = (name: string): object =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get() {
      throw new Error('not today');
    },
  });

describe('A message that nobody should send', () => {
  const payload = pcm(noise(0.2));
  const cases: readonly (readonly [string, unknown, typeof InvalidArgumentError | typeof BadAudioError])[] = [
    ['is null', null, InvalidArgumentError],
    ['is a text', 'x', InvalidArgumentError],
    ['has a BigInt for a rate', { payload, format: { rate: 16_000n } }, InvalidArgumentError],
    ['has a symbol for an encoding', { payload, format: { encoding: Symbol('x') } }, InvalidArgumentError],
    ['has a format that holds itself', { payload, format: cycle() }, InvalidArgumentError],
    ['has a BigInt in its user properties', { payload, userProperties: { rate: 1n } }, InvalidArgumentError],
    [
      'has a function in its user properties',
      { payload, userProperties: { channels: () => 1 } },
      InvalidArgumentError,
    ],
    ['has a format that throws', { payload, format: throwing('rate') }, InvalidArgumentError],
    ['has user properties that throw', { payload, userProperties: throwing('ts') }, InvalidArgumentError],
    ['has a payload that throws', throwing('payload'), InvalidArgumentError],
    ['has options that throw', { payload, options: throwing('models') }, InvalidArgumentError],
    ['has a payload that was given away', { payload: detached }, BadAudioError],
    ['has memory that was given away', { payload: detached.buffer }, BadAudioError],
    ['has a symbol for a payload', { payload: Symbol('x') }, BadAudioError],
  ];
  for (const [what, message, kind] of cases) {
    it(`is refused when it ${what}, and the stream goes on`, async () => {
      const test = new TestHub(deeptone);
      const { hub } = test;
      await hub.hear('k', { payload, context: 'first' });
      await assert.rejects(hub.hear('k', message as StreamAudio<string>), kind);
      await hub.hear('k', { payload, context: 'last' });
      await hub.end('k');
      assert.equal(test.of('opened').length, 1);
      assert.equal(test.of('closed').at(-1)?.stream.receivedMs, 400);
      await hub.close();
    });
  }

  it('names its stream by text only', async () => {
    const { hub } = new TestHub(deeptone);
    await assert.rejects(hub.hear(Symbol('x') as unknown as string, { payload }), InvalidArgumentError);
    await hub.close();
  });
});

describe('Silence in the place of lost audio', () => {
  const MS = 60_000;

  it('stands in one gap up to the longest, and in a series of them only as far as it can be true', async () => {
    const test = new TestHub(deeptone);
    const payload = pcm(noise(0.1));
    for (let n = 0; n < 20; n++) {
      await test.hub.hear('k', { payload, userProperties: { ts: String(test.now + n * 59_000) } });
    }
    const remedies = test.of('gap').map(({ remedy }) => remedy);
    assert.deepEqual(remedies.slice(0, 2), ['silence', 'restart']);
    assert.ok(test.of('step').length < (2 * MS) / 128, `${test.of('step').length} steps`);
    await test.hub.close();
  });

  it('may stand again when time has passed, or as much was heard', () => {
    const budget = new SilenceBudget(MS);
    budget.heard(100, 0);
    assert.ok(budget.take(MS));
    assert.ok(!budget.take(1));
    budget.heard(0, MS / 2);
    assert.ok(!budget.take(MS));
    budget.heard(MS / 2, MS / 2);
    assert.ok(budget.take(MS));
    budget.heard(0, 0); // The clock was set back.
    assert.ok(!budget.take(1));
  });

  it('never lasts longer than an hour, whatever is set', () => {
    assert.ok(!new SilenceBudget(1e9).take(3_600_001));
  });
});

describe('skip and pad of a stream', () => {
  it('refuse what is no number of samples, or more than an hour of them', async () => {
    const stream = await deeptone.openStream({ models: ['speech-rt'], outputPeriod: 64 });
    for (const count of [-5_000, Number.NaN, 0.5, Infinity, 1e9, '5' as unknown as number]) {
      await assert.rejects(stream.skip(count), InvalidArgumentError);
      await assert.rejects(stream.pad(count), InvalidArgumentError);
    }
    assert.equal(stream.receivedMs, 0);
    await stream.push(noise(0.064));
    await stream.finish();
  });

  it('let an hour pass at once, also where nothing was heard before', async () => {
    const stream = await deeptone.openStream({ models: ['speech-rt'], outputPeriod: 64 });
    const { steps } = await stream.skip(3_600 * 16_000);
    assert.equal(steps.length, 56_250);
    assert.equal(steps.at(-1)?.timestamp, 56_249 * 64);
    assert.equal((await stream.finish()).steps.length, 0);
  });
});

describe('Audio whose memory was given away', () => {
  const options = { models: ['speech-rt'], outputPeriod: 64 };
  const floats = new Float32Array(1_600);
  structuredClone(floats.buffer, { transfer: [floats.buffer] });
  const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['processContainer', () => deeptone.processContainer(detached, options)],
    ['processAudioBytes', () => deeptone.processAudioBytes(detached, options)],
    ['processAudioBytes with samples', () => deeptone.processAudioBytes(floats, options)],
    ['processAudioChunk', () => deeptone.processAudioChunk(detached, { models: ['speech-rt'] })],
    ['processStream', () => all(deeptone.processStream([detached], options))],
    ['processStream with samples', () => all(deeptone.processStream([floats], options))],
  ];
  for (const [name, work] of ways) {
    it(`is refused by ${name}`, async () => {
      await assert.rejects(work(), BadAudioError);
    });
  }
});

async function all(events: AsyncIterable<unknown>): Promise<void> {
  for await (const event of events) assert.ok(event);
}
