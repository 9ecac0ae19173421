/** Milliseconds for which an answer is kept. */
const KEPT_MS = 30_000;

/**
 * Answers that cost something, asked for once: whoever asks meanwhile, and for a while afterwards, gets the same one. So requests
 * of the editor, however many there are, start no more than one thing at a time.
 */
export class Probe {
  readonly #answers = new Map<string, { readonly until: number; readonly answer: Promise<unknown> }>();

  /**
   * @param look finds the answer; a failure is kept as well
   * @param keptMs milliseconds for which the answer is kept, from its arrival on
   */
  ask<T>(what: string, look: () => T | Promise<T>, keptMs = KEPT_MS): Promise<T> {
    const known = this.#answers.get(what);
    // Each question has one kind of answer.
    if (known && performance.now() < known.until) return known.answer as Promise<T>;
    const answer = Promise.resolve().then(look);
    const asked = { until: Infinity, answer };
    const settled = (): void => {
      asked.until = performance.now() + keptMs;
    };
    answer.then(settled, settled); // A failure is for who asks.
    this.#answers.set(what, asked);
    return answer;
  }
}
