/** Milliseconds by which the clock must jump between two looks at it; less is drift, which the network's time corrects. */
const JUMP_MS = 1_000;

/**
 * The time of day, and a word when it is set: a small board has no clock that runs without power, so its time jumps by days
 * once the network has told it, while streams run already.
 */
export class WallClock {
  readonly #wasSet: (byMs: number) => void;
  /** Of the time of day over the time that only ever goes on. */
  #lead = leadNow();

  /** @param wasSet told by how many milliseconds the clock was set, before `now` returns the new time */
  constructor(wasSet: (byMs: number) => void) {
    this.#wasSet = wasSet;
  }

  /** Epoch milliseconds. */
  readonly now = (): number => {
    const lead = leadNow();
    const byMs = lead - this.#lead;
    this.#lead = lead;
    if (Math.abs(byMs) > JUMP_MS) this.#wasSet(byMs);
    return Date.now();
  };
}

function leadNow(): number {
  return Date.now() - performance.now();
}
