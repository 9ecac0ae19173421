import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { run } from '../tools/audio';
import { consumerFolder, ROOT } from './consumer';

/** Names of classes, functions and constants in a report: what is there when a program runs. */
function valuesOf(report: string): readonly string[] {
  const text = readFileSync(join(ROOT, 'docs/api', report), 'utf8');
  return [...text.matchAll(/^export (?:abstract )?(?:class|function|const) (\w+)/gm)].map(
    ([, name = '']) => name,
  );
}

describe('The entry points of the package', () => {
  const folder = consumerFolder();
  const requireThere = createRequire(join(folder, 'program.js'));

  for (const report of readdirSync(join(ROOT, 'docs/api'))) {
    const entry = report.replace('.api.md', '');
    const specifier = entry === 'index' ? '@deeptone/node-red' : `@deeptone/node-red/${entry}`;

    it(`${specifier} has all that its report says, by require and by import`, async () => {
      const names = valuesOf(report);
      assert.ok(names.length > 0);
      assert.deepEqual(Object.keys(requireThere(specifier) as object).toSorted(), names.toSorted());
      const program = join(folder, `${entry}.mjs`);
      writeFileSync(
        program,
        `import { ${names.join(', ')} } from '${specifier}';\nconsole.log(typeof ${names[0] ?? ''});\n`,
      );
      assert.match(
        (await run(process.execPath, [program])).toString(),
        /^(function|string|number|object)\n$/,
      );
    });
  }

  it('tell which version of the package it is', () => {
    const { version } = requireThere('@deeptone/node-red/package.json') as { version: string };
    assert.match(version, /^\d+\.\d+\.\d+/);
  });

  it('are all that can be imported', () => {
    for (const inside of ['dist/src/index.js', 'dist/src/insight', 'dist/nodes/deeptone-file.js', 'src']) {
      assert.throws(() => requireThere(`@deeptone/node-red/${inside}`), {
        code: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
      });
    }
  });

  it('leave the files alone that Node-RED loads by their paths', () => {
    const { 'node-red': nodeRed } = requireThere('@deeptone/node-red/package.json') as {
      'node-red': { nodes: Readonly<Record<string, string>> };
    };
    for (const file of Object.values(nodeRed.nodes)) {
      assert.equal(
        typeof requireThere(join(folder, 'node_modules/@deeptone/node-red', file)),
        'function',
        file,
      );
    }
  });
});
