import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { runAccuracy } from '../../bench/accuracy/run';
import type { Measurement } from '../../bench/report';
import { noise, speak, temporaryFolder, tone } from '../tools/audio';
import { corpusOf } from './made-corpus';

const SILERO = require.resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');
const MODELS = path.resolve(__dirname, '../../../models');
const SENTENCE = 'Good morning, this is the voice that tells you how the weather will be today and tomorrow.';

/** A corpus in two deliveries: voices that are synthetic, but do not say so, noise and a tone. */
async function madeCorpus(): Promise<string> {
  return corpusOf(
    {
      amy: { samples: await speak(SENTENCE, { voice: 'en+f3' }), labels: 'f,20-29,adult,en,speech,' },
      tom: { samples: await speak(SENTENCE, { voice: 'en+m2' }), labels: 'm,28,adult,en,speech,' },
    },
    {
      ola: { samples: await speak(SENTENCE, { voice: 'pl' }), labels: 'm,60,adult,pl,speech,' },
      rain: { samples: noise(5, 16_000, 0.05), labels: ',,,,noise,' },
      tone: { samples: tone(440, 5, 16_000, 0.1), labels: ',,,,music,' },
    },
  );
}

/** Columns of the rows of a table whose first begins so. */
function rowsOf(table: string, what: string): readonly (readonly string[])[] {
  return table
    .split('\n')
    .filter((line) => line.startsWith(`| ${what}`))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('The accuracy bench', () => {
  const tables: string[] = [];
  let measured: readonly Measurement[];
  let cards: string;

  before(async function () {
    this.timeout(120_000);
    cards = temporaryFolder();
    for (const name of ['README.md', 'gender.md', 'language.md', 'underage-speaker.md'])
      copyFileSync(path.join(MODELS, name), path.join(cards, name));
    const models = ['gate', 'gender', 'language', 'underage-speaker'];
    measured = await runAccuracy(
      [
        ...['--corpus', await madeCorpus(), '--models', models.join(','), '--conditions', 'clean'],
        ...['--silero', SILERO, '--cards', cards],
      ],
      (table) => tables.push(table),
    );
  });

  it('puts the gate and a peer that heard the same sounds side by side', () => {
    const [gate = ''] = tables;
    assert.match(gate, /^### gate, set "standard"\n/);
    const ours = rowsOf(gate, 'speech, frames, clean');
    const theirs = rowsOf(gate, 'peer: Silero VAD v6, speech, frames, clean');
    for (const [auc, f1] of [ours, theirs]) {
      assert.equal(auc?.[1], 'ROC-AUC');
      assert.equal(f1?.[1], 'F1');
      assert(Number(auc[2]) > 0.9 && Number(f1[2]) > 0.8, `AUC ${auc[2]}, F1 ${f1[2]}`);
      assert.deepEqual([auc[4], auc[5]], [ours[0]?.[4], '3']);
    }
    assert.equal(ours[1]?.[0], 'speech, frames, clean, as answered');
    assert.equal(theirs[1]?.[0], 'peer: Silero VAD v6, speech, frames, clean, from 0.5 on');
    for (const who of ['', 'peer: Silero VAD v6, '])
      assert.equal(rowsOf(gate, `${who}let through as speech: other noise`).length, 1);
  });

  it('asks about both deliveries: young women and men, and a language outside the five', () => {
    const [, gender = '', language = '', underage = ''] = tables;
    const [women] = rowsOf(gender, 'women of 18 to 29 years answered `female`, 3 s');
    const [men] = rowsOf(underage, 'men of 18 to 29 years answered `child`, 2 s');
    const [others] = rowsOf(language, '3 s, other languages answered `unknown`');
    for (const row of [women, men, others]) assert.equal(row?.[5], '1');
    assert.equal(rowsOf(language, '3 s, as answered')[0]?.[5], '2');
  });

  it('writes the tables into the cards, that of the gate into the overview', () => {
    const overview = readFileSync(path.join(cards, 'README.md'), 'utf8');
    const [, part = ''] = overview.split('<!-- accuracy-gate:standard -->');
    assert(part.split('<!-- /accuracy-gate:standard -->')[0]?.includes(tables[0] ?? '?'));
    assert(readFileSync(path.join(cards, 'language.md'), 'utf8').includes(tables[2] ?? '?'));
  });

  it('judges the figures that have a target', () => {
    const names = measured.map(({ measure }) => measure);
    for (const name of [
      'gate: speech, frames, all conditions, as answered',
      'language: 10 s, other languages answered `unknown`',
    ])
      assert(
        measured.find(({ measure }) => measure === name)?.target,
        `${name} is not among ${names.join('; ')}`,
      );
  });
});
