/** `npm run bench -- accuracy --corpus FOLDER [--set standard|open] [--models a,b] [--conditions 'clean,10 dB'] [--cards models]` */
import { readFile, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { Deeptone } from '../../src/index';
import { CONDITIONS, type Condition } from './conditions';
import { Corpus } from './corpus';
import { markdownTable } from './report';
import { UsageError, type Measurement } from '../report';
import { ALL_MODELS } from '../models';
import { headlines } from './headlines';
import { withFigures } from './overview';
import type { Bench, ModelTable } from './rows';
import { measureModel, MEASURED } from './tables';

/** Measures the models on the development part of a corpus and prints their tables; gives the figures that have targets. */
export async function runAccuracy(args: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: 'string' },
      set: { type: 'string', default: 'standard' },
      models: { type: 'string' },
      conditions: { type: 'string', default: CONDITIONS.join(',') },
      cards: { type: 'string' },
    },
  });
  if (!values.corpus) throw new UsageError('Say where the corpus is: --corpus FOLDER');
  const modelSet = values.set === 'open' ? 'open' : 'standard';
  const deeptone = new Deeptone(undefined, { modelSet });
  const corpus = await Corpus.open(values.corpus);
  const noiseClips = corpus.clips.filter(
    (clip) => clip.event === 'noise' && !clip.note.includes('babble') && clip.end - clip.start > 2,
  );
  const bench: Bench = {
    deeptone,
    corpus,
    conditions: conditionsNamed(values.conditions),
    surroundings: {
      noises: await Promise.all(noiseClips.map((clip) => corpus.samples(clip))),
      rooms: await corpus.rooms(),
    },
  };
  const chosen = values.models?.split(',') ?? ALL_MODELS.filter((name) => deeptone.isModelAvailable(name));
  const stranger = chosen.find((name) => !MEASURED.includes(name));
  if (stranger !== undefined)
    throw new UsageError(
      `--models: there is no measurement of "${stranger}". Accepted: ${MEASURED.join(', ')}.`,
    );
  const tables: ModelTable[] = [];
  for (const model of chosen) {
    const table = await measureModel(model, bench);
    tables.push(table);
    console.log(markdownTable(table, modelSet));
    if (values.cards)
      await writeCard(path.join(values.cards, `${model}.md`), modelSet, markdownTable(table, modelSet));
  }
  if (values.cards) {
    const overview = path.join(values.cards, 'README.md');
    await writeFile(overview, withFigures(await readFile(overview, 'utf8'), modelSet, tables));
  }
  await deeptone.close();
  return headlines(tables);
}

function conditionsNamed(text: string): readonly Condition[] {
  return text.split(',').map((name) => {
    const condition = CONDITIONS.find((known) => known === name.trim());
    if (!condition)
      throw new UsageError(`There is no condition "${name}". Accepted: ${CONDITIONS.join(', ')}.`);
    return condition;
  });
}

/** Puts a set's figures between its marks in a model card. */
async function writeCard(filename: string, set: string, figures: string): Promise<void> {
  const card = await readFile(filename, 'utf8');
  const [before, rest] = splitAt(card, `<!-- accuracy:${set} -->`, filename);
  const [, after] = splitAt(rest, `<!-- /accuracy:${set} -->`, filename);
  const begin = `<!-- accuracy:${set} -->`;
  const end = `<!-- /accuracy:${set} -->`;
  await writeFile(filename, `${before}${begin}\n\n${figures}\n${end}${after}`);
}

function splitAt(text: string, mark: string, filename: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new UsageError(`${filename} has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
