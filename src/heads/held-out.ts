/** What heads say of recordings that they did not learn from: the only honest way to tell how good one is. */
import type { Hearing } from './hearing';
import { scoresOf, trainLinearHead } from './linear-head';
import { FEWEST_RECORDINGS } from './recordings';
import { shuffled } from './random';

/** A hearing with the scores of a head that did not learn from its recording. */
export interface HeldOutHearing {
  readonly hearing: Hearing;
  /** Number of its class. */
  readonly label: number;
  /** Row-major [frameCount x classes], uncalibrated. */
  readonly scores: Float32Array;
}

/** Every recording is held out once; as many heads are trained as there are parts. */
const PARTS = FEWEST_RECORDINGS;

/**
 * Parts the recordings of each class in four, trains a head on three parts and lets it judge the fourth, four times.
 * All hearings of a recording are in the same part.
 */
export function judgeHeldOut(
  classes: readonly (readonly Hearing[])[],
  channels: number,
  random: () => number,
): readonly HeldOutHearing[] {
  const parts = classes.map((hearings) => {
    const recordings = [...new Set(hearings.map(({ recording }) => recording))];
    return new Map(shuffled(recordings, random).map((recording, i) => [recording, i % PARTS]));
  });
  return Array.from({ length: PARTS }, (_, part) => {
    const isHeldOut = (label: number, { recording }: Hearing): boolean =>
      parts[label]?.get(recording) === part;
    const learned = classes.map((hearings, label) =>
      hearings.filter((hearing) => !isHeldOut(label, hearing)),
    );
    const head = trainLinearHead(learned, channels, random);
    return classes.flatMap((hearings, label) =>
      hearings
        .filter((hearing) => isHeldOut(label, hearing))
        .map((hearing) => ({
          hearing,
          label,
          scores: scoresOf(head, hearing.features, hearing.frameCount),
        })),
    );
  }).flat();
}
