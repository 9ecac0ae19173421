/** The words of src/insight in the language that the runtime speaks, for what nodes say. */
import { ENGLISH, type Vocabulary } from '../../src/insight';
import { languageOf } from './language';
import { sharedText, type NodeAPI } from './node-red';

/** Models whose labels are those of another. */
const ALIKE: Readonly<Record<string, string>> = { 'speech-rt': 'speech' };

/** Words from the translations of `deeptone-engine`, else English ones. */
export function vocabularyOf(RED: Pick<NodeAPI, '_'>): Vocabulary {
  const language = languageOf(RED);
  if (!language) return ENGLISH;
  const word = (key: string, values: Record<string, string> = {}): string | undefined => {
    const text = RED._(sharedText(key), { ...values, defaultValue: '' });
    return text === '' || text.includes(key) ? undefined : text;
  };
  return {
    language,
    model: (name) => word(`model.${name}.short`) ?? ENGLISH.model(name),
    label: (model, label) => {
      const number = /^speaker_(\d+)$/u.exec(label)?.[1];
      if (number !== undefined) return word('class.speaker', { number }) ?? ENGLISH.label(model, label);
      const known = word(`class.${ALIKE[model] ?? model}.${label}`) ?? word(`class.any.${label}`);
      return known ?? ENGLISH.label(model, label);
    },
  };
}
