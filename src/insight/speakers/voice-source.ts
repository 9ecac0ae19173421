/** What the speaker map needs to know of whoever tells voices apart. */

import type { Steps } from '../../steps';

/** No speaker: the voice is near none that is known. */
export const NOBODY = -1;

/** Who speaks in one frame of speech. */
export interface VoiceDecision {
  /** Place of the speaker, or {@link NOBODY}. */
  slot: number;
  /** Which speaker of the stream has the place: 0 for a known voice. */
  serial: number;
  /** Similarity to that speaker, -1 to 1; for nobody to the nearest. */
  similarity: number;
}

/** The speakers found so far. */
export interface VoiceSource {
  /** Which speaker of the stream sits in a slot: 1 for the first that was found, 0 for a known voice. */
  serialOf(slot: number): number;
  /** Unit vector of a slot's speaker; undefined for one that is one with another. */
  centroidOf(slot: number): Float32Array | undefined;
}

/** Decides who speaks once it knows what comes after. */
export interface LookingAhead extends VoiceSource {
  /**
   * Hears the next frame.
   *
   * @param embedding L2-normalised, read before this returns; undefined where nobody speaks
   */
  hear(embedding: Float32Array | undefined): void;
  /** Decides what was heard as far as that waits for something. */
  settle(): Steps<void>;
  /** The decision about the oldest frame that has none yet; of a frame in which somebody speaks. */
  next(): VoiceDecision;
  /** Passes over the oldest frame, in which nobody speaks. */
  skip(): void;
}
