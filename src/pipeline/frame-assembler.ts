import { OffsetFilter } from '../audio';
import { FRAME_SAMPLES } from '../clock';
import { frameLevels, type FrameLevels } from '../insight';

/** Whole frames of one stream, with volume and peak of each. */
export interface AssembledFrames extends FrameLevels {
  /** 16 kHz mono, finite, without offset, length 1,024 x frames. */
  readonly pcm: Float32Array;
}

/**
 * The one place that every sample of a stream passes on its way to volume and models: samples that are not finite become
 * 0 and are counted (decision 17), the offset is taken off (decision 27), and pieces of any size are cut into frames of
 * 1,024 whose levels are measured.
 */
export class FrameAssembler {
  #received = 0;
  readonly #offset = new OffsetFilter();
  readonly #carry = new Float32Array(FRAME_SAMPLES);
  #carried = 0;

  /** Samples received so far: the stream's clock. */
  get receivedSamples(): number {
    return this.#received;
  }

  /** Samples so far that were NaN or infinite. */
  get nonFiniteSamples(): number {
    return this.#offset.nonFiniteSamples;
  }

  /** Samples that the frame that has begun still lacks; 0 when none has begun. */
  get missingSamples(): number {
    return this.#carried === 0 ? 0 : FRAME_SAMPLES - this.#carried;
  }

  /** Takes samples of any number; gives the frames that are complete now, or undefined. */
  push(samples: Float32Array): AssembledFrames | undefined {
    return this.#append(samples.length, samples);
  }

  /**
   * Lets zeros stand where no sound was. They pass the filter by: to a sound with an offset they would be two clicks.
   *
   * @param sampleCount samples at 16 kHz
   */
  pad(sampleCount: number): AssembledFrames | undefined {
    return this.#append(sampleCount);
  }

  /** Counts frames that nobody hears. Only between frames. */
  pass(frameCount: number): void {
    this.#received += frameCount * FRAME_SAMPLES;
  }

  /** The last partial frame, filled with zeros (decision 4), or undefined where none is left. */
  flush(): AssembledFrames | undefined {
    if (this.#carried === 0) return undefined;
    const rest = this.#carry.subarray(0, this.#carried);
    const pcm = new Float32Array(FRAME_SAMPLES);
    pcm.set(rest);
    this.#carried = 0;
    return { pcm, ...frameLevels(rest) };
  }

  /**
   * Samples at the end of what has been carried over.
   *
   * @param samples so many; left out: zeros
   */
  #append(count: number, samples?: Float32Array): AssembledFrames | undefined {
    this.#received += count;
    const total = this.#carried + count;
    const whole = total - (total % FRAME_SAMPLES);
    if (whole === 0) {
      this.#put(this.#carry.subarray(this.#carried, total), 0, samples);
      this.#carried = total;
      return undefined;
    }
    const pcm = new Float32Array(whole);
    pcm.set(this.#carry.subarray(0, this.#carried));
    const taken = whole - this.#carried;
    this.#put(pcm.subarray(this.#carried), 0, samples);
    this.#carried = count - taken;
    this.#put(this.#carry.subarray(0, this.#carried), taken, samples);
    return { pcm, ...frameLevels(pcm) };
  }

  /** Fills `out` with samples from `from` on. */
  #put(out: Float32Array, from: number, samples: Float32Array | undefined): void {
    if (samples) this.#offset.push(samples.subarray(from, from + out.length), out);
    else out.fill(0);
  }
}
