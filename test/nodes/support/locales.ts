/** The translations, as they are in the repository. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../package/consumer';

export const LOCALES = join(ROOT, 'nodes/locales');
/** All but English, which the others are translations of. */
export const TRANSLATED = readdirSync(LOCALES).filter((name) => name !== 'en-US');

export function textOf(locale: string, file: string): string {
  return readFileSync(join(LOCALES, locale, file), 'utf8');
}

export function readJson(locale: string, file: string): unknown {
  return JSON.parse(textOf(locale, file));
}

/** The texts by their paths, with dots. */
export function leavesOf(tree: unknown, path: readonly string[] = []): ReadonlyMap<string, string> {
  if (typeof tree === 'string') return new Map([[path.join('.'), tree]]);
  return new Map(
    Object.entries(tree as Readonly<Record<string, unknown>>).flatMap(([name, branch]) => [
      ...leavesOf(branch, [...path, name]),
    ]),
  );
}

/** What is put into a text, in the order of the alphabet. */
export function placeholders(text: string): string {
  return [...text.matchAll(/__\w+?__/gu)]
    .map(([name]) => name)
    .toSorted()
    .join();
}
