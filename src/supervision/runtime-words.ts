import type { OpenEngine } from './hub';

/** What an engine may say of what runs its models, by the names of labels. */
const WORDS = {
  runtime: 'runtime',
  version: 'version',
  kind: 'kind',
  isolation: 'isolation',
  model_set: 'modelSet',
} as const;

/** What runs the models, as labels; without what is not known yet. */
export function wordsOf(runtime: OpenEngine['runtime'] | undefined): Readonly<Record<string, string>> {
  const info: Readonly<Record<string, unknown>> = { ...runtime?.info };
  const words = Object.entries(WORDS).map(([label, name]) => [label, info[name]] as const);
  return Object.fromEntries(words.filter((word): word is [string, string] => typeof word[1] === 'string'));
}
