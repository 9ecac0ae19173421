/** Milliseconds over which a number of times is meant. */
const MINUTE_MS = 60_000;

/** So many times a minute, which may all come at once; 0: as often as one likes. */
export class Allowance {
  readonly #perMinute: number;
  readonly #now: () => number;
  #left: number;
  #since: number;

  /** @param now a clock in milliseconds that never goes back */
  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#left = perMinute;
    this.#since = now();
  }

  /** Whether it may happen once more now. */
  get isLeft(): boolean {
    if (this.#perMinute === 0) return true;
    const now = this.#now();
    const earned = ((now - this.#since) * this.#perMinute) / MINUTE_MS;
    this.#left = Math.min(this.#perMinute, this.#left + earned);
    this.#since = now;
    return this.#left >= 1;
  }

  /**
   * It happens.
   *
   * @returns whether it might
   */
  take(): boolean {
    if (!this.isLeft) return false;
    this.#left--;
    return true;
  }
}
