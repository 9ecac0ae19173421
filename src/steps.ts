/** Long work in small steps, so that nobody else has to wait for its end. */

/** Work that can be left between two steps, each of a few milliseconds at most; its result is what it returns. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Milliseconds of work after which others have their turn. */
const TURN_MS = 5;

/** No more steps. */
// eslint-disable-next-line require-yield -- what is done takes none
export function* done<T>(value: T): Steps<T> {
  return value;
}

/** Does all steps at once: for what is known to be short. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Does the steps with turns of the event loop between them. @throws what the work throws */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  const turns = new Turns();
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
    await turns.next();
  }
}

/** Gives each value as it is made, with turns of the event loop between them. */
export async function* gently<T>(values: Iterable<T>): AsyncGenerator<T, void, undefined> {
  const turns = new Turns();
  for (const value of values) {
    yield value;
    await turns.next();
  }
}

/** Lets the event loop serve others, once a turn has been long enough. */
export class Turns {
  #began = performance.now();

  /** Resolves at once while the turn is young, else in the next one. */
  async next(): Promise<void> {
    if (performance.now() - this.#began < TURN_MS) return;
    await breathe();
    this.#began = performance.now();
  }
}

/** Lets the event loop serve others. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
