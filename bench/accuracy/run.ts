/**
 * `npm run bench -- accuracy --corpus FOLDER [--set standard|open] [--models a,b] [--conditions 'clean,10 dB'] [--cards models]
 * [--silero FILE.onnx] [--fireredvad FOLDER] [--yamnet FILE.onnx]`
 */
import { parseArgs } from 'node:util';
import { Deeptone } from '../../src/index';
import { ALL_MODELS } from '../models';
import { UsageError, type Measurement } from '../report';
import { checkCards, writeCard, writeOverview } from './cards';
import { CONDITIONS, type Surroundings } from './conditions';
import { Corpus, type Clip } from './corpus';
import { fireredvadDetector, sileroDetector, VOICE_MODEL } from './detectors';
import { headlines } from './headlines';
import { markdownTable } from './report';
import type { Bench, ModelTable, Peers } from './rows';
import { SCENE_CONDITIONS, type SceneCondition } from './speech-frames';
import { MEASURED, measureModel } from './tables';
import { openYamnet } from './yamnet-kinds';

const OPTIONS = {
  corpus: { type: 'string' },
  set: { type: 'string', default: 'standard' },
  models: { type: 'string' },
  conditions: { type: 'string', default: SCENE_CONDITIONS.join(',') },
  cards: { type: 'string' },
  silero: { type: 'string' },
  fireredvad: { type: 'string' },
  yamnet: { type: 'string' },
} as const;

/** What a condition is made with, where that is not the recording alone. */
const MADE_WITH: Readonly<Partial<Record<SceneCondition, keyof Surroundings>>> = {
  '10 dB': 'noises',
  '0 dB': 'noises',
  reverberant: 'rooms',
  'music 5 dB': 'music',
};

/** Measures the models on the development part of a corpus and prints their tables; gives the figures that have targets. */
export async function runAccuracy(
  args: readonly string[],
  print: (table: string) => void = console.log,
): Promise<readonly Measurement[]> {
  const values = valuesOf(args);
  if (!values.corpus) throw new UsageError('Say where the corpus is: --corpus FOLDER');
  const modelSet = setNamed(values.set);
  const scenes = conditionsNamed(values.conditions);
  const deeptone = new Deeptone(undefined, { modelSet });
  try {
    const chosen = chosenModels(values.models, deeptone);
    const peers = await peersIn(values);
    const corpus = await Corpus.open(values.corpus);
    if (values.cards) await checkCards(values.cards, chosen, modelSet);
    const surroundings = await surroundingsIn(corpus, scenes);
    const conditions = CONDITIONS.filter((condition) => scenes.includes(condition));
    const bench: Bench = { deeptone, modelSet, corpus, conditions, scenes, surroundings, peers };
    const tables: ModelTable[] = [];
    for (const model of chosen) {
      const table = await measureModel(model, bench);
      tables.push(table);
      const figures = markdownTable(table, modelSet);
      print(figures);
      if (values.cards) await writeCard(values.cards, model, modelSet, figures);
    }
    if (values.cards) await writeOverview(values.cards, modelSet, tables);
    return headlines(tables);
  } finally {
    await deeptone.close();
  }
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function setNamed(set: string): 'standard' | 'open' {
  if (set === 'standard' || set === 'open') return set;
  throw new UsageError(`--set: there is no "${set}". Accepted: standard, open.`);
}

/** Those that are named, or the gate and all that the set has. */
function chosenModels(named: string | undefined, deeptone: Deeptone): readonly string[] {
  const available = ALL_MODELS.filter((name) => deeptone.isModelAvailable(name));
  const all = available.includes(VOICE_MODEL) ? ['gate', ...available] : available;
  const chosen = named?.split(',').map((name) => name.trim()) ?? all;
  const stranger = chosen.find((name) => !MEASURED.includes(name) || !all.includes(name));
  if (stranger === undefined) return chosen;
  throw new UsageError(`--models: this set has no "${stranger}" to measure. Accepted: ${all.join(', ')}.`);
}

async function peersIn({ silero, fireredvad, yamnet }: ReturnType<typeof valuesOf>): Promise<Peers> {
  return {
    speech: [
      ...(silero === undefined ? [] : [await sileroDetector(silero)]),
      ...(fireredvad === undefined ? [] : [await fireredvadDetector(fireredvad)]),
    ],
    kinds: yamnet === undefined ? [] : [await openYamnet(yamnet)],
  };
}

/** @throws UsageError where the corpus lacks what a condition is made with */
async function surroundingsIn(corpus: Corpus, scenes: readonly SceneCondition[]): Promise<Surroundings> {
  const samples = (isWanted: (clip: Clip) => boolean) =>
    Promise.all(
      corpus.clips
        .filter((clip) => isWanted(clip) && clip.end - clip.start > 2)
        .map((clip) => corpus.samples(clip)),
    );
  const surroundings = {
    noises: await samples(({ event, note }) => event === 'noise' && !note.includes('babble')),
    music: await samples(({ event }) => event === 'music'),
    rooms: await corpus.rooms(),
  };
  for (const scene of scenes) {
    const needed = MADE_WITH[scene];
    if (needed !== undefined && surroundings[needed].length === 0)
      throw new UsageError(`--conditions: the corpus has no ${needed} to make "${scene}" with.`);
  }
  return surroundings;
}

function conditionsNamed(text: string): readonly SceneCondition[] {
  return text.split(',').map((name) => {
    const condition = SCENE_CONDITIONS.find((known) => known === name.trim());
    if (!condition)
      throw new UsageError(`--conditions: there is no "${name}". Accepted: ${SCENE_CONDITIONS.join(', ')}.`);
    return condition;
  });
}
