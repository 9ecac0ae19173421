/** What was said lately, in pieces of a quarter of a second, and how many voices that is. */
import type { SpeakerSettings } from './clustering-settings';
import { dot, normalised } from './centroid';
import { cut, wardMerges } from './ward';

/** One voice among the pieces in memory. */
export interface Group {
  /** Sum of the frames' embeddings; not of unit length. */
  readonly sum: Float32Array;
  /** Frames. */
  readonly weight: number;
  /** Pieces, by their places in memory. */
  readonly members: readonly number[];
}

/** A piece that made room, for those who keep longer memories. */
export interface Piece {
  readonly voice: Float32Array;
  readonly frames: number;
  readonly label: number;
}

/** Label of pieces whose speaker made room for another. */
const FORGOTTEN = -2;

/** Work space of a grouping; one for all streams, since a grouping never waits. */
let costs = new Float64Array(0);
let weights = new Float64Array(0);

/** The latest pieces of speech: unit vectors, their mutual similarities, and a label each. Memory is fixed. */
export class VoiceMemory {
  private readonly voices: Float32Array[] = [];
  private readonly frames: number[] = [];
  /** Cosines, [place x place]. */
  private readonly cosines: Float32Array;
  private readonly labels: number[] = [];
  private next = 0;

  constructor(
    private readonly size: number,
    private readonly settings: SpeakerSettings,
  ) {
    this.cosines = new Float32Array(settings.memoryPieces ** 2);
  }

  labelOf(place: number): number {
    return this.labels[place] ?? -1;
  }

  /** Label of the piece that came last. */
  get latestLabel(): number {
    return this.labelOf(this.latestPlace);
  }

  labelLatest(label: number): void {
    this.labels[this.latestPlace] = label;
  }

  private get latestPlace(): number {
    return (this.next + this.settings.memoryPieces - 1) % this.settings.memoryPieces;
  }

  /** Frames per label of the pieces that have one. */
  weightsByLabel(): Map<number, number> {
    const found = new Map<number, number>();
    this.labels.forEach((label, place) => {
      if (label >= 0) found.set(label, (found.get(label) ?? 0) + (this.frames[place] ?? 0));
    });
    return found;
  }

  /** Pieces without a speaker have the label -1, but for those whose speaker was forgotten. */
  relabel(places: readonly number[], label: number): void {
    for (const place of places) {
      if (label >= 0 || this.labelOf(place) !== FORGOTTEN) this.labels[place] = label;
    }
  }

  /** The pieces of a label are not to make a new speaker. */
  forget(label: number): void {
    this.labels.forEach((other, place) => {
      if (other === label) this.labels[place] = FORGOTTEN;
    });
  }

  /** Frames of a group that may make a new speaker. */
  freshFrames({ members }: Group): number {
    const fresh = members.filter((place) => this.labelOf(place) !== FORGOTTEN);
    return fresh.reduce((sum, place) => sum + (this.frames[place] ?? 0), 0);
  }

  /** Adds a piece without a label, and gives the one that made room for it. */
  add(sum: Float32Array, frames: number): Piece | undefined {
    const { memoryPieces } = this.settings;
    const place = this.next % memoryPieces;
    this.next += 1;
    const oldest = this.voices[place];
    const gone = oldest && { voice: oldest, frames: this.frames[place] ?? 0, label: this.labelOf(place) };
    const voice = normalised(sum);
    this.voices[place] = voice;
    this.frames[place] = frames;
    this.labels[place] = -1;
    this.voices.forEach((other, column) => {
      const cosine = dot(voice, other);
      this.cosines[place * memoryPieces + column] = cosine;
      this.cosines[column * memoryPieces + place] = cosine;
    });
    return gone;
  }

