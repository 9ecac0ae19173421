import assert from 'node:assert/strict';
import { Deeptone } from '../../src';
import { OnnxPredictionEngine, type EngineEvent } from '../../src/inference';
import { joined, speak } from '../tools/audio';
import { messages, pcm, TestHub } from './live-hub';

const STREAMS = 32;
const SECONDS = 15;
const STEP_MS = 128;

describe('Live streams whose engine loses what runs its models', function () {
  this.timeout(120_000);
  let bytes: Buffer;

  before(async () => {
    const word = await speak('The quick brown fox jumps over the lazy dog.');
    bytes = pcm(joined(Array.from({ length: 10 }, () => word))).subarray(0, SECONDS * 32_000);
  });

  for (const [how, signal, patienceMs] of [
    ['ended', 'SIGKILL', 30_000],
    ['ended', 'SIGABRT', 30_000],
    ['hung', 'SIGSTOP', 2_500],
  ] as const) {
    it(`lose a moment and go on where it was (${signal})`, async () => {
      const told: EngineEvent[] = [];
      const begun = new Set<string>();
      let begin: () => void = () => undefined;
      const allBegan = new Promise<void>((resolve) => (begin = resolve));
      const engine = new OnnxPredictionEngine({
        isolation: 'process',
        patienceMs,
        onEvent: (event) => told.push(event),
      });
      const deeptone = new Deeptone(null, { predictionEngine: engine });
      const test = new TestHub(deeptone, {
        options: { models: ['speech', 'speaker-map'], outputPeriod: STEP_MS },
        listener: (event) => {
          test.events.push(event);
          if (event.kind === 'step' && begun.add(event.stream.key).size === STREAMS) begin();
        },
      });
      const keys = Array.from({ length: STREAMS }, (_, n) => `device-${n}`);
      const heard = keys.flatMap((key) => messages(bytes).map((payload) => test.hub.hear(key, { payload })));
      await allBegan;
      const lost = (await engine.stats())?.process.pid;
      assert.ok(lost !== undefined && lost !== process.pid);
      process.kill(lost, signal);
      await Promise.all(heard); // None of the messages fails.
      await Promise.all(keys.map((key) => test.hub.end(key)));

      assert.deepEqual(
        told.map((event) => (event.kind === 'lost' ? event.how : event.kind)),
        [how, 'restarted'],
      );
      for (const key of keys) {
        const gaps = test.of('gap', key);
        assert.deepEqual(
          gaps.map(({ evidence, remedy }) => [evidence, remedy]),
          [['engine', 'silence']],
          key,
        );
        const [gap] = gaps;
        assert.ok(gap?.lostMs && gap.lostMs > 0 && gap.lostMs < 5_000, `${key}: ${gap?.lostMs} ms`);
        const times = test.of('step', key).map(({ step }) => step.timestamp);
        assert.deepEqual(
          times,
          Array.from({ length: Math.ceil((SECONDS * 1_000) / STEP_MS) }, (_, n) => n * STEP_MS),
          'the clock goes on',
        );
        const after = test.of('step', key).filter(({ step }) => step.timestamp > gap.timestamp + 2_000);
        assert.ok(after.some(({ step }) => step.results.speech.result === 'speech'));
        assert.deepEqual(
          test.of('closed', key).map(({ reason }) => reason),
          ['complete'],
        );
      }
      assert.equal(test.hub.statistics.gaps, STREAMS);
      assert.equal(test.hub.statistics.failures, 0);
      const again = await engine.stats();
      assert.notEqual(again?.process.pid, lost);
      assert.equal(again?.openStreams, 0);
      await test.hub.close();
      await deeptone.close();
      assert.throws(() => process.kill(lost, 0), /ESRCH/, 'nothing is left of it');
    });
  }
});

describe('Files and clips whose engine loses what runs its models', () => {
  it('fail with a typed error, and the next one is analysed', async () => {
    const engine = new OnnxPredictionEngine({ isolation: 'process' });
    const deeptone = new Deeptone(null, { predictionEngine: engine });
    await deeptone.start();
    const clip = new Float32Array(16_000 * 600).fill(0.1);
    const options = { models: ['speech'], outputPeriod: 1_024 };
    const { pid } = (await engine.stats())?.process ?? assert.fail();
    let isKilled = false;
    const onProgress = (): void => {
      if (!isKilled) process.kill(pid, 'SIGKILL');
      isKilled = true;
    };
    const analysed = deeptone.processAudioBytes(clip, { ...options, onProgress });
    await assert.rejects(analysed, { code: 'DEEPTONE_ENGINE_LOST', how: 'ended' });
    const { time_series } = await deeptone.processAudioBytes(clip.subarray(0, 32_000), options);
    assert.equal(time_series.length, 2);
    await deeptone.close();
  });
});
