/** Milliseconds by which the clock must jump between two looks at it; less is drift, which the network's time corrects. */
const JUMP_MS = 1_000;

/** One look at the clock. */
export interface Reading {
  /** Epoch milliseconds. */
  readonly now: number;
  /** By how many milliseconds the clock was set since the look before; 0: it was not. */
  readonly setByMs: number;
}

/**
 * The time of day, and by how much it was set: a small board has no clock that runs without power, so its time jumps by days
 * once the network has told it, while streams run already.
 */
export class WallClock {
  /** Of the time of day over the time that only ever goes on. */
  #lead = leadNow();

  read(): Reading {
    const lead = leadNow();
    const byMs = lead - this.#lead;
    this.#lead = lead;
    return { now: Date.now(), setByMs: Math.abs(byMs) > JUMP_MS ? byMs : 0 };
  }
}

function leadNow(): number {
  return Date.now() - performance.now();
}
