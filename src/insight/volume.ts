/** Volume of frames (decision 5). */
import { frameLevels } from './level';

/**
 * Root mean square per frame, full scale 1.0.
 *
 * @param pcm 16 kHz mono; a last partial frame counts as zero-padded (decision 4).
 * @returns One volume per frame, ceil(samples / 1024) of them.
 */
export function frameVolumes(pcm: Float32Array): Float32Array {
  return frameLevels(pcm).volumes;
}

/** Decides `silence`: 0 = never, even digital zero; 1 = always, whatever the level (decision 5). */
export function isSilent(volume: number, threshold: number): boolean {
  if (threshold >= 1) return true;
  // Volumes are float32; the threshold is brought to the same precision so that "equal" is not below.
  return volume < Math.fround(threshold);
}
