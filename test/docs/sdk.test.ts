import assert from 'node:assert/strict';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consumerFolder, ROOT } from '../package/consumer';
import { run } from '../tools/audio';

interface Example {
  readonly heading: string;
  readonly program: string;
  /** What the page says that it prints. */
  readonly output: string;
}

const PAGE = readFileSync(join(ROOT, 'docs/sdk.md'), 'utf8');

/** The programs of the page, each with the output below it. */
function examplesOf(page: string): readonly Example[] {
  return page.split(/^#+ /m).flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    const found = [...section.matchAll(/^```js\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm)];
    return found.map(([, program = '', output = 'nothing that the page says']) => ({
      heading,
      program,
      output,
    }));
  });
}

/** Functions, constants and classes with their methods and accessors, as the reports list them; errors have a page of their own. */
function publicNames(): readonly string[] {
  const reports = readdirSync(join(ROOT, 'docs/api')).map((name) =>
    readFileSync(join(ROOT, 'docs/api', name), 'utf8'),
  );
  return reports.flatMap((report) => {
    const names = [...report.matchAll(/^export (?:function|const) (\w+)/gm)].map(([, name = '']) => name);
    const classes = [
      ...report.matchAll(/^export class (\w+)(?:<[^>]*>)?(?: implements \w+)? \{\n([^]*?)^\}/gm),
    ];
    const members = classes.flatMap(([, name = '', body = '']) => {
      const found = [...body.matchAll(/^ {4}(?:get )?(\w+)\(/gm)].map(([, member = '']) => member);
      return [
        `new ${name}`,
        ...found.filter((member) => member !== 'constructor').map((member) => `.${member}`),
      ];
    });
    return [...names, ...members.filter((name) => name !== 'new AnalysisStream')];
  });
}

describe('The page about the package in code', function () {
  this.timeout(120_000);
  const folder = consumerFolder();
  const examples = examplesOf(PAGE);

  before(() => {
    symlinkSync(join(ROOT, 'resources/sounds'), join(folder, 'sounds'), 'junction');
  });

  it('has a program for every function and every method', () => {
    const programs = examples.map(({ program }) => program).join('\n');
    const names = publicNames();
    assert.ok(names.includes('.processFile') && names.includes('trainHead'));
    // A member follows a dot, everything else begins a word.
    const isUsed = (name: string): boolean =>
      new RegExp(name.startsWith('.') ? `\\${name}\\b` : `\\b${name}\\b`).test(programs);
    assert.deepEqual(
      names.filter((name) => !isUsed(name)),
      [],
    );
  });

  it('names every way to import the package', () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly exports: object;
    };
    for (const path of Object.keys(exports)) {
      if (path === './package.json') continue;
      assert.ok(PAGE.includes(`from '@deeptone/node-red${path.slice(1)}'`), path);
    }
  });

  for (const [index, { heading, program, output }] of examples.entries()) {
    it(`prints what the page says: ${heading} (${index + 1})`, async () => {
      const file = join(folder, `example-${index + 1}.mjs`);
      writeFileSync(file, program);
      assert.equal(
        (await run('sh', ['-c', 'cd "$0" && exec "$1" "$2"', folder, process.execPath, file])).toString(),
        output,
      );
    });
  }
});
