import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../tools/audio';
import { ROOT } from './consumer';

interface Packed {
  /** Bytes of the tarball, and of what is in it. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

describe('The files of the packed package', () => {
  let files: readonly string[] = [];
  let size = NaN;
  let unpackedSize = NaN;

  before(async function () {
    this.timeout(60_000);
    const npm = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent', ROOT];
    const [packed] = JSON.parse((await run('npm', npm)).toString()) as readonly Packed[];
    files = packed?.files.map(({ path }) => path) ?? [];
    ({ size, unpackedSize } = packed ?? { size, unpackedSize });
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

  it('hold the WebAssembly runtime, with its license, and nothing else of its package', () => {
    assert.deepEqual(files.filter((path) => path.startsWith('dist/wasm/')).toSorted(), [
      'dist/wasm/LICENSE',
      'dist/wasm/ort-wasm-simd-threaded.mjs',
      'dist/wasm/ort-wasm-simd-threaded.wasm',
      'dist/wasm/ort.node.min.js',
    ]);
  });

  it('are of the same version as the native runtime', () => {
    const versionOf = (name: string): string =>
      (
        JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')) as {
          version: string;
        }
      ).version;
    assert.equal(versionOf('onnxruntime-web'), versionOf('onnxruntime-node'));
    assert.equal(versionOf('onnxruntime-common'), versionOf('onnxruntime-node'));
  });

  it('take at most 14 MB packed, and at most 40 MB with all that they need but the native runtime', async () => {
    assert.ok(size <= 14e6, `${size} bytes packed`);
    const needed = ['ls', '--omit=dev', '--omit=optional', '--all', '--parseable', '--prefix', ROOT];
    const [, ...modules] = (await run('npm', needed)).toString().trim().split('\n');
    assert.ok(modules.some((folder) => folder.endsWith('onnxruntime-common')));
    const bytes = modules.reduce((sum, folder) => sum + bytesIn(folder), unpackedSize);
    assert.ok(bytes <= 40e6, `${bytes} bytes installed`);
  });

  it('bring at most 8 packages with them, themselves among them and the runtimes not', async () => {
    const installed = ['ls', '--omit=dev', '--omit=optional', '--all', '--parseable', '--prefix', ROOT];
    const folders = (await run('npm', installed)).toString().trim().split('\n');
    assert.ok(folders.some((folder) => folder.endsWith('node_modules/commander')));
    assert.ok(folders.length <= 8, folders.join('\n'));
  });

  it('have at most 6.5 MB of weights', () => {
    const weights = files.filter((path) => path.endsWith('.onnx'));
    assert.ok(weights.length >= 2, weights.join());
    const bytes = weights.reduce((sum, path) => sum + statSync(join(ROOT, path)).size, 0);
    assert.ok(bytes <= 6.5e6, `${bytes} bytes`);
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
