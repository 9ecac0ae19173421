/**
 * Online clustering of voice embeddings: which speaker is this frame? (decision 14)
 *
 * One pass, one decision per frame, nothing revised. Each speaker is a centroid that follows its voice slowly, and a
 * frame goes to the nearest one. A voice that is near none becomes a candidate, and a candidate that has been heard
 * for long enough becomes a speaker. Memory is bounded by the number of speakers and candidates, whatever the length
 * of the stream.
 */
import type { ClusteringSettings } from '../inference/prediction-engine';
import { Centroid, lengthOf, similarity, SlidingMean } from './centroid';
import { speakerSettings, type SpeakerSettings } from './clustering-settings';
import { VoiceCandidates, type Candidate } from './voice-candidates';

/** No speaker: the voice is near none that is known. */
export const NOBODY = -1;
/** Somebody who is near no speaker that is known. */
const STRANGER = -2;
/** Frames between two looks whether speakers have become one. */
const MERGE_EVERY = 16;

interface Speaker {
  readonly centroid: Centroid;
  /** Counts the speakers of the stream from 1 on; 0 for known voices. */
  readonly serial: number;
  readonly known: boolean;
  /** Frame in which the speaker was last heard; 0 = not yet. */
  heard: number;
  /** Turned out to be one with an earlier speaker: keeps its slot for the summary, takes no more frames. */
  retired: boolean;
  /** To the voice of the present frame. */
  similarity: number;
  /** Sum of what it was more similar than the present speaker. */
  lead: number;
}

/** Clusters the voices of one stream. */
export class SpeakerClustering {
  private readonly settings: SpeakerSettings;
  private readonly speakers: Speaker[] = [];
  private readonly candidates: VoiceCandidates;
  private readonly window: SlidingMean;
  private current = NOBODY;
  private nearest = STRANGER;
  private strangerLead = 0;
  private pause = 0;
  private frame = 0;
  private born = 0;
  private merged = 0;

  /**
   * @param knownVoices L2-normalised centroids of voices that have a name; they take the first slots and do not move.
   * @param mayReplace Whether a speaker's slot may be given to another; asked only when all are taken.
   */
  constructor(
    private readonly embeddingSize: number,
    fromCatalogue: ClusteringSettings | undefined,
    knownVoices: readonly Float32Array[] = [],
    private readonly mayReplace: (slot: number) => boolean = () => true,
  ) {
    this.settings = speakerSettings(fromCatalogue);
    this.candidates = new VoiceCandidates(embeddingSize, this.settings);
    this.window = new SlidingMean(embeddingSize, this.settings.windowFrames);
    for (const voice of knownVoices) this.speakers.push(this.newSpeaker(voice, 1, 0));
  }

  /** A frame without speech. */
  skip(): void {
    this.frame += 1;
    this.pause += 1;
    if (this.pause === this.settings.pauseFrames) {
      this.window.clear();
      this.current = NOBODY;
    }
  }

  /**
   * A frame of speech.
   *
   * @param embedding L2-normalised.
   * @returns The speaker's slot, or {@link NOBODY}.
   */
  assign(embedding: Float32Array): number {
    this.frame += 1;
    this.pause = 0;
    this.window.add(embedding);
    this.measure();
    this.current = this.whoSpeaks();
    if (this.current !== STRANGER) {
      this.hear(this.current, embedding);
      return this.current;
    }
    const found = this.hearStranger(embedding);
    if (found !== NOBODY) this.current = found;
    return found;
  }

  /** Similarity, -1 to 1, of the last frame to a slot's speaker; for nobody to the nearest one, 0 where there is none. */
  similarityTo(slot: number): number {
    return this.speakers[slot === NOBODY ? this.nearest : slot]?.similarity ?? 0;
  }

  /** Slots in use: known voices first, then speakers. */
  get slots(): number {
    return this.speakers.length;
  }

  /** Which speaker of the stream sits in a slot: 1 for the first that was found, 0 for a known voice. */
  serialOf(slot: number): number {
    return this.speakers[slot]?.serial ?? 0;
  }

  /** Distinct speakers heard so far: known voices, and found ones less those that turned out to be one with another. */
  get heardCount(): number {
    const known = this.speakers.filter((speaker) => speaker.known && speaker.heard > 0).length;
    return known + this.born - this.merged;
  }

  /** Mean embedding of a slot's speaker; undefined for one that is one with another. */
  centroidOf(slot: number): Float32Array | undefined {
    const speaker = this.speakers[slot];
    return speaker && !speaker.retired ? speaker.centroid.mean : undefined;
  }

  private newSpeaker(voice: Float32Array, frames: number, serial: number): Speaker {
    const centroid = new Centroid(this.embeddingSize, this.settings.memoryFrames);
    centroid.add(voice, frames);
    const known = serial === 0;
    return { centroid, serial, known, heard: 0, retired: false, similarity: 0, lead: 0 };
  }

