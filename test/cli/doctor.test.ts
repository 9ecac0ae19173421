import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Finding } from '../../src/cli/doctor-checks';
import { deeptone, temporaryFolder, type Outcome } from './run-deeptone';

describe('deeptone doctor', () => {
  const folder = temporaryFolder();
  const findings = (outcome: Outcome): readonly Finding[] =>
    (JSON.parse(outcome.stdout) as { findings: readonly Finding[] }).findings;
  const finding = (outcome: Outcome, subject: string): Finding | undefined =>
    findings(outcome).find((candidate) => candidate.subject === subject);

  it('finds that DeepTone runs here', async () => {
    const outcome = await deeptone(['doctor', '--json']);
    assert.equal(outcome.code, 0, outcome.stdout);
    assert.deepEqual(
      findings(outcome).map(({ subject }) => subject),
      [
        'Node.js',
        'platform',
        'memory',
        'models',
        'model runtime',
        'telemetry',
        'license',
        'ffmpeg',
        'write access',
      ],
    );
    assert.match(
      finding(outcome, 'model runtime')?.found ?? '',
      /^onnxruntime-node 1\.\d+\.\d+ runs every model, \d+ x real time$/,
    );
    assert.match(finding(outcome, 'license')?.found ?? '', /^Evaluation license/);
    assert.match(finding(outcome, 'ffmpeg')?.found ?? '', / at \//);
  });

  it('says the same on WebAssembly, when that is asked for', async () => {
    const outcome = await deeptone(['doctor', '--json', '--runtime', 'wasm']);
    assert.equal(outcome.code, 0, outcome.stdout);
    assert.equal(finding(outcome, 'model runtime')?.state, 'ok');
    assert.match(finding(outcome, 'model runtime')?.found ?? '', /^onnxruntime-web .*\(WebAssembly\)/);
  });

  it('says the same in words', async () => {
    const { code, stdout, stderr } = await deeptone(['doctor']);
    assert.equal(code, 0);
    assert.match(stdout, /^ok {7}Node\.js: v\d+/m);
    assert.match(stdout, /DeepTone runs here\.\n$/);
    assert.equal(stderr, '');
  });

  it('warns when ffmpeg is not there, because WAV still works', async () => {
    const outcome = await deeptone(['doctor', '--json', '--ffmpeg', join(folder, 'no-ffmpeg')]);
    assert.equal(outcome.code, 0);
    assert.equal(finding(outcome, 'ffmpeg')?.state, 'warning');
    assert.match(finding(outcome, 'ffmpeg')?.advice ?? '', /WAV works without it/);
  });

  it('says what to do about a license that does not hold, and ends with code 3', async () => {
    const outcome = await deeptone(['doctor', '--json'], {
      env: { DEEPTONE_LICENSE_KEY: 'my-old-password' },
    });
    assert.equal(outcome.code, 3);
    assert.equal(finding(outcome, 'license')?.state, 'problem');
    assert.match(finding(outcome, 'license')?.advice ?? '', /whole license key/);
    assert.ok(!outcome.stdout.includes('my-old-password'));
    assert.equal(finding(outcome, 'model runtime')?.state, 'ok');
  });

  it('names a model of your own that cannot be used', async () => {
    writeFileSync(join(folder, 'catalogue.json'), '{"version": 1, "models": [{"name": "doorbell"}]}');
    const outcome = await deeptone(['doctor', '--json', '--model-folder', folder]);
    assert.equal(outcome.code, 0);
    assert.match(finding(outcome, 'your models')?.found ?? '', /^doorbell is left out/);
  });

  describe('in a damaged copy of the package', () => {
    const copy = temporaryFolder();
    const doctor = (flags: readonly string[] = []): Outcome => {
      const env = { PATH: process.env['PATH'] };
      try {
        const stdout = execFileSync(
          process.execPath,
          [join(copy, 'dist/src/cli/main.js'), 'doctor', '--json', ...flags],
          { env, encoding: 'utf8' },
        );
        return { code: 0, stdout, stderr: '' };
      } catch (error) {
        const failed = error as { status: number; stdout: string; stderr: string };
        return { code: failed.status, stdout: failed.stdout, stderr: failed.stderr };
      }
    };

    before(() => {
      for (const part of ['package.json', 'dist/src', 'dist/wasm', 'models'])
        cpSync(part, join(copy, part), { recursive: true });
    });

    it('warns that it runs on WebAssembly where the native runtime is not installed, and says how to get it', () => {
      linkModules(copy, (name) => name !== 'onnxruntime-node');
      const outcome = doctor();
      assert.equal(outcome.code, 0);
      const found = finding(outcome, 'model runtime');
      assert.equal(found?.state, 'warning');
      assert.match(
        found.found,
        /^onnxruntime-web 1\.\d+\.\d+ \(WebAssembly\) runs every model, \d+ x real time$/,
      );
      assert.match(found.advice ?? '', /about 2 times slower .* npm install onnxruntime-node/);
      assert.equal(finding(outcome, 'telemetry')?.found, 'the runtime has none');
    });

    it('explains in one sentence that the native runtime is missing where nothing else is wanted', () => {
      const outcome = doctor(['--runtime', 'native']);
      assert.equal(outcome.code, 3);
      assert.match(
        finding(outcome, 'model runtime')?.found ?? '',
        /onnxruntime-node is not installed; .* npm install onnxruntime-node/,
      );
      assert.equal(finding(outcome, 'models')?.state, 'ok');
    });

    it('notices that a model file is damaged', () => {
      writeFileSync(join(copy, 'models', 'deeptone.onnx'), 'not a model');
      const outcome = doctor();
      assert.equal(outcome.code, 3);
      assert.match(finding(outcome, 'models')?.found ?? '', /damaged: its SHA-256 is not the one/);
    });
  });
});

/** Gives a copy of the package the installed modules, but for those that are left out. */
function linkModules(copy: string, wanted: (name: string) => boolean): void {
  const modules = join(require.resolve('commander'), '..', '..');
  mkdirSync(join(copy, 'node_modules'));
  for (const name of readdirSync(modules).filter(wanted)) {
    symlinkSync(join(modules, name), join(copy, 'node_modules', name));
  }
}
