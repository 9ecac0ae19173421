import type { GapEvidence } from './events';
import type { SenderMarks } from './sender-marks';

/** One run of the stream's clock: from its start, or from where it began anew. */
export interface Segment {
  /** Epoch milliseconds of the segment's first sample, as well as is known by now. */
  startTime: number;
}

/** What a message's place in the stream says. */
export type Place =
  | { readonly is: 'next' }
  /** Audio is missing before this message; null: nobody can know how much. */
  | { readonly is: 'after-gap'; readonly evidence: GapEvidence; readonly lostMs: number | null }
  /** Its place has been heard or filled already: it is not to be heard. */
  | { readonly is: 'past'; readonly twice: boolean };

/** Messages out of order by no more than this are late; by more, the sender has begun to count anew. */
const LATE_MESSAGES = 32;
/** So many numbers from the past, one after the other: the sender has begun to count anew. */
const RESTART_RUN = 4;
/** Capture times may be off by this share of a message, and by these milliseconds at least, without a gap. */
const TS_TOLERANCE = 0.75;
const TS_TOLERANCE_MS = 20;
/** Where numbers follow each other, a jump in capture times must be as long as this to be a pause of the sender. */
const TS_PAUSE_MS = 250;
/** Share of a small deviation that the expectation takes over, so that clocks that drift apart are no gap. */
const DRIFT_RATE = 0.05;
/** Arrivals off by more than this are network weather, or audio that comes faster than it was spoken: no drift. */
const ARRIVAL_JITTER_MS = 200;
/** Widths of counters, in bits, after which senders begin at 0 again. */
const COUNTER_BITS = [8, 16, 32] as const;
/** A month: what is missing for longer is another clock or count, and no audio that was lost. */
const LONGEST_KNOWN_MS = 30 * 24 * 3_600_000;
/** A `ts` from here on (September 2001) is epoch milliseconds; below, a clock without a calendar. */
const EPOCH_MS = 1e12;

/**
 * Finds lost audio of one stream (never the audio itself: numbers only), by sequence numbers where the sender counts, by
 * capture times where it has a clock, else by pauses in arrivals. Also knows which moment of the world the stream's
 * clock shows.
 */
export class GapTracker {
  readonly #arrivalMs: number;
  /** Audio since the segment began. */
  #clockMs = 0;
  #lastDurationMs = 0;
  #lastSeq: number | undefined;
  readonly #recent = new Set<number>();
  #pastRun = { last: -1, length: 0 };
  /** Sender's clock, and ours, at the segment's first sample. */
  #tsBase: number | undefined;
  #arrivalBase: number | undefined;
  #segment: Segment = { startTime: 0 };

  /** @param arrivalMs a pause in arrivals beyond this is a gap; 0: none is */
  constructor(arrivalMs: number) {
    this.#arrivalMs = arrivalMs;
  }

  get segment(): Segment {
    return this.#segment;
  }

  /** The stream's clock: milliseconds since the segment began. */
  get clockMs(): number {
    return this.#clockMs;
  }

