/** Who speaks in sound that is at hand as a whole: grouped first, answered afterwards (decision 14). */
import type { ClusteringSettings } from '../../inference';
import type { Steps } from '../../steps';
import { dot, lengthOf, normalised, similarity } from './centroid';
import { speakerSettings, type SpeakerSettings } from './clustering-settings';
import { VoiceMemory, type Group } from './voice-memory';
import { NOBODY, type LookingAhead, type VoiceDecision } from './voice-source';

/** Frames later, while the same stretch of speech lasts, whose embedding tells who speaks: it has heard more of the voice. */
const LATER = 8;

/** A voice of the sound. */
interface Speaker {
  /** Points where the voice points. */
  voice: Float32Array;
  /** 0 for known voices, which do not move. */
  readonly serial: number;
}

/** Frames [from, to) in which somebody speaks without a pause. */
type Run = readonly [from: number, to: number];

/**
 * Groups the frames of a block by Ward's method, as many groups as make the objective of `VoiceMemory` smallest, takes each group for
 * the speaker of blocks before, or the known voice, that it is most alike, and gives every frame to a group by the cheapest path (Viterbi
 * 1967), on which a change of speaker within a stretch of speech costs `switchCost`. Memory is that of one block.
 */
export class WholeVoices implements LookingAhead {
  private readonly settings: SpeakerSettings;
  private readonly speakers: Speaker[];
  private readonly knownCount: number;
  /** Of the frames that are not decided yet; undefined where nobody speaks. */
  private heard: (Float32Array | undefined)[] = [];
  private decided: (VoiceDecision | undefined)[] = [];
  private at = 0;
  private born = 0;

  /** @param knownVoices L2-normalised; they take the first slots. */
  constructor(
    private readonly embeddingSize: number,
    fromCatalogue: ClusteringSettings | undefined,
    knownVoices: readonly Float32Array[],
  ) {
    this.settings = speakerSettings(fromCatalogue);
    this.speakers = knownVoices.map((voice) => ({ voice, serial: 0 }));
    this.knownCount = knownVoices.length;
  }

  hear(embedding: Float32Array | undefined): void {
    this.heard.push(embedding && embedding.slice());
  }

  *settle(): Steps<void> {
    const { heard } = this;
    const stretches = this.stretches();
    const groups = yield* this.group(stretches.flat());
    yield;
    const slots = this.recognise(groups);
    this.decided = heard.map(() => undefined);
    for (const stretch of stretches) {
      this.follow(stretch, groups, slots);
      yield;
    }
    this.at = 0;
    this.heard = [];
  }

  next(): VoiceDecision {
    const found = this.decided[this.at];
    this.at += 1;
    return found ?? { slot: NOBODY, serial: 0, similarity: 0 };
  }

  skip(): void {
    this.at += 1;
  }

  serialOf(slot: number): number {
    return this.speakers[slot]?.serial ?? 0;
  }

  centroidOf(slot: number): Float32Array | undefined {
    const speaker = this.speakers[slot];
    return speaker && normalised(speaker.voice);
  }

  /** Stretches of speech, each in its runs: pauses shorter than `pauseFrames` do not end one. */
  private stretches(): Run[][] {
    const found: Run[][] = [];
    let end = -Infinity;
    for (let from = 0; from < this.heard.length; from += 1) {
      if (!this.heard[from]) continue;
      let to = from + 1;
      while (this.heard[to]) to += 1;
      const run: Run = [from, to];
      if (from - end < this.settings.pauseFrames) found.at(-1)?.push(run);
      else found.push([run]);
      end = to;
      from = to;
    }
    return found;
  }

  /** The voices of the block that were heard for long enough. */
  private *group(runs: readonly Run[]): Steps<readonly Group[]> {
    const { wholePieceFrames: pieceFrames, wholeGroupCost } = this.settings;
    const { confirmFrames, wholeConfirmFrames, knownAbove } = this.settings;
    const pieces = runs.flatMap(([from, to]) => {
      const starts = Array.from(
        { length: Math.ceil((to - from) / pieceFrames) },
        (_, k) => from + k * pieceFrames,
      );
      return starts.map((start): Run => [start, Math.min(start + pieceFrames, to)]);
    });
    const long = pieces.filter(([from, to]) => (to - from) * 2 >= pieceFrames);
    if (long.length === 0) return [];
    const memory = new VoiceMemory(this.embeddingSize, {
      ...this.settings,
      groupCost: wholeGroupCost,
      memoryPieces: long.length,
    });
    for (const [from, to] of long) {
      memory.add(this.sum(from, to), to - from);
      yield;
    }
    const groups = memory.group(0);
    // Where nobody is heard for so long, the one who is heard most is somebody all the same.
    const fewest = Math.min(wholeConfirmFrames, Math.max(...groups.map(({ weight }) => weight)));
    const isKnown = (sum: Float32Array): boolean =>
      this.speakers.slice(0, this.knownCount).some(({ voice }) => similarity(sum, voice) >= knownAbove);
    return groups.filter(({ sum, weight }) => weight >= confirmFrames && (weight >= fewest || isKnown(sum)));
  }

