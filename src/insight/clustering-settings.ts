/** Settings of the speaker map's clustering. */
import type { ClusteringSettings } from '../inference/prediction-engine';

/**
 * The settings with their defaults; a model's catalogue entry may set each under `clustering`. Similarities are
 * cosines, -1 to 1. One frame is 64 ms.
 */
export const CLUSTERING_DEFAULTS = {
  /** A voice whose similarity to every known speaker is below this is taken for a new one. */
  newSpeakerBelow: 0.45,
  /** Frames of speech over which the embedding is averaged before it is compared. */
  windowFrames: 2,
  /** Frames that a new voice must be heard, not necessarily in one piece, before it is a speaker of its own. */
  confirmFrames: 12,
  /** A frame teaches a speaker's centroid only where its similarity is above newSpeakerBelow by this much. */
  learnMargin: 0.15,
  /** Frames without speech after which the next voice may be anyone's, without evidence of a change. */
  pauseFrames: 4,
  /** What another speaker must be more similar than the present one to gather evidence. */
  switchMargin: 0.02,
  /** Sum of leads in similarity at which another speaker takes over in the middle of speech. */
  switchEvidence: 0.1,
  /** Speakers whose centroids are more similar than this are one: the later label is not used any more. */
  mergeAbove: 0.8,
  /** Frames over which a centroid remembers; older ones fade, so that it follows a voice through a day. */
  memoryFrames: 1_000,
  /** New voices that are followed at the same time before they are speakers. */
  maxCandidates: 4,
  /** Frames after which a candidate that was not heard again is dropped. */
  candidateFrames: 1_000,
  /** Speakers that are told apart at the same time, known voices not counted. */
  maxSpeakers: 32,
  /** Frames for which a speaker must not have been heard before a new one may take its place when all are taken. */
  forgetFrames: 9_400,
} as const;

export type SpeakerSettings = Readonly<Record<keyof typeof CLUSTERING_DEFAULTS, number>>;

/** The catalogue's settings over the defaults; names that mean nothing here are left alone. */
export function speakerSettings(fromCatalogue: ClusteringSettings = {}): SpeakerSettings {
  const known = Object.entries(fromCatalogue).filter(([name]) => name in CLUSTERING_DEFAULTS);
  return { ...CLUSTERING_DEFAULTS, ...Object.fromEntries(known) };
}
