/** New voices before they are speakers of their own. */
import { Centroid } from './centroid';
import type { SpeakerSettings } from './clustering-settings';

/** A voice that is near no known speaker. */
export interface Candidate {
  readonly centroid: Centroid;
  /** Frames in which it was heard. */
  frames: number;
  /** Frame in which it was last heard. */
  heard: number;
}

/** A few candidates at a time; the one that was not heard for longest makes room. */
export class VoiceCandidates {
  private candidates: Candidate[] = [];

  constructor(
    private readonly embeddingSize: number,
    private readonly settings: SpeakerSettings,
  ) {}

  /**
   * Adds a frame to the candidate that it is near to, or to a new one, and gives that candidate.
   *
   * @param embedding L2-normalised.
   */
  hear(embedding: Float32Array, frame: number): Candidate {
    const { candidateFrames } = this.settings;
    this.candidates = this.candidates.filter(({ heard }) => frame - heard <= candidateFrames);
    const candidate = this.nearest(embedding) ?? this.begin(frame);
    candidate.centroid.add(embedding);
    candidate.frames += 1;
    candidate.heard = frame;
    return candidate;
  }

  drop(candidate: Candidate): void {
    this.candidates = this.candidates.filter((other) => other !== candidate);
  }

  private nearest(embedding: Float32Array): Candidate | undefined {
    let nearest: Candidate | undefined;
    let highest = this.settings.newSpeakerBelow;
    for (const candidate of this.candidates) {
      const value = candidate.centroid.similarityTo(embedding, 1);
      if (value >= highest) {
        highest = value;
        nearest = candidate;
      }
    }
    return nearest;
  }

  private begin(frame: number): Candidate {
    const { maxCandidates, confirmFrames } = this.settings;
    if (this.candidates.length >= maxCandidates) {
      this.candidates.sort((a, b) => b.heard - a.heard).length = maxCandidates - 1;
    }
    // The short memory lets the frames of the crossing from the speaker before fade.
    const centroid = new Centroid(this.embeddingSize, confirmFrames);
    const candidate = { centroid, frames: 0, heard: frame };
    this.candidates.push(candidate);
    return candidate;
  }
}
