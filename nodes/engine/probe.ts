/** Milliseconds for which an answer is kept. */
const KEPT_MS = 30_000;

/**
 * Answers that cost something, asked for once: whoever asks meanwhile, and for a while afterwards, gets the same one. So requests
 * of the editor, however many there are, start no more than one thing at a time.
 */
export class Probe {
  readonly #answers = new Map<string, { readonly since: number; readonly answer: Promise<unknown> }>();

  /** @param look finds the answer; a failure is kept as well */
  ask<T>(what: string, look: () => T | Promise<T>): Promise<T> {
    const now = performance.now();
    const known = this.#answers.get(what);
    if (known && now - known.since < KEPT_MS) return known.answer as Promise<T>; // Each question has one kind of answer.
    const answer = Promise.resolve().then(look);
    answer.catch(() => undefined); // It is for who asks.
    this.#answers.set(what, { since: now, answer });
    return answer;
  }
}
