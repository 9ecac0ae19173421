/**
 * Online clustering of voice embeddings: which speaker is this frame? (decision 14)
 *
 * One decision per frame, nothing revised. What was said lately is remembered in short pieces, which are grouped into voices again
 * and again, so that what is known of the speakers gets better as they go on: voices that turn out to be one share a
 * label from then on, and one that turns out to be two gets another. A frame goes to the speaker who is nearest. Memory is bounded by
 * the number of pieces and speakers, whatever the length of the stream.
 */
import type { ClusteringSettings } from '../../inference';
import { Centroid, dot, lengthOf, normalised, similarity } from './centroid';
import { speakerSettings, type SpeakerSettings } from './clustering-settings';
import { VoiceMemory, type Group } from './voice-memory';
import { NOBODY, type VoiceSource } from './voice-source';

/** Somebody who is near no speaker that is known. */
const STRANGER = -2;
/** How much a piece that sounds like the present speaker counts towards the next grouping: there is little to learn from it. */
const URGENCY_OF_A_FIT = 1 / 4;

interface Speaker {
  /** What was said before the pieces in memory. */
  readonly past: Centroid;
  /** Points where the voice points: of past and memory, or of the known voice. */
  voice: Float32Array;
  /** Of `voice`. */
  length: number;
  /** Whether pieces in memory are this speaker's. */
  recent: boolean;
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
export class SpeakerClustering implements VoiceSource {
  private readonly settings: SpeakerSettings;
  private readonly speakers: Speaker[] = [];
  private readonly memory: VoiceMemory;
  private readonly piece: Float32Array;
  private pieceFrames = 0;
  private ungrouped = 0;
  private groups = 0;
  private current = NOBODY;
  private nearest = STRANGER;
  private strangerLead = 0;
  private pause = 0;
  private frame = 0;
  private born = 0;
  private mergedCount = 0;

  /**
   * @param knownVoices L2-normalised centroids of voices that have a name; they take the first slots and do not move.
   * @param mayReplace Whether a speaker's slot may be given to another; asked only when all are taken.
   * @param merged Told of two speakers who turned out to be one: the slot that is given up, and the one that is kept.
   */
  constructor(
    private readonly embeddingSize: number,
    fromCatalogue: ClusteringSettings | undefined,
    knownVoices: readonly Float32Array[] = [],
    private readonly mayReplace: (slot: number) => boolean = () => true,
    private readonly merged: (slot: number, into: number) => void = () => undefined,
  ) {
    this.settings = speakerSettings(fromCatalogue);
    this.memory = new VoiceMemory(embeddingSize, this.settings);
    this.piece = new Float32Array(embeddingSize);
    for (const voice of knownVoices) this.speakers.push(this.newSpeaker(voice, 0));
  }

