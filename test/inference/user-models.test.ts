import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ModelInvalidError } from '../../src/errors';
import { ISOLATIONS, OnnxPredictionEngine } from '../../src/inference';
import { doorbell, fragile, noise, tinySet, userFolder } from './model-folders';

const FRAME = 1_024;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Mean absolute value of quarter `quarter` of frame `frame`. */
function loudness(pcm: Float32Array, frame: number, quarter: number): number {
  const start = frame * FRAME + (quarter * FRAME) / 4;
  return pcm.subarray(start, start + FRAME / 4).reduce((sum, x) => sum + Math.abs(x), 0) / (FRAME / 4);
}

const peak = (pcm: Float32Array, frame: number): number =>
  Math.max(...pcm.subarray(frame * FRAME, (frame + 1) * FRAME));

for (const isolation of ISOLATIONS) {
  describe(`Users' models, in a ${isolation}`, () => {
    let engine: OnnxPredictionEngine | undefined;

    function engineWith(...folders: readonly string[]): OnnxPredictionEngine {
      engine = new OnnxPredictionEngine({ shippedFolder: tinySet(), modelFolders: folders, isolation });
      return engine;
    }

    afterEach(async () => {
      await engine?.close();
    });

    it('a head hears the tap that it names', async () => {
      const stream = await engineWith(userFolder(doorbell)).openStream(['voice', 'doorbell', 'loudness']);
      const pcm = noise(3, 1);
      pcm.fill(0, FRAME / 4, FRAME / 2);
      const expected = [0, 1, 2].flatMap((frame) => {
        const ring = sigmoid(4 * (loudness(pcm, frame, 0) - loudness(pcm, frame, 1)));
        return [ring, 1 - ring];
      });
      const { probabilities } = await stream.predict(pcm);
      const got = probabilities.get('doorbell') ?? [];
      assert.equal(got.length, 6);
      for (const [i, p] of expected.entries())
        assert.ok(Math.abs((got[i] ?? NaN) - p) < 1e-5, `${i}: ${got[i]} ${p}`);
    });

    it('are told with the hash of what was loaded', async () => {
      const folders = [userFolder(doorbell), userFolder(fragile)];
      const made = engineWith(...folders);
      assert.deepEqual(made.info.ownModels, []);
      await made.start();
      const files = [path.join(folders[0] ?? '', 'head.onnx'), path.join(folders[1] ?? '', 'pcm.onnx')];
      const hashes = files.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
      assert.deepEqual(made.info.ownModels, [
        { name: 'doorbell', sha256: hashes[0] },
        { name: 'fragile', sha256: hashes[1] },
      ]);
    });

    it('a model of its own hears the samples and keeps its own state, alone and beside built-in models', async () => {
      const made = engineWith(userFolder(fragile));
      const pcm = noise(6, 2, 1.5);
      const streams = [await made.openStream(['fragile']), await made.openStream(['loudness', 'fragile'])];
      for (const stream of streams) {
        const got: number[] = [];
        for (const [from, to] of [
          [0, 1],
          [1, 4],
          [4, 6],
        ] as const) {
          const { probabilities } = await stream.predict(pcm.slice(from * FRAME, to * FRAME));
          got.push(...(probabilities.get('fragile') ?? []));
        }
        for (let frame = 0; frame < 6; frame += 1) {
          const now = sigmoid(Math.sqrt(2 - peak(pcm, frame)));
          // Zero state: nothing came before the first frame.
          const before = frame === 0 ? 0.5 : sigmoid(Math.sqrt(2 - peak(pcm, frame - 1)));
          assert.ok(Math.abs((got[2 * frame] ?? NaN) - now) < 1e-5);
          assert.ok(Math.abs((got[2 * frame + 1] ?? NaN) - before) < 1e-5);
        }
      }
    });

    it('shares runs between streams that want different models', async () => {
      const made = engineWith(userFolder(doorbell, fragile));
      const wanted = [['loudness'], ['doorbell'], ['fragile'], ['voice', 'fragile'], ['doorbell', 'kinds']];
      const streams = await Promise.all(wanted.map((models) => made.openStream(models)));
      const together = await Promise.all(streams.map((stream, seed) => stream.predict(noise(2, seed))));
      for (const [seed, models] of wanted.entries()) {
        const alone = await (await made.openStream(models)).predict(noise(2, seed));
        for (const name of models) {
          const [a, b] = [alone.probabilities.get(name), together[seed]?.probabilities.get(name)];
          assert.ok(a && b && a.length === b.length);
          assert.ok(a.every((p, i) => Math.abs(p - (b[i] ?? NaN)) < 1e-5));
        }
      }
      assert.ok(((await made.stats())?.largestBatch ?? 0) >= 2);
    });

    for (const [what, entry, reason] of [
      [
        'is not an ONNX file',
        { ...doorbell, source: { kind: 'head', file: 'junk.onnx', tap: 'tap_rt' } },
        /./,
      ],
      [
        'has other inputs',
        { ...doorbell, source: { kind: 'head', file: 'pcm.onnx', tap: 'tap_rt' } },
        /its inputs are pcm, state; needed are features/,
      ],
      [
        'has another number of classes',
        { ...doorbell, classes: ['a', 'b', 'c'] },
        /shape \[1, 2, 2\] for 2 frames, \[1, 2, 3\] is needed/,
      ],
      [
        'does not fit its tap',
        { ...doorbell, source: { kind: 'head', file: 'head.onnx', tap: 'tap_long' } },
        /./,
      ],
      [
        'has another state',
        { ...fragile, name: 'doorbell', source: { kind: 'pcm', file: 'pcm.onnx', stateSize: 3 } },
        /./,
      ],
    ] as const) {
      it(`a graph that ${what} is named at the start and no longer offered; the rest works`, async () => {
        const folder = userFolder(entry, fragile);
        writeFileSync(path.join(folder, 'junk.onnx'), 'not a model');
        const made = engineWith(folder);
        assert.equal(made.brokenModels.length, 0, 'the catalogue entry itself is sound');
        await made.start();
        assert.deepEqual(
          made.models.map(({ name }) => name),
          ['loudness', 'kinds', 'voice', 'fragile'],
        );
        const [broken] = made.brokenModels;
        assert.equal(broken?.name, 'doorbell');
        assert.match(broken.reason, reason);
        assert.ok(!broken.reason.includes('\n'));
        await assert.rejects(made.openStream(['doorbell']), (error: Error) => {
          assert.ok(error instanceof ModelInvalidError);
          assert.ok(error.message.startsWith('The model "doorbell" cannot be used: '), error.message);
          return true;
        });
        const stream = await made.openStream(['fragile', 'loudness']);
        assert.equal((await stream.predict(noise(1, 1))).frameCount, 1);
      });
    }
  });
}
