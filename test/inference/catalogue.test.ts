import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ModelInvalidError } from '../../src/errors';
import { loadCatalogue, type Catalogue } from '../../src/inference';
import { doorbell, fragile, kinds, loudness, modelFolder, tinySet, userFolder, voice } from './model-folders';
import { temporaryFolder } from '../tools/audio';

const names = (catalogue: Catalogue): string[] => catalogue.models.map((model) => model.description.name);

/** The reason why a user's entry is left out. */
function reasonFor(entry: Readonly<Record<string, unknown>>): string {
  const catalogue = loadCatalogue({ shippedFolder: tinySet(), modelFolders: [userFolder(entry, doorbell)] });
  assert.deepEqual(names(catalogue), ['loudness', 'kinds', 'voice', 'doorbell'], 'the others still work');
  assert.equal(catalogue.broken.length, 1);
  return catalogue.broken[0]?.reason ?? '';
}

const entrySource = { kind: 'trunk', output: 'scores' };
const other = { ...doorbell, name: 'other' };

describe('Model catalogue', () => {
  it('lists the shipped models in the order of the file, as plain data', () => {
    const catalogue = loadCatalogue({ shippedFolder: tinySet() });
    assert.deepEqual(names(catalogue), ['loudness', 'kinds', 'voice']);
    assert.deepEqual(catalogue.broken, []);
    assert.deepEqual(catalogue.models[0]?.description, {
      name: 'loudness',
      title: 'Loudness',
      description: '',
      classes: ['low', 'middle', 'high'],
      activation: 'softmax',
      receptiveFieldMs: 192,
      gate: 'volume',
      unknownBelow: null,
      license: 'Apache-2.0',
      trainingData: 'open',
    });
    assert.deepEqual(catalogue.models[2]?.description.clustering, { newSpeakerBelow: 0.4 });
  });

  it('has a gate where the set has one, and it is no model', () => {
    const entry = {
      source: { kind: 'trunk', output: 'scores', offset: 4 },
      temperature: 2,
      openAbove: 0.6,
      closeBelow: 0.4,
    };
    const catalogue = loadCatalogue({ shippedFolder: tinySet({ gate: entry }) });
    assert.deepEqual(names(catalogue), ['loudness', 'kinds', 'voice']);
    assert.equal(catalogue.gate?.openAbove, 0.6);
    assert.equal(catalogue.gate.closeBelow, 0.4);
    assert.deepEqual(catalogue.gate.model.source, entry.source);
    assert.equal(loadCatalogue({ shippedFolder: tinySet() }).gate, undefined);
    const refused = (change: object, reason: RegExp) => {
      assert.throws(
        () => loadCatalogue({ shippedFolder: tinySet({ gate: { ...entry, ...change } }) }),
        (error) => error instanceof ModelInvalidError && reason.test(error.message),
      );
    };
    refused({ closeBelow: 0.7 }, /closeBelow must not be the larger one/);
    refused({ openAbove: 1.2 }, /"gate.openAbove" .*from 0 to 1/);
    refused({ source: { ...entry.source, offset: 5 } }, /offset 5 reaches beyond the 5 scores/);
  });

  it('counts the score of what a model rejects', () => {
    const of = (entry: object) =>
      loadCatalogue({ shippedFolder: tinySet({ models: [{ ...loudness, ...entry }] }) });
    const [model] = of({ reject: 'other' }).models;
    assert.equal(model?.rejected, 1);
    assert.equal(model.width, 3);
    assert.match(
      of({ reject: 'other', source: { ...entrySource, offset: 2 } }).broken[0]?.reason ?? '',
      /offset 2 and 4 classes/,
    );
    assert.match(
      of({ reject: 'other', activation: 'sigmoid' }).broken[0]?.reason ?? '',
      /reject is for softmax/,
    );
  });

  it('says how a model answers over what was said lately', () => {
    const pooling = { seconds: 5, temperature: 0.5, priorSeconds: 1 };
    const own = { shippedFolder: tinySet(), modelFolders: [userFolder({ ...doorbell, pooling })] };
    assert.deepEqual(loadCatalogue(own).models.at(-1)?.description.pooling, pooling);
    const shipped = tinySet({ models: [{ ...loudness, pooling: { seconds: 10 } }] });
    assert.deepEqual(loadCatalogue({ shippedFolder: shipped }).models[0]?.description.pooling, {
      seconds: 10,
    });
    const ofSet = (entry: object) => loadCatalogue({ shippedFolder: tinySet({ models: [{ ...entry }] }) });
    for (const entry of [voice, kinds])
      assert.match(
        ofSet({ ...entry, pooling: { seconds: 10 } }).broken[0]?.reason ?? '',
        /pooling and baseline are for softmax/,
      );
  });

  it('says how a model answers against what is usual', () => {
    const baseline = { logProbabilities: [-1, -0.5], priorSeconds: 60, memorySeconds: 600 };
    const own = { shippedFolder: tinySet(), modelFolders: [userFolder({ ...doorbell, baseline })] };
    assert.deepEqual(loadCatalogue(own).models.at(-1)?.description.baseline, baseline);
    const reason = (entry: object) =>
      loadCatalogue({ shippedFolder: tinySet({ models: [{ ...entry }] }) }).broken[0]?.reason ?? '';
    assert.match(reason({ ...voice, baseline }), /pooling and baseline are for softmax/);
    assert.match(reason({ ...kinds, baseline }), /pooling and baseline are for softmax/);
    assert.match(
      reason({ ...loudness, baseline: { ...baseline, logProbabilities: [-1] } }),
      /one number per class/,
    );
    const three = { ...baseline, logProbabilities: [-1, -1, -1] };
    assert.equal(reason({ ...loudness, baseline: three }), '');
    assert.match(reason({ ...loudness, baseline: three, reject: 'others' }), /rejects has no baseline/);
    assert.match(
      reason({ ...loudness, baseline: { ...three, logProbabilities: [-1, -1, 1] } }),
      /from -30 to 0/,
    );
    assert.match(
      reason({
        ...loudness,
        baseline: three,
        pooling: { seconds: 10 },
      }),
      /not both/,
    );
  });

  it('takes the open set from its own folder', () => {
    const shipped = tinySet();
    const open = tinySet({ models: [kinds] });
    symlinkSync(open, path.join(shipped, 'open'));
    assert.deepEqual(names(loadCatalogue({ shippedFolder: shipped, modelSet: 'open' })), ['kinds']);
  });

  it('adds the models of users, with the receptive field of their tap', () => {
    const catalogue = loadCatalogue({
      shippedFolder: tinySet(),
      modelFolders: [userFolder(doorbell, fragile)],
    });
    assert.deepEqual(names(catalogue), ['loudness', 'kinds', 'voice', 'doorbell', 'fragile']);
    const head = catalogue.models[3]?.description;
    assert.equal(head?.receptiveFieldMs, 64);
    assert.equal(head.trainingData, 'user');
    assert.equal(head.license, 'not stated');
  });

  it('does not let a model of a user take the place of a built-in one', () => {
    assert.match(
      reasonFor({ ...doorbell, name: 'loudness' }),
      /name is taken by a model of the shipped set "Tiny"/,
    );
  });

  it('leaves out a model that has the name of the level in summaries', () => {
    assert.match(reasonFor({ ...doorbell, name: 'level' }), /"level" belongs to the level of the sound/);
  });

  it('keeps the first of two models with one name', () => {
    const first = userFolder(doorbell);
    const second = userFolder({ ...doorbell, classes: ['x', 'y'] }, fragile);
    const catalogue = loadCatalogue({ shippedFolder: tinySet(), modelFolders: [first, second] });
    assert.deepEqual(names(catalogue).slice(3), ['doorbell', 'fragile']);
    assert.deepEqual(catalogue.models[3]?.description.classes, ['ring', 'none']);
    assert.deepEqual(catalogue.broken, [
      { name: 'doorbell', reason: `the name is taken by a model of ${first} (in ${second})` },
    ]);
  });

  it('leaves out a broken built-in model and keeps the rest', () => {
    const shipped = tinySet({
      models: [{ ...kinds, source: { ...(loudness.source as object), offset: 4 } }, voice],
    });
    const catalogue = loadCatalogue({ shippedFolder: shipped });
    assert.deepEqual(names(catalogue), ['voice']);
    assert.match(catalogue.broken[0]?.reason ?? '', /offset 4 and 2 classes reach beyond the 5 scores/);
  });

  for (const [what, entry, reason] of [
    [
      'a name in capitals',
      { ...other, name: 'Door Bell' },
      /"name" is "Door Bell": up to 64 lower-case letters/,
    ],
    ['no name', { ...other, name: undefined }, /"name" is missing/],
    ['a class that is no text', { ...other, classes: ['ring', 5] }, /"classes.1" is 5: a text/],
    ['a class without a letter', { ...other, classes: ['ring', ''] }, /"classes.1" is ""/],
    [
      'a threshold in words',
      { ...other, unknownBelow: 'low' },
      /"unknownBelow" is "low": a number from -1 to 1/,
    ],
    [
      'a bias in words',
      { ...other, activation: 'sigmoid', calibration: { temperature: 1, bias: ['a'] } },
      /"calibration.bias.0" is "a": a number is accepted/,
    ],
    ['no classes', { ...other, classes: [] }, /softmax model needs 2 or more classes/],
    ['a class twice', { ...other, classes: ['ring', 'ring'] }, /"classes" is an array: .* each once/],
    ['a class with the name of a gate', { ...other, classes: ['ring', 'silence'] }, /labels of the gates/],
    [
      'an unknown activation',
      { ...other, activation: 'relu' },
      /"activation" is "relu": one of softmax, sigmoid is accepted/,
    ],
    [
      'a temperature of 0',
      { ...other, calibration: { temperature: 0 } },
      /"calibration.temperature" is 0: a number above 0/,
    ],
    ['a bias on softmax', { ...other, calibration: { temperature: 1, bias: [1, 2] } }, /bias is for sigmoid/],
    [
      'an unknown kind of source',
      { ...other, source: { kind: 'magic', file: 'x' } },
      /"source.kind" is "magic": one of head, pcm is accepted/,
    ],
    [
      'a tap that is not there',
      { ...other, source: { kind: 'head', file: 'head.onnx', tap: 'tap_x' } },
      /no tap "tap_x"; the trunk has tap_rt, tap_long/,
    ],
    [
      'a head for another trunk',
      { ...other, source: { ...(doorbell.source as object), trunkSha256: '0'.repeat(64) } },
      /trained on another trunk/,
    ],
    [
      'a file that is not there',
      { ...other, source: { kind: 'head', file: 'gone.onnx', tap: 'tap_rt' } },
      /"gone.onnx" is not there/,
    ],
    [
      'a file above the folder',
      { ...other, source: { kind: 'head', file: '../head.onnx', tap: 'tap_rt' } },
      /leads out of the model folder/,
    ],
    [
      'an absolute file name',
      { ...other, source: { kind: 'head', file: '/etc/passwd', tap: 'tap_rt' } },
      /leads out of the model folder/,
    ],
    [
      'a model of its own without a receptive field',
      { ...fragile, receptiveFieldMs: undefined },
      /must state its receptiveFieldMs/,
    ],
    ['a window of no time', { ...other, pooling: { seconds: 0 } }, /"pooling.seconds" .*from 0.064 to 60/],
    ['a window without end', { ...other, pooling: { seconds: 61 } }, /from 0.064 to 60/],
    ['a window of unknown length', { ...other, pooling: { temperature: 1 } }, /"pooling.seconds" is missing/],
    [
      'a baseline without numbers',
      { ...other, baseline: { priorSeconds: 1, memorySeconds: 9 } },
      /"baseline.logProbabilities" is missing/,
    ],
    [
      'a baseline that never forgets',
      { ...other, baseline: { logProbabilities: [-1, -1], priorSeconds: 1, memorySeconds: 1e6 } },
      /from 1 to 86400/,
    ],
    ['a temperature of 0', { ...other, pooling: { seconds: 1, temperature: 0 } }, /above 0/],
    [
      'a model of its own without a state size',
      { ...fragile, source: { kind: 'pcm', file: 'pcm.onnx' } },
      /"source.stateSize" is missing/,
    ],
  ] as const) {
    it(`names and leaves out a model with ${what}`, () => {
      assert.match(reasonFor(entry), reason);
    });
  }

  it('leaves out a file that is a link out of the folder', () => {
    const outside = temporaryFolder();
    writeFileSync(path.join(outside, 'head.onnx'), 'x');
    const folder = modelFolder({
      version: 1,
      models: [{ ...doorbell, source: { kind: 'head', file: 'link.onnx', tap: 'tap_rt' } }],
    });
    symlinkSync(path.join(outside, 'head.onnx'), path.join(folder, 'link.onnx'));
    const { broken } = loadCatalogue({ shippedFolder: tinySet(), modelFolders: [folder] });
    assert.match(broken[0]?.reason ?? '', /a link that leads out/);
  });

  it('names a folder of a user that cannot be read and goes on with the next', () => {
    const missing = path.join(temporaryFolder(), 'none');
    const notJson = modelFolder('{');
    const wrong = modelFolder({ version: 2, models: [] });
    const catalogue = loadCatalogue({
      shippedFolder: tinySet(),
      modelFolders: [missing, notJson, wrong, userFolder(doorbell)],
    });
    assert.deepEqual(names(catalogue).slice(3), ['doorbell']);
    assert.deepEqual(
      catalogue.broken.map(({ name }) => name),
      [missing, notJson, wrong],
    );
    assert.match(catalogue.broken[0]?.reason ?? '', /cannot be read: ENOENT/);
    assert.match(catalogue.broken[1]?.reason ?? '', /is not JSON/);
    assert.match(catalogue.broken[2]?.reason ?? '', /"version" is 2: 1 is accepted/);
  });

  it('fails when the shipped set itself is broken', () => {
    assert.throws(() => loadCatalogue({ shippedFolder: temporaryFolder() }), ModelInvalidError);
    assert.throws(
      () => loadCatalogue({ shippedFolder: tinySet({ trunk: { sha256: 'abc' } }) }),
      /trunk.sha256/,
    );
    assert.throws(
      () => loadCatalogue({ shippedFolder: tinySet({ trunk: { file: 'gone.onnx' } }) }),
      ModelInvalidError,
    );
  });
});
