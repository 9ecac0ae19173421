/**
 * Sounds that somebody teaches: a folder for each, with examples of it and of what it is not, as `deeptone train-head` reads them.
 * Every change is written at once, one after the other; nothing is kept in memory.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadAudioError, InvalidArgumentError, TooLargeError } from '../../src';
import { readSound, wavFile } from '../../src/audio';
import { FEWEST_RECORDINGS } from '../../src/heads';
import { loadCatalogue } from '../../src/inference';
import { areAlike, likenessOf, type Likeness } from './likeness';
import { phrase, say } from '../../src/sentence';

/** An example is of the sound, or of anything else that is to be told from it. */
export const KINDS = ['that', 'other'] as const;
export type Kind = (typeof KINDS)[number];

/** One recording. */
export interface Example {
  readonly id: string;
  /** Of the file that it came in; none where it was recorded on the page. */
  readonly name?: string;
  readonly milliseconds: number;
  /** Of its loudest frame, dBFS. */
  readonly level: number;
  readonly likeness: Likeness;
}

/** Right answers about recordings that were not learned from. */
export interface Count {
  readonly right: number;
  readonly of: number;
}

/** What learning came to, with the models for use at home; those for use at work have a count of their own. */
export interface Learned {
  /** ISO 8601. */
  readonly at: string;
  readonly standard: Readonly<Record<Kind, Count>>;
  readonly open: Readonly<Record<Kind, Count>>;
  /** Examples that were taken for the other kind. */
  readonly mistaken: readonly string[];
  /** The examples that it learned from. */
  readonly examples: readonly string[];
}

/** A sound that is taught, as it is saved. */
export interface Lesson {
  readonly id: string;
  /** What the person calls it. */
  readonly title: string;
  /** What a model answers for it; the name of its folder of examples. */
  readonly label: string;
  readonly examples: Readonly<Record<Kind, readonly Example[]>>;
  /** Examples that there ever were: each has a number of its own, and the same ones in the same order teach the same. */
  readonly made: number;
  readonly learned?: Learned;
}

const OTHER = 'other';
const FILE = 'lesson.json';
const SAMPLE_RATE = 16_000;
const FRAME = 1_024;
const MOST_LESSONS = 100;
const MOST_EXAMPLES = 200;
const LONGEST_TITLE = 40;
const LONGEST_FILE_NAME = 80;
export const LONGEST_SECONDS = 60;
const SHORTEST_MS = 192;
/** RMS of the loudest frame below which there is nothing to learn. */
const QUIETEST = 0.005;
/** What the engine itself answers. */
const TAKEN_LABELS = [OTHER, 'silence', 'no_speech', 'unknown'];

