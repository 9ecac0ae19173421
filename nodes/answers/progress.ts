/** Milliseconds between two messages about progress; a file that is done sooner has none. */
const INTERVAL_MS = 1_000;

/** How far an analysis is. */
export interface ProgressStep {
  /** 0 to 100, whole; null where the length of the audio is not known. */
  readonly percent: number | null;
  /** Milliseconds of audio analysed. */
  readonly analysedMs: number;
}

/** Thins out what the engine tells about a long analysis to what people and flows need. */
export class Progress {
  readonly #tell: (step: ProgressStep) => void;
  #lastTold = performance.now();
  #told = false;
  #analysedMs = 0;

  constructor(tell: (step: ProgressStep) => void) {
    this.#tell = tell;
  }

  /** Milliseconds of audio analysed so far. */
  get analysedMs(): number {
    return this.#analysedMs;
  }

  /** Takes what the engine says; a function of its own, so that it can be handed over. */
  readonly take = (fraction: number | null, analysedMs: number): void => {
    this.#analysedMs = analysedMs;
    if (performance.now() - this.#lastTold < INTERVAL_MS) return;
    this.#send(fraction === null ? null : Math.floor(fraction * 100));
  };

  /** Says that all is done, where something was said before. */
  finish(): void {
    if (this.#told) this.#send(100);
  }

  #send(percent: number | null): void {
    this.#lastTold = performance.now();
    this.#told = true;
    this.#tell({ percent, analysedMs: this.#analysedMs });
  }
}
