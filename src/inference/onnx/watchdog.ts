/** Looks so often in the time that it waits: it gives up a quarter of it too late at most. */
const LOOKS = 4;

/**
 * Notices that a worker hangs, which is silent while it has something to do. It counts its own looks rather than time: where this
 * process stood still (a suspended machine, a debugger, a long turn of the event loop), so did its timer.
 */
export class Watchdog {
  readonly #told: { readonly ask: () => void; readonly giveUp: () => void };
  readonly #timer: NodeJS.Timeout;
  #isWaitedFor = false;
  #silentLooks = 0;

  /** @param told `ask`: let it give a sign of life; `giveUp`: there was none for so many milliseconds, told once */
  constructor(patienceMs: number, told: { readonly ask: () => void; readonly giveUp: () => void }) {
    this.#told = told;
    this.#timer = setInterval(() => {
      this.#look();
    }, patienceMs / LOOKS).unref();
  }

  /** Whether there is anything to wait for. */
  watch(isWaitedFor: boolean): void {
    if (isWaitedFor && !this.#isWaitedFor) this.#silentLooks = 0;
    this.#isWaitedFor = isWaitedFor;
  }

  /** It gave a sign of life. */
  heard(): void {
    this.#silentLooks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (!this.#isWaitedFor) return;
    this.#silentLooks++;
    if (this.#silentLooks <= LOOKS) {
      this.#told.ask();
      return;
    }
    this.stop();
    this.#told.giveUp();
  }
}
