/** Puts figures into the model cards and their overview, between marks that say of which set they are. */
import { access, constants, readFile, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { UsageError } from '../report';
import { withFigures } from './overview';
import type { ModelTable } from './rows';

const OVERVIEW = 'README.md';

/**
 * Looks whether everything can be written that is going to be: measuring takes long.
 *
 * @throws UsageError naming the file that is missing, may not be written, or has no place for the figures
 */
export async function checkCards(folder: string, models: readonly string[], set: string): Promise<void> {
  for (const name of [OVERVIEW, ...models.filter((model) => !isGate(model)).map(cardOf)]) {
    const filename = path.join(folder, name);
    await access(filename, constants.R_OK | constants.W_OK).catch(() => {
      throw new UsageError(`--cards: there is no ${filename} that can be written.`);
    });
    const mark = `accuracy:${set}`;
    if (name !== OVERVIEW && between(await readFile(filename, 'utf8'), mark, '') === undefined)
      throw new UsageError(`--cards: ${filename} has no <!-- ${mark} --> with an end.`);
  }
}

/** Writes a model's figures where there is a place for them; the gate's stand in the overview. */
export async function writeCard(folder: string, model: string, set: string, figures: string): Promise<void> {
  const filename = path.join(folder, cardOf(model));
  const mark = isGate(model) ? `accuracy-gate:${set}` : `accuracy:${set}`;
  const written = between(await readFile(filename, 'utf8'), mark, figures);
  if (written !== undefined) await writeFile(filename, written);
}

/** Writes the figures of the overview's table anew. */
export async function writeOverview(
  folder: string,
  set: string,
  tables: readonly ModelTable[],
): Promise<void> {
  const filename = path.join(folder, OVERVIEW);
  await writeFile(filename, withFigures(await readFile(filename, 'utf8'), set, tables));
}

/** The gate has no card of its own. */
function cardOf(model: string): string {
  return isGate(model) ? OVERVIEW : `${model}.md`;
}

function isGate(model: string): boolean {
  return model === 'gate';
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
