/** What the streams of a node hear now, counted for its status. */
import type { LiveEvent } from '../../src';
import { heardNow, type Vocabulary } from '../../src/insight';
import { inLanguage } from '../../src/sentence';

/** Words that are listed of many streams. */
const MOST_WORDS = 2;

/** Remembers the last word of every stream. */
export class Heard {
  readonly #words: Vocabulary;
  readonly #now = new Map<string, string>();

  constructor(words: Vocabulary) {
    this.#words = words;
  }

  hear(event: LiveEvent): void {
    const { key } = event.stream;
    if (event.kind === 'closed') this.#now.delete(key);
    if (event.kind !== 'step') return;
    const heard = heardNow(event.step.results);
    if (heard) this.#now.set(key, this.#words.label(heard.model, heard.label));
  }

  /** `speech` of one stream, `3 speech, 37 silence` of many; '' before anything was heard. */
  get text(): string {
    const counts = new Map<string, number>();
    for (const word of this.#now.values()) counts.set(word, (counts.get(word) ?? 0) + 1);
    const words = [...counts].sort(([, one], [, other]) => other - one).slice(0, MOST_WORDS);
    if (this.#now.size === 1) return words[0]?.[0] ?? '';
    return inLanguage(
      words.map(([word, count]) => `${count} ${word}`),
      this.#words.language,
    );
  }
}
