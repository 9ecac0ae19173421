/** What an engine and the nodes that use it have done, in numbers that only grow, and how they are at the moment. */
import { codeOf } from './failure-code';

/** What one node that uses an engine has to say. Sums are since the node was made. */
export interface Reading {
  /** Live streams that are open. */
  readonly streams: number;
  /** Messages that wait for their turn. */
  readonly waitingMessages: number;
  /** Milliseconds and bytes of audio that wait. */
  readonly waitingMs: number;
  readonly waitingBytes: number;
  readonly droppedMs: number;
  readonly gaps: number;
  readonly gapMs: number;
  /** Messages that were turned away because of the cap on live streams. */
  readonly refused: number;
}

export const NO_READING: Reading = {
  streams: 0,
  waitingMessages: 0,
  waitingMs: 0,
  waitingBytes: 0,
  droppedMs: 0,
  gaps: 0,
  gapMs: 0,
  refused: 0,
};

/** Counts of things by a number that they have, as Prometheus has them. */
export interface Histogram {
  /** Upper bounds of the buckets; the last one has none. */
  readonly bounds: readonly number[];
  /** Things in each bucket and all below it. */
  readonly cumulative: readonly number[];
  readonly sum: number;
}

/** All that is counted. */
export interface Counts extends Reading {
  /** Nodes that use the engine. */
  readonly users: number;
  /** Frames of 64 ms that models were asked about. */
  readonly frames: number;
  /** Failures by code; there are no more codes than docs/errors.md has. */
  readonly errors: ReadonlyMap<string, number>;
  /** Seconds from a question to the engine to its answer. */
  readonly inference: Histogram;
  /** How often what runs the models was lost. */
  readonly losses: number;
  /** Milliseconds since audio was last dropped, or a message refused for want of room; undefined: never. */
  readonly overloadedMsAgo: number | undefined;
}

/** Seconds: a frame takes a thousandth, and waits up to 15 ms for others. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Source = () => Reading;

/** Counts for one engine. */
export class EngineMeter {
  readonly #sources = new Set<Source>();
  /** Sums of nodes that are gone. */
  #gone = NO_READING;
  readonly #errors = new Map<string, number>();
  readonly #buckets = new Array<number>(BOUNDS.length + 1).fill(0);
  #inferenceSum = 0;
  #frames = 0;
  #losses = 0;
  #overloadedAt: number | undefined;

  /**
   * Asks a node from now on.
   *
   * @returns no longer; what it has counted stays
   */
  watch(source: Source): () => void {
    this.#sources.add(source);
    return () => {
      if (!this.#sources.delete(source)) return;
      const { droppedMs, gaps, gapMs, refused } = source();
      this.#gone = sum(this.#gone, { ...NO_READING, droppedMs, gaps, gapMs, refused });
    };
  }

  /** Something failed. */
  failed(error: unknown): void {
    const code = codeOf(error) ?? 'OTHER';
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    if (code === 'DEEPTONE_OVERLOADED') this.overloaded();
  }

  /** There was more than there was time or room for. */
  overloaded(): void {
    this.#overloadedAt = performance.now();
  }

  /** The engine has answered. */
  answered(frames: number, seconds: number): void {
    this.#frames += frames;
    this.#inferenceSum += seconds;
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
    const at = bucket === -1 ? BOUNDS.length : bucket;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
  }

  /** What runs the models was lost. */
  lost(): void {
    this.#losses++;
  }

  get counts(): Counts {
    const now = [...this.#sources].map((source) => source());
    let below = 0;
    const cumulative = this.#buckets.map((count) => (below += count));
    return {
      ...now.reduce(sum, this.#gone),
      users: this.#sources.size,
      frames: this.#frames,
      errors: this.#errors,
      inference: { bounds: BOUNDS, cumulative, sum: this.#inferenceSum },
      losses: this.#losses,
      overloadedMsAgo: this.#overloadedAt === undefined ? undefined : performance.now() - this.#overloadedAt,
    };
  }
}

function sum(one: Reading, other: Reading): Reading {
  return {
    streams: one.streams + other.streams,
    waitingMessages: one.waitingMessages + other.waitingMessages,
    waitingMs: one.waitingMs + other.waitingMs,
    waitingBytes: one.waitingBytes + other.waitingBytes,
    droppedMs: one.droppedMs + other.droppedMs,
    gaps: one.gaps + other.gaps,
    gapMs: one.gapMs + other.gapMs,
    refused: one.refused + other.refused,
  };
}
