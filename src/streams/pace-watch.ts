/** Milliseconds of arrivals that one judgement takes. */
const WINDOW_MS = 10_000;
/** Judgements that must agree, and how many are made at all. */
const AGREEING = 2;
const MOST_JUDGEMENTS = 6;
/** How far a pace may be off from what it is taken for. */
const TOLERANCE = 0.04;
/** Hz; rates that devices have. */
const COMMON_RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] as const;

/**
 * Sees by the pace at which live audio arrives that its declared sample rate cannot be right. Raw samples do not tell their
 * rate, and a wrong one spoils every answer without an error.
 */
export class PaceWatch {
  #windowStart: number | undefined;
  #audioMs = 0;
  #judgements = 0;
  #suspected: number | undefined;
  #agreeing = 0;

  /**
   * Audio has arrived.
   *
   * @param durationMs by the declared rate
   * @param rate the declared rate in Hz
   * @param now epoch milliseconds
   * @returns once, the rate in Hz that the pace speaks for, where that is another
   */
  heard(durationMs: number, rate: number, now: number): number | undefined {
    if (this.#judgements >= MOST_JUDGEMENTS) return undefined;
    this.#windowStart ??= now;
    const elapsedMs = now - this.#windowStart;
    if (elapsedMs < WINDOW_MS) {
      this.#audioMs += durationMs;
      return undefined;
    }
    const found = rateOf((rate * this.#audioMs) / elapsedMs, rate);
    this.#windowStart = now;
    this.#audioMs = durationMs;
    this.#judgements++;
    this.#agreeing = found !== undefined && found === this.#suspected ? this.#agreeing + 1 : 1;
    this.#suspected = found;
    if (found === undefined || this.#agreeing < AGREEING) return undefined;
    this.#judgements = MOST_JUDGEMENTS;
    return found;
  }
}

/** The common rate that a measured one is near to, unless it is the declared one. */
function rateOf(measured: number, declared: number): number | undefined {
  if (isNear(measured, declared)) return undefined;
  return COMMON_RATES.find((rate) => isNear(measured, rate));
}

function isNear(measured: number, rate: number): boolean {
  return Math.abs(measured - rate) <= TOLERANCE * rate;
}
