import assert from 'node:assert/strict';
import { join } from 'node:path';
import { run } from '../tools/audio';
import { ROOT } from './consumer';

describe('What others have made', () => {
  it('is all in the notices, with its license', async () => {
    const listed = (await run('node', [join(ROOT, 'scripts/licenses.mjs'), '--check'])).toString();
    assert.match(listed, /^jose \d[^:]*: MIT$/m);
    assert.match(listed, /^onnxruntime-web \d[^:]*: MIT$/m);
    assert.match(listed, /^ffmpeg-static \d[^:]*: GPL-3\.0-or-later \(optional\)$/m);
  });

  it('is a software bill of materials by one command', async function () {
    this.timeout(60_000);
    const text = (await run('npm', ['--prefix', ROOT, 'run', '--silent', 'sbom'])).toString();
    const { bomFormat, components } = JSON.parse(text) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string; readonly version: string }[];
    };
    assert.equal(bomFormat, 'CycloneDX');
    const names = components.map(({ name }) => name);
    assert.ok(names.includes('jose') && names.includes('commander'));
    assert.ok(!names.includes('mocha'));
  });
});
