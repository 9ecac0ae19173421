/** YAMNet's 521 classes as the kinds of sound that our models know. */
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { yamnet, YAMNET_CLASSES, YAMNET_WINDOW } from '../peers';
import { UsageError } from '../report';
import { parseRow } from './manifest';
import type { Outcome } from './measures';
import { mapParallel, type Window } from './windows';

/** The kinds of `audio-event`; null for classes that say where a sound is heard, or that there is none. */
export type Kind =
  'nat_human_sounds' | 'neg_human_sounds' | 'pos_human_sounds' | 'speech' | 'music' | 'noise' | null;

/**
 * Which classes are what: from a class to another in the order of AudioSet, both included. What is named twice is what the later line
 * says; what is not named is noise, people's hands, feet and crowds among it. Singing is music, as in our labels. Bells, beeps and
 * whistles of machines are noise.
 */
export const KINDS: readonly (readonly [from: string, to: string, Kind])[] = [
  ['Speech', 'Speech synthesizer', 'speech'],
  ['Whispering', 'Whispering', 'speech'],
  ['Shout', 'Screaming', 'neg_human_sounds'],
  ['Whoop', 'Whoop', 'pos_human_sounds'],
  ['Laughter', 'Chuckle, chortle', 'pos_human_sounds'],
  ['Crying, sobbing', 'Wail, moan', 'neg_human_sounds'],
  ['Groan', 'Groan', 'neg_human_sounds'],
  ['Sigh', 'Sigh', 'nat_human_sounds'],
  ['Grunt', 'Grunt', 'nat_human_sounds'],
  ['Breathing', 'Sniff', 'nat_human_sounds'],
  ['Chewing, mastication', 'Fart', 'nat_human_sounds'],
  ['Cheering', 'Cheering', 'pos_human_sounds'],
  ['Singing', 'Humming', 'music'],
  ['Whistling', 'Whistling', 'music'],
  ['Music', 'Scary music', 'music'],
  ['Bell', 'Change ringing (campanology)', 'noise'],
  ['Silence', 'Silence', null],
  ['Inside, small room', 'Echo', null],
  ['Television', 'Field recording', null],
];

/** The kind of every class. */
export function kindsOf(names: readonly string[]): readonly Kind[] {
  const kinds = new Array<Kind>(names.length).fill('noise');
  for (const [from, to, kind] of KINDS) {
    const [first, last] = [names.indexOf(from), names.indexOf(to)];
    if (first < 0 || last < first) throw new Error(`there is no class ${first < 0 ? from : to}`);
    kinds.fill(kind, first, last + 1);
  }
  return kinds;
}

/**
 * A score for each of the classes of one of our models: the highest of those that are of its kind. `other` of the models of speech is
 * whatever is neither speech nor music.
 */
export function scoresOf(
  said: ArrayLike<number>,
  kinds: readonly Kind[],
  classes: readonly string[],
): readonly number[] {
  const scores = classes.map(() => 0);
  kinds.forEach((kind, index) => {
    if (kind === null) return;
    const own = classes.indexOf(kind);
    const place = own < 0 ? classes.indexOf('other') : own;
    if (place >= 0) scores[place] = Math.max(scores[place] ?? 0, said[index] ?? 0);
  });
  return scores;
}

/** Says of windows which kind of sound they are. */
export interface WindowPeer {
  readonly title: string;
  outcomes(windows: readonly Window[], classes: readonly string[]): Promise<readonly Outcome[]>;
}

/**
 * YAMNet hears the last 0.975 s of a window, with what was heard before it where the window is shorter, as our models do.
 *
 * @param file its network, with `classes.csv` beside it
 */
export async function openYamnet(file: string): Promise<WindowPeer> {
  const peer = await yamnet(file);
  const kinds = await readKinds(path.join(path.dirname(file), 'classes.csv'));
  return {
    title: peer.title,
    outcomes: (windows, classes) =>
      mapParallel(windows, async ({ samples, truth, voice, corpus }) => {
        const said = await peer.hear(samples.slice(-YAMNET_WINDOW));
        return {
          truth,
          voice,
          corpus,
          probabilities: scoresOf(said, kinds, classes),
          frames: [],
          answers: [],
        };
      }),
  };
}

async function readKinds(file: string): Promise<readonly Kind[]> {
  try {
    const [, ...lines] = (await readFile(file, 'utf8')).trim().split(/\r?\n/u);
    if (lines.length !== YAMNET_CLASSES)
      throw new Error(`it has ${lines.length} classes in the place of 521`);
    return kindsOf(lines.map((line) => parseRow(line).at(-1) ?? ''));
  } catch (error) {
    throw new UsageError(`${file} is no list of the classes of YAMNet: ${(error as Error).message}.`);
  }
}
