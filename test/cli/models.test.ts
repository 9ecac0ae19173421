import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Deeptone } from '../../src';
import { deeptone, temporaryFolder } from './run-deeptone';

describe('deeptone models', () => {
  const folder = temporaryFolder();

  it('lists every model with classes, receptive field and license', async () => {
    const { code, stdout, stderr } = await deeptone(['models']);
    assert.equal(code, 0, stderr);
    const engine = new Deeptone();
    for (const model of engine.describeModels()) {
      assert.ok(stdout.includes(`${model.name}: `));
      assert.ok(stdout.includes(model.classes.join(', ')));
      assert.ok(stdout.includes(`${model.receptiveFieldMs} ms`));
      assert.ok(stdout.includes(model.license));
    }
    assert.match(stdout, /answers over +the last 10 s of speech/u);
    await engine.close();
  });

  it('gives the descriptions of the engine as JSON', async () => {
    const { code, stdout } = await deeptone(['models', '--json']);
    assert.equal(code, 0);
    const listed = JSON.parse(stdout) as { set: string; models: unknown; broken: unknown };
    const engine = new Deeptone();
    assert.equal(listed.set, 'standard');
    assert.deepEqual(listed.models, JSON.parse(JSON.stringify(engine.describeModels())));
    assert.deepEqual(listed.broken, []);
    await engine.close();
  });

  it('names a model of your own that is broken, on standard error, and lists the rest', async () => {
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'mine', 'catalogue.json'), '{"version": 1, "models": [{"name": "doorbell"}]}');
    const { code, stdout, stderr } = await deeptone(['models', '--model-folder', join(folder, 'mine')]);
    assert.equal(code, 0);
    assert.match(stdout, /^gender: /m);
    assert.match(stderr, /doorbell is left out: /);
  });
});
