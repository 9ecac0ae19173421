import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync } from 'node:fs';
import * as path from 'node:path';
import {
  ClosedError,
  InferenceError,
  InvalidArgumentError,
  ModelInvalidError,
  ModelNotFoundError,
} from '../../../src/errors';
import {
  defaultRuntime,
  ISOLATIONS,
  OnnxPredictionEngine,
  type Isolation,
  type OnnxEngineOptions,
  type PredictionStream,
} from '../../../src/inference';
import {
  fragile,
  largestDifference,
  loudness,
  modelFolder,
  noise,
  PACKAGE_ROOT,
  slow,
  tinySet,
  userFolder,
} from '../model-folders';

const FRAME = 1_024;
const ALL = ['loudness', 'kinds', 'voice'];

/** Predicts `pcm` in pieces of the given numbers of frames (the last one repeats); all in flight at once. */
async function predictIn(
  stream: PredictionStream,
  pcm: Float32Array,
  pieces: readonly number[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const answers: Promise<ReadonlyMap<string, Float32Array>>[] = [];
  for (let at = 0, piece = 0; at < pcm.length; piece += 1) {
    const frames = pieces[Math.min(piece, pieces.length - 1)] ?? 1;
    answers.push(stream.predict(pcm.slice(at, at + frames * FRAME)).then((answer) => answer.probabilities));
    at += frames * FRAME;
  }
  const joined = new Map<string, Float32Array>();
  for (const answer of await Promise.all(answers)) {
    for (const [name, values] of answer) {
      joined.set(name, Float32Array.from([...(joined.get(name) ?? []), ...values]));
    }
  }
  return joined;
}

/** Runs a script in a process of its own and gives what it printed; fails when it does not end well. */
function runScript(isolation: Isolation, body: string): string {
  const inference = path.join(PACKAGE_ROOT, 'dist', 'src', 'inference');
  const script = `
    const { OnnxPredictionEngine } = require(${JSON.stringify(inference)});
    const options = ${JSON.stringify({ isolation, shippedFolder: tinySet(), modelFolders: [userFolder(slow)] })};
    const engine = new OnnxPredictionEngine(options);
    (async () => { ${body} })();`;
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 30_000 }).trim();
}

