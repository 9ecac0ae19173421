import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Deeptone, StreamHub } from '../../src';
import { encodeSamples, noise } from '../tools/audio';

const OPTIONS = { models: ['speech'], outputPeriod: 1_024 };
const BROKEN = new Error('The callback is broken.');
const fail = (): never => {
  throw BROKEN;
};

describe('A callback that throws', () => {
  const deeptone = new Deeptone(null, { onEngineEvent: fail });
  after(() => deeptone.close());
  const sound = noise(3);
  const cut = new Float32Array(48_000).fill(NaN, 100, 200);

  /** Whether the engine works as ever. */
  async function works(): Promise<void> {
    const { time_series } = await deeptone.processAudioBytes(sound, OPTIONS);
    assert.equal(time_series.length, 3);
  }

  for (const [name, call] of [
    ['onProgress', () => deeptone.processAudioBytes(noise(200), { ...OPTIONS, onProgress: fail })],
    [
      'onSegment',
      () => {
        const segments = { model: 'loudness', results: ['loud'] };
        const how = { ...OPTIONS, loudAbove: -60, segments };
        return deeptone.processAudioBytes(sound, { ...how, onSegment: fail });
      },
    ],
    [
      'onProgress of a chunk',
      () => deeptone.processAudioChunk(sound, { models: ['speech'], onProgress: fail }),
    ],
  ] as const) {
    it(`fails its own call with what it threw, and nothing else (${name})`, async () => {
      await assert.rejects(call(), BROKEN);
      await works();
    });
  }

  it('fails its own stream (onWarning)', async () => {
    const steps = deeptone.processStream([cut, cut], { ...OPTIONS, onWarning: fail });
    await assert.rejects(async () => {
      for await (const step of steps) assert.ok(step);
    }, BROKEN);
    await works();
  });

  it('is a warning of the process where it only listens, and the streams go on', async () => {
    let told = 0;
    const hub = new StreamHub({
      open: (options) => deeptone.openStream(options),
      options: OPTIONS,
      listener: () => {
        told++;
        fail();
      },
    });
    const warned = once(process, 'warning');
    const payload = Buffer.from(encodeSamples([sound], 's16le'));
    await hub.hear('a', { payload });
    await hub.hear('a', { payload });
    assert.deepEqual(await warned, [BROKEN]);
    assert.ok(told >= 5);
    await hub.close();
    await works();
  });
});
