import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPTIONS } from '../../src/pipeline';
import { ROOT } from '../package/consumer';

const page = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');
const codesIn = (text: string): readonly string[] =>
  [...new Set(text.match(/DEEPTONE_[A-Z_]+/g) ?? [])].toSorted();

describe('The reference', function () {
  this.timeout(60_000);

  it('is what the code says now', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/reference.mjs', '--check'], {
      cwd: ROOT,
    });
    assert.equal(status, 0, stderr.toString());
  });

  it('has a row for every option, with what is accepted', () => {
    const rows = page('reference/options.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    assert.deepEqual(
      rows.map((row) => /^\| `(\w+)`/.exec(row)?.[1]),
      Object.keys(OPTIONS),
    );
  });

  it('has every error code, here and where it says what to do', () => {
    const codes = codesIn(readFileSync(join(ROOT, 'src/errors.ts'), 'utf8'));
    assert.ok(codes.length > 15);
    assert.deepEqual(codesIn(page('reference/error-codes.md')), codes);
    const advice = new Set(codesIn(page('errors.md')));
    assert.deepEqual(
      codes.filter((code) => !advice.has(code)),
      [],
    );
  });

  it('has a heading for each thing that an entry point exports', () => {
    const text = page('reference/api.md');
    for (const report of readdirSync(join(ROOT, 'docs/api'))) {
      const names = [...page(`api/${report}`).matchAll(/^export (?:class|function|interface|type) (\w+)/gm)];
      assert.ok(names.length > 3, report);
      for (const [, name = ''] of names) assert.ok(text.includes(`### ${name}\n`), `${report}: ${name}`);
    }
  });

  it('shows messages that are JSON', () => {
    const blocks = [...page('reference/messages.md').matchAll(/^```json\n([^]*?)^```/gm)];
    assert.ok(blocks.length >= 6);
    for (const [, block = ''] of blocks) assert.doesNotThrow(() => JSON.parse(block) as unknown, block);
  });
});
