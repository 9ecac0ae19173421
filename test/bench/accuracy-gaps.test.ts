import assert from 'node:assert/strict';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { runAccuracy } from '../../bench/accuracy/run';
import { keepsTarget, UsageError } from '../../bench/report';
import { concatenated, noise, temporaryFolder } from '../tools/audio';
import { corpusOf } from './made-corpus';

/** A corpus in which nobody speaks and nothing plays. */
function rain(): string {
  const samples = concatenated(noise(5, 16_000, 0.05), new Float32Array(5 * 16_000));
  return corpusOf({ rain: { samples, labels: ',,,,noise,' } });
}

describe('A corpus without some kinds of sound', () => {
  it('has no figures of them, and keeps no target by them', async function () {
    this.timeout(120_000);
    const models =
      'gate,speech,gender,arousal,emotions,language,underage-speaker,audio-event,speaker-map'.split(',');
    const tables: string[] = [];
    const measured = await runAccuracy(
      ['--corpus', rain(), '--models', models.join(','), '--conditions', 'clean'],
      (table) => tables.push(table),
    );
    assert.equal(tables.length, models.length);
    const rows = tables.flatMap((table) =>
      table
        .split('\n')
        .map((line) => line.split('|').map((cell) => cell.trim()))
        .filter((cells) => cells.length === 9 && cells[2] !== 'figure' && cells[2] !== '---'),
    );
    assert.deepEqual(
      rows.filter((cells) => cells[3] !== 'not measured').map((cells) => cells[1]),
      ['let through as speech: other noise', '1 s, clean', '1 s, clean'],
    );
    const [, , , , , frames] = rows.find(([, what]) => what === 'let through as speech: other noise') ?? [];
    assert.ok(Number(frames) >= 78 && Number(frames) < 100, `${frames} frames of which 78 are loud`);
    assert.ok(rows.some(([, what = '']) => what.startsWith('a made hour at home')));
    const kept = measured.filter((each) => keepsTarget(each) && !/: 1 s, clean$/u.test(each.measure));
    assert.deepEqual(kept, []);
    assert.ok(measured.some(({ measure }) => measure === 'gate: let through as speech: coughs'));
  });
});

describe('What the accuracy bench cannot be run with', () => {
  const cards = temporaryFolder();
  writeFileSync(path.join(cards, 'README.md'), '');
  writeFileSync(path.join(cards, 'gender.md'), '<!-- accuracy:open --> <!-- /accuracy:open -->');
  const incomplete = rain();
  unlinkSync(path.join(incomplete, 'rain.wav'));
  const strangers = path.join(temporaryFolder(), 'strangers');
  mkdirSync(strangers);
  writeFileSync(
    path.join(strangers, 'manifest.csv'),
    'file,start,end,corpus,voice,part\na.wav,0,1,a,a,train',
  );

  const wrong: Readonly<Record<string, readonly [args: readonly string[], sentence: RegExp]>> = {
    'a folder of cards that is not there': [
      ['--corpus', rain(), '--cards', '/nowhere', '--conditions', 'clean'],
      /^--cards: there is no \/nowhere\/README\.md that can be written\.$/u,
    ],
    'a card that is not there': [
      ['--corpus', rain(), '--cards', cards, '--models', 'gate,language', '--conditions', 'clean'],
      /^--cards: there is no .*\/language\.md that can be written\.$/u,
    ],
    'a card without a place for the figures': [
      ['--corpus', rain(), '--cards', cards, '--models', 'gate,gender', '--conditions', 'clean'],
      /^--cards: .*\/gender\.md has no <!-- accuracy:standard --> with an end\.$/u,
    ],
    'a corpus without a recording that it names': [
      ['--corpus', incomplete],
      /^--corpus: .* has no rain\.wav, which its manifests name\.$/u,
    ],
    'a corpus of the voices that train alone': [
      ['--corpus', strangers],
      /^--corpus: .* has no clip of the part dev\.$/u,
    ],
    'a corpus without rooms': [
      ['--corpus', rain(), '--conditions', 'clean,reverberant'],
      /^--conditions: the corpus has no rooms to make "reverberant" with\.$/u,
    ],
    'a corpus without music': [
      ['--corpus', rain(), '--conditions', '10 dB,music 5 dB'],
      /^--conditions: the corpus has no music to make "music 5 dB" with\.$/u,
    ],
  };
  for (const [what, [args, sentence]] of Object.entries(wrong)) {
    it(`is said before anything is measured: ${what}`, async () => {
      await assert.rejects(
        runAccuracy(args, () => assert.fail('it has measured')),
        (error) => {
          assert.ok(error instanceof UsageError, String(error));
          assert.match(error.message, sentence);
          return true;
        },
      );
    });
  }
});
