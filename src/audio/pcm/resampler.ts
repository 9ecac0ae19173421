import { SAMPLE_RATE } from '../../clock';
import { filterFor, type PolyphaseFilter } from './resampler-filter';
import { checkSampleRate } from './sample-format';

/** Input samples taken into the work buffer at once. */
const BLOCK = 2_048;

const EMPTY = new Float32Array(0);

/**
 * Resamples one channel to 16 kHz (decision 18): band-limited, with state that carries across pieces.
 *
 * - Output sample n is the input at time n/16,000 s; the filter's delay is compensated.
 * - The output is bit-identical whatever pieces the input comes in.
 * - After {@link flush} the output has round(inputs x 16,000 / rate) samples; the signal counts as 0 outside its ends.
 * - At 16 kHz the input passes unchanged.
 * - Flat to 7.2 kHz (90 % of the band of the lower rate), everything beyond 8 kHz (the band's end) is below -80 dB.
 *
 * Why not a library: libsamplerate as WebAssembly (`@alexanderolsen/libsamplerate-js`) is exact for any split but has
 * no flush (the last samples are lost), opens asynchronously, and takes 1.8 MB per stream against 20 kB here;
 * `speex-resampler` takes 16-bit samples only and loses samples when pieces are not a multiple of its ratio; the others are
 * native builds or unmaintained.
 */
export class Resampler {
  readonly #filter: PolyphaseFilter | undefined;
  readonly #buffer: Float64Array;
  /** Valid samples in the buffer. */
  #filled = 0;
  /** Buffer index of the first input sample that the next output sample looks at. */
  #start = 0;
  /** Position of the next output sample between two input samples, in 1/up. */
  #fraction = 0;
  #inputs = 0;
  #outputs = 0;
  #flushed = false;

  /**
   * @param rate Hz, an integer from 4,000 to 384,000
   * @throws InvalidArgumentError for any other rate
   */
  constructor(readonly rate: number) {
    checkSampleRate(rate);
    if (rate === SAMPLE_RATE) {
      this.#buffer = new Float64Array(0);
      return;
    }
    this.#filter = filterFor(rate);
    this.#buffer = new Float64Array(this.#filter.taps + BLOCK);
    // The first output sample is at the first input sample: before it lie taps/2 - 1 samples of silence.
    this.#filled = this.#filter.taps / 2 - 1;
  }

  /** Takes samples at full scale 1.0; gives all 16 kHz samples that they complete, possibly none. */
  push(samples: Float32Array): Float32Array {
    if (this.#flushed) {
      throw new Error('push() after flush()');
    }
    this.#inputs += samples.length;
    const filter = this.#filter;
    if (filter === undefined) {
      return samples;
    }
    return this.#run(filter, samples, Number.POSITIVE_INFINITY);
  }

  /** Gives the samples that still wait for input that will not come, and ends the stream. */
  flush(): Float32Array {
    const filter = this.#filter;
    if (this.#flushed || filter === undefined) {
      this.#flushed = true;
      return EMPTY;
    }
    const rest = this.#total(filter) - this.#outputs;
    this.#flushed = true;
    return this.#run(filter, new Float32Array(filter.taps), rest);
  }

  /** round(inputs x up / down) without a product that leaves the integers for streams of weeks. */
  #total(filter: PolyphaseFilter): number {
    const whole = Math.floor(this.#inputs / filter.down);
    const rest = this.#inputs - whole * filter.down;
    return whole * filter.up + Math.round((rest * filter.up) / filter.down);
  }