  /**
   * Judges a message before it is heard.
   *
   * @param now epoch milliseconds of its arrival
   */
  place({ seq, ts }: SenderMarks, now: number): Place {
    if (seq !== undefined && this.#lastSeq !== undefined) {
      const ahead = forward(this.#lastSeq, seq);
      if (ahead <= 0 && !this.#beginsAnew(seq, ahead)) {
        return { is: 'past', twice: ahead === 0 || this.#recent.has(seq) };
      }
      if (ahead <= 0) return { is: 'after-gap', evidence: 'seq', lostMs: null };
      if (ahead > 1) return { is: 'after-gap', evidence: 'seq', lostMs: known(this.#lostMs(ahead - 1, ts)) };
    }
    if (ts !== undefined && this.#tsBase !== undefined) return this.#placeByTime(ts, seq !== undefined);
    if (seq !== undefined || ts !== undefined || this.#arrivalBase === undefined) return { is: 'next' };
    const lagMs = now - this.#arrivalBase - this.#clockMs - this.#lastDurationMs;
    const paused = this.#arrivalMs > 0 && lagMs > this.#arrivalMs;
    return paused ? { is: 'after-gap', evidence: 'arrival', lostMs: known(lagMs) } : { is: 'next' };
  }

  /** The message was heard: `durationMs` of audio, at the place that `place` told. */
  heard({ seq, ts }: SenderMarks, durationMs: number, now: number): void {
    if (seq !== undefined) this.#remember(seq);
    this.#follow(ts, now, durationMs);
    this.#lastDurationMs = durationMs;
    this.#clockMs += durationMs;
    const base = this.#tsBase !== undefined && this.#tsBase >= EPOCH_MS ? this.#tsBase : this.#arrivalBase;
    this.#segment.startTime = base ?? now;
  }

  /** Silence of this length stands where audio is missing. */
  fill(ms: number): void {
    this.#clockMs += ms;
  }

  /** Audio is missing, and the stream's clock stands still over it; null: nobody knows how much. */
  passOver(ms: number | null): void {
    if (ms === null) {
      this.#lastSeq = undefined;
      this.#tsBase = undefined;
      this.#recent.clear();
      return;
    }
    if (this.#tsBase !== undefined) this.#tsBase += ms;
    if (this.#arrivalBase !== undefined) this.#arrivalBase += ms;
  }

  /** The clock by which arrivals are told was set by so many milliseconds. */
  clockWasSet(byMs: number): void {
    if (this.#arrivalBase !== undefined) this.#arrivalBase += byMs;
  }

  /** Audio that was heard has been dropped after all, and the stream's clock stands still over it. */
  takeBack(ms: number): void {
    this.#clockMs -= ms;
    this.passOver(ms);
  }

  /** The stream's clock begins anew with the next message. */
  restart(): Segment {
    this.#clockMs = 0;
    this.#tsBase = undefined;
    this.#arrivalBase = undefined;
    this.#lastSeq = undefined;
    this.#recent.clear();
    this.#segment = { startTime: 0 };
    return this.#segment;
  }

  /** Whether a number from the past means that the sender counts from its beginning again. */
  #beginsAnew(seq: number, ahead: number): boolean {
    if (ahead === 0) return false;
    if (-ahead > LATE_MESSAGES || seq === 0) return true;
    const run = seq === this.#pastRun.last + 1 ? this.#pastRun.length + 1 : 1;
    this.#pastRun = { last: seq, length: run };
    return run >= RESTART_RUN;
  }

  #lostMs(messages: number, ts: number | undefined): number {
    const byTime = ts !== undefined && this.#tsBase !== undefined ? ts - this.#tsBase - this.#clockMs : 0;
    return byTime > 0 ? byTime : messages * this.#lastDurationMs;
  }

  #placeByTime(ts: number, isNumbered: boolean): Place {
    const off = ts - (this.#tsBase ?? ts) - this.#clockMs;
    const tolerance = isNumbered
      ? Math.max(TS_PAUSE_MS, 2 * this.#lastDurationMs)
      : Math.max(TS_TOLERANCE_MS, TS_TOLERANCE * this.#lastDurationMs);
    if (off > tolerance) return { is: 'after-gap', evidence: 'ts', lostMs: known(off) };
    // A clock that goes back by more than its messages' jitter has been set; the audio goes on.
    if (off < -Math.max(1_000, 4 * tolerance)) return { is: 'after-gap', evidence: 'ts', lostMs: null };
    return { is: 'next' };
  }

  #remember(seq: number): void {
    this.#lastSeq = seq;
    this.#pastRun = { last: -1, length: 0 };
    this.#recent.add(seq);
    if (this.#recent.size > 2 * LATE_MESSAGES) {
      const [oldest] = this.#recent;
      if (oldest !== undefined) this.#recent.delete(oldest);
    }
  }

  #follow(ts: number | undefined, now: number, durationMs: number): void {
    if (ts !== undefined) {
      const base = ts - this.#clockMs;
      this.#tsBase = this.#tsBase === undefined ? base : this.#tsBase + (base - this.#tsBase) * DRIFT_RATE;
    }
    const base = now - this.#clockMs - durationMs;
    if (this.#arrivalBase === undefined) this.#arrivalBase = base;
    else if (Math.abs(base - this.#arrivalBase) <= ARRIVAL_JITTER_MS) {
      this.#arrivalBase += (base - this.#arrivalBase) * DRIFT_RATE;
    }
  }
}

function known(lostMs: number): number | null {
  return lostMs <= LONGEST_KNOWN_MS ? lostMs : null;
}

/** How far `seq` is ahead of `last`, a counter that may have passed its end; 0 or less: it is from the past. */
function forward(last: number, seq: number): number {
  if (seq > last) return seq - last;
  for (const bits of COUNTER_BITS) {
    const ahead = seq + 2 ** bits - last;
    if (last < 2 ** bits && ahead > 0 && ahead <= LATE_MESSAGES) return ahead;
  }
  return seq - last;
}
