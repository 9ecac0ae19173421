/** How well `language` tells the five apart, and whether it knows when it hears another. */
import type { Row, Bench } from './rows';
import { byCorpus, classes, classesOf, indexIn } from './rows';
import { groupBy, type Outcome } from './measures';
import { meanShareOf, overVoices, shareOf } from './shares';
import { joinedWindows, outcomesOf } from './windows';

/** Windows of one voice: of the five, and of other languages, of which there are more voices. */
const PER_VOICE = 12;
const PER_VOICE_OF_OTHERS = 3;

/** What was answered in the end, and what was spoken. */
export interface LanguageAnswer {
  readonly voice: string;
  /** ISO 639-1, or `other`. */
  readonly spoken: string;
  /** A language, `unknown`, or an empty string where the gate found no speech. */
  readonly answer: string;
}

export async function measureLanguage(model: string, bench: Bench): Promise<readonly Row[]> {
  const { corpus, deeptone } = bench;
  const names = classesOf(model, bench);
  const five = indexIn(model, bench, 'language');
  const spoken = corpus.clips.filter((clip) => clip.event === 'speech' && clip.language !== '');
  const rows: Row[] = [];
  for (const seconds of [3, 10]) {
    const known = await joinedWindows(corpus, spoken, five, { seconds, perVoice: PER_VOICE });
    const others = await joinedWindows(corpus, spoken, (clip) => (five(clip) < 0 ? names.length : -1), {
      seconds,
      perVoice: PER_VOICE_OF_OTHERS,
    });
    const outcomes = await outcomesOf(deeptone, model, known);
    const foreign = await outcomesOf(deeptone, model, others);
    const what = `${seconds} s`;
    rows.push(
      classes(model, bench, what, outcomes),
      ...languageRows(
        [...outcomes, ...foreign].map((outcome) => answerAtTheEnd(outcome, names)),
        what,
      ),
      ...byCorpus(model, bench, what, outcomes),
    );
  }
  return rows;
}

/** What a user reads after a window: the answer at its end, which is over all of its speech (decision 41). */
export function answerAtTheEnd(
  { voice, truth, answers }: Pick<Outcome, 'voice' | 'truth' | 'answers'>,
  names: readonly string[],
): LanguageAnswer {
  return { voice, spoken: names[truth] ?? 'other', answer: answers.at(-1) ?? '' };
}

/** Three figures of what was answered. */
export function languageRows(answers: readonly LanguageAnswer[], what: string): readonly Row[] {
  const ofFive = answers.filter(({ spoken }) => spoken !== 'other');
  const others = answers.filter(({ spoken, answer }) => spoken === 'other' && answer !== '');
  return [
    {
      kind: 'share',
      what: `${what}, as answered (\`unknown\` is wrong)`,
      figure: 'macro recall',
      figures: overVoices(ofFive, (some) => meanShareOf(some, ({ spoken }) => spoken, isRight)),
    },
    {
      kind: 'share',
      what: `${what}, other languages answered \`unknown\``,
      figures: overVoices(others, (some) => shareOf(some, isUnknown)),
    },
    {
      kind: 'share',
      what: `${what}, right, of what is answered (others included)`,
      figures: overVoices(
        answers.filter(({ answer }) => answer !== ''),
        rightOfAnswered,
      ),
    },
  ];
}

/** Share of right answers among those that name a language, as if each of the five and all others together were spoken equally often. */
export function rightOfAnswered(answers: readonly LanguageAnswer[]): number {
  const groups = [...groupBy(answers, ({ spoken }) => spoken).values()];
  const sum = (holds: (answer: LanguageAnswer) => boolean) =>
    groups.reduce((total, group) => total + shareOf(group, holds), 0);
  const answered = sum((each) => !isUnknown(each));
  return answered === 0 ? 0 : sum(isRight) / answered;
}

function isUnknown({ answer }: LanguageAnswer): boolean {
  return answer === 'unknown';
}

function isRight({ spoken, answer }: LanguageAnswer): boolean {
  return spoken === answer;
}
