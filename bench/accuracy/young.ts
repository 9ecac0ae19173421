/** `underage-speaker`, and those whose voices are nearest to children's: women of 18 to 29, with men of that age beside them. */
import type { Clip } from './corpus';
import { groupBy, winner } from './measures';
import { byCondition, classesOf, indexIn, type Bench, type Row } from './rows';
import { overVoices, shareOf } from './shares';
import { clipWindows, outcomesOf } from './windows';

const YOUNGEST_ADULT = 18;
/** From this age on nobody counts as young. */
const NOT_YOUNG = 30;
const PER_VOICE = 10;

/** Whether a clip is of somebody of 18 to 29 years; of a band its middle counts. */
export function isYoungAdult({ years, event }: Clip): boolean {
  return event === 'speech' && years !== null && years >= YOUNGEST_ADULT && years < NOT_YOUNG;
}

export async function measureUnderage(model: string, bench: Bench): Promise<readonly Row[]> {
  const { corpus } = bench;
  const truth = indexIn(model, bench, 'ageGroup');
  const children = corpus.clips.filter(
    ({ ageGroup, years, corpus: name }) =>
      name === 'speechocean762' && (ageGroup === 'adult' || (years !== null && years >= 6 && years <= 10)),
  );
  const windows = await clipWindows(corpus, children, truth, { seconds: 2, perVoice: PER_VOICE });
  const elsewhere = corpus.clips.filter(
    (clip) => clip.ageGroup === 'adult' && clip.corpus !== 'speechocean762',
  );
  const adults = await clipWindows(corpus, elsewhere, truth, { seconds: 2, perVoice: PER_VOICE });
  const outcomes = await outcomesOf(bench.deeptone, model, adults);
  const child = classesOf(model, bench).indexOf('child');
  return [
    ...(await byCondition(model, bench, windows, '2 s, 6 to 10 years against adults')),
    {
      kind: 'share',
      what: 'adults of other corpora taken for children, 2 s',
      figures: overVoices(outcomes, (some) => shareOf(some, (outcome) => winner(outcome) === child)),
    },
    ...(await youngRows(model, bench, { seconds: 2, answers: ['child', 'unknown'] })),
  ];
}

/** What women of 18 to 29, and men, are answered: a share for each of the answers. */
export async function youngRows(
  model: string,
  { corpus, deeptone }: Bench,
  { seconds, answers }: { seconds: number; answers: readonly string[] },
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [who, gender] of [
    ['women', 'f'],
    ['men', 'm'],
  ] as const) {
    const clips = corpus.clips.filter((clip) => isYoungAdult(clip) && clip.gender === gender);
    const windows = await clipWindows(corpus, clips, () => 0, { seconds, shortest: 2, perVoice: PER_VOICE });
    const outcomes = await outcomesOf(deeptone, model, windows);
    for (const answer of answers)
      rows.push({
        kind: 'share',
        what: `${who} of 18 to 29 years answered \`${answer}\`, ${seconds} s`,
        figures: overVoices(outcomes, (some) =>
          shareOf(some, (outcome) => mostFrequent(outcome.answers) === answer),
        ),
      });
  }
  return rows;
}

/** What most frames of a window are answered that pass the gates, as a period is (decision 9); the first of several. */
export function mostFrequent(answers: readonly string[]): string {
  let best = '';
  let most = 0;
  for (const [answer, frames] of groupBy(answers, (each) => each)) {
    if (frames.length <= most) continue;
    best = answer;
    most = frames.length;
  }
  return best;
}
