/** Answers as sentences for people: what `msg.insight.text`, the status under a node and a terminal say. Pure; in English unless a vocabulary says otherwise. */
import { GATE_LABELS, SILENCE } from './labels';
import type { Level } from './level';
import type { LabelShares, Summary, TimeSeriesStep, Transition, Transitions } from './results';
import type { TransitionEvent } from './transitions';
import { inLanguage, say, type Sentence, type Word } from '../sentence';
import { ENGLISH, type Vocabulary } from './vocabulary';

/** Shares of time by model and label, 0 to 1 each. */
export type SharesByModel = Readonly<Record<string, LabelShares>>;

/** Models that hear everything, the plainest first: what they say stands in front, without a title. */
const OF_ALL_SOUND: readonly string[] = ['speech', 'speech-rt', 'audio-event'];
const FRACTION = '_fraction';
/** Labels of one model in a list, and phases in one sentence. */
const MOST_LABELS = 3;
const MOST_PHASES = 6;
/** A smaller share would be 0 %. */
const HALF_PERCENT = 0.005;

/** The shares that a summary says. */
export function sharesOfSummary(summary: Summary): SharesByModel {
  const models = Object.entries(summary).filter(([model]) => model !== 'level');
  return Object.fromEntries(
    models.map(([model, fractions]) => [
      model,
      Object.fromEntries(
        Object.entries(fractions)
          .filter(([name]) => name.endsWith(FRACTION))
          .map(([name, share]) => [name.slice(0, -FRACTION.length), share]),
      ),
    ]),
  );
}

/** The mean of the shares of several stretches of the same length: steps of a series, or channels of a file. */
export function meanShares(all: readonly SharesByModel[]): SharesByModel {
  const sums = new Map<string, Map<string, number>>();
  for (const shares of all) {
    for (const [model, ofModel] of Object.entries(shares)) {
      const sum = sums.get(model) ?? new Map<string, number>();
      sums.set(model, sum);
      for (const [label, share] of Object.entries(ofModel)) sum.set(label, (sum.get(label) ?? 0) + share);
    }
  }
  const mean = (sum: Map<string, number>): LabelShares =>
    Object.fromEntries([...sum].map(([label, share]) => [label, share / all.length]));
  return Object.fromEntries([...sums].map(([model, sum]) => [model, mean(sum)]));
}

/**
 * A few words that fit under a node: `46 % speech, 30 % music`, of the model that hears most.
 *
 * @returns '' where nothing was heard at all
 */
export function heardInShort(shares: SharesByModel, words: Vocabulary = ENGLISH): string {
  const [first] = inOrder(Object.keys(shares));
  return first === undefined ? '' : inLanguage(shareList(first, shares[first] ?? {}, words), words.language);
}

/** What was heard over some time, as a sentence. */
export function sharesText(shares: SharesByModel, level?: Level, words: Vocabulary = ENGLISH): string {
  const models = inOrder(Object.keys(shares));
  const hearsAll = OF_ALL_SOUND.includes(models[0] ?? '');
  const parts = models.flatMap((model, index) => {
    const ofModel = shares[model] ?? {};
    // Where there is no voice has been said by the first model.
    const told = index > 0 && hearsAll ? withoutGate(ofModel) : ofModel;
    const list = shareList(model, told, words);
    if (list.length === 0) return [];
    return [index === 0 && hearsAll ? list : say`${words.model(model)}: ${list}`];
  });
  const [first = say`nothing was heard`, ...others] = parts;
  return sentence(
    others.reduce((one: Word, other) => say`${one}; ${other}`, first),
    words,
    level,
  );
}

/** A summary as a sentence: `46 % speech, 30 % music; gender: 22 % male, 21 % female; level -19.5 dB.` */
export function summaryText(summary: Summary, words?: Vocabulary): string {
  return sharesText(sharesOfSummary(summary), summary.level, words);
}

/** A time series as a sentence. */
export function seriesText(steps: readonly Pick<TimeSeriesStep, 'shares'>[], words?: Vocabulary): string {
  return sharesText(meanShares(steps.map(({ shares }) => shares)), undefined, words);
}

/** One answer, of a step or of a whole chunk: `Speech, female (-19.5 dB).` */
export function stepText(
  { results, level }: Pick<TimeSeriesStep, 'results' | 'level'>,
  words: Vocabulary = ENGLISH,
): string {
  const said = [...new Set(saidLabels(results).map(({ model, label }) => words.label(model, label)))];
  return sentence(said.length === 0 ? say`nothing was heard` : said, words, level);
}

