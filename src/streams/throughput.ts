/** Milliseconds over which the present speed is measured. */
const WINDOW_MS = 5_000;

/** How much audio is answered per time spent on it; several answers may be under way at once. */
export class Throughput {
  readonly #now: () => number;
  readonly #whole: Throughput | undefined;
  #underWay = 0;
  #busySince = 0;
  #past = { audioMs: 0, busyMs: 0 };
  #present = { audioMs: 0, busyMs: 0 };
  #windowEnd = 0;

  /**
   * @param now a clock in milliseconds that never goes back
   * @param whole what this is a part of
   */
  constructor(now: () => number, whole?: Throughput) {
    this.#now = now;
    this.#whole = whole;
  }

  begin(): void {
    this.#whole?.begin();
    if (this.#underWay++ === 0) this.#busySince = this.#now();
  }

  end(audioMs: number): void {
    this.#whole?.end(audioMs);
    const now = this.#now();
    this.#present.audioMs += audioMs;
    this.#present.busyMs += now - this.#busySince;
    this.#busySince = now;
    this.#underWay--;
    if (now < this.#windowEnd) return;
    this.#windowEnd = now + WINDOW_MS;
    this.#past = this.#present;
    this.#present = { audioMs: 0, busyMs: 0 };
  }

  /** Times faster than real time over the last seconds, one decimal; null before there was an answer. */
  get speed(): number | null {
    const audioMs = this.#past.audioMs + this.#present.audioMs;
    const busyMs = this.#past.busyMs + this.#present.busyMs;
    return audioMs === 0 ? null : Math.round((audioMs / Math.max(busyMs, 1)) * 10) / 10;
  }
}