  /**
   * The voices in memory. As many as make the mean squared distance of the pieces from the means of their groups, plus a cost per
   * group, smallest: the objective of DP-means (Kulis and Jordan 2012), over the cuts of Ward's tree. Voices that are far apart are never one.
   *
   * @param before How many there were last time: they stay as many unless another number is clearly better.
   */
  group(before: number): Group[] {
    const n = this.voices.length;
    const merges = wardMerges(this.mergeCosts(), this.pieceWeights(), n);
    const total = this.frames.reduce((sum, frames) => sum + frames, 0);
    const { groupCost, fewFrames, keepNumber, apart, confirmFrames } = this.settings;
    const perGroup = groupCost * (1 + fewFrames / total);
    let least = 1;
    let squares = 0;
    let best = n;
    let lowest = Infinity;
    for (let groups = n; groups >= 1; groups -= 1) {
      const cost = squares / total + perGroup * groups - (groups === before ? keepNumber : 0);
      if (cost < lowest) [lowest, best] = [cost, groups];
      const merge = merges[n - groups];
      if (!merge) break;
      const { weightA, weightB } = merge;
      squares += merge.cost;
      const distance = (merge.cost * (weightA + weightB)) / (weightA * weightB);
      if (distance > apart && Math.min(weightA, weightB) >= confirmFrames) least = Math.max(least, groups);
    }
    const groups = Math.max(best, least);
    return this.refined(cut(merges, n, groups), groups);
  }

  /** The parts of a group that are nearest to each of some voices. */
  split({ members }: Group, voices: readonly Float32Array[]): Group[] {
    const means = voices.map(normalised);
    const assigned = new Int32Array(this.voices.length).fill(-1);
    for (const place of members) {
      const voice = this.voices[place];
      if (voice) assigned[place] = nearestOf(voice, means);
    }
    return this.gather(assigned, voices.length);
  }

  /** Lets every piece go to the group whose mean is nearest: Ward's merges are never taken back. */
  private refined(assigned: Int32Array, groups: number): Group[] {
    const means = this.gather(assigned, groups).map(({ sum }) => normalised(sum));
    const nearest = Int32Array.from(this.voices, (voice) => nearestOf(voice, means));
    return this.gather(nearest, groups).filter(({ weight }) => weight > 0);
  }

  private gather(assigned: Int32Array, groups: number): Group[] {
    const found = Array.from({ length: groups }, () => ({
      sum: new Float32Array(this.size),
      weight: 0,
      members: [] as number[],
    }));
    this.voices.forEach((voice, place) => {
      const group = found[assigned[place] ?? -1];
      if (!group) return;
      const frames = this.frames[place] ?? 0;
      for (let index = 0; index < this.size; index += 1) {
        group.sum[index] = (group.sum[index] ?? 0) + frames * (voice[index] ?? 0);
      }
      group.weight += frames;
      group.members.push(place);
    });
    return found;
  }

  /** What merging two pieces costs, [n x n]. */
  private mergeCosts(): Float64Array {
    const n = this.voices.length;
    if (costs.length < n * n) costs = new Float64Array(n * n);
    for (let a = 0; a < n; a += 1) {
      const weightA = this.frames[a] ?? 0;
      const row = a * this.settings.memoryPieces;
      for (let b = 0; b < a; b += 1) {
        const weightB = this.frames[b] ?? 0;
        const cost = ((2 * weightA * weightB) / (weightA + weightB)) * (1 - (this.cosines[row + b] ?? 0));
        costs[a * n + b] = cost;
        costs[b * n + a] = cost;
      }
    }
    return costs;
  }

  private pieceWeights(): Float64Array {
    if (weights.length < this.frames.length) weights = new Float64Array(this.settings.memoryPieces);
    weights.set(this.frames);
    return weights;
  }
}

/** Index of the unit vector that is nearest to another. */
function nearestOf(voice: Float32Array, means: readonly Float32Array[]): number {
  let highest = -Infinity;
  let nearest = 0;
  means.forEach((mean, index) => {
    const value = dot(voice, mean);
    if (value > highest) {
      highest = value;
      nearest = index;
    }
  });
  return nearest;
}
