/** Says what is wrong with compressed sound that was heard all the same. */
import type { AudioWarning } from '../decoder-warning';
import type { FfmpegLog } from './ffmpeg-log';
import type { HoleFiller } from './hole-filler';

/** Seconds by which containers are wrong about themselves: they count what encoders put before and behind. */
const TOLERANCE_S = 0.3;

/** How far it was read. */
export interface ReadSound {
  readonly log: FfmpegLog;
  readonly filler: HoleFiller;
  /** All that there is was read. */
  readonly isOver: boolean;
  /** It ends without the mark that its container ends with. */
  readonly isUnfinished: boolean;
}

/** @param subject the sound, as the subject of a sentence */
export function damageOf(subject: string, sound: ReadSound): readonly AudioWarning[] {
  const warnings = [holesOf(sound), troubleOf(sound), ...(sound.isOver ? [cutOf(sound)] : [])];
  return warnings.flatMap((one) => (one ? [{ ...one, message: `${subject} ${one.message}.` }] : []));
}

function holesOf({ filler, isOver }: ReadSound): AudioWarning | undefined {
  const { count, seconds, first, unbelieved } = filler.holes;
  if (count === 0) {
    if (unbelieved === 0) return undefined;
    return {
      code: 'damaged',
      message: `has times that cannot be true, and was heard as if nothing were missing there`,
    };
  }
  const where =
    count === 1 ? `at ${inSeconds(first)}` : `in ${count} places, the first at ${inSeconds(first)}`;
  return {
    code: 'hole',
    message: `has a hole: by the times in it, ${inSeconds(seconds)} are missing ${where}${isOver ? '' : ' so far'}. Silence stands there, so that what follows keeps its time`,
  };
}

function troubleOf({ log, isOver }: ReadSound): AudioWarning | undefined {
  const { trouble } = log;
  if (!trouble) return undefined;
  const { count, first, words } = trouble;
  const often = count === 1 ? 'once' : `${count} times`;
  return {
    code: 'damaged',
    message: `is cut or damaged: ${often}${isOver ? '' : ' so far'} ffmpeg could not decode a part of it, which was passed over, the first at about ${inSeconds(first)} ("${words}")`,
  };
}

function cutOf({ log, filler, isUnfinished }: ReadSound): AudioWarning | undefined {
  const promised = log.promisedSound;
  const { seconds } = filler;
  if (promised !== null && promised - seconds > TOLERANCE_S) {
    return {
      code: 'truncated',
      message: `is shorter than it says: it ends at ${inSeconds(seconds)} of ${inSeconds(promised)}, ${inSeconds(promised - seconds)} are missing. It was heard as far as it goes`,
    };
  }
  if (!isUnfinished) return undefined;
  return {
    code: 'truncated',
    message: `has no end: it was cut off at ${inSeconds(seconds)}, or whoever wrote it did not finish it. It was heard as far as it goes`,
  };
}

function inSeconds(seconds: number): string {
  return `${Number(seconds.toFixed(2))} s`;
}
