/** `npm run bench -- accuracy --corpus FOLDER [--set standard|open] [--models a,b] [--out FILE.json] [--write MODELS_README.md]` */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Deeptone } from '../../src/index';
import { Corpus } from './corpus';
import { markdownTable } from './report';
import { MEASURED_MODELS, measureModel, type Bench, type ModelTable } from './tables';

export const BEGIN = '<!-- accuracy:begin -->';
export const END = '<!-- accuracy:end -->';

/** Measures the models on the development part of a corpus and prints their tables. */
export async function runAccuracy(args: readonly string[]): Promise<readonly ModelTable[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: 'string' },
      set: { type: 'string', default: 'standard' },
      models: { type: 'string' },
      out: { type: 'string' },
      write: { type: 'string' },
    },
  });
  if (!values.corpus) throw new Error('Say where the corpus is: --corpus FOLDER');
  const deeptone = new Deeptone(undefined, { modelSet: values.set === 'open' ? 'open' : 'standard' });
  const corpus = await Corpus.open(values.corpus);
  const noiseClips = corpus.clips.filter(
    (clip) => clip.event === 'noise' && !clip.note.includes('babble') && clip.end - clip.start > 2,
  );
  const bench: Bench = {
    deeptone,
    corpus,
    surroundings: {
      noises: await Promise.all(noiseClips.map((clip) => corpus.samples(clip))),
      rooms: await corpus.rooms(),
    },
  };
  const chosen =
    values.models?.split(',') ?? MEASURED_MODELS.filter((name) => deeptone.isModelAvailable(name));
  const tables: ModelTable[] = [];
  for (const model of chosen) {
    const table = await measureModel(model, bench);
    tables.push(table);
    console.log(markdownTable(table));
  }
  if (values.out) await writeFile(values.out, `${JSON.stringify(tables, undefined, 1)}\n`);
  if (values.write) await writeBetweenMarks(values.write, tables.map(markdownTable).join('\n'));
  await deeptone.close();
  return tables;
}

/** Puts text between the marks of a Markdown file. */
export async function writeBetweenMarks(filename: string, text: string): Promise<void> {
  const page = await readFile(filename, 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${filename} has no ${BEGIN} … ${END}`);
  await writeFile(filename, `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n${page.slice(end)}`);
}
