/** The language that the runtime speaks, for sentences that are made while flows run (decision 37). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inLanguage, sentenceOf, type Language, type PluralForms, type Word } from '../../src/sentence';
import { sharedText, type NodeAPI } from './node-red';

/** What the keys of `sentences.json` are written in: needs no translation. */
const ORIGINAL = 'en-US';
const LOCALES = join(__dirname, '..', 'locales');
const known = new Map<string, Language | undefined>();

/** The language that Node-RED has chosen among our translations; undefined for English, and where its sentences cannot be read. */
export function languageOf(RED: Pick<NodeAPI, '_'>): Language | undefined {
  const locale = RED._(sharedText('locale'));
  // Without translations Node-RED answers with the key.
  if (locale === ORIGINAL || !/^[a-z]{2}(?:-[A-Z]{2})?$/u.test(locale)) return undefined;
  if (!known.has(locale)) known.set(locale, languageNamed(locale));
  return known.get(locale);
}

/** The language of a folder of translations; undefined where it has no sentences. */
export function languageNamed(locale: string): Language | undefined {
  try {
    const text = readFileSync(join(LOCALES, locale, 'sentences.json'), 'utf8');
    const translations = new Map(Object.entries(JSON.parse(text) as Record<string, string | PluralForms>));
    return { locale, translation: (template) => translations.get(template) };
  } catch {
    return undefined;
  }
}

let runtime: Pick<NodeAPI, '_'> | undefined;

/** From here on what nodes say is in the language of this runtime; there is one in a process. */
export function speakAs(RED: Pick<NodeAPI, '_'>): void {
  runtime = RED;
}

/** A sentence in the language of the runtime. */
export function spoken(word: Word): string {
  return inLanguage(word, runtime && languageOf(runtime));
}

/** An error that says its sentence in the language of the runtime. Its code, its cause and its stack, which programs and reports use, stay. */
export function spokenError(error: Error): Error {
  const message = spoken(sentenceOf(error));
  if (message === error.message) return error;
  const copy = Object.create(
    Object.getPrototypeOf(error) as object,
    Object.getOwnPropertyDescriptors(error),
  ) as Error;
  return Object.defineProperty(copy, 'message', {
    value: message,
    configurable: true,
    writable: true,
  });
}
