import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneFile from '../../nodes/deeptone-file';
import { Deeptone, type FileAnalysis } from '../../src';
import type { HeadReport } from '../../src/heads';
import { deeptone } from '../cli/run-deeptone';
import { runFlow, useNodeRed } from '../nodes/support/flow';
import { PHONE_CALL } from '../nodes/support/sounds';
import { run, temporaryFolder } from '../tools/audio';

const SCRIPT = join(__dirname, '..', '..', '..', 'docs', 'own-model', 'make-sounds.mjs');
const CLASSES = ['doorbell', 'kettle', 'knocking', 'other'];

interface Part {
  readonly sound: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Frames of each label that lie in a part of a file. */
function labelsIn(analysis: FileAnalysis, model: string, { startMs, endMs }: Part): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { timestamp, results } of analysis.channels['0']?.time_series ?? []) {
    if (timestamp < startMs || timestamp >= endMs) continue;
    const answer = results[model];
    assert.ok(answer && 'result' in answer);
    counts.set(answer.result, (counts.get(answer.result) ?? 0) + 1);
  }
  return counts;
}

describe('The example of a model of your own', () => {
  const folder = temporaryFolder();
  const [sounds, mix, mine] = [join(folder, 'sounds'), join(folder, 'mix.wav'), join(folder, 'my-models')];
  let parts: readonly Part[] = [];
  let report: HeadReport;

  before(async function () {
    this.timeout(300_000);
    const said = (await run(process.execPath, [SCRIPT, sounds, mix])).toString();
    parts = [...said.matchAll(/: (\w+) from ([\d.]+) s to ([\d.]+) s/g)].map(
      ([, sound = '', start, end]) => ({
        sound,
        startMs: 1_000 * Number(start),
        endMs: 1_000 * Number(end),
      }),
    );
    assert.equal(parts.length, 5);
    const trained = await deeptone(['train-head', sounds, '--name', 'home-sounds', '--out', mine, '--json']);
    assert.equal(trained.code, 0, trained.stderr);
    report = JSON.parse(trained.stdout) as HeadReport;
  });

  it('is trained on the example sounds and says how well it does on recordings held out', () => {
    assert.deepEqual(report.classes, CLASSES);
    const { recordings, recordingsRight, framesRight, confusion, mistakes } = report.heldOut;
    assert.equal(recordings, 86);
    assert.ok(recordingsRight >= 78, `${recordingsRight} of 86`);
    assert.ok(framesRight > 0.85, `${framesRight}`);
    assert.deepEqual(
      confusion.map((row) => row.reduce((sum, count) => sum + count, 0)),
      [20, 20, 20, 26],
    );
    assert.equal(mistakes.length, recordings - recordingsRight);
  });

  it('appears in the list of models beside the shipped ones', async () => {
    const { code, stdout, stderr } = await deeptone(['models', '--model-folder', mine]);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /^gender: /m);
    assert.match(stdout, /^home-sounds: [^]*classes +doorbell, kettle, knocking, other\n/m);
    assert.match(stdout, /a model of your own/);
  });

  it('knows the sounds in a mix that it never heard', async () => {
    const engine = new Deeptone(null, { modelFolders: [mine] });
    assert.ok(engine.getAvailableModels().has('home-sounds'));
    const analysis = await engine.processFile(mix, { models: ['home-sounds', 'speech'], outputPeriod: 64 });
    await engine.close();
    for (const part of parts) {
      const labels = labelsIn(analysis, 'home-sounds', part);
      labels.delete('silence');
      const [most] = [...labels].sort(([, a], [, b]) => b - a);
      assert.equal(most?.[0], part.sound, JSON.stringify([part, [...labels]]));
    }
    const before = { sound: '', startMs: 0, endMs: 1_900 };
    assert.deepEqual([...labelsIn(analysis, 'home-sounds', before)], [['silence', 30]]);
  });

  it('hears a conversation as none of its sounds', async () => {
    const engine = new Deeptone(null, { modelFolders: [mine] });
    const { channels } = await engine.processFile(PHONE_CALL, {
      models: ['home-sounds'],
      outputPeriod: 64,
      includeSummary: true,
    });
    await engine.close();
    for (const { summary } of Object.values(channels)) {
      const shares = summary?.['home-sounds'];
      const heard = (sound: string): number => shares?.[`${sound}_fraction`] ?? NaN;
      const sounds = heard('doorbell') + heard('kettle') + heard('knocking');
      assert.ok(heard('other') > 5 * sounds, JSON.stringify(shares));
    }
  });

  it('works beside broken models in the same folder, which are named and left out', async () => {
    const broken = join(folder, 'broken');
    cpSync(mine, broken, { recursive: true });
    const file = join(broken, 'catalogue.json');
    const catalogue = JSON.parse(readFileSync(file, 'utf8')) as {
      models: [{ source: Record<string, unknown> }];
    };
    const [good] = catalogue.models;
    const { source } = good;
    const changed = (name: string, changes: object): object => ({
      ...good,
      name,
      source: { ...source, ...changes },
    });
    writeFileSync(join(broken, 'noise.onnx'), 'not a model');
    writeFileSync(
      file,
      JSON.stringify({
        version: 1,
        models: [
          { name: 'unfinished' },
          changed('lost', { file: 'lost.onnx' }),
          changed('untapped', { tap: 'tap_none' }),
          changed('older', { trunkSha256: 'a'.repeat(64) }),
          changed('garbled', { file: 'noise.onnx' }),
          good,
        ],
      }),
    );
    const reasons: readonly (readonly [string, RegExp])[] = [
      ['unfinished', /"source" is missing/],
      ['lost', /the file "lost.onnx" is not there/],
      ['untapped', /there is no tap "tap_none"; the trunk has tap_rt, /],
      ['older', /trained on another trunk/],
    ];
    const listed = await deeptone(['models', '--model-folder', broken]);
    assert.match(listed.stdout, /^home-sounds: /m);
    for (const [name, reason] of reasons) {
      const line =
        listed.stderr.split('\n').find((text) => text.includes(`The model ${name} is left out`)) ?? '';
      assert.match(line, reason);
      assert.doesNotMatch(listed.stdout, new RegExp(`^${name}: `, 'm'));
    }
    // What is inside a graph is known once the engine has loaded it.
    const engine = new Deeptone(null, { modelFolders: [broken] });
    await engine.start();
    assert.ok(!engine.isModelAvailable('garbled'));
    const { channels } = await engine.processFile(mix, { models: ['home-sounds'], outputPeriod: 1_024 });
    assert.ok((channels['0']?.time_series.length ?? 0) > 20);
    await engine.close();
  });

  describe('in Node-RED', () => {
    useNodeRed();

    it('is offered in the editor and answers in a flow', async () => {
      const flow = await runFlow(
        [deeptoneEngine, deeptoneFile],
        { type: 'deeptone-file', models: ['home-sounds'], outputPeriod: '1024' },
        { modelFolders: [mine] },
      );
      const offered = await helper.request().get('/deeptone-engine/engine/models');
      const model = (offered.body as { name: string; classes: string[] }[]).find(
        ({ name }) => name === 'home-sounds',
      );
      assert.deepEqual(model?.classes, CLASSES);
      flow.send({ filename: mix });
      const { payload } = (await flow.series.message()) as { payload?: unknown };
      assert.match(JSON.stringify(payload), /"home-sounds":\{"result":"doorbell"/);
    });
  });
});