/** All that is taught on this machine. */
export class Lessons {
  readonly #folder: string;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param folder is made when something is taught */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<readonly Lesson[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const found = await Promise.all(names.sort().map((id) => this.find(id).catch(() => undefined)));
    return found.filter((lesson) => lesson !== undefined);
  }

  /** @throws InvalidArgumentError where nothing is taught by that name */
  async find(id: string): Promise<Lesson> {
    const text = isName(id)
      ? await readFile(join(this.#folder, id, FILE), 'utf8').catch(() => undefined)
      : undefined;
    if (text === undefined) throw new InvalidArgumentError(say`No sound of that name is taught here.`);
    return JSON.parse(text) as Lesson; // Nobody else writes it.
  }

  /** The folder that `deeptone train-head` learns from. */
  soundsOf({ id }: Lesson): string {
    return join(this.#folder, id, 'sounds');
  }

  wavOf(lesson: Lesson, kind: Kind, example: string): string {
    if (!lesson.examples[kind].some(({ id }) => id === example))
      throw new InvalidArgumentError(say`There is no such example.`);
    return join(this.soundsOf(lesson), folderOf(lesson, kind), `${example}.wav`);
  }

  /** @throws InvalidArgumentError for a title that cannot be one, or one too many */
  begin(title: unknown): Promise<Lesson> {
    return this.#inTurn(async () => {
      const name = titleIn(title);
      const lessons = await this.list();
      if (lessons.length >= MOST_LESSONS)
        throw new InvalidArgumentError(say`${MOST_LESSONS} sounds are taught already: forget one first.`);
      if (lessons.some((lesson) => lesson.title.toLowerCase() === name.toLowerCase()))
        throw new InvalidArgumentError(say`"${name}" is taught already: choose it in the list.`);
      const lesson: Lesson = {
        ...{ id: freeName(name, lessons), title: name, label: labelOf(name) },
        examples: { that: [], other: [] },
        made: 0,
      };
      for (const kind of KINDS)
        await mkdir(join(this.soundsOf(lesson), folderOf(lesson, kind)), { recursive: true });
      return this.#save(lesson);
    });
  }

  /**
   * Takes a recording: any format that is heard elsewhere, too.
   *
   * @param filename for people to know it by; what is no name of a file is none
   * @throws BadAudioError where nothing is to be heard, TooLargeError where it is too long, InvalidArgumentError where it is there
   *   already, FfmpegError
   */
  async add(id: string, kind: Kind, bytes: Uint8Array, filename?: unknown): Promise<Lesson> {
    await this.find(id);
    const samples = await heard(bytes);
    const name = fileNameIn(filename);
    return this.#inTurn(async () => {
      const lesson = await this.find(id);
      const example = { ...exampleOf(samples, lesson.made), ...(name ? { name } : {}) };
      refuseTwin(lesson, example);
      if (lesson.examples[kind].length >= MOST_EXAMPLES)
        throw new TooLargeError(say`${MOST_EXAMPLES} examples are enough: take one away first.`);
      const file = join(this.soundsOf(lesson), folderOf(lesson, kind), `${example.id}.wav`);
      await writeFile(file, wavFile([whole(samples)], SAMPLE_RATE));
      const more = withExamples(lesson, kind, [...lesson.examples[kind], example]);
      return this.#save({ ...more, made: lesson.made + 1 });
    });
  }

  remove(id: string, kind: Kind, example: string): Promise<Lesson> {
    return this.#inTurn(async () => {
      const lesson = await this.find(id);
      await rm(this.wavOf(lesson, kind, example), { force: true });
      const left = lesson.examples[kind].filter((one) => one.id !== example);
      return this.#save(withExamples(lesson, kind, left));
    });
  }

  /** Takes all examples away; what was learned from them is for others to forget. */
  forget(id: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.find(id);
      await rm(join(this.#folder, id), { recursive: true, force: true });
    });
  }

  learned(id: string, learned: Learned): Promise<Lesson> {
    return this.#inTurn(async () => this.#save({ ...(await this.find(id)), learned }));
  }

  async #save(lesson: Lesson): Promise<Lesson> {
    const file = join(this.#folder, lesson.id, FILE);
    const part = `${file}.${randomBytes(4).toString('hex')}`;
    await writeFile(part, `${JSON.stringify(lesson)}\n`);
    await rename(part, file);
    return lesson;
  }

  #inTurn<T>(what: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(what);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** The name of the folder that the examples of a kind lie in. */
export function folderOf({ label }: Lesson, kind: Kind): string {
  return kind === 'that' ? label : OTHER;
}

/** @throws InvalidArgumentError where there are too few examples to learn from and to be tested with */
export function checkReady({ examples }: Lesson): void {
  for (const kind of KINDS) {
    const count = examples[kind].length;
    if (count >= FEWEST_RECORDINGS) continue;
    const what = kind === 'that' ? phrase`the sound` : phrase`what it is not`;
    throw new InvalidArgumentError(
      say`There are ${count} examples of ${what}: at least ${FEWEST_RECORDINGS} are needed, and 10 or more are better.`,
    );
  }
}

