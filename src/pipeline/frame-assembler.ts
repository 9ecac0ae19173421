import { OffsetFilter } from '../audio';
import { firstNonFinite, silenceNonFinite } from '../audio/pcm/sample-codec';
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
  #nonFinite = 0;
  readonly #offset = new OffsetFilter();
  readonly #carry = new Float32Array(FRAME_SAMPLES);
  #carried = 0;

  /** Samples received so far: the stream's clock. */
  get receivedSamples(): number {
    return this.#received;
  }

  /** Samples so far that were NaN or infinite. */
  get nonFiniteSamples(): number {
    return this.#nonFinite;
  }

  /** Samples that the frame that has begun still lacks; 0 when none has begun. */
  get missingSamples(): number {
    return this.#carried === 0 ? 0 : FRAME_SAMPLES - this.#carried;
  }

  /** Takes samples of any number; gives the frames that are complete now, or undefined. */
  push(samples: Float32Array): AssembledFrames | undefined {
    return this.#append(this.#offset.push(this.#finite(samples)));
  }

  /**
   * Lets zeros stand where no sound was. They pass the filter by: to a sound with an offset they would be two clicks.
   *
   * @param sampleCount samples at 16 kHz
   */
  pad(sampleCount: number): AssembledFrames | undefined {
    return this.#append(new Float32Array(sampleCount));
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

  #append(samples: Float32Array): AssembledFrames | undefined {
    this.#received += samples.length;
    const total = this.#carried + samples.length;
    const whole = total - (total % FRAME_SAMPLES);
    if (whole === 0) {
      this.#carry.set(samples, this.#carried);
      this.#carried = total;
      return undefined;
    }
    const pcm = new Float32Array(whole);
    pcm.set(this.#carry.subarray(0, this.#carried));
    const taken = whole - this.#carried;
    pcm.set(samples.subarray(0, taken), this.#carried);
    this.#carry.set(samples.subarray(taken));
    this.#carried = samples.length - taken;
    return { pcm, ...frameLevels(pcm) };
  }

  /** The samples themselves, or a copy with zeros where some are not finite. */
  #finite(samples: Float32Array): Float32Array {
    if (firstNonFinite(samples) < 0) return samples;
    const copy = samples.slice();
    this.#nonFinite += silenceNonFinite(copy);
    return copy;
  }
}