/** A label of a model, to be put into words. */
export interface SaidLabel {
  readonly model: string;
  readonly label: string;
}

/** The labels of an answer that are worth saying, the plainest first: that there is no voice, or nothing at all, is said once. */
export function saidLabels(results: TimeSeriesStep['results']): readonly SaidLabel[] {
  const models = inOrder(Object.keys(results));
  const hearsAll = OF_ALL_SOUND.includes(models[0] ?? '');
  return models.flatMap((model, index) => {
    const result = results[model];
    if (result === undefined) return [];
    const label = 'speaker_top' in result ? result.speaker_top : result.result;
    const isSaid = index > 0 && hearsAll && GATE_LABELS.includes(label);
    return isSaid ? [] : [{ model, label }];
  });
}

/** What is heard now, in a word: of the model that hears most. */
export function heardNow(results: TimeSeriesStep['results']): { model: string; label: string } | undefined {
  const [model] = inOrder(Object.keys(results));
  const result = model === undefined ? undefined : results[model];
  if (model === undefined || result === undefined) return undefined;
  return { model, label: 'speaker_top' in result ? result.speaker_top : result.result };
}

/** Phases as a sentence: `0:00 music, 0:06 speech, 0:11 music and 4 more.` */
export function transitionsText(transitions: Transitions, words: Vocabulary = ENGLISH): string {
  const [model] = inOrder(Object.keys(transitions));
  const phases = model === undefined ? [] : (transitions[model] ?? []);
  if (model === undefined || phases.length === 0) return sentence(say`nothing was heard`, words);
  const told = phases.slice(0, MOST_PHASES).map((phase) => phaseText(model, phase, words));
  const more = phases.length - told.length;
  return sentence(more > 0 ? say`${told} and ${more} more` : told, words);
}

/** A phase of a live stream that begins or has ended: `Speech for 2.3 s, from 0:04 on.` */
export function transitionText(
  { model, result, previous, timestamp_start: start, timestamp_end: end }: TransitionEvent,
  words: Vocabulary = ENGLISH,
): string {
  const plain = words.label(model, result);
  const label = OF_ALL_SOUND.includes(model) ? plain : say`${words.model(model)}: ${plain}`;
  if (end !== null)
    return sentence(say`${label} for ${lengthText(end - start)}, from ${clock(start)} on`, words);
  if (previous === null) return sentence(say`${label} since ${clock(start)}`, words);
  return sentence(say`${label} since ${clock(start)}, after ${words.label(model, previous)}`, words);
}

function phaseText(model: string, { timestamp_start: start, result }: Transition, words: Vocabulary): string {
  return `${clock(start)} ${words.label(model, result)}`;
}

/** The models that hear everything first. */
function inOrder(models: readonly string[]): readonly string[] {
  const first = OF_ALL_SOUND.filter((model) => models.includes(model));
  return [...first, ...models.filter((model) => !first.includes(model))];
}

function withoutGate(shares: LabelShares): LabelShares {
  return Object.fromEntries(Object.entries(shares).filter(([label]) => !GATE_LABELS.includes(label)));
}

/** The largest shares; silence stands last, as it is what is left. */
function shareList(model: string, shares: LabelShares, words: Vocabulary): readonly Word[] {
  const heard = Object.entries(shares).filter(([, share]) => share >= HALF_PERCENT);
  const largest = heard.sort(([, one], [, other]) => other - one).slice(0, MOST_LABELS);
  const isSilence = (label: string): number => (label === SILENCE ? 1 : 0);
  return largest
    .sort(([one], [other]) => isSilence(one) - isSilence(other))
    .map(([label, share]) => say`${{ share }} ${words.label(model, label)}`);
}

function sentence(word: Word, { language }: Vocabulary, level?: Level): string {
  const text = inLanguage(word, language);
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return inLanguage(level === undefined ? say`${upper}.` : say`${upper} (${level.mean} dB).`, language);
}

/** Minutes and seconds, with hours where there are any. */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function lengthText(ms: number): Sentence {
  return ms < 60_000 ? say`${Math.round(ms / 100) / 10} s` : say`${clock(ms)} min`;
}
