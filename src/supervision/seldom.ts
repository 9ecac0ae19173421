/** Milliseconds between two words about the same thing. */
const INTERVAL_MS = 60_000;
/** Things that are remembered; there may be as many as topics. */
const MOST_THINGS = 1_000;

/** Keeps the same word from being said again and again. */
export class Seldom {
  readonly #said = new Map<string, number>();

  /** Whether it is time to say this, for the first time or again after a while. */
  isDue(word: string): boolean {
    const now = performance.now();
    const last = this.#said.get(word);
    if (last !== undefined && now - last < INTERVAL_MS) return false;
    if (this.#said.size >= MOST_THINGS) this.#said.clear();
    this.#said.set(word, now);
    return true;
  }
}