function titleIn(title: unknown): string {
  const name = typeof title === 'string' ? title.normalize().trim().replace(/\s+/gu, ' ') : '';
  if (!/[\p{L}\p{N}]/u.test(name) || /\p{C}/u.test(name) || name.length > LONGEST_TITLE)
    throw new InvalidArgumentError(
      say`A name of 1 to ${LONGEST_TITLE} characters is needed, with a letter or a digit, such as "door bell".`,
    );
  return name;
}

/** The name alone, as one line; '' where there is none. */
function fileNameIn(filename: unknown): string {
  const last = typeof filename === 'string' ? (filename.split(/[/\\]/u).at(-1) ?? '') : '';
  const line = last.normalize().replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '');
  return Array.from(line.trim()).slice(0, LONGEST_FILE_NAME).join('');
}

/** What a model answers: the title in small letters, as a folder can be called everywhere. */
function labelOf(title: string): string {
  const label = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/gu, '');
  return TAKEN_LABELS.includes(label) ? `${label}_sound` : label;
}

/** The name of the model: what a catalogue allows, and nobody has. */
function freeName(title: string, lessons: readonly Lesson[]): string {
  const ascii = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '');
  const slug = ascii.replace(/[^a-z0-9]+/gu, '-').replace(/^-+|-+$/gu, '') || 'sound';
  const shipped = loadCatalogue({ modelSet: 'standard' }).models.map(({ description }) => description.name);
  const taken = new Set([...shipped, 'level', 'loudness', ...lessons.map(({ id }) => id)]);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? slug : `${slug}-${number}`;
    if (!taken.has(name)) return name;
  }
}

function isName(id: string): boolean {
  return /^[a-z0-9]+(?:-[a-z0-9]+)*$/u.test(id);
}

function withExamples(lesson: Lesson, kind: Kind, examples: readonly Example[]): Lesson {
  return { ...lesson, examples: { ...lesson.examples, [kind]: examples } };
}

/** @returns 16 kHz mono */
async function heard(bytes: Uint8Array): Promise<Float32Array> {
  const limit = LONGEST_SECONDS * SAMPLE_RATE;
  const samples = await readSound({ bytes }, { ffmpegPath: undefined, takesRaw: false }, limit);
  if (samples.length > limit)
    throw new TooLargeError(say`It is longer than ${LONGEST_SECONDS} s: cut out what is meant.`);
  if (samples.length < (SHORTEST_MS * SAMPLE_RATE) / 1_000)
    throw new BadAudioError(say`It is shorter than a fifth of a second: record it again.`);
  return samples;
}

function exampleOf(samples: Float32Array, number: number): Example {
  let loudest = 0;
  for (let from = 0; from + FRAME <= samples.length; from += FRAME) {
    const frame = samples.subarray(from, from + FRAME);
    loudest = Math.max(loudest, Math.sqrt(frame.reduce((sum, sample) => sum + sample * sample, 0) / FRAME));
  }
  if (loudest < QUIETEST)
    throw new BadAudioError(
      say`Nothing is to be heard in it: it is silence. Go nearer, or record it louder.`,
    );
  return {
    id: number.toString(16).padStart(8, '0'),
    milliseconds: Math.round((samples.length * 1_000) / SAMPLE_RATE),
    level: Math.round(200 * Math.log10(loudest)) / 10,
    likeness: likenessOf(samples),
  };
}

/** The same recording twice would be learned from and tested with: the figures would be too good. */
function refuseTwin({ examples }: Lesson, { likeness }: Example): void {
  for (const kind of KINDS) {
    const at = examples[kind].findIndex((one) => areAlike(one.likeness, likeness));
    if (at < 0) continue;
    const what = kind === 'that' ? phrase`the sound` : phrase`what it is not`;
    throw new InvalidArgumentError(
      say`This recording is there already (example ${at + 1} of ${what}): each has to be one of its own.`,
    );
  }
}

function whole(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(32_768 * sample))),
  );
}
