/** Milliseconds of silence that stand in one gap at most, whatever is set: more than that is no interruption. */
const LONGEST_SILENCE_MS = 3_600_000;

/**
 * How much silence may stand where audio is missing. One gap may be filled up to the longest that is set; a series of them only as far
 * as it can be true: silence that is filled in counts until as much time has passed, or as much audio was heard. So a few bytes with
 * capture times far apart cannot make hours of answers.
 */
export class SilenceBudget {
  readonly #mostMs: number;
  /** Silence that nothing accounts for yet. */
  #filledMs = 0;
  /** Epoch milliseconds of the last message. */
  #lastTime: number | undefined;

  /** @param maxMs the longest gap that is to be filled */
  constructor(maxMs: number) {
    this.#mostMs = Math.min(maxMs, LONGEST_SILENCE_MS);
  }

  /**
   * A message of audio has come.
   *
   * @param now epoch milliseconds
   */
  heard(durationMs: number, now: number): void {
    const passedMs = Math.max(0, now - (this.#lastTime ?? now));
    this.#lastTime = now;
    this.#filledMs = Math.max(0, this.#filledMs - passedMs - durationMs);
  }

  /** Whether so much may be filled, which is then taken as filled. */
  take(lostMs: number): boolean {
    if (this.#filledMs + lostMs > this.#mostMs) return false;
    this.#filledMs += lostMs;
    return true;
  }
}
