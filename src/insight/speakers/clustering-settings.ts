/** Settings of the speaker map's clustering. */
import type { ClusteringSettings } from '../../inference';

/**
 * The settings with their defaults; a model's catalogue entry may set each under `clustering`. Similarities are
 * cosines, -1 to 1. One frame is 64 ms.
 */
export const CLUSTERING_DEFAULTS = {
  /** Frames of a piece: speech is remembered, and voices are told apart, in pieces. */
  pieceFrames: 4,
  /** Pieces that are remembered one by one. */
  memoryPieces: 80,
  /** New pieces between two groupings of what is remembered; one that sounds like nobody so far brings the next forward. */
  groupEvery: 5,
  /** Similarity from which a piece is the present speaker's without another look. */
  fitsAbove: 0.65,
  /** What one more voice must take off the mean squared distance of the pieces from their voices, 0 to 2. */
  groupCost: 0.09,
  /** The same where sound is grouped as a whole: then no voice is taken for new before its time. */
  wholeGroupCost: 0.06,
  /** Frames that a voice must be heard where sound is grouped as a whole: less is the beginning of another's, or nobody's. */
  wholeConfirmFrames: 24,
  /** Frames of a piece where sound is grouped as a whole. */
  wholePieceFrames: 6,
  /** While fewer frames than this are remembered, one more voice costs more than twice that. */
  fewFrames: 32,
  /** What another number of voices must be better by. */
  keepNumber: 0.02,
  /** Squared distance of the means of two voices, 0 to 4, above which they are two whatever a voice costs. */
  apart: 1.2,
  /** A voice that is less similar than this to every known speaker is nobody's until it becomes a speaker. */
  newSpeakerBelow: 0.15,
  /** Frames that a new voice must be heard, not necessarily in one piece, before it is a speaker of its own. */
  confirmFrames: 8,
  /** Similarity from which a voice is that of a speaker who was not heard for long. */
  sameAbove: 0.5,
  /** Similarity from which a voice is that of somebody who has a name; `sameAbove` where a catalogue says nothing else. */
  knownAbove: 0.5,
  /** Speakers of one group whose voices are more similar than this are one: the later label is not used any more. */
  mergeAbove: 0.45,
  /** Frames without speech after which the next voice may be anyone's, without evidence of a change. */
  pauseFrames: 6,
  /** What another speaker must be more similar than the present one to gather evidence. */
  switchMargin: 0,
  /** Sum of leads in similarity at which another speaker takes over in the middle of speech. */
  switchEvidence: 0.05,
  /** Sum of likenesses that a change of speaker within a stretch of speech costs, where sound is grouped as a whole. */
  switchCost: 1,
  /** Frames over which a centroid remembers; older ones fade, so that it follows a voice through a day. */
  memoryFrames: 1_000,
  /** Speakers that are told apart at the same time, known voices not counted. */
  maxSpeakers: 32,
  /** Frames for which a speaker must not have been heard before a new one may take its place when all are taken. */
  forgetFrames: 9_400,
} as const;

export type SpeakerSettings = Readonly<Record<keyof typeof CLUSTERING_DEFAULTS, number>>;

/** The catalogue's settings over the defaults; names that mean nothing here are left alone. */
export function speakerSettings(fromCatalogue: ClusteringSettings = {}): SpeakerSettings {
  const own = Object.fromEntries(
    Object.entries(fromCatalogue).filter(([name]) => name in CLUSTERING_DEFAULTS),
  );
  const { sameAbove = CLUSTERING_DEFAULTS.sameAbove } = own;
  return { ...CLUSTERING_DEFAULTS, knownAbove: sameAbove, ...own };
}

/**
 * The settings with another threshold for voices that have a name.
 *
 * @param strictness is added to it; more than 0 is stricter
 */
export function withStrictness(
  fromCatalogue: ClusteringSettings | undefined,
  strictness: number,
): ClusteringSettings {
  const { knownAbove } = speakerSettings(fromCatalogue);
  return { ...fromCatalogue, knownAbove: knownAbove + strictness };
}
