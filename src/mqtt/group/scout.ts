/**
 * When the member that looks for new devices listens to all of them. It hears the messages of others' devices too, and passes them over: always, as
 * long as they are few; else for a second now and then, so that on average no more than a limit of them come.
 */

/** Messages of others' devices that are taken in a second, on average. */
export const FOREIGN_PER_SECOND = 1_000;
const LOOK_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export class Scout {
  #begunAt: number | undefined;
  #pauseUntil = -Infinity;
  #foreign = 0;

  /** A message came of a device that somebody else hears. */
  passedOver(): void {
    this.#foreign += 1;
  }

  /** Whether to listen to all devices at this moment. */
  listens(now: number): boolean {
    if (now < this.#pauseUntil) return false;
    this.#begunAt ??= now;
    const lookedMs = now - this.#begunAt;
    if (lookedMs < LOOK_MS) return true;
    const perSecond = (this.#foreign * 1_000) / lookedMs;
    this.#foreign = 0;
    if (perSecond <= FOREIGN_PER_SECOND) {
      this.#begunAt = now;
      return true;
    }
    this.#begunAt = undefined;
    this.#pauseUntil =
      now + Math.min(LONGEST_PAUSE_MS, (lookedMs * perSecond) / FOREIGN_PER_SECOND - lookedMs);
    return false;
  }

  /** Somebody else looks. */
  rest(): void {
    this.#begunAt = undefined;
    this.#pauseUntil = -Infinity;
    this.#foreign = 0;
  }
}
