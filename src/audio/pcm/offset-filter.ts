import { SAMPLE_RATE } from '../../clock';
import { LARGEST_SAMPLE } from './sample-codec';

/** Frequency below which sound is taken for the offset of a converter, in Hz: nobody hears it, and no model needs it. */
const CORNER_HZ = 20;
/** How much of the last output is left one sample later. The training of the models uses the same number. */
const POLE = Math.exp((-2 * Math.PI * CORNER_HZ) / SAMPLE_RATE);
/** What is smaller is 0: far below any sound, far above the numbers that slow a processor down. */
const SMALLEST = 1e-20;

/**
 * Takes a constant offset off (decision 27): a first-order high-pass at 20 Hz,
 * `y[n] = x[n] - x[n-1] + r y[n-1]` with `r = exp(-2 pi 20 / 16000)`, from `x[-1] = x[0]` and `y[-1] = 0` on, in 64 bits.
 * One filter belongs to one stream; what it gives does not depend on the pieces that the samples come in.
 *
 * Where audio is missing the state stays: it is what the filter knows of the offset, and the sound that goes on behind the
 * gap has the same one.
 */
export class OffsetFilter {
  #before: number | undefined;
  #output = 0;
  #nonFinite = 0;

  /** Samples so far that were no usable numbers and counted as 0. */
  get nonFiniteSamples(): number {
    return this.#nonFinite;
  }

  /**
   * Hears samples.
   *
   * @param samples 16 kHz, any number; not changed. What is not finite counts as 0 (decision 17)
   * @param out takes as many, without the offset
   */
  push(samples: Float32Array, out: Float32Array): void {
    if (samples.length === 0) return;
    let before = this.#before ?? usable(samples[0] ?? 0);
    let output = this.#output;
    let nonFinite = 0;
    // Constants of a module are looked up each time, and this runs for every sample of every stream: kept at hand it takes half the time.
    const pole = POLE;
    const smallest = SMALLEST;
    const largest = LARGEST_SAMPLE;
    // One loop for both: it waits for its own last output, and looks at the sample meanwhile.
    for (let i = 0; i < samples.length; i++) {
      let sample = samples[i] ?? 0;
      if (!(Math.abs(sample) <= largest)) {
        sample = 0;
        nonFinite++;
      }
      output = sample - before + pole * output;
      if (Math.abs(output) < smallest) output = 0;
      before = sample;
      out[i] = output;
    }
    this.#nonFinite += nonFinite;
    this.#before = before;
    this.#output = output;
  }
}

/** A whole sound without its offset, as a stream that hears it from the start. */
export function withoutOffset(samples: Float32Array): Float32Array {
  const out = new Float32Array(samples.length);
  new OffsetFilter().push(samples, out);
  return out;
}

function usable(sample: number): number {
  return Math.abs(sample) <= LARGEST_SAMPLE ? sample : 0;
}
