/** Waits before the first, second, ... start in a row after losses, in milliseconds; the last holds for all further ones. */
const DELAYS_MS = [0, 1_000, 2_000, 5_000, 15_000, 60_000] as const;
/** A worker that was well for so long has nothing to do with the losses before it. */
const WELL_MS = 60_000;

/** Decides when a worker that was lost is started again: at once at first, ever later when it is lost again and again. */
export class Restarts {
  readonly #now: () => number;
  #losses = 0;
  #startedAt = 0;
  #nextAt = 0;

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Losses in a row. */
  get losses(): number {
    return this.#losses;
  }

  /** Milliseconds until the next start. */
  get waitMs(): number {
    return Math.max(0, this.#nextAt - this.#now());
  }

  started(): void {
    this.#startedAt = this.#now();
  }

  lost(): void {
    const now = this.#now();
    if (now - this.#startedAt >= WELL_MS) this.#losses = 0;
    this.#losses++;
    this.#nextAt = now + (DELAYS_MS[Math.min(this.#losses, DELAYS_MS.length) - 1] ?? 0);
  }
}
