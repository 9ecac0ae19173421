import assert from 'node:assert/strict';
import * as path from 'node:path';
import { Deeptone } from '../../../src';
import { EngineLostError, InvalidArgumentError } from '../../../src/errors';
import {
  ISOLATIONS,
  OnnxPredictionEngine,
  type EngineEvent,
  type EngineStats,
  type OnnxEngineOptions,
  type PredictionStream,
} from '../../../src/inference';
import { largestDifference, noise, slow, tinySet, userFolder } from '../model-folders';

const ALL = ['loudness', 'kinds', 'voice'];

/** A worker of it throws at samples that begin with 1e6. */
class PoisonedEngine extends OnnxPredictionEngine {
  protected override workerFile(): string {
    return path.join(__dirname, 'poisoned-worker.js');
  }
}

function crash(): Float32Array {
  const pcm = noise(1, 1);
  pcm[0] = 1e6;
  return pcm;
}

async function statsOf(engine: OnnxPredictionEngine): Promise<EngineStats> {
  return (await engine.stats()) ?? assert.fail('it has no worker');
}

async function streamsPerWorker(engine: OnnxPredictionEngine): Promise<readonly number[]> {
  return (await statsOf(engine)).workers.map(({ openStreams }) => openStreams);
}

for (const isolation of ISOLATIONS) {
  describe(`An engine with several workers (${isolation})`, () => {
    const engines: OnnxPredictionEngine[] = [];
    const events: EngineEvent[] = [];
    const options = (more: OnnxEngineOptions = {}): OnnxEngineOptions => ({
      shippedFolder: tinySet(),
      isolation,
      onEvent: (event) => events.push(event),
      ...more,
    });

    function kept<T extends OnnxPredictionEngine>(engine: T): T {
      engines.push(engine);
      return engine;
    }

    const openAll = (engine: OnnxPredictionEngine, count: number): Promise<readonly PredictionStream[]> =>
      Promise.all(Array.from({ length: count }, () => engine.openStream(ALL)));

    beforeEach(() => events.splice(0));
    afterEach(async () => {
      await Promise.all(engines.splice(0).map((each) => each.close()));
    });

    it('shares the streams out evenly, and each stays where it is', async () => {
      const engine = kept(new OnnxPredictionEngine(options({ workers: 3 })));
      const streams = await openAll(engine, 7);
      assert.deepEqual((await streamsPerWorker(engine)).toSorted(), [2, 2, 3]);
      await Promise.all(streams.map((stream) => stream.predict(noise(4, 2))));
      for (let round = 1; round <= 3; round += 1) {
        await Promise.all(streams.map((stream) => stream.predict(noise(1, round))));
      }
      const { workers, frames, openStreams, largestBatch } = await statsOf(engine);
      assert.deepEqual(workers.map((each) => each.frames).toSorted(), [14, 14, 21]);
      assert.deepEqual([frames, openStreams, largestBatch], [49, 7, 3]);
      for (const stream of streams.slice(0, 3)) stream.close();
      const again = await openAll(engine, 2);
      assert.deepEqual((await streamsPerWorker(engine)).toSorted(), [2, 2, 2]);
      for (const stream of [...again, ...streams]) stream.close();
      assert.deepEqual(await streamsPerWorker(engine), [0, 0, 0]);
    });

    it('gives every stream the numbers of an engine with one', async () => {
      const [one, many] = [1, 4].map((workers) => kept(new OnnxPredictionEngine(options({ workers }))));
      assert.ok(one && many);
      const answers = async (engine: OnnxPredictionEngine) => {
        const streams = await openAll(engine, 6);
        return Promise.all(
          streams.map(async (stream, n) => {
            await stream.predict(noise(3, 10 + n));
            return stream.predict(noise(5, n));
          }),
        );
      };
      const [expected, found] = [await answers(one), await answers(many)];
      assert.equal((await statsOf(many)).workers.length, 4);
      for (const [index, { probabilities }] of expected.entries()) {
        for (const [name, values] of probabilities) {
          const others = found[index]?.probabilities.get(name) ?? new Float32Array(0);
          assert.equal(others.length, values.length);
          assert.ok(largestDifference(values, others) < 1e-5, `${name} of stream ${index}`);
        }
      }
    });

    it('starts a worker when a stream needs it, and all of them when it is told to start', async () => {
      const engine = kept(new OnnxPredictionEngine(options({ workers: 3 })));
      assert.deepEqual([engine.info.workers, await engine.stats()], [3, undefined]);
      await engine.openStream(['loudness']);
      assert.equal((await statsOf(engine)).workers.length, 1);
      await engine.openStream(['loudness']);
      assert.equal((await statsOf(engine)).workers.length, 2);
      await engine.start();
      const { workers } = await statsOf(engine);
      assert.equal(workers.length, 3);
      const processes = new Set(workers.map(({ process: { pid } }) => pid));
      assert.equal(processes.size, isolation === 'process' ? 3 : 1);
    });

    it('loses with a worker the streams on it, and no others; they come back to the one in its place', async () => {
      const engine = kept(new PoisonedEngine(options({ workers: 2 })));
      const streams = await openAll(engine, 6);
      await Promise.all(streams.map((stream) => stream.predict(noise(1, 1))));
      const [poisoned] = streams;
      await assert.rejects(poisoned?.predict(crash()) ?? assert.fail(), (error: EngineLostError) => {
        assert.ok(error instanceof EngineLostError);
        const name = isolation === 'process' ? 'Process' : 'Thread';
        assert.match(error.message, new RegExp(`^${name} 1 of the 2 that run the models ended unexpectedly`));
        return true;
      });
      const answers = await Promise.allSettled(streams.map((stream) => stream.predict(noise(1, 2))));
      assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 3);
      const lost = streams.filter((_, n) => answers[n]?.status === 'rejected');
      assert.equal(lost.length, 3);
      const again = await openAll(engine, 3);
      await Promise.all(again.map((stream) => stream.predict(noise(1, 3))));
      assert.deepEqual(await streamsPerWorker(engine), [3, 3]);
      // Those that were lost are closed by whoever had them, and count nowhere any more.
      for (const stream of lost) stream.close();
      assert.deepEqual(await streamsPerWorker(engine), [3, 3]);
      await engine.openStream(ALL);
      await engine.openStream(ALL);
      assert.deepEqual(await streamsPerWorker(engine), [4, 4]);
      assert.deepEqual(
        events.map(({ kind, worker, losses }) => [kind, worker, losses]),
        [
          ['lost', 1, 1],
          ['restarted', 1, 1],
        ],
      );
    });

    it('spreads sounds and their channels, too', async () => {
      const engine = kept(
        new OnnxPredictionEngine(options({ workers: 2, modelFolders: [userFolder(slow)] })),
      );
      const deeptone = new Deeptone(null, { predictionEngine: engine });
      const clips = [1, 2, 3, 4].map((seed) => noise(100, seed));
      const how = { models: ['slow'], outputPeriod: 1_024 };
      await Promise.all(clips.map((clip) => deeptone.processAudioBytes(clip, how)));
      const frames = (await statsOf(engine)).workers.map((each) => each.frames);
      assert.equal(frames.length, 2);
      assert.equal(frames[0], frames[1]);
    });

    it('refuses numbers of workers that make no sense', () => {
      for (const workers of [0, -1, 1.5, 65, Number.NaN]) {
        assert.throws(
          () => new OnnxPredictionEngine(options({ workers })),
          (error: unknown) =>
            error instanceof InvalidArgumentError && /workers is .* 1 to 64/.test(error.message),
        );
        assert.throws(() => new Deeptone(null, { workers }), /workers.*1 to 64/);
      }
    });
  });
}
