/**
 * How long a member may count on being known to the others: so long since it sent a heartbeat that came back to it from the broker. No
 * clock of another machine is read. Whoever hears a heartbeat hears it after it was sent, and waits longer for the next one than a lease
 * lasts; so nobody takes over a device before its owner has noticed that it may not hear it any more: because it was stopped, its
 * event loop stood still, or the network swallowed what it said.
 */

/** Heartbeats that may be under way; one that comes back later than that is of no use. */
const MOST_UNDER_WAY = 32;

export class Lease {
  readonly #lengthMs: number;
  /** When each heartbeat that has not come back was sent. */
  readonly #sent = new Map<number, number>();
  #beat = 0;
  #from = -Infinity;

  /** @param lengthMs milliseconds from sending the heartbeat */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** The number of the heartbeat that is sent now. */
  next(now: number): number {
    this.#beat += 1;
    this.#sent.set(this.#beat, now);
    if (this.#sent.size > MOST_UNDER_WAY) this.#sent.delete(this.#beat - MOST_UNDER_WAY);
    return this.#beat;
  }

  /** A heartbeat came back. */
  returned(beat: number): void {
    const sent = this.#sent.get(beat);
    if (sent === undefined) return;
    for (const earlier of this.#sent.keys()) if (earlier <= beat) this.#sent.delete(earlier);
    this.#from = Math.max(this.#from, sent);
  }

  isValid(now: number): boolean {
    return now - this.#from < this.#lengthMs;
  }
}
