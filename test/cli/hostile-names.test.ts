import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeWav, noise } from '../tools/audio';
import { deeptone, temporaryFolder } from './run-deeptone';

/** Sets the title of a terminal, changes its colours in two ways, and writes backwards. */
const ESCAPES = '\u001b]0;title\u0007\u009b31m\u202e';
const CONTROL = /[^\n\u0020-\u007e]/u;
const OPTIONS = ['--models', 'speech', '--output-period', '8192'];

describe('Names of files that are commands', () => {
  const folder = temporaryFolder();

  it('are no formulas in csv', async () => {
    const names = [
      '=1+2.wav',
      '+x.wav',
      '@x.wav',
      '-x.wav',
      '\tx.wav',
      ' =x.wav',
      '＝x.wav',
      '=HYPERLINK("a","b").wav',
    ];
    for (const name of [...names, 'plain.wav']) writeFileSync(join(folder, name), makeWav([noise(0.2)]));
    const args = ['analyze', ...OPTIONS, '--format', 'csv', '--', ...names, 'plain.wav'];
    const { stdout, stderr, code } = await deeptone(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    const cells = stdout.trimEnd().split('\n').slice(1);
    assert.equal(cells.length, names.length + 1);
    for (const cell of cells.slice(0, -1)) assert.match(cell, /^"?'/u);
    assert.ok(cells.at(-1)?.startsWith('plain.wav,'));
    assert.ok(stdout.includes(',-'), 'Numbers below 0 stay numbers.');
  });

  for (const [what, args] of [
    ['a file that is missing', ['analyze', `no${ESCAPES}.wav`, ...OPTIONS]],
    ['an option that there is not', ['analyze', 'a.wav', ...OPTIONS, `--no${ESCAPES}`]],
    ['a command that there is not', [`no${ESCAPES}`]],
    ['a format that there is not', ['analyze', 'a.wav', ...OPTIONS, '--format', `no${ESCAPES}`]],
  ] as const) {
    it(`do nothing to the terminal when they name ${what}`, async () => {
      const { stderr, code } = await deeptone(args, { cwd: folder });
      assert.notEqual(code, 0);
      assert.ok(stderr.includes('\\u001b]0;title\\u0007\\u009b31m\\u202e'), stderr);
      assert.doesNotMatch(stderr, CONTROL);
    });
  }
});