  /** A frame without speech. */
  skip(): void {
    this.frame += 1;
    this.pause += 1;
    if (this.pause === this.settings.pauseFrames) {
      this.closePiece();
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
    this.measure(embedding);
    this.current = this.whoSpeaks();
    const speaker = this.speakers[this.current];
    if (speaker) speaker.heard = this.frame;
    const found = speaker ? this.current : NOBODY;
    for (let index = 0; index < this.embeddingSize; index += 1) {
      this.piece[index] = (this.piece[index] ?? 0) + (embedding[index] ?? 0);
    }
    this.pieceFrames += 1;
    if (this.pieceFrames < this.settings.pieceFrames) return found;
    this.closePiece();
    return found === NOBODY ? this.becomeKnown(embedding) : found;
  }

  /** Who has just become a speaker, or turned out to be one, has the label from this frame on. */
  private becomeKnown(embedding: Float32Array): number {
    const slot = this.memory.latestLabel;
    const speaker = this.speakers[slot];
    if (!speaker) return NOBODY;
    speaker.similarity = cosine(embedding, speaker);
    speaker.heard = this.frame;
    this.current = slot;
    return slot;
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
    return known + this.born - this.mergedCount;
  }

  /** Unit vector of a slot's speaker; undefined for one that is one with another. */
  centroidOf(slot: number): Float32Array | undefined {
    const speaker = this.speakers[slot];
    return speaker && !speaker.retired ? normalised(speaker.voice) : undefined;
  }

  private newSpeaker(voice: Float32Array, serial: number): Speaker {
    return {
      past: new Centroid(this.embeddingSize, this.settings.memoryFrames),
      voice,
      length: lengthOf(voice),
      recent: false,
      serial,
      known: serial === 0,
      heard: 0,
      retired: false,
      similarity: 0,
      lead: 0,
    };
  }

  /** Similarity of the voice of now to every speaker; finds the nearest. */
  private measure(embedding: Float32Array): void {
    const { newSpeakerBelow } = this.settings;
    this.nearest = STRANGER;
    let highest = -Infinity;
    this.speakers.forEach((speaker, slot) => {
      if (speaker.retired) return;
      speaker.similarity = cosine(embedding, speaker);
      // Who was not heard lately must be surer to come back than the others to go on.
      const enough = speaker.recent ? newSpeakerBelow : this.enoughFor(speaker);
      if (speaker.similarity > highest && speaker.similarity >= enough) {
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
    const present = this.speakers[this.current];
    if (this.current === NOBODY || present?.retired) {
      this.forgetLeads();
      return this.nearest;
    }
    const toBeat = (present?.similarity ?? newSpeakerBelow) + switchMargin;
    this.strangerLead = Math.max(0, this.strangerLead + newSpeakerBelow - toBeat);
    let highest = this.strangerLead;
    for (const speaker of this.speakers) {
      if (speaker.retired) continue;
      speaker.lead = Math.max(0, speaker.lead + speaker.similarity - toBeat);
      highest = Math.max(highest, speaker.lead);
    }
    if (highest < switchEvidence || this.nearest === this.current) return this.current;
    this.forgetLeads();
    return this.nearest;
  }

  private forgetLeads(): void {
    this.strangerLead = 0;
    for (const speaker of this.speakers) speaker.lead = 0;
  }

  /** Puts the piece into memory, if it is long enough to tell a voice, and groups the voices anew now and then. */
  private closePiece(): void {
    const { pieceFrames, groupEvery } = this.settings;
    if (this.pieceFrames * 2 >= pieceFrames) {
      const gone = this.memory.add(this.piece, this.pieceFrames);
      const speaker = gone && this.speakers[gone.label];
      if (speaker && !speaker.known) speaker.past.add(gone.voice, gone.frames);
      this.ungrouped += this.fits() ? URGENCY_OF_A_FIT : 1;
      if (this.ungrouped >= groupEvery || this.isStrange()) this.regroup();
    }
    this.piece.fill(0);
    this.pieceFrames = 0;
  }

  /** Whether the piece sounds like the present speaker, and then is this one's without another look. */
  private fits(): boolean {
    const speaker = this.speakers[this.current];
    if (!speaker?.recent || speaker.retired) return false;
    if (similarity(this.piece, speaker.voice) < this.settings.fitsAbove) return false;
    this.memory.labelLatest(this.current);
    return true;
  }

  /** Whether the piece sounds like nobody so far: if a new voice has begun, the sooner it is known the better. */
  private isStrange(): boolean {
    return this.speakers.every(
      (speaker) => speaker.retired || similarity(this.piece, speaker.voice) < this.enoughFor(speaker),
    );
  }

  /** How alike a voice of which nothing is in memory must be to be this speaker's. */
  private enoughFor({ known }: Speaker): number {
    return known ? this.settings.knownAbove : this.settings.sameAbove;
  }

  /** Groups what is in memory into voices, and gives each group the label of the speaker that it is. */
  private regroup(): void {
    this.ungrouped = 0;
    const weights = this.memory.weightsByLabel();
    const groups = this.memory.group(this.groups);
    this.groups = groups.length;
    const voters = this.votes(groups, weights);
    const before = this.speakers.filter((speaker) => speaker.recent);
    for (const speaker of before) speaker.recent = false;
    const owned = groups.flatMap((group, index) => this.shares(group, voters[index] ?? []));
    for (const { slot, share } of owned) this.give(share, slot);
    groups.forEach((group, index) => {
      if (voters[index]?.length === 0) this.give(group, this.returning(group) ?? this.welcome(group));
    });
    for (const speaker of before) {
      if (!speaker.recent && !speaker.known && speaker.past.weight > 0) listenTo(speaker);
    }
  }

  private give(group: Group, slot: number): void {
    this.memory.relabel(group.members, slot);
    const speaker = this.speakers[slot];
    if (!speaker) return;
    speaker.recent = true;
    if (!speaker.known) listenTo(speaker, group.sum);
  }

  /** Per group, the speakers most of whose pieces it holds. Who has said too little has no vote. */
  private votes(groups: readonly Group[], weights: ReadonlyMap<number, number>): number[][] {
    const voters = groups.map((): number[] => []);
    for (const [slot, weight] of weights) {
      if (weight < this.settings.confirmFrames) continue;
      let most = 0;
      let choice: number[] | undefined;
      groups.forEach(({ members }, index) => {
        const held = members.filter((place) => this.memory.labelOf(place) === slot).length;
        if (held <= most) return;
        most = held;
        choice = voters[index];
      });
      choice?.push(slot);
    }
    return voters;
  }

  /**
   * Who the pieces of a group belong to. Speakers that are alike are one from now on, and the earliest keeps the label; those that are
   * not each keep the pieces that are nearest to them.
   */
  private shares(group: Group, voters: readonly number[]): { slot: number; share: Group }[] {
    const serial = (slot: number) => this.speakers[slot]?.serial ?? 0;
    const kept: number[] = [];
    for (const slot of [...voters].sort((one, other) => serial(one) - serial(other))) {
      const alike = kept.find((other) => this.areOne(other, slot));
      if (alike === undefined) kept.push(slot);
      else this.retire(slot, alike);
    }
    const [only] = kept;
    if (only === undefined) return [];
    if (kept.length === 1) return [{ slot: only, share: group }];
    const voices = kept.map((slot) => this.speakers[slot]?.voice ?? new Float32Array(this.embeddingSize));
    return this.memory.split(group, voices).map((share, index) => ({ slot: kept[index] ?? only, share }));
  }

  private areOne(slot: number, other: number): boolean {
    const [one, two] = [this.speakers[slot], this.speakers[other]];
    if (!one || !two || two.known) return false;
    return similarity(one.voice, two.voice) >= this.settings.mergeAbove;
  }

  private retire(slot: number, into: number): void {
    const [lost, kept] = [this.speakers[slot], this.speakers[into]];
    if (!lost || !kept) return;
    if (!kept.known && lost.past.weight > 0) kept.past.add(lost.past.mean, lost.past.weight);
    kept.heard = Math.max(kept.heard, lost.heard);
    lost.retired = true;
    this.mergedCount += 1;
    this.merged(slot, into);
  }

  /** The speaker with a name, or not heard for long, whose voice a group is. */
  private returning({ sum }: Group): number | undefined {
    let highest = -Infinity;
    let found: number | undefined;
    this.speakers.forEach((speaker, slot) => {
      if (speaker.retired || speaker.recent) return;
      const value = similarity(sum, speaker.voice);
      if (value < highest || value < this.enoughFor(speaker)) return;
      highest = value;
      found = slot;
    });
    return found;
  }

  /** Makes a group a speaker, if it was heard for long enough and there is room. */
  private welcome(group: Group): number {
    if (this.memory.freshFrames(group) < this.settings.confirmFrames) return NOBODY;
    const slot = this.freeSlot();
    if (slot === NOBODY) return NOBODY;
    this.memory.forget(slot);
    this.born += 1;
    const speaker = this.newSpeaker(group.sum, this.born);
    speaker.heard = this.frame;
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

/** Brings a speaker's voice up to date: what was said before, and what of it is in memory. */
function listenTo(speaker: Speaker, recent?: Float32Array): void {
  const { mean, weight } = speaker.past;
  speaker.voice = mean.map((value, index) => weight * value + (recent?.[index] ?? 0));
  speaker.length = lengthOf(speaker.voice);
}

/** Cosine of a unit vector with a speaker's voice. */
function cosine(embedding: Float32Array, { voice, length }: Speaker): number {
  const product = dot(embedding, voice);
  return product === 0 ? 0 : product / length;
}