  /** Similarity of the voice of now to every speaker; finds the nearest. */
  private measure(): void {
    this.nearest = STRANGER;
    let highest = -Infinity;
    const voice = this.window.sum;
    const length = lengthOf(voice);
    this.speakers.forEach((speaker, slot) => {
      if (speaker.retired) return;
      speaker.similarity = speaker.centroid.similarityTo(voice, length);
      if (speaker.similarity > highest) {
        highest = speaker.similarity;
        this.nearest = slot;
      }
    });
  }

  /**
   * Speaker of the frame, or {@link STRANGER}. After a pause the nearest; within a stretch of speech another takes over
   * once the sum of its leads over the present one shows it (a CUSUM test, Page 1954: the quickest way to tell a
   * change from noise): at once where the voices differ much, later where they are alike. A stranger competes with
   * `newSpeakerBelow` as its similarity.
   */
  private whoSpeaks(): number {
    const { newSpeakerBelow, switchEvidence, switchMargin } = this.settings;
    const nearestValue = this.speakers[this.nearest]?.similarity ?? -1;
    const nearest = nearestValue < newSpeakerBelow ? STRANGER : this.nearest;
    const present = this.speakers[this.current];
    if (this.current === NOBODY || present?.retired) {
      this.forgetLeads();
      return nearest;
    }
    const toBeat = (present?.similarity ?? newSpeakerBelow) + switchMargin;
    this.strangerLead = Math.max(0, this.strangerLead + newSpeakerBelow - toBeat);
    let highest = this.strangerLead;
    for (const speaker of this.speakers) {
      if (speaker.retired) continue;
      speaker.lead = Math.max(0, speaker.lead + speaker.similarity - toBeat);
      highest = Math.max(highest, speaker.lead);
    }
    if (highest < switchEvidence || nearest === this.current) return this.current;
    this.forgetLeads();
    return nearest;
  }

  private forgetLeads(): void {
    this.strangerLead = 0;
    for (const speaker of this.speakers) speaker.lead = 0;
  }

  private hear(slot: number, embedding: Float32Array): void {
    const speaker = this.speakers[slot];
    if (!speaker) return;
    speaker.heard = this.frame;
    if (speaker.known) return;
    // Frames of a crossing to somebody else would pull the centroid after them.
    const sure = this.settings.newSpeakerBelow + this.settings.learnMargin;
    if (slot === this.nearest && speaker.centroid.similarityTo(embedding, 1) >= sure) {
      speaker.centroid.add(embedding);
    }
    if (this.frame % MERGE_EVERY === 0) this.mergeAlike(speaker);
  }

  /** Looks whether a speaker has become one with another; the earlier label lives on from the next frame. */
  private mergeAlike(speaker: Speaker): void {
    for (const other of this.speakers) {
      if (other === speaker || other.retired || speaker.retired) continue;
      if (similarity(speaker.centroid.mean, other.centroid.mean) < this.settings.mergeAbove) continue;
      const [kept, lost] = other.serial < speaker.serial ? [other, speaker] : [speaker, other];
      if (!kept.known) kept.centroid.add(lost.centroid.mean, lost.centroid.weight);
      kept.heard = this.frame;
      lost.retired = true;
      this.merged += 1;
    }
  }

  private hearStranger(embedding: Float32Array): number {
    const candidate = this.candidates.hear(embedding, this.frame);
    if (candidate.frames < this.settings.confirmFrames) return NOBODY;
    const same = this.speakers.findIndex(
      ({ centroid, retired }) =>
        !retired && similarity(candidate.centroid.mean, centroid.mean) >= this.settings.newSpeakerBelow,
    );
    if (same === -1) return this.welcome(candidate);
    this.candidates.drop(candidate);
    this.hear(same, embedding);
    return same;
  }

  /** Makes a candidate a speaker, if there is room. */
  private welcome(candidate: Candidate): number {
    const slot = this.freeSlot();
    if (slot === NOBODY) return NOBODY;
    this.candidates.drop(candidate);
    this.born += 1;
    const speaker = this.newSpeaker(candidate.centroid.mean, candidate.centroid.weight, this.born);
    speaker.heard = this.frame;
    speaker.similarity = similarity(this.window.sum, speaker.centroid.mean);
    this.speakers[slot] = speaker;
    return slot;
  }

  /** A new slot while there is room, else that of a merged speaker or of the one unheard for longest. */
  private freeSlot(): number {
    const { maxSpeakers, forgetFrames } = this.settings;
    const found = this.speakers.filter((speaker) => !speaker.known).length;
    if (found < maxSpeakers) return this.speakers.length;
    let free = NOBODY;
    this.speakers.forEach((speaker, slot) => {
      if (speaker.known || this.frame - speaker.heard < forgetFrames || !this.mayReplace(slot)) return;
      const best = this.speakers[free];
      const before = best && Number(speaker.retired) - Number(best.retired);
      if (!best || before === 1 || (before === 0 && speaker.heard < best.heard)) free = slot;
    });
    return free;
  }
}
