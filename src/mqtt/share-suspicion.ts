/**
 * Hears from the sequence numbers of a stream whether somebody else gets a part of its messages: most brokers deal the
 * messages of a shared subscription round-robin to all members of the group, so that of N members each hears every Nth.
 */

/** Steps that are looked at before a verdict. */
const WATCHED_STEPS = 20;
/** Share of those steps that must skip messages; round-robin skips at nearly all, loss on the way at few. */
const SKIPPING_SHARE = 0.8;

/** The sequence numbers of one stream. */
export class ShareSuspicion {
  private last: number | undefined;
  private steps = 0;
  private skipping = 0;
  private advance = 0;

  /**
   * Takes the next sequence number.
   *
   * @returns how many members the group seems to have (2 or more), each time that enough messages have been seen and
   *   they look dealt out; undefined otherwise
   */
  observe(sequence: number): number | undefined {
    const step = this.last === undefined ? 0 : sequence - this.last;
    this.last = sequence;
    if (step <= 0) return undefined;
    this.steps += 1;
    this.advance += step;
    if (step > 1) this.skipping += 1;
    if (this.steps < WATCHED_STEPS) return undefined;
    const members = Math.round(this.advance / this.steps);
    const suspicious = this.skipping >= WATCHED_STEPS * SKIPPING_SHARE;
    this.steps = 0;
    this.skipping = 0;
    this.advance = 0;
    return suspicious ? Math.max(2, members) : undefined;
  }
}
