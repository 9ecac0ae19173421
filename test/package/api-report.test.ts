import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue } from '../../src/inference';
import { ROOT } from './consumer';

const KEPT = join(ROOT, 'docs/api');
/** Written by the build. */
const FRESH = join(ROOT, 'dist/api');

function reports(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.api.md'));
}

describe('The report of what the package exports', () => {
  it('is there for every entry point that has types', () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly exports: Readonly<Record<string, unknown>>;
    };
    const names = Object.keys(exports)
      .filter((path) => path !== './package.json')
      .map((path) => `${path === '.' ? 'index' : path.slice(2)}.api.md`);
    assert.deepEqual(reports(KEPT).toSorted(), names.toSorted());
  });

  for (const name of reports(FRESH)) {
    it(`is true: ${name}`, () => {
      const [kept, fresh] = [KEPT, FRESH].map((folder) => readFileSync(join(folder, name), 'utf8'));
      if (kept === fresh) return;
      const [before, after] = [kept, fresh].map((text) => new Set(text?.split('\n')));
      const gone = [...(before ?? [])].filter((line) => !after?.has(line)).map((line) => `- ${line}`);
      const come = [...(after ?? [])].filter((line) => !before?.has(line)).map((line) => `+ ${line}`);
      assert.fail(
        `The package exports something else than docs/api/${name} says. If that is meant, run "npm run api", look ` +
          `at the difference and commit it; tell it in CHANGELOG.md, too.\n${[...gone, ...come].join('\n')}`,
      );
    });
  }

  it('names the result of every model that ships, and of no other', () => {
    const report = readFileSync(join(KEPT, 'index.api.md'), 'utf8');
    const body = /interface ModelResults \{([^}]*)\}/.exec(report)?.[1] ?? '';
    const named = [...body.matchAll(/readonly '?([a-z-]+)'?: (\w+);/g)].map(([, name, type]) => [name, type]);
    const shipped = loadCatalogue().models.map(({ description: { name, activation } }) => [
      name,
      activation === 'embedding' ? 'SpeakerResult' : 'ClassResult',
    ]);
    assert.deepEqual(named.toSorted(), shipped.toSorted());
  });
});
