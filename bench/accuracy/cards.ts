/** Puts figures into the model cards and their overview, between marks that say of which set they are. */
import { readFile, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { UsageError } from '../report';
import { withFigures } from './overview';
import type { ModelTable } from './rows';

/** The gate has no card of its own: its figures stand in the overview, where that has a place for them. */
export async function writeCard(folder: string, model: string, set: string, figures: string): Promise<void> {
  const isGate = model === 'gate';
  const filename = path.join(folder, isGate ? 'README.md' : `${model}.md`);
  const mark = isGate ? `accuracy-gate:${set}` : `accuracy:${set}`;
  const card = await readFile(filename, 'utf8');
  const written = between(card, mark, figures);
  if (written !== undefined) await writeFile(filename, written);
  else if (!isGate) throw new UsageError(`--cards: ${filename} has no <!-- ${mark} --> with an end.`);
}

/** Writes the figures of the overview's table anew. */
export async function writeOverview(
  filename: string,
  set: string,
  tables: readonly ModelTable[],
): Promise<void> {
  await writeFile(filename, withFigures(await readFile(filename, 'utf8'), set, tables));
}

/** The text with something else between its marks; undefined where it has none. */
export function between(text: string, mark: string, figures: string): string | undefined {
  const begin = `<!-- ${mark} -->`;
  const end = `<!-- /${mark} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) return undefined;
  return `${text.slice(0, from)}${begin}\n\n${figures}\n${text.slice(to)}`;
}
