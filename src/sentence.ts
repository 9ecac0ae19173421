/**
 * Sentences for people that can be said in other languages. Where one is made it stands in English, as a template with the values in it;
 * who shows it may have translations of templates. So nothing changes for who wants English, and no sentence has a number or a name that
 * one would have to look up (decision 37).
 */

/** What stands in a sentence: a text as it is, a number, a share of 1 in percent, another sentence, or a list of them. */
export type Word = string | number | Share | Sentence | readonly Word[];

/** A share of 1, to be said in whole percent. */
export interface Share {
  readonly share: number;
}

/** Translations of one template where a number decides the form, by the category of `Intl.PluralRules`. */
export type PluralForms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

/** A language that sentences can be said in. */
export interface Language {
  /** BCP 47, for numbers and plurals: `de`. */
  readonly locale: string;
  /** The translation of an English template, with its `{1}`, `{2}`, ...; undefined where there is none. */
  translation(template: string): string | PluralForms | undefined;
}

/** Key of the sentence of an error or a warning, where it has one. */
const SENTENCE = Symbol.for('deeptone.sentence');

/** Something with a message, and the sentence that the message says; who copies or sends it has the message alone. */
export function withSentence<T extends { readonly message: string }>(told: T, sentence: unknown): T {
  return sentence instanceof Sentence ? Object.defineProperty(told, SENTENCE, { value: sentence }) : told;
}

/** What to say of an error or a warning in a language: its message where it has no sentence. */
export function sentenceOf(told: { readonly message: string }): Word {
  const sentence: unknown = (told as { readonly [SENTENCE]?: unknown })[SENTENCE];
  return sentence instanceof Sentence ? sentence : told.message;
}

/** What stands between the members of a list; a template without values, so that languages can have their own. */
export const BETWEEN = ', ';

/** A sentence, or a part of one, with its values. As a string it is English. */
export class Sentence {
  /** English, with `{1}`, `{2}`, ... where the values stand. */
  readonly template: string;
  readonly values: readonly Word[];

  constructor(template: string, values: readonly Word[] = []) {
    this.template = template;
    this.values = values;
  }

  toString(): string {
    return inLanguage(this);
  }
}

/** A sentence: say`The file has ${count} channels.` What is in the template is translated, values are not. */
export function say(parts: TemplateStringsArray, ...values: readonly Word[]): Sentence {
  return new Sentence(
    parts.reduce((template, part, index) => `${template}{${index}}${part}`),
    values,
  );
}

/** A text that is part of sentences and has no values, such as phrase`the audio`: it stays a text, and is translated where it is a value of a sentence. */
export function phrase(parts: TemplateStringsArray): string {
  return parts.join('');
}

/** A word that came from another thread or process, where sentences are plain objects. */
export function revived(word: Word): Word {
  if (typeof word !== 'object') return word;
  if ('template' in word) return new Sentence(word.template, word.values.map(revived));
  return 'share' in word ? word : word.map(revived);
}

/** A word as a text in a language: in English where there is none, and also where it lacks a translation. */
export function inLanguage(word: Word, language?: Language): string {
  if (typeof word === 'string') return said(word, language);
  if (typeof word === 'number') return numeral(word, language);
  if (word instanceof Sentence) return filled(word, language);
  if ('share' in word) return percentage(word.share, language);
  const between = language?.translation(BETWEEN);
  return word
    .map((member) => inLanguage(member, language))
    .join(typeof between === 'string' ? between : BETWEEN);
}

/** Values of users are left alone: phrases have several words. */
function said(text: string, language: Language | undefined): string {
  const translation = text.includes(' ') ? language?.translation(text) : undefined;
  return typeof translation === 'string' ? translation : text;
}

function filled({ template, values }: Sentence, language: Language | undefined): string {
  const translation = language?.translation(template) ?? template;
  const form = typeof translation === 'string' ? translation : pluralForm(translation, values, language);
  return form.replace(/\{(\d+)\}/gu, (hole, number: string) => {
    const value = values[Number(number) - 1];
    return value === undefined ? hole : inLanguage(value, language);
  });
}

/** The form that the first number among the values asks for. */
function pluralForm(forms: PluralForms, values: readonly Word[], language: Language | undefined): string {
  const count = values.find((value) => typeof value === 'number');
  return (count !== undefined && forms[new Intl.PluralRules(language?.locale).select(count)]) || forms.other;
}

/** Without groups of thousands: what is said may have to be typed in again. */
function numeral(value: number, language: Language | undefined): string {
  if (!language) return String(value);
  return new Intl.NumberFormat(language.locale, { useGrouping: false, maximumFractionDigits: 20 }).format(
    value,
  );
}

/** With plain spaces: flows look for texts in sentences. */
function percentage(share: number, language: Language | undefined): string {
  const percent = Math.round(share * 100);
  if (!language) return `${percent} %`;
  const text = new Intl.NumberFormat(language.locale, { style: 'percent' }).format(percent / 100);
  return text.replace(/[\u00a0\u202f]/gu, ' ');
}