  private sum(from: number, to: number): Float32Array {
    const sum = new Float32Array(this.embeddingSize);
    for (let frame = from; frame < to; frame += 1) {
      const embedding = this.heard[frame];
      for (let index = 0; index < sum.length; index += 1) {
        sum[index] = (sum[index] ?? 0) + (embedding?.[index] ?? 0);
      }
    }
    return sum;
  }

  /** The slot of each group: of who is most alike and of no other group, the surest first; a new one where nobody is alike. */
  private recognise(groups: readonly Group[]): number[] {
    const { knownAbove, mergeAbove, maxSpeakers } = this.settings;
    const pairs = groups.flatMap(({ sum }, group) =>
      this.speakers.map(({ voice }, slot) => ({ group, slot, by: similarity(sum, voice) })),
    );
    const slots = groups.map(() => NOBODY);
    const used = new Set<number>();
    for (const { group, slot, by } of pairs.sort((one, other) => other.by - one.by)) {
      const enough = slot < this.knownCount ? knownAbove : mergeAbove;
      if (by < enough || slots[group] !== NOBODY || used.has(slot)) continue;
      slots[group] = slot;
      used.add(slot);
    }
    groups.forEach(({ sum }, group) => {
      const speaker = this.speakers[slots[group] ?? NOBODY];
      if (speaker && speaker.serial > 0)
        speaker.voice = speaker.voice.map((value, index) => value + (sum[index] ?? 0));
      if (speaker || this.speakers.length >= this.knownCount + maxSpeakers) return;
      this.born += 1;
      slots[group] = this.speakers.length;
      this.speakers.push({ voice: sum, serial: this.born });
    });
    return slots;
  }

  /** Decides the frames of a stretch. */
  private follow(stretch: readonly Run[], groups: readonly Group[], slots: readonly number[]): void {
    const frames = stretch.flatMap(([from, to]) =>
      Array.from({ length: to - from }, (_, k) => ({
        frame: from + k,
        heard: Math.min(from + k + LATER, to - 1),
      })),
    );
    const voices = groups.map(({ sum }) => normalised(sum));
    const alike = frames.map(({ heard }) => {
      const embedding = this.heard[heard] ?? new Float32Array(this.embeddingSize);
      const length = lengthOf(embedding);
      return voices.map((voice) => (length === 0 ? 0 : dot(embedding, voice) / length));
    });
    cheapestPath(alike, this.settings.switchCost).forEach((group, k) => {
      const { frame } = frames[k] ?? { frame: 0 };
      const by = alike[k]?.[group] ?? 0;
      const slot = by < this.settings.newSpeakerBelow ? NOBODY : (slots[group] ?? NOBODY);
      this.decided[frame] = { slot, serial: this.serialOf(slot), similarity: by };
    });
  }
}

/**
 * The group of each frame on the path with the highest sum of likenesses less the cost of its changes.
 *
 * @param alike [frames][groups]
 */
function cheapestPath(alike: readonly (readonly number[])[], switchCost: number): number[] {
  const count = alike[0]?.length ?? 0;
  let best: number[] = Array.from({ length: count }, () => 0);
  const before = alike.map((row, frame) => {
    const top = highest(best);
    const change = frame === 0 ? -Infinity : (best[top] ?? 0) - switchCost;
    const from = best.map((stay, group) => (change > stay ? top : group));
    best = best.map((stay, group) => Math.max(stay, change) + (row[group] ?? 0));
    return from;
  });
  let group = highest(best);
  const path: number[] = [];
  for (const from of before.reverse()) {
    path.push(group);
    group = from[group] ?? group;
  }
  return path.reverse();
}

/** Index of the highest; the first of equals. */
function highest(values: readonly number[]): number {
  let found = 0;
  values.forEach((value, index) => {
    if (value > (values[found] ?? -Infinity)) found = index;
  });
  return found;
}
