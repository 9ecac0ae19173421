const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Ever longer waits between attempts, each somewhere between half of it and all, so that many clients do not come at once. */
export class BackOff {
  readonly #random: () => number;
  #ms = FIRST_MS;

  /** @param random numbers from 0 to 1 */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const wait = this.#ms * (0.5 + this.#random() / 2);
    this.#ms = Math.min(LONGEST_MS, 2 * this.#ms);
    return Math.round(wait);
  }

  /** An attempt has succeeded. */
  reset(): void {
    this.#ms = FIRST_MS;
  }
}