  #run(filter: PolyphaseFilter, samples: Float32Array, limit: number): Float32Array {
    const { up, down, taps } = filter;
    const out = new Float32Array(Math.ceil(((samples.length + this.#filled) * up) / down) + 1);
    let produced = 0;
    for (let taken = 0; taken < samples.length;) {
      taken += this.#fill(samples, taken);
      const ready =
        Math.floor(((this.#filled - taps - this.#start + 1) * up - 1 - this.#fraction) / down) + 1;
      const count = Math.min(Math.max(0, ready), limit - produced);
      this.#filterBlock(filter, out, produced, count);
      produced += count;
    }
    this.#outputs += produced;
    return out.subarray(0, produced);
  }

  /** Moves what is still needed to the front and appends as much as fits; returns the samples taken. */
  #fill(samples: Float32Array, from: number): number {
    const buffer = this.#buffer;
    if (buffer.length - this.#filled < Math.min(BLOCK / 2, samples.length - from)) {
      const needed = Math.min(this.#start, this.#filled);
      buffer.copyWithin(0, needed, this.#filled);
      this.#filled -= needed;
      this.#start -= needed;
    }
    const count = Math.min(samples.length - from, buffer.length - this.#filled);
    buffer.set(samples.subarray(from, from + count), this.#filled);
    this.#filled += count;
    return count;
  }

  #filterBlock(filter: PolyphaseFilter, out: Float32Array, at: number, count: number): void {
    if (filter.up === 1) {
      filterWholeSteps(filter, this.#buffer, this.#start, out.subarray(at, at + count));
      this.#start += count * filter.down;
      return;
    }
    const { up, down, taps, rows, phases, exact } = filter;
    const buffer = this.#buffer;
    const wholeStep = Math.floor(down / up);
    const partStep = down % up;
    let start = this.#start;
    let fraction = this.#fraction;
    for (let n = at; n < at + count; n++) {
      if (exact) {
        out[n] = dot(rows, fraction * taps, buffer, start, taps);
      } else {
        const position = (fraction * phases) / up;
        const phase = Math.floor(position);
        const weight = position - phase;
        const lower = dot(rows, phase * taps, buffer, start, taps);
        out[n] = lower + weight * (dot(rows, (phase + 1) * taps, buffer, start, taps) - lower);
      }
      start += wholeStep;
      fraction += partStep;
      if (fraction >= up) {
        fraction -= up;
        start++;
      }
    }
    this.#start = start;
    this.#fraction = fraction;
  }
}

/**
 * Rates that are a multiple of 16 kHz have one phase: four output samples at a time share what is read of the filter. The few
 * that are left over are summed in the same order, so that the bits do not depend on the pieces.
 */
function filterWholeSteps(
  filter: PolyphaseFilter,
  buffer: Float64Array,
  start: number,
  out: Float32Array,
): void {
  const { taps, rows, down } = filter;
  const fours = out.length - (out.length % 4);
  for (let n = 0, at = start; n < fours; n += 4, at += 4 * down) {
    const second = at + down;
    const third = second + down;
    const fourth = third + down;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < taps; i += 2) {
      const even = rows[i] as number;
      const odd = rows[i + 1] as number;
      s0 += even * (buffer[at + i] as number) + odd * (buffer[at + i + 1] as number);
      s1 += even * (buffer[second + i] as number) + odd * (buffer[second + i + 1] as number);
      s2 += even * (buffer[third + i] as number) + odd * (buffer[third + i + 1] as number);
      s3 += even * (buffer[fourth + i] as number) + odd * (buffer[fourth + i + 1] as number);
    }
    out[n] = s0;
    out[n + 1] = s1;
    out[n + 2] = s2;
    out[n + 3] = s3;
  }
  for (let n = fours; n < out.length; n++) {
    const at = start + n * down;
    let sum = 0;
    for (let i = 0; i < taps; i += 2) {
      sum +=
        (rows[i] as number) * (buffer[at + i] as number) +
        (rows[i + 1] as number) * (buffer[at + i + 1] as number);
    }
    out[n] = sum;
  }
}

/** Sum of products; `length` is a multiple of 4. Four sums side by side: the processor adds them at the same time. */
function dot(a: Float64Array, fromA: number, b: Float64Array, fromB: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < length; i += 4) {
    s0 += (a[fromA + i] as number) * (b[fromB + i] as number);
    s1 += (a[fromA + i + 1] as number) * (b[fromB + i + 1] as number);
    s2 += (a[fromA + i + 2] as number) * (b[fromB + i + 2] as number);
    s3 += (a[fromA + i + 3] as number) * (b[fromB + i + 3] as number);
  }
  return s0 + s1 + (s2 + s3);
}
