import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../tools/audio';
import { ROOT } from './consumer';

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

describe('The files of the packed package', () => {
  let files: readonly string[] = [];

  before(async function () {
    this.timeout(60_000);
    const npm = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent', ROOT];
    const [packed] = JSON.parse((await run('npm', npm)).toString()) as readonly Packed[];
    files = packed?.files.map(({ path }) => path) ?? [];
  });

  it('hold every entry point, with its types', () => {
    const { exports, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
      readonly bin: Readonly<Record<string, string>>;
    };
    const named = Object.values(exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    );
    for (const path of [...named, ...Object.values(bin)]) {
      assert.ok(files.includes(path.replace(/^\.\//, '')), path);
    }
  });

  it('have no types but those of the entry points', () => {
    const types = files.filter((path) => path.endsWith('.d.ts'));
    assert.deepEqual(
      types.filter((path) => !path.startsWith('dist/types/')),
      [],
    );
  });

  it('have neither source maps nor words about any', () => {
    assert.deepEqual(
      files.filter((path) => path.endsWith('.map')),
      [],
    );
    const scripts = files.filter((path) => path.endsWith('.js'));
    assert.ok(scripts.length > 100);
    for (const path of scripts) {
      assert.ok(!readFileSync(join(ROOT, path), 'utf8').includes('sourceMappingURL'), path);
    }
  });

  it('have no script whose source is gone', () => {
    for (const path of files.filter((path) => /^dist\/(src|nodes)\/.*\.js$/.test(path))) {
      const source = path.replace(/^dist\//, '').replace(/\.js$/, '.ts');
      assert.ok(existsSync(join(ROOT, source)), `${path} has no source; delete dist and build again`);
    }
  });
});
