/** What widgets say on pages, in the language that the runtime speaks. */
import { PACKAGE, type NodeAPI } from '../shared/node-red';
import { vocabularyOf } from '../shared/vocabulary';

const KEYS = [
  ...['waiting', 'analysing', 'percent', 'sound', 'whole', 'zoomIn', 'zoomOut', 'earlier', 'later'],
  ...['play', 'pause', 'noSound', 'cannotPlay', 'legend', 'csv', 'labels', 'png', 'channel', 'speaker'],
  ...['phases', 'row', 'keys', 'mixed', 'waveform', 'jump', 'look', 'confidence', 'more', 'simplified'],
  ...['now', 'level', 'noLevel', 'ended', 'lastMinutes', 'events', 'noEvents', 'stream', 'since', 'live'],
  'ownMicrophone',
  ...['choose', 'drop', 'limit', 'tooLarge', 'empty', 'uploading', 'uploaded', 'cut', 'refused', 'cancel'],
  ...['microphone', 'stop', 'listening', 'insecure', 'noMicrophone', 'denied', 'busy', 'gone', 'examples'],
  'nothing',
] as const;

export type PageTexts = Readonly<Record<string, string>>;

/** The sentences of the pages, by key. */
export function pageTexts(RED: Pick<NodeAPI, '_'>): PageTexts {
  const entries = KEYS.map((key) => [key, RED._(`${PACKAGE}/ui-deeptone-timeline:page.${key}`)] as const);
  return Object.fromEntries(entries);
}

/** Models and their labels in words: `gender`, and `gender/female`. */
export function wordsFor(
  RED: Pick<NodeAPI, '_'>,
  labels: Iterable<readonly [model: string, label: string]>,
): PageTexts {
  const vocabulary = vocabularyOf(RED);
  const words: Record<string, string> = {};
  for (const [model, label] of labels) {
    words[model] ??= titleOf(model, vocabulary.model(model));
    words[`${model}/${label}`] ??= vocabulary.label(model, label);
  }
  return words;
}

/** Messages bring the name of a model that was taught, which is made of its title: `door-bell`. */
function titleOf(model: string, word: string): string {
  return word === model ? model.replaceAll('-', ' ') : word;
}
