import { SAMPLE_RATE } from '../../clock';

/** Decibels by which everything beyond the band edge is suppressed. */
const STOPBAND_DB = 86;
/** Share of the band (up to half the lower of both rates) that passes unchanged: 7.2 kHz of 8 kHz. */
const PASSBAND = 0.9;
/**
 * Numbers in an exact table at most (640 kB, built in some milliseconds); a rate that needs more gets one that is interpolated. The
 * usual rates need at most 70,000: 640 phases of 108 taps at 11,025 Hz.
 */
const MAX_EXACT_NUMBERS = 80_000;
/** Filters that are kept for streams to come: more than there are usual rates, and 14 MB at most, whatever senders state. */
const MAX_KEPT_FILTERS = 16;
/** Phases per input sample of an interpolated table at rates up to 16 kHz; linear interpolation then errs below -120 dB of noise. */
const INTERPOLATED_PHASES = 640;

/**
 * A low-pass filter cut into phases: row p holds the taps for an output sample that lies p/phases of an input sample
 * after an input sample.
 */
export interface PolyphaseFilter {
  /** Input samples that each output sample looks at: a multiple of 4, half of them before it. */
  readonly taps: number;
  /** Number of phases; `rows` has one more so that interpolation never leaves it. */
  readonly phases: number;
  /** (phases + 1) x taps. */
  readonly rows: Float64Array;
  /** The output advances by up/down: after `up` output samples exactly `down` input samples have passed. */
  readonly up: number;
  readonly down: number;
  /** True when `phases` equals `up`, so that every output sample falls on a row. */
  readonly exact: boolean;
}

const filters = new Map<number, PolyphaseFilter>();

/** The filter from `rate` Hz to 16 kHz, shared by streams of that rate; the rates asked for last are kept. */
export function filterFor(rate: number): PolyphaseFilter {
  const filter = filters.get(rate) ?? designFilter(rate);
  // A map keeps the order in which it was filled: the first is the one that was not asked for longest.
  filters.delete(rate);
  filters.set(rate, filter);
  for (const oldest of filters.keys()) {
    if (filters.size <= MAX_KEPT_FILTERS) break;
    filters.delete(oldest);
  }
  return filter;
}

/**
 * Kaiser-windowed sinc (Kaiser and Schafer 1980): length and window shape follow from the suppression and the width
 * of the transition, which ends where the band of the lower rate ends, so that nothing folds back into it.
 */
function designFilter(rate: number): PolyphaseFilter {
  const divisor = greatestCommonDivisor(rate, SAMPLE_RATE);
  const up = SAMPLE_RATE / divisor;
  const down = rate / divisor;
  const nyquist = Math.min(rate, SAMPLE_RATE) / 2;
  const transition = ((1 - PASSBAND) * nyquist) / rate;
  const cutoff = ((1 + PASSBAND) * nyquist) / 2 / rate;
  const half = 2 * Math.ceil((STOPBAND_DB - 7.95) / (14.36 * transition) / 4);
  const taps = 2 * half;
  const exact = (up + 1) * taps <= MAX_EXACT_NUMBERS;
  const phases = exact ? up : Math.max(32, Math.ceil(INTERPOLATED_PHASES * Math.min(1, SAMPLE_RATE / rate)));

  const beta = 0.1102 * (STOPBAND_DB - 8.7);
  const peak = besselI0(beta);
  const window = (distance: number): number =>
    Math.abs(distance) >= half ? 0 : besselI0(beta * Math.sqrt(1 - (distance / half) ** 2)) / peak;
  const rows = new Float64Array((phases + 1) * taps);
  // The second half of the phases mirrors the first.
  for (let phase = 0; 2 * phase <= phases; phase++) {
    const row = rows.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = phase / phases - (tap - half + 1);
      const value = sinc(2 * cutoff * distance) * window(distance);
      row[tap] = value;
      sum += value;
    }
    // Every phase passes a constant unchanged: no ripple at the rate of the phases.
    for (let tap = 0; tap < taps; tap++) row[tap] = (row[tap] ?? 0) / sum;
    rows.set(row.slice().reverse(), (phases - phase) * taps);
  }
  return { taps, phases, rows, up, down, exact };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Modified Bessel function of the first kind and order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
