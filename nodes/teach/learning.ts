/** Learns a taught sound: runs the command `deeptone train-head` in a process of its own, for each set of models. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidArgumentError } from '../../src';
import type { HeadReport, ModelSet } from '../../src/heads';
import { endWithUs } from '../../src/reaper';
import { withoutPaths } from '../../src/supervision';
import { toError } from '../shared/failure';
import { spokenError } from '../shared/language';
import {
  checkReady,
  folderOf,
  KINDS,
  type Count,
  type Kind,
  type Learned,
  type Lesson,
  type Lessons,
} from './lessons';
import { say } from '../../src/sentence';

/** How far learning is. */
export type LearningState =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly id: string; readonly seconds: number }
  | { readonly state: 'done'; readonly id: string }
  | { readonly state: 'failed'; readonly id: string; readonly message: string };

const SETS: readonly ModelSet[] = ['standard', 'open'];
/** dist/nodes/teach -> the command. */
const COMMAND = resolve(__dirname, '../../src/cli/main.js');
/** 400 examples of a minute on a small box. */
const LONGEST_MS = 30 * 60_000;
const MOST_OUTPUT = 16_000_000;

/** One sound at a time. */
export class Learning {
  readonly #lessons: Lessons;
  readonly #models: string;
  #state: LearningState = { state: 'none' };
  #since = 0;

  /** @param models folder that gets a folder of models for each set */
  constructor(lessons: Lessons, models: string) {
    this.#lessons = lessons;
    this.#models = models;
  }

  get state(): LearningState {
    if (this.#state.state !== 'running') return this.#state;
    return { ...this.#state, seconds: Math.round((performance.now() - this.#since) / 1_000) };
  }

  /**
   * Begins; what comes of it is in `state`.
   *
   * @throws InvalidArgumentError where there is too little to learn from, or another sound is being learned
   */
  begin(lesson: Lesson): LearningState {
    if (this.#state.state === 'running')
      throw new InvalidArgumentError(say`A sound is being learned: wait for it.`);
    checkReady(lesson);
    this.#since = performance.now();
    this.#state = { state: 'running', id: lesson.id, seconds: 0 };
    void this.#learn(lesson).then(
      (learned) => this.#end(lesson, learned),
      (error: unknown) => {
        this.#fail(lesson, error);
      },
    );
    return this.state;
  }

  async #end(lesson: Lesson, learned: Learned): Promise<void> {
    await this.#lessons.learned(lesson.id, learned).then(
      () => {
        this.#state = { state: 'done', id: lesson.id };
      },
      (error: unknown) => {
        this.#fail(lesson, error);
      },
    );
  }

  #fail({ id }: Lesson, error: unknown): void {
    this.#state = { state: 'failed', id, message: withoutPaths(spokenError(toError(error)).message) };
  }

  async #learn(lesson: Lesson): Promise<Learned> {
    const reports = new Map<ModelSet, HeadReport>();
    for (const set of SETS) reports.set(set, await this.#train(lesson, set));
    const counts = (set: ModelSet): Record<Kind, Count> => countsOf(lesson, reports.get(set));
    return {
      at: new Date().toISOString(),
      ...{ standard: counts('standard'), open: counts('open') },
      mistaken: (reports.get('standard')?.heldOut.mistakes ?? []).map(
        ({ file }) => /([0-9a-f]{8})\.wav$/u.exec(file)?.[1] ?? '',
      ),
      examples: KINDS.flatMap((kind) => lesson.examples[kind].map(({ id }) => id)),
    };
  }

  async #train(lesson: Lesson, set: ModelSet): Promise<HeadReport> {
    const out = join(this.#models, set);
    await mkdir(out, { recursive: true });
    const flags = ['--name', lesson.id, '--title', lesson.title, '--out', out, '--model-set', set];
    const words = [COMMAND, 'train-head', this.#lessons.soundsOf(lesson), ...flags, '--replace', '--json'];
    return new Promise((give, reject) => {
      const how = { timeout: LONGEST_MS, maxBuffer: MOST_OUTPUT, detached: process.platform !== 'win32' };
      const child = execFile(process.execPath, words, how, (error, output, told) => {
        void ended();
        if (!error) give(JSON.parse(output) as HeadReport);
        else reject(new Error(lastLine(told) || error.message));
      });
      const ended = child.pid === undefined ? () => Promise.resolve() : endWithUs(child.pid);
    });
  }
}

/** What the command says went wrong. */
function lastLine(told: string): string {
  const line = told.trim().split('\n').at(-1) ?? '';
  return line.replace(/^deeptone: /u, '');
}

function countsOf(lesson: Lesson, report: HeadReport | undefined): Record<Kind, Count> {
  const count = (kind: Kind): Count => {
    const row = report?.classes.indexOf(folderOf(lesson, kind)) ?? -1;
    const heardAs = report?.heldOut.confusion[row] ?? [];
    return { right: heardAs[row] ?? 0, of: heardAs.reduce((sum, one) => sum + one, 0) };
  };
  return { that: count('that'), other: count('other') };
}
