/** What `deeptone analyze` is asked to hear: files, folders, patterns that no shell has read, standard input. */
import { lstat, readdir } from 'node:fs/promises';
import * as path from 'node:path';
import { AudioFileError } from '../errors';

/** Standard input, as other programs name it. */
export const STANDARD_INPUT = '-';

/** How files of a folder are told to be sound; what is named itself may be called anything. */
const SOUND_NAMES =
  /\.(?:wav|wave|w64|rf64|bwf|mp3|mp2|flac|ogg|oga|opus|m4a|m4b|aac|mp4|m4v|mov|mkv|mka|webm|aif|aiff|aifc|au|snd|caf|wma|wmv|amr|3gp|3g2|avi|ts|mts|ac3|eac3|ape|wv|tta)$/iu;
/** Folders within each other that are looked through. */
const DEEPEST = 16;

/** One sound to analyse. */
export interface Input {
  /** The path of its file, or `-`. */
  readonly name: string;
  /** What its answers are called in a folder of answers: a path without the ending of the sound. */
  readonly stem: string;
}

/**
 * The sounds that arguments mean, in the order of the arguments; those of a folder by name. A name that is not there stays as it is: it
 * fails in its turn.
 *
 * @throws AudioFileError for a folder without a sound, or a pattern that nothing fits
 */
export async function inputsOf(names: readonly string[]): Promise<readonly Input[]> {
  const inputs: Input[] = [];
  for (const name of names) inputs.push(...(await inputsNamed(name)));
  return inputs;
}

async function inputsNamed(name: string): Promise<readonly Input[]> {
  if (name === STANDARD_INPUT) return [{ name, stem: 'standard-input' }];
  const status = await lstat(name).catch(() => undefined);
  if (status?.isDirectory()) {
    const found = await soundsIn(name, DEEPEST);
    if (found.length === 0) throw nothingThere(`There is no sound in the folder "${name}".`);
    return found.map((one) => ({ name: one, stem: withoutEnding(path.relative(name, one)) }));
  }
  if (status || !/[*?]/u.test(path.basename(name)))
    return [{ name, stem: withoutEnding(path.basename(name)) }];
  const folder = path.dirname(name);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = entries.filter((entry) => !entry.isDirectory() && fits(path.basename(name), entry.name));
  if (found.length === 0)
    throw nothingThere(`There is no file "${name}", nor any that it fits as a pattern.`);
  return found
    .map((entry) => entry.name)
    .sort()
    .map((one) => ({ name: path.join(folder, one), stem: withoutEnding(one) }));
}

/** Sounds of a folder and its folders, by name; links are not followed. */
async function soundsIn(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    const inside = path.join(folder, entry.name);
    if (entry.isDirectory() && depth > 0) found.push(...(await soundsIn(inside, depth - 1)));
    else if (entry.isFile() && SOUND_NAMES.test(entry.name)) found.push(inside);
  }
  return found;
}

function withoutEnding(name: string): string {
  const { dir, name: base } = path.parse(name);
  return path.join(dir, base);
}

/** Whether a name fits a pattern: `*` stands for any characters, `?` for one, as shells mean them. Never more than their product of steps. */
function fits(pattern: string, name: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < name.length;) {
    if (pattern[at] === '*') {
      [star, resume] = [at, index];
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === name[index]) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      // The last star stands for one character more.
      resume += 1;
      [at, index] = [star + 1, resume];
    } else {
      return false;
    }
  }
  return /^\**$/u.test(pattern.slice(at));
}

function nothingThere(message: string): AudioFileError {
  return new AudioFileError('DEEPTONE_FILE_NOT_FOUND', message);
}
