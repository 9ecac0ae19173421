import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import * as path from 'node:path';
import { checkOnnxRuntime } from '../../../src/inference';
import { explainUnavailable } from '../../../src/inference/onnx/runtime-advice';
import type { Host } from '../../../src/inference';
import { PACKAGE_ROOT } from '../model-folders';
import { temporaryFolder } from '../../tools/audio';

const failed = new Error('libonnxruntime.so.1: cannot open shared object file\nand more');
const missing = Object.assign(new Error("Cannot find module 'onnxruntime-node'\nRequire stack:"), {
  code: 'MODULE_NOT_FOUND',
});
const debian: Host = { platform: 'linux', arch: 'x64', libc: 'glibc 2.36' };

describe('ONNX Runtime', () => {
  for (const runtime of ['native', 'wasm'] as const) {
    it(`is available on the machine that runs the tests: ${runtime}`, () => {
      const check = checkOnnxRuntime(runtime);
      assert.ok(check.available);
      assert.equal(check.kind, runtime);
      assert.match(check.version, /^1\.\d+\.\d+$/);
    });
  }

  for (const [where, host, cause, words] of [
    ['on Alpine', { ...debian, libc: 'musl' }, failed, ['linux x64, musl', 'nodered/node-red:latest-debian']],
    [
      'on an Intel Mac',
      { platform: 'darwin', arch: 'x64', libc: undefined },
      missing,
      ['darwin x64', 'Apple silicon'],
    ],
    [
      'on a 32-bit Raspberry Pi',
      { ...debian, arch: 'arm' },
      missing,
      ['linux arm,', '64-bit operating system'],
    ],
    [
      'on FreeBSD',
      { platform: 'freebsd', arch: 'x64', libc: undefined },
      missing,
      ['freebsd x64', 'win32 arm64'],
    ],
    ['on an old Linux', { ...debian, libc: 'glibc 2.24' }, failed, ['glibc 2.24', 'glibc 2.28 or later']],
    ['without the package', debian, missing, ['glibc 2.36', 'npm install onnxruntime-node']],
    ['with a damaged package', debian, failed, ['cannot open shared object file', 'again']],
    [
      'on Windows without the libraries of Visual C++',
      { platform: 'win32', arch: 'x64', libc: undefined, release: '10.0.22631' },
      new Error(
        'The specified module could not be found.\r\n\\\\?\\C:\\node_modules\\onnxruntime_binding.node',
      ),
      ['win32 x64', 'Visual C++ Redistributable', 'vc_redist.x64.exe'],
    ],
    [
      'on Windows without the package',
      { platform: 'win32', arch: 'arm64', libc: undefined, release: '10.0.22631' },
      missing,
      ['set ONNXRUNTIME_NODE_INSTALL=skip&& npm install onnxruntime-node'],
    ],
    [
      'on an old macOS',
      { platform: 'darwin', arch: 'arm64', libc: undefined, release: '22.6.0' },
      failed,
      ['macOS 14 or later', 'Darwin 22.6.0'],
    ],
  ] as const) {
    it(`says in one sentence why it does not load ${where}, and what to do`, () => {
      const sentence = String(explainUnavailable(cause, host));
      for (const word of words) assert.ok(sentence.includes(word), sentence);
      assert.match(sentence, /^[^\n]+[^.]\.$/);
      assert.ok(!sentence.includes('and more') && !sentence.includes('Require stack'), sentence);
    });
  }

  it('reports to nobody and leaves nothing in the temporary folder, in a worker and in the main thread', () => {
    const folder = temporaryFolder();
    const source = JSON.stringify(path.join(PACKAGE_ROOT, 'dist', 'src', 'inference'));
    const script = `const { OnnxPredictionEngine, TapReader, loadCatalogue } = require(${source});
(async () => {
  const engine = new OnnxPredictionEngine({});
  await engine.start();
  const stream = await engine.openStream([engine.models[0].name]);
  await stream.predict(new Float32Array(1024));
  stream.close();
  await engine.close();
  const reader = await TapReader.open(loadCatalogue({}), 'tap_medium');
  await reader.read(new Float32Array(1024));
})();`;
    const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: folder, ORT_DISABLE_TELEMETRY: '0' };
    execFileSync(process.execPath, ['-e', script], { env });
    assert.deepEqual(readdirSync(folder), []);
  });
});
