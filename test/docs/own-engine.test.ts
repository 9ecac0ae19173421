import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneFile from '../../nodes/deeptone-file';
import { Deeptone, type PredictionEngine } from '../../src';
import { LEVEL, logged, runFlow, useNodeRed, type RunningFlow } from '../nodes/support/flow';
import { RADIO_SHOW } from '../nodes/support/sounds';
import { consumerFolder, ROOT } from '../package/consumer';

const PAGE = readFileSync(join(ROOT, 'docs/your-own-engine.md'), 'utf8');
const NAME = 'engine-on-my-thread';
const MODELS = ['speech', 'gender', 'speaker-map'];

interface Example {
  readonly createPredictionEngine: (settings: object) => PredictionEngine;
}

function writeModule(folder: string, name: string, program: string): void {
  const module = join(folder, 'node_modules', name);
  mkdirSync(module, { recursive: true });
  writeFileSync(join(module, 'index.js'), program);
}

describe('The page about an engine of your own', function () {
  this.timeout(120_000);
  const folder = consumerFolder(['onnxruntime-node', 'onnxruntime-common']);
  const [, program = ''] = /^```js\n([^]*?)^```$/m.exec(PAGE) ?? [];
  writeModule(folder, NAME, program);
  writeModule(folder, 'no-engine', 'exports.createEngine = () => ({});');
  writeModule(folder, 'half-an-engine', 'exports.createPredictionEngine = () => ({ models: [] });');
  const example = createRequire(join(folder, 'program.js'))(NAME) as Example;

  it('has an engine that says what ours says', async () => {
    const answers = [];
    for (const predictionEngine of [undefined, example.createPredictionEngine({})]) {
      const deeptone = new Deeptone(null, predictionEngine ? { predictionEngine } : {});
      const { channels } = await deeptone.processFile(RADIO_SHOW, { models: MODELS, outputPeriod: 1_024 });
      answers.push(channels['0']?.time_series.map(({ results }) => results.speech.result));
      await deeptone.close();
    }
    const [ours, theirs] = answers;
    assert.ok(ours && ours.length > 5);
    assert.deepEqual(theirs, ours);
  });

  describe('in Node-RED', () => {
    useNodeRed();

    function start(engine: object, deeptone?: object): Promise<RunningFlow> {
      helper.settings({ userDir: folder, ...(deeptone ? { deeptone } : {}) });
      return runFlow(
        [deeptoneEngine, deeptoneFile],
        { type: 'deeptone-file', models: MODELS, outputPeriod: '1024' },
        { ...engine },
      );
    }

    for (const [where, engine, settings] of [
      ['by its name in the engine node', { predictionEngine: NAME }, undefined],
      ['by its name in settings.js', {}, { predictionEngine: NAME }],
      ['by the function in settings.js', {}, { predictionEngine: example.createPredictionEngine }],
    ] as const) {
      it(`is chosen ${where}, and said in the log`, async () => {
        const flow = await start(engine, settings);
        flow.send({ filename: RADIO_SHOW });
        const { payload } = await flow.series.message();
        assert.ok((payload as readonly unknown[]).length > 5);
        const told = logged(LEVEL.info).filter((text) => text.startsWith('The models run on'));
        assert.deepEqual(told, ["The models run on onnxruntime-node (Node-RED's thread)."]);
      });
    }

    for (const [name, words] of [
      [
        'nowhere-to-be-found',
        /"nowhere-to-be-found" cannot be loaded .* install it in the folder of Node-RED/,
      ],
      ['../../../etc/engine', /is "\.\.\/\.\.\/\.\.\/etc\/engine": the name of a module/],
      ['no-engine', /has to export a function createPredictionEngine/],
      ['half-an-engine', /"half-an-engine" gave no engine/],
    ] as const) {
      it(`says once what is wrong with ${name}`, async () => {
        const flow = await start({ predictionEngine: name });
        const { error } = await flow.caught.message();
        assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
        assert.match(error.message, words);
      });
    }
  });
});
