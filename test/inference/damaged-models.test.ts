/** Model files that were cut, overwritten or never written whole: named, and nothing else stops. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ModelInvalidError } from '../../src/errors';
import { ISOLATIONS, OnnxPredictionEngine } from '../../src/inference';
import { temporaryFolder } from '../tools/audio';
import { seededRandom } from '../tools/random';
import { fragile, noise, PACKAGE_ROOT, tinySet, userFolder } from './model-folders';

/** What becomes of the bytes of a file; undefined where a folder stands in its place. */
const DAMAGES: Readonly<Record<string, (whole: Buffer) => Buffer | undefined>> = {
  'is empty': () => Buffer.alloc(0),
  'has one byte': (whole) => whole.subarray(0, 1),
  'is cut in half': (whole) => whole.subarray(0, whole.length >> 1),
  'lost its last bytes': (whole) => whole.subarray(0, -8),
  'is all zeros': (whole) => Buffer.alloc(whole.length),
  'is noise': (whole) => random(whole.length),
  'has a beginning of noise': (whole) =>
    Buffer.concat([random(whole.length >> 2), whole.subarray(whole.length >> 2)]),
  'is a web page': () => Buffer.from('<!doctype html><title>404 Not Found</title>'),
  'is a pointer of git-lfs': () =>
    Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n'),
  'is a folder': () => undefined,
};

function random(length: number): Buffer {
  const next = seededRandom(7);
  return Buffer.from(Array.from({ length }, () => Math.floor(256 * next())));
}

function damage(file: string, how: (whole: Buffer) => Buffer | undefined): void {
  const left = how(readFileSync(file));
  rmSync(file);
  if (left) writeFileSync(file, left);
  else mkdirSync(file);
}

for (const isolation of ISOLATIONS) {
  describe(`A model file that is damaged, with models in a ${isolation}`, function () {
    this.timeout(60_000);
    let engine: OnnxPredictionEngine | undefined;
    afterEach(async () => {
      await engine?.close();
    });

    for (const [what, how] of Object.entries(DAMAGES)) {
      it(`is named where a user's ${what}, and the other models are heard`, async () => {
        const folder = userFolder(fragile);
        damage(path.join(folder, 'pcm.onnx'), how);
        engine = new OnnxPredictionEngine({ shippedFolder: tinySet(), modelFolders: [folder], isolation });
        await engine.start();
        const [broken, ...more] = engine.brokenModels;
        assert.deepEqual([broken?.name, more], ['fragile', []]);
        assert.ok(broken && broken.reason.length > 10 && !broken.reason.includes('\n'), broken?.reason);
        await assert.rejects(engine.openStream(['fragile']), ModelInvalidError);
        const stream = await engine.openStream(['loudness', 'kinds']);
        assert.equal((await stream.predict(noise(3, 1))).frameCount, 3);
      });
    }

    it('is named where it is one of the package, and that works again once it is whole', async () => {
      const folder = temporaryFolder();
      const shipped = path.join(PACKAGE_ROOT, 'models');
      for (const file of ['catalogue.json', 'deeptone.onnx'])
        cpSync(path.join(shipped, file), path.join(folder, file));
      const graph = path.join(folder, 'deeptone.onnx');
      for (const [what, how] of Object.entries(DAMAGES)) {
        damage(graph, how);
        const start = async (): Promise<void> => {
          engine = new OnnxPredictionEngine({ shippedFolder: folder, isolation });
          await engine.start();
        };
        await assert.rejects(start, ModelInvalidError, what);
        await engine?.close();
        rmSync(graph, { recursive: true });
        cpSync(path.join(shipped, 'deeptone.onnx'), graph);
      }
      engine = new OnnxPredictionEngine({ shippedFolder: folder, isolation });
      const stream = await engine.openStream(['speech-rt']);
      assert.equal((await stream.predict(noise(2, 1))).frameCount, 2);
    });
  });
}
