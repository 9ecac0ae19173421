/** Parts of what is known of some frames. */
import type { FramePredictions } from '../inference';
import type { FrameLevels } from '../insight';

/** What the engine and the levels say of frames, and their sound where phases are cut out. */
export interface AnswerableFrames {
  readonly levels: FrameLevels;
  readonly predictions: FramePredictions;
  /** Samples of these frames at 16 kHz. */
  readonly sound: Int16Array | undefined;
}

/** Levels of frames [first, end). */
export function levelsOf(levels: FrameLevels, first: number, end = levels.volumes.length): FrameLevels {
  const { volumes, peaks, filling } = levels;
  if (first === 0 && end === volumes.length) return levels;
  const own = { volumes: volumes.subarray(first, end), peaks: peaks.subarray(first, end) };
  return end === volumes.length ? { ...own, filling } : own;
}

/** Predictions of frames [from, to). */
export function framesOf(
  { frameCount, probabilities }: FramePredictions,
  from: number,
  to: number,
): FramePredictions {
  const kept = new Map(
    [...probabilities].map(([name, values]) => {
      const width = values.length / frameCount;
      return [name, values.subarray(from * width, to * width)] as const;
    }),
  );
  return { frameCount: to - from, probabilities: kept };
}
