/**
 * The clock is the sample count at 16 kHz (decision 1). Counts are integers below 2^53, exact for streams that
 * run for longer than any machine (decision 2).
 */

/** Hz. Every model hears 16 kHz mono. */
export const SAMPLE_RATE = 16_000;
/** Samples in one frame: one prediction per frame. */
export const FRAME_SAMPLES = 1_024;
/** Milliseconds in one frame. */
export const FRAME_MS = 64;

/** Milliseconds, rounded, that `samples` samples at 16 kHz last. */
export function samplesToMs(samples: number): number {
  return Math.round((samples * 1_000) / SAMPLE_RATE);
}
