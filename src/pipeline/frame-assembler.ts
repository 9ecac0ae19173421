import { LARGEST_SAMPLE } from '../audio/pcm/sample-codec';
import { FRAME_SAMPLES } from '../clock';
import { frameVolumes } from '../insight';

/** Whole frames of one stream, with the volume of each. */
export interface AssembledFrames {
  /** 16 kHz mono, finite, length 1,024 x frames. */
  readonly pcm: Float32Array;
  /** Root mean square of each frame at full scale 1.0 (decision 5). */
  readonly volumes: Float32Array;
}

/**
 * Cuts samples that come in pieces of any size into frames of 1,024 and measures their volume.
 * Samples that are not finite become 0 and are counted (decision 17).
 */
export class FrameAssembler {
  #received = 0;
  #nonFinite = 0;
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

  /** Takes samples of any number; gives the frames that are complete now, or undefined. */
  push(samples: Float32Array): AssembledFrames | undefined {
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
    return this.#measure(pcm);
  }

  /** Samples that the frame that has begun still lacks; 0 when none has begun. */
  get missingSamples(): number {
    return this.#carried === 0 ? 0 : FRAME_SAMPLES - this.#carried;
  }

  /** Counts frames that nobody hears. Only between frames. */
  pass(frameCount: number): void {
    this.#received += frameCount * FRAME_SAMPLES;
  }

  /** The last partial frame, filled with zeros (decision 4), or undefined where none is left. */
  flush(): AssembledFrames | undefined {
    if (this.#carried === 0) return undefined;
    const pcm = new Float32Array(FRAME_SAMPLES);
    pcm.set(this.#carry.subarray(0, this.#carried));
    this.#carried = 0;
    return this.#measure(pcm);
  }

  #measure(pcm: Float32Array): AssembledFrames {
    const volumes = frameVolumes(pcm);
    // One sample that is too large makes its frame at least this loud.
    if (volumes.every((volume) => volume <= LARGEST_SAMPLE / Math.sqrt(FRAME_SAMPLES)))
      return { pcm, volumes };
    this.#nonFinite += zeroNonFinite(pcm);
    return { pcm, volumes: frameVolumes(pcm) };
  }
}

function zeroNonFinite(samples: Float32Array): number {
  let count = 0;
  samples.forEach((sample, index) => {
    if (Math.abs(sample) <= LARGEST_SAMPLE) return;
    samples[index] = 0;
    count++;
  });
  return count;
}
