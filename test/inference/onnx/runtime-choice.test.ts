import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { InvalidArgumentError } from '../../../src/errors';
import { OnnxPredictionEngine, type RuntimeChoice } from '../../../src/inference';
import { temporaryFolder } from '../../tools/audio';
import { PACKAGE_ROOT, tinySet } from '../model-folders';

/** A native runtime that loads and then fails, as one does whose instructions the processor does not have. */
const FAILING_RUNTIME = `module.exports = {
  ...require('onnxruntime-common'),
  env: { versions: { node: '9.9.9' } },
  InferenceSession: {
    create: async () => ({
      inputNames: ['pcm', 'state'],
      outputNames: ['scores', 'embedding', 'tap_rt', 'tap_long', 'state_out'],
      run: async () => { throw new Error('illegal instruction'); },
      release: async () => undefined,
    }),
  },
};`;

interface Outcome {
  readonly info: { readonly runtime?: string; readonly kind?: string; readonly remark?: string };
  readonly frameCount?: number;
  readonly code?: string;
  readonly message?: string;
}

/** The package as it is installed somewhere: without the native runtime, or with one that fails. */
function installed(parts: { readonly wasm: boolean; readonly native?: string }): string {
  const folder = temporaryFolder();
  cpSync(path.join(PACKAGE_ROOT, 'dist', 'src'), path.join(folder, 'dist', 'src'), { recursive: true });
  if (parts.wasm) {
    cpSync(path.join(PACKAGE_ROOT, 'dist', 'wasm'), path.join(folder, 'dist', 'wasm'), { recursive: true });
  }
  const modules = path.join(folder, 'node_modules');
  const common = path.join(PACKAGE_ROOT, 'node_modules', 'onnxruntime-common');
  cpSync(common, path.join(modules, 'onnxruntime-common'), { recursive: true });
  if (parts.native !== undefined) {
    mkdirSync(path.join(modules, 'onnxruntime-node'));
    writeFileSync(path.join(modules, 'onnxruntime-node', 'index.js'), parts.native);
  }
  return folder;
}

/** Lets an engine of that installation hear two frames, in a process of its own. */
function tryThere(folder: string, runtime: RuntimeChoice): Outcome {
  const script = `
    const { OnnxPredictionEngine } = require('./dist/src/inference');
    const engine = new OnnxPredictionEngine(${JSON.stringify({ runtime, shippedFolder: tinySet() })});
    (async () => {
      const stream = await engine.openStream(engine.models.map(({ name }) => name));
      return stream.predict(new Float32Array(2048));
    })().then(
      ({ frameCount }) => ({ frameCount }),
      ({ code, message }) => ({ code, message }),
    ).then(async (outcome) => {
      console.log(JSON.stringify({ info: engine.info, ...outcome }));
      await engine.close();
    });`;
  const output = execFileSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' });
  return JSON.parse(output) as Outcome;
}

describe('The choice of the runtime', () => {
  it('is WebAssembly where the native runtime is not installed, and says so with what to do', () => {
    const { info, frameCount } = tryThere(installed({ wasm: true }), 'auto');
    assert.equal(frameCount, 2);
    assert.equal(info.runtime, 'onnxruntime-web');
    assert.equal(info.kind, 'WebAssembly');
    assert.match(
      info.remark ?? '',
      /about 2 times slower .* is not installed; .*npm install onnxruntime-node/,
    );
  });

  it('is WebAssembly where the native runtime loads and then fails its first run, and says so', () => {
    const { info, frameCount } = tryThere(installed({ wasm: true, native: FAILING_RUNTIME }), 'auto');
    assert.equal(frameCount, 2);
    assert.equal(info.runtime, 'onnxruntime-web');
    assert.match(info.remark ?? '', /onnxruntime-node 9\.9\.9 loads here but failed .*illegal instruction/);
  });

  it('has nothing to say where WebAssembly was asked for', () => {
    const { info } = tryThere(installed({ wasm: true }), 'wasm');
    assert.equal(info.runtime, 'onnxruntime-web');
    assert.equal(info.remark, undefined);
  });

  it('refuses to start where the native runtime was asked for and is not there', () => {
    const { code, message } = tryThere(installed({ wasm: true }), 'native');
    assert.equal(code, 'DEEPTONE_RUNTIME_UNAVAILABLE');
    assert.match(message ?? '', /the package onnxruntime-node is not installed/);
  });

  it('fails with one error where there is neither, and lists the models all the same', () => {
    const { code, message } = tryThere(installed({ wasm: false }), 'auto');
    assert.equal(code, 'DEEPTONE_RUNTIME_UNAVAILABLE');
    assert.match(
      message ?? '',
      /onnxruntime-node is not installed.* The WebAssembly runtime.* does not load/,
    );
  });

  it('is checked', () => {
    assert.throws(() => new OnnxPredictionEngine({ runtime: 'gpu' as RuntimeChoice }), InvalidArgumentError);
  });

  it('may stand in the environment', () => {
    const before = process.env['DEEPTONE_RUNTIME'];
    try {
      process.env['DEEPTONE_RUNTIME'] = 'fast';
      assert.throws(
        () => new OnnxPredictionEngine(),
        /DEEPTONE_RUNTIME is "fast": "auto", "native" or "wasm"/,
      );
    } finally {
      if (before === undefined) delete process.env['DEEPTONE_RUNTIME'];
      else process.env['DEEPTONE_RUNTIME'] = before;
    }
  });
});
