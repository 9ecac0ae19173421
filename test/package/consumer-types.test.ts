import assert from 'node:assert/strict';
import { cpSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from '../tools/audio';
import { consumerFolder, ROOT } from './consumer';

const CURRENT = dirname(require.resolve('typescript/package.json'));
/** The oldest has a folder of its own: beside the current one it would take its place as `tsc`. */
const OLDEST = dirname(
  createRequire(realpathSync(join(ROOT, 'node_modules/oldest-typescript/package.json'))).resolve(
    'typescript/package.json',
  ),
);

function versionOf(compiler: string): string {
  return (JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Compiles the programs of a strict user, the types of the libraries included. */
async function compile(
  compiler: string,
  options: object,
  format: 'module' | 'commonjs' = 'commonjs',
): Promise<void> {
  const folder = consumerFolder(['@types/node', 'undici-types']);
  cpSync(join(ROOT, 'test/types/consumer'), folder, { recursive: true });
  const compilerOptions = {
    target: 'ES2022',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    ...options,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: format }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  // What it finds wrong goes to its standard output, which comes back with the error.
  await run('sh', ['-c', `"$0" "$1" -p "$2" >&2`, process.execPath, join(compiler, 'lib/tsc.js'), folder]);
}

describe('The types, for strict users that check libraries, too', function () {
  this.timeout(180_000);

  it('are checked with the oldest TypeScript that is promised, and with the current one', () => {
    assert.match(versionOf(OLDEST), /^5\.4\./);
    assert.match(versionOf(CURRENT), /^6\./);
    assert.match(readFileSync(join(ROOT, 'README.md'), 'utf8'), /TypeScript 5\.4 or newer/);
  });

  for (const compiler of [OLDEST, CURRENT]) {
    it(`compile in a module with TypeScript ${versionOf(compiler)}`, () =>
      compile(compiler, { module: 'nodenext' }, 'module'));
  }

  it('compile in a CommonJS program, found as Node.js 10 found packages', () =>
    compile(OLDEST, { module: 'commonjs', moduleResolution: 'node10' }));

  it('compile in a CommonJS program, found as Node.js finds packages now', () =>
    compile(CURRENT, { module: 'node16' }));

  it('compile for a bundler, with the names of a browser', () =>
    compile(
      CURRENT,
      { module: 'esnext', moduleResolution: 'bundler', lib: ['ES2023', 'DOM', 'DOM.Iterable'] },
      'module',
    ));
});
