/** How loud audio is, in decibels below full scale (decision 28). */
import { FRAME_SAMPLES } from '../clock';

/**
 * Level of some stretch of audio as it is analysed, in dBFS with one decimal: 20 log10 of a value at full scale 1.0, so a
 * square wave of full scale has a mean of 0 and a sine of full scale one of -3. Never below {@link LOWEST_LEVEL}.
 */
// A type alias, not an interface: it stands among the numbers of a summary.
export type Level = {
  /** Root mean square. */
  readonly mean: number;
  /** Largest magnitude of a sample. */
  readonly peak: number;
};

/** What is said of digital silence, which has no level: lower than 16 bits can hold, and a number to compare with. */
export const LOWEST_LEVEL = -120;

/** Volume and peak of each frame, full scale 1.0. */
export interface FrameLevels {
  /** Root mean square (decision 5). */
  readonly volumes: Float32Array;
  /** Largest magnitude of a sample. */
  readonly peaks: Float32Array;
  /** Zeros at the end that fill the last frame up (decision 4): part of its volume, but not of the audio. Default 0. */
  readonly filling?: number;
}

/**
 * Measures frames.
 *
 * @param pcm 16 kHz mono; a last partial frame counts as zero-padded (decision 4).
 * @returns One volume and one peak per frame, ceil(samples / 1024) of them.
 */
export function frameLevels(pcm: Float32Array): FrameLevels {
  const frameCount = Math.ceil(pcm.length / FRAME_SAMPLES);
  const volumes = new Float32Array(frameCount);
  const peaks = new Float32Array(frameCount);
  for (let frame = 0; frame < frameCount; frame += 1) {
    const end = Math.min(pcm.length, (frame + 1) * FRAME_SAMPLES);
    let energy = 0;
    let peak = 0;
    for (let index = frame * FRAME_SAMPLES; index < end; index += 1) {
      const sample = pcm[index] ?? 0;
      energy += sample * sample;
      const magnitude = Math.abs(sample);
      if (magnitude > peak) peak = magnitude;
    }
    volumes[frame] = Math.sqrt(energy / FRAME_SAMPLES);
    peaks[frame] = peak;
  }
  return { volumes, peaks, filling: frameCount * FRAME_SAMPLES - pcm.length };
}

/** Sums up the levels of frames. Memory does not grow. */
export class LevelMeter {
  private samples = 0;
  private energy = 0;
  private peak = 0;

  /** Takes frames [from, to). */
  add({ volumes, peaks, filling = 0 }: FrameLevels, from: number, to: number): void {
    this.samples += (to - from) * FRAME_SAMPLES - (to === volumes.length ? filling : 0);
    for (let frame = from; frame < to; frame += 1) {
      const volume = volumes[frame] ?? 0;
      const peak = peaks[frame] ?? 0;
      this.energy += volume * volume * FRAME_SAMPLES;
      if (peak > this.peak) this.peak = peak;
    }
  }

  /** The level of all frames since the start or the last reset. */
  level(): Level {
    const power = this.energy / Math.max(this.samples, 1);
    return { mean: decibels(Math.sqrt(power)), peak: decibels(this.peak) };
  }

  reset(): void {
    this.samples = 0;
    this.energy = 0;
    this.peak = 0;
  }
}

/** dBFS of a value at full scale 1.0, one decimal, {@link LOWEST_LEVEL} at least. */
function decibels(value: number): number {
  const level = Math.round(200 * Math.log10(value)) / 10;
  // `+ 0` turns -0 into 0.
  return Math.max(LOWEST_LEVEL, level) + 0;
}
