import { SAMPLE_RATE } from '../../clock';

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

  /**
   * Hears samples.
   *
   * @param samples 16 kHz, finite, any number; not changed
   * @returns as many, without the offset
   */
  push(samples: Float32Array): Float32Array {
    const out = new Float32Array(samples.length);
    let before = this.#before ?? samples[0] ?? 0;
    let output = this.#output;
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i] ?? 0;
      output = sample - before + POLE * output;
      if (output < SMALLEST && output > -SMALLEST) output = 0;
      before = sample;
      out[i] = output;
    }
    if (samples.length > 0) this.#before = before;
    this.#output = output;
    return out;
  }
}

/** A whole sound without its offset, as a stream that hears it from the start. */
export function withoutOffset(samples: Float32Array): Float32Array {
  return new OffsetFilter().push(samples);
}
