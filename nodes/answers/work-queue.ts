import { AbortedError, ClosedError, InvalidArgumentError, OverloadedError } from '../../src';
import { say } from '../../src/sentence';

/** One piece of work; it should stop soon after the signal is aborted. */
export type Work = (signal: AbortSignal) => Promise<void>;

interface Waiting {
  readonly work: Work;
  readonly bytes: number;
  readonly refuse: (error: Error) => void;
}

/**
 * Does several things at once, keeps a bounded number waiting in order of arrival, and refuses the rest. Messages
 * arrive whether or not there is time for them, so an unbounded queue would be a memory leak.
 */
export class WorkQueue {
  readonly #parallel: number;
  readonly #limit: number;
  readonly #limitBytes: () => number;
  #waitingBytes = 0;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #abort = new AbortController();

  /**
   * @param parallel pieces of work done at once
   * @param limit pieces of work that may wait
   * @param limitBytes bytes that may wait with them; what would wait alone always may
   * @throws InvalidArgumentError when nothing could ever be done
   */
  constructor(parallel: number, limit: number, limitBytes: () => number = () => Infinity) {
    if (parallel < 1) {
      throw new InvalidArgumentError(say`parallel is ${parallel}: a number of at least 1 is accepted.`);
    }
    this.#parallel = parallel;
    this.#limit = limit;
    this.#limitBytes = limitBytes;
  }

  /** Pieces of work that have not begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Bytes that wait with them. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Pieces of work under way. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Does the work now or later.
   *
   * @param work must settle its own failures
   * @param refuse told instead, when the work will never begin
   * @param bytes that wait with it
   */
  add(work: Work, refuse: (error: Error) => void, bytes = 0): void {
    if (this.#abort.signal.aborted) {
      refuse(new ClosedError(say`The node is being stopped or deployed anew.`));
    } else if (this.#running.size < this.#parallel) {
      this.#begin(work);
    } else if (this.#waiting.length >= this.#limit) {
      refuse(
        new OverloadedError(
          say`${this.#waiting.length} messages are waiting already, and no more than that may wait. Send them more slowly or raise the limit in the node.`,
        ),
      );
    } else if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#limitBytes()) {
      refuse(
        new OverloadedError(
          say`Messages with ${this.#waitingBytes} bytes of sound are waiting already, and no more than ${this.#limitBytes()} may wait. Send them more slowly or raise the limit in the engine.`,
        ),
      );
    } else {
      this.#waitingBytes += bytes;
      this.#waiting.push({ work, refuse, bytes });
    }
  }

  /** Refuses what waits, aborts what runs, and resolves when nothing is left. */
  async close(): Promise<void> {
    this.#abort.abort();
    for (const { refuse } of this.#waiting.splice(0)) {
      refuse(new AbortedError(say`The node was stopped or deployed anew before this message had its turn.`));
    }
    await Promise.all(this.#running);
  }

  #begin(work: Work): void {
    const run = work(this.#abort.signal).finally(() => {
      this.#running.delete(run);
      const next = this.#waiting.shift();
      if (!next) return;
      this.#waitingBytes -= next.bytes;
      this.#begin(next.work);
    });
    this.#running.add(run);
  }
}
