import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deeptone } from './run-deeptone';

const COMMANDS = ['analyze', 'stream', 'models', 'train-head', 'doctor', 'demo', 'license', 'completion'];

describe('The command line', () => {
  const mistakes: readonly [what: string, args: readonly string[], message: RegExp][] = [
    ['no command', [], /Usage: deeptone/],
    ['an unknown command', ['analise'], /unknown command 'analise'\s+\(Did you mean analyze\?\)/],
    [
      'an unknown option',
      ['analyze', 'a.wav', '--models', 'gender', '--sumary'],
      /unknown option '--sumary'/,
    ],
    ['no file', ['analyze', '--models', 'gender'], /missing required argument 'file'/],
    ['no name of a model', ['analyze', 'a.wav', '--models', ','], /models is an empty list/],
    [
      'an unknown format',
      ['analyze', 'a.wav', '--models', 'gender', '--format', 'xml'],
      /text, json, ndjson, csv, audacity/,
    ],
    [
      'a period in words',
      ['analyze', 'a.wav', '--models', 'gender', '--output-period', 'often'],
      /A number is accepted/,
    ],
    ['no license command', ['license'], /Usage: deeptone license/],
  ];
  for (const [what, args, message] of mistakes) {
    it(`ends with code 2 and an empty standard output for ${what}`, async () => {
      const { code, stdout, stderr } = await deeptone(args);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
  }

  it('prints its help and its version when asked', async () => {
    const help = await deeptone(['--help']);
    assert.equal(help.code, 0);
    for (const command of COMMANDS) {
      assert.match(help.stdout, new RegExp(`^ {2}${command} `, 'm'));
    }
    const { version } = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as {
      version: string;
    };
    assert.equal((await deeptone(['--version'])).stdout, `${version}\n`);
  });
});
