/** How good a head is, told by recordings that it did not learn from. */
import type { HeldOutHearing } from './held-out';
import type { ClassRecordings } from './recordings';

/** A recording that was taken for another class. */
export interface Mistake {
  /** Path of the recording. */
  readonly file: string;
  /** What it is: the folder that it lies in. */
  readonly class: string;
  /** What it was taken for. */
  readonly heardAs: string;
}

/** What a training came to. */
export interface HeadReport {
  /** Name of the model. */
  readonly name: string;
  /** Tap of the trunk that the head sits on. */
  readonly tap: string;
  /** Milliseconds of sound that the head looks back on. */
  readonly receptiveFieldMs: number;
  /** Names of the classes, in the order of the probabilities. */
  readonly classes: readonly string[];
  /** Judged by heads that had not learned from the recording. */
  readonly heldOut: {
    readonly recordings: number;
    readonly recordingsRight: number;
    /** Share of 64 ms frames with sound that are right, mean over the classes. */
    readonly framesRight: number;
    /** Recordings: a row per class, a column per class that they were heard as. */
    readonly confusion: readonly (readonly number[])[];
    readonly mistakes: readonly Mistake[];
  };
  /** Temperature of the calibration. */
  readonly temperature: number;
  /** What was written: the graph and the catalogue. */
  readonly files: readonly string[];
}

/** Counts what is right in the recordings as they are. A recording is heard as the class of most of its frames. */
export function judge(
  heldOut: readonly HeldOutHearing[],
  classes: readonly ClassRecordings[],
): HeadReport['heldOut'] {
  const confusion = classes.map(() => classes.map(() => 0));
  const frames = classes.map(() => ({ right: 0, all: 0 }));
  const mistakes: Mistake[] = [];
  for (const { hearing, label, scores } of heldOut) {
    if (!hearing.isUnchanged) continue;
    const votes = votesOf(scores, classes.length);
    const heardAs = votes.indexOf(Math.max(...votes));
    const [row, count] = [confusion[label], frames[label]];
    if (row) row[heardAs] = (row[heardAs] ?? 0) + 1;
    if (count) {
      count.right += votes[label] ?? 0;
      count.all += hearing.frameCount;
    }
    if (heardAs === label) continue;
    mistakes.push({
      file: classes[label]?.files[hearing.recording] ?? '',
      class: classes[label]?.name ?? '',
      heardAs: classes[heardAs]?.name ?? '',
    });
  }
  const recordings = classes.reduce((sum, { files }) => sum + files.length, 0);
  const framesRight = frames.reduce((sum, { right, all }) => sum + right / all, 0) / classes.length;
  return {
    recordings,
    recordingsRight: recordings - mistakes.length,
    framesRight: Number(framesRight.toFixed(4)),
    confusion,
    mistakes: mistakes.sort((a, b) => (a.file < b.file ? -1 : 1)),
  };
}

/** Frames per class that it wins. */
function votesOf(scores: Float32Array, classCount: number): readonly number[] {
  const votes = Array<number>(classCount).fill(0);
  for (let start = 0; start < scores.length; start += classCount) {
    const row = scores.subarray(start, start + classCount);
    const winner = row.indexOf(row.reduce((most, score) => Math.max(most, score), -Infinity));
    votes[winner] = (votes[winner] ?? 0) + 1;
  }
  return votes;
}
