import assert from 'node:assert/strict';
import { headlines } from '../../bench/accuracy/headlines';
import { phasesOf } from '../../bench/accuracy/household';
import {
  answerAtTheEnd,
  languageRows,
  rightOfAnswered,
  type LanguageAnswer,
} from '../../bench/accuracy/language';
import { figuresOf } from '../../bench/accuracy/measures';
import { withFigures } from '../../bench/accuracy/overview';
import { cells, markdownTable } from '../../bench/accuracy/report';
import type { Row } from '../../bench/accuracy/rows';
import { meanShareOf, overVoices, shareOf } from '../../bench/accuracy/shares';
import { mostFrequent } from '../../bench/accuracy/young';
import { keepsTarget } from '../../bench/report';

/** Answers such as `de>de`: what was spoken, and what was said of it. */
function heard(...pairs: readonly string[]): readonly LanguageAnswer[] {
  return pairs.map((pair, index) => {
    const [spoken = '', answer = ''] = pair.split('>');
    return { voice: `v${index}`, spoken, answer };
  });
}

describe('Figures of the accuracy bench', () => {
  it('draws intervals over voices, not over windows', () => {
    const one = { voice: 'a', holds: true };
    const other = { voice: 'b', holds: false };
    const figure = (items: readonly { holds: boolean }[]) => shareOf(items, ({ holds }) => holds);
    const many = overVoices([...Array<typeof one>(99).fill(one), other], figure);
    assert.deepEqual(many, { value: 0.99, interval: [0, 1], items: 100, voices: 2 });
  });

  it('gives no figure of nothing, not even of things without a size', () => {
    const figure = () => 1;
    assert.equal(overVoices([], figure), null);
    const items = [
      { voice: 'a', size: 0 },
      { voice: 'b', size: 3 },
    ];
    const sizeOf = ({ size }: { size: number }) => size;
    assert.equal(overVoices(items.slice(0, 1), figure, sizeOf), null);
    assert.equal(overVoices(items, figure, sizeOf)?.items, 3);
    assert.equal(figuresOf([], 2), null);
  });

  it('says of a row without figures that it is not measured, and counts its target as missed', () => {
    const rows: readonly Row[] = [
      { kind: 'classes', what: '3 s, adults, clean', classes: ['female', 'male'], figures: null },
      { kind: 'detection', what: 'frames', figure: 'ROC-AUC', figures: null },
      { kind: 'share', what: 'shares', figures: null },
      { kind: 'rate', what: 'alarms', figures: null },
      { kind: 'diarization', what: 'talks', figures: null },
    ];
    for (const row of rows) assert.deepEqual(cells(row).slice(2), ['not measured', '', '', '', '']);
    const table = { model: 'gender', rows };
    assert.doesNotMatch(markdownTable(table, 'open'), /Confusion|NaN|undefined|\d %\s\|/u);
    const measured = headlines([table]);
    assert.deepEqual(
      measured.map(({ measure, value }) => [measure, value]),
      [
        ['gender: 3 s, adults, clean', 'not measured'],
        ['gender: 3 s, adults, clean', 'not measured'],
      ],
    );
    assert.deepEqual(measured.map(keepsTarget), [false, false]);
    const overview = '| `gender` | 3 s, adults, clean | macro recall | 98.0 % | 97.0 % |';
    assert.equal(withFigures(overview, 'open', [table]), overview, 'an older figure stays');
  });

  it('counts phases of people who do not speak, and how often an hour they are', () => {
    const [cry, laugh] = ['neg_human_sounds', 'pos_human_sounds'];
    assert.deepEqual(phasesOf([]), []);
    assert.deepEqual(phasesOf(['noise', 'speech', 'silence']), []);
    assert.deepEqual(phasesOf([cry, cry, laugh, 'noise', laugh]), [2, 1, 1]);
    const figures = { value: 36.4, interval: [24.2, 49.6], items: 60, voices: 60 } as const;
    assert.deepEqual(cells({ kind: 'rate', what: 'alarms', figures }), [
      'alarms',
      'times an hour',
      '36',
      '24 to 50',
      '60',
      '60',
      '',
    ]);
  });

  it('lets each group weigh the same in a mean', () => {
    const items = [...heard('de>de', 'de>de', 'de>de', 'de>en'), ...heard('it>en')];
    const isRight = ({ spoken, answer }: LanguageAnswer) => spoken === answer;
    assert.equal(
      meanShareOf(items, ({ spoken }) => spoken, isRight),
      0.375,
    );
  });

  it('counts other languages that are named as wrong, as if all were spoken equally often', () => {
    // Of German all is answered and right; of the others half is named: 1 of 1.5.
    const answers = heard('de>de', 'de>de', 'de>de', 'other>en', 'other>unknown');
    assert.equal(rightOfAnswered(answers), 1 / 1.5);
    assert.equal(rightOfAnswered(heard('other>unknown')), 0);
  });

  it('gives three rows of a language model, and judges nothing where no speech was found', () => {
    const rows = languageRows(heard('de>de', 'de>unknown', 'it>', 'other>unknown', 'other>'), '3 s');
    assert.deepEqual(
      rows.map((each) => cells(each).filter((_, column) => [0, 1, 2, 4].includes(column))),
      [
        ['3 s, as answered (`unknown` is wrong)', 'macro recall', '25.0 %', '3'],
        ['3 s, other languages answered `unknown`', 'share', '100.0 %', '1'],
        ['3 s, right, of what is answered (others included)', 'share', '100.0 %', '3'],
      ],
    );
  });

  it('takes the last answer of a window for its language, and none where no speech was found', () => {
    const names = ['de', 'en'];
    const end = (truth: number, ...answers: readonly string[]) =>
      answerAtTheEnd({ voice: 'v', truth, answers }, names);
    assert.deepEqual(end(0, 'unknown', 'en', 'de'), { voice: 'v', spoken: 'de', answer: 'de' });
    assert.deepEqual(end(2, 'en', 'unknown'), { voice: 'v', spoken: 'other', answer: 'unknown' });
    assert.deepEqual(end(1), { voice: 'v', spoken: 'en', answer: '' });
  });

  it('takes the most frequent answer of a window', () => {
    assert.equal(mostFrequent(['unknown', 'child', 'adult', 'child']), 'child');
    assert.equal(mostFrequent([]), '');
  });
});