for (const isolation of ISOLATIONS) {
  describe(`OnnxPredictionEngine, models in a ${isolation}`, () => {
    const engines: OnnxPredictionEngine[] = [];

    function engine(options: OnnxEngineOptions = {}): OnnxPredictionEngine {
      const made = new OnnxPredictionEngine({ shippedFolder: tinySet(), isolation, ...options });
      engines.push(made);
      return made;
    }

    afterEach(async () => {
      await Promise.all(engines.splice(0).map((each) => each.close()));
    });

    it('gives probabilities per model and frame', async () => {
      const stream = await engine().openStream(ALL);
      const { frameCount, probabilities } = await stream.predict(noise(3, 1));
      assert.equal(frameCount, 3);
      assert.deepEqual([...probabilities.keys()], ALL);
      const softmax = probabilities.get('loudness') ?? [];
      assert.equal(softmax.length, 9);
      for (const row of [0, 3, 6]) {
        const sum = (softmax[row] ?? 0) + (softmax[row + 1] ?? 0) + (softmax[row + 2] ?? 0);
        assert.ok(Math.abs(sum - 1) < 1e-6);
      }
      assert.equal(probabilities.get('kinds')?.length, 6);
      const embedding = probabilities.get('voice') ?? new Float32Array();
      assert.ok(Math.abs(Math.hypot(...embedding.subarray(0, 3)) - 1) < 1e-4);
    });

    it('runs a gate of its own beside the models, and lists it among none of them', async () => {
      const gate = {
        source: { kind: 'trunk', output: 'scores', offset: 4 },
        temperature: 2,
        openAbove: 0.6,
        closeBelow: 0.4,
      };
      const gated = new OnnxPredictionEngine({ isolation, shippedFolder: tinySet({ gate }) });
      assert.deepEqual(
        gated.models.map(({ name }) => name),
        ALL,
      );
      assert.equal(new OnnxPredictionEngine({ isolation, shippedFolder: tinySet() }).gate, undefined);
      const name = gated.gate?.name ?? '';
      const found = await predictIn(await gated.openStream([name, 'kinds']), noise(5, 3), [5]);
      const logit = (p: number) => Math.log(p / (1 - p));
      // "kinds" reads the same score as the gate, with another bias.
      found.get(name)?.forEach((p, frame) => {
        assert.ok(Math.abs(logit(found.get('kinds')?.[frame * 2 + 1] ?? 0) - (logit(p) - 0.5)) < 1e-4);
      });
      assert.equal(found.get(name)?.length, 5);
      await gated.close();
    });

    it('lets what a model rejects take its share, and does not give it out', async () => {
      const rejecting = { ...loudness, name: 'rejecting', classes: ['low', 'middle'], reject: 'high' };
      const { probabilities } = await (
        await engine({ shippedFolder: tinySet({ models: [loudness, rejecting] }) }).openStream([
          'loudness',
          'rejecting',
        ])
      ).predict(noise(4, 1));
      // Both read the same three scores.
      const all = [...(probabilities.get('loudness') ?? [])];
      assert.deepEqual(
        [...(probabilities.get('rejecting') ?? [])],
        all.filter((_, index) => index % 3 < 2),
      );
      assert.ok(all.every((probability) => probability > 0));
    });

    it('starts by itself, says what it runs on, and may be started twice', async () => {
      const made = engine({ threads: 2 });
      const before = made.info;
      await Promise.all([made.start(), made.start(), made.openStream(ALL)]);
      const { version, ...rest } = made.info;
      assert.equal(before.version, undefined);
      assert.match(version ?? '', /^1\./);
      const isNative = defaultRuntime() !== 'wasm';
      assert.deepEqual(rest, {
        runtime: isNative ? 'onnxruntime-node' : 'onnxruntime-web',
        kind: isNative ? 'native' : 'WebAssembly',
        remark: undefined,
        provider: 'cpu',
        threads: isNative ? 2 : 1,
        workers: 1,
        isolation,
        modelSet: 'tiny',
        ownModels: [],
      });
      assert.equal((await made.stats())?.openStreams, 1);
    });

    it('gives the same numbers for a whole stream, for any split, and beside other streams', async () => {
      const made = engine();
      const pcm = noise(200, 7);
      const whole = await predictIn(await made.openStream(ALL), pcm, [200]);
      const others = [1, 2, 3].map(async (seed) =>
        predictIn(await made.openStream(['voice']), noise(200, seed), [1]),
      );
      const splits = [[1], [2], [1, 3, 64, 5, 70, 2], [199, 1]].map(async (pieces) =>
        predictIn(await made.openStream(ALL), pcm, pieces),
      );
      await Promise.all(others);
      for (const split of await Promise.all(splits)) {
        for (const name of ALL) {
          assert.ok(
            largestDifference(whole.get(name) ?? noise(1, 1), split.get(name) ?? noise(2, 2)) < 1e-5,
            name,
          );
        }
      }
      assert.ok(((await made.stats())?.largestBatch ?? 0) >= 4, 'streams shared runs');
    });

    it('answers a stream that asks for fewer models with the same numbers', async () => {
      const made = engine();
      const all = await (await made.openStream(ALL)).predict(noise(5, 3));
      const one = await (await made.openStream(['kinds'])).predict(noise(5, 3));
      assert.deepEqual([...one.probabilities.keys()], ['kinds']);
      assert.deepEqual(one.probabilities.get('kinds'), all.probabilities.get('kinds'));
    });

    it('answers requests in order', async () => {
      const stream = await engine().openStream(['loudness']);
      const order: number[] = [];
      const sizes = [1, 80, 2, 1, 5, 64, 1];
      await Promise.all(
        sizes.map(async (frames, index) => {
          await stream.predict(noise(frames, index));
          order.push(index);
        }),
      );
      assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
    });

    it('leaves the rest of a larger buffer to the caller', async () => {
      const stream = await engine().openStream(['loudness']);
      const buffer = noise(3, 5);
      const view = await stream.predict(buffer.subarray(FRAME, 2 * FRAME));
      assert.equal(buffer.length, 3 * FRAME);
      const own = await (
        await engine().openStream(['loudness'])
      ).predict(noise(3, 5).slice(FRAME, 2 * FRAME));
      assert.deepEqual(view.probabilities, own.probabilities);
    });

    it('fails a request alone whose samples were given away meanwhile', async () => {
      const made = engine();
      const [careless, careful] = await Promise.all([1, 2].map(() => made.openStream(['loudness'])));
      assert.ok(careless && careful);
      const pcm = noise(1, 1);
      const answers = Promise.allSettled([careless.predict(pcm), careful.predict(noise(1, 1))]);
      structuredClone(pcm, { transfer: [pcm.buffer] });
      const [lost, kept] = await answers;
      assert.ok(lost.status === 'rejected' && lost.reason instanceof InvalidArgumentError);
      assert.equal(kept.status, 'fulfilled');
    });

    it('runs two engines at once without mixing them up', async () => {
      const pcm = noise(40, 9);
      const [a, b] = [engine(), engine({ threads: 2 })];
      const [one, two] = await Promise.all(
        [a, b].map(async (each) => predictIn(await each.openStream(ALL), pcm, [1, 7, 2])),
      );
      for (const name of ALL) {
        assert.ok(largestDifference(one?.get(name) ?? noise(1, 1), two?.get(name) ?? noise(2, 2)) < 1e-5);
      }
    });

    it('refuses pieces that are not whole frames, models that are not there, and settings out of range', async () => {
      const made = engine();
      const stream = await made.openStream(['loudness']);
      await assert.rejects(stream.predict(new Float32Array(0)), InvalidArgumentError);
      await assert.rejects(
        stream.predict(new Float32Array(1_000)),
        /1000 samples; it takes a positive multiple of 1024/,
      );
      await assert.rejects(made.openStream([]), InvalidArgumentError);
      await assert.rejects(made.openStream(['loudness', 'mood']), (error: ModelNotFoundError) => {
        assert.ok(error instanceof ModelNotFoundError);
        assert.deepEqual(error.availableModels, ALL);
        return true;
      });
      assert.throws(() => new OnnxPredictionEngine({ threads: 0 }), InvalidArgumentError);
      assert.throws(() => new OnnxPredictionEngine({ maxBatchDelayMs: -1 }), InvalidArgumentError);
      assert.throws(() => new OnnxPredictionEngine({ patienceMs: 1 }), InvalidArgumentError);
      const isolation = 'container' as Isolation;
      assert.throws(
        () => new OnnxPredictionEngine({ isolation }),
        /isolation is "container": "thread" or "process"/,
      );
    });

    it('does not start on a trunk that is not the one of the catalogue', async () => {
      const shipped = tinySet();
      appendFileSync(path.join(shipped, 'trunk.onnx'), 'x');
      const made = engine({ shippedFolder: shipped });
      assert.equal(made.models.length, 3);
      await assert.rejects(made.start(), (error: Error) => {
        assert.ok(error instanceof ModelInvalidError);
        assert.match(error.message, /trunk.onnx is damaged/);
        return true;
      });
    });

    it('starts after all when what kept it from starting is mended', async () => {
      const shipped = tinySet();
      appendFileSync(path.join(shipped, 'trunk.onnx'), 'x');
      const made = engine({ shippedFolder: shipped });
      await assert.rejects(made.start(), ModelInvalidError);
      cpSync(
        path.join(PACKAGE_ROOT, 'test', 'fixtures', 'onnx', 'trunk.onnx'),
        path.join(shipped, 'trunk.onnx'),
      );
      await made.start();
    });

    it('forgets streams that were opened and closed thousands of times', async () => {
      const made = engine();
      for (let round = 0; round < 10; round += 1) {
        const streams = await Promise.all(Array.from({ length: 1_000 }, () => made.openStream(['loudness'])));
        const answer = streams[0]?.predict(noise(1, 1));
        for (const stream of streams) stream.close();
        assert.equal((await answer)?.frameCount, 1, 'what is in flight is still answered');
      }
      const stats = await made.stats();
      assert.equal(stats?.openStreams, 0);
      assert.equal(stats.framesWaiting, 0);
    });

    it('refuses a closed stream', async () => {
      const stream = await engine().openStream(['loudness']);
      stream.close();
      stream.close();
      await assert.rejects(stream.predict(noise(1, 1)), ClosedError);
    });

    it('answers what is in flight when it is closed while busy, and takes no more', async () => {
      const made = engine();
      const streams = await Promise.all([1, 2, 3].map(() => made.openStream(ALL)));
      const answers = streams.map((stream, seed) => stream.predict(noise(2_000, seed)));
      const closed = Promise.all([made.close(), made.close()]);
      await assert.rejects(streams[0]?.predict(noise(1, 1)) ?? Promise.resolve(), ClosedError);
      await assert.rejects(made.openStream(ALL), ClosedError);
      await assert.rejects(made.start(), ClosedError);
      for (const { frameCount } of await Promise.all(answers)) assert.equal(frameCount, 2_000);
      await closed;
    });

    it('may be closed before it ever started, and while it starts', async () => {
      await engine().close();
      const made = engine();
      const started = made.start();
      await made.close();
      await started;
    });

    describe('when a model gives numbers that are not finite', () => {
      /** Loud enough that the fragile model gives NaN, now and through its state. */
      const poison = (frames: number): Float32Array => noise(frames, 3, 50);

      it('fails that request alone and starts the stream again from silence', async () => {
        const made = engine({ modelFolders: [userFolder(fragile)] });
        const [ill, well, fresh] = await Promise.all(
          [1, 2, 3].map(() => made.openStream(['fragile', 'loudness'])),
        );
        assert.ok(ill && well && fresh);
        await Promise.all([ill, well].map((stream) => stream.predict(noise(2, 1))));
        const results = await Promise.allSettled([
          ill.predict(poison(1)),
          ill.predict(noise(2, 4)),
          well.predict(noise(1, 1)),
          fresh.predict(noise(2, 4)),
        ]);
        assert.deepEqual(
          results.map((result) => result.status),
          ['rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
        );
        const [failure, afterwards, , first] = results;
        assert.ok(failure.status === 'rejected' && failure.reason instanceof InferenceError);
        assert.match(failure.reason.message, /not finite/);
        assert.ok(afterwards.status === 'fulfilled' && first.status === 'fulfilled');
        assert.deepEqual(afterwards.value.probabilities, first.value.probabilities);
      });

      it('stops a long request where it went wrong and goes on with the next', async () => {
        const made = engine({ modelFolders: [userFolder(fragile)] });
        const stream = await made.openStream(['fragile']);
        const long = noise(1_000, 2);
        long[100 * FRAME] = 9;
        const [failed, next] = await Promise.allSettled([stream.predict(long), stream.predict(noise(1, 1))]);
        assert.equal(failed.status, 'rejected');
        assert.equal(next.status, 'fulfilled');
        assert.equal((await made.stats())?.framesWaiting, 0);
      });

      it('refuses samples that are not finite before they reach a model', async () => {
        const stream = await engine().openStream(['loudness']);
        const pcm = noise(2, 1);
        pcm[1_500] = NaN;
        await assert.rejects(stream.predict(pcm), (error: Error) => {
          assert.ok(error instanceof InferenceError);
          assert.match(error.message, /not a finite number/);
          return true;
        });
        await stream.predict(noise(1, 1));
      });
    });

    describe('in a process that ends', () => {
      it('keeps the process alive until the answers are there, and no longer', () => {
        const output = runScript(
          isolation,
          `
        const stream = await engine.openStream(['loudness']);
        stream.predict(new Float32Array(1024 * 500)).then(({ frameCount }) => console.log(frameCount));
        await engine.openStream(['voice']);`,
        );
        assert.equal(output, '500');
      });

      it('lets the process end by itself after close()', () => {
        const output = runScript(
          isolation,
          `
        const stream = await engine.openStream(['loudness']);
        await stream.predict(new Float32Array(1024));
        await engine.close();
        process.on('exit', (code) => console.log('ended', code));`,
        );
        assert.equal(output, 'ended 0');
      });

      it('survives process.exit() in the middle of a run', () => {
        const output = runScript(
          isolation,
          `
        const stream = await engine.openStream(['slow']);
        stream.predict(new Float32Array(1024 * 6400)).catch(() => undefined);
        setTimeout(() => { console.log('exit'); process.exit(0); }, 50);`,
        );
        assert.equal(output, 'exit');
      });
    });

    it('refuses models that the tiny set does not have, whatever the folder of a user says', () => {
      const made = engine({ modelFolders: [modelFolder({ version: 1, models: [{ name: 'broken-one' }] })] });
      assert.deepEqual(
        made.brokenModels.map(({ name }) => name),
        ['broken-one'],
      );
      assert.deepEqual(
        made.models.map(({ name }) => name),
        ALL,
      );
    });
  });
}
