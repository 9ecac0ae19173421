/**
 * Synthetic voice embeddings. A voice is a random direction; what is said moves the embedding around it slowly (as a
 * window of about 2 s of audio does) and at random; after a change of speaker the embedding crosses over within
 * about half a second.
 */
import { normalised } from '../../src/insight/speakers/centroid';
import { randomNumbers } from './frames';

export const EMBEDDING_SIZE = 96;

export interface VoiceStyle {
  /** Length of the slow noise beside the voice's direction, which has length 1. */
  readonly slowNoise: number;
  readonly fastNoise: number;
  /** Cosine that all voices have with each other: what the embedding says about everything but the speaker. */
  readonly alike: number;
}

export const EASY: VoiceStyle = { slowNoise: 0.5, fastNoise: 0.5, alike: 0.1 };
export const HARD: VoiceStyle = { slowNoise: 0.8, fastNoise: 0.8, alike: 0.3 };

/** Frames of the crossing after a change of speaker. */
const CROSSING_FRAMES = 8;
const SLOW_FRAMES = 16;
/** Small networks spread voices over far fewer dimensions than their embedding has. */
const USED_DIMENSIONS = 24;

export type Turn = readonly [voice: number | null, frames: number];

export class VoiceWorld {
  private readonly random: () => number;
  private readonly common: Float32Array;
  private readonly voices = new Map<number, Float32Array>();
  private slow = new Float32Array(EMBEDDING_SIZE);
  private blend = new Float32Array(EMBEDDING_SIZE);

  constructor(
    seed: number,
    private readonly style: VoiceStyle,
  ) {
    this.random = randomNumbers(seed);
    this.common = this.direction();
  }

  /** Embedding of one frame; null = nobody speaks, and the embedding stays near whom it heard last. */
  frame(voice: number | null): Float32Array {
    if (voice !== null) {
      const target = this.voice(voice);
      this.blend = this.blend.map(
        (value, index) => value + ((target[index] ?? 0) - value) * (2 / CROSSING_FRAMES),
      );
    }
    const keep = Math.exp(-1 / SLOW_FRAMES);
    const noise = this.direction();
    this.slow = this.slow.map(
      (value, index) => keep * value + Math.sqrt(1 - keep * keep) * (noise[index] ?? 0),
    );
    const fast = this.direction();
    return normalised(
      this.blend.map(
        (value, index) =>
          value + this.style.slowNoise * (this.slow[index] ?? 0) + this.style.fastNoise * (fast[index] ?? 0),
      ),
    );
  }

  voice(number: number): Float32Array {
    const existing = this.voices.get(number);
    if (existing) return existing;
    const own = this.direction();
    const made = normalised(
      own.map(
        (value, index) =>
          Math.sqrt(1 - this.style.alike) * value + Math.sqrt(this.style.alike) * (this.common[index] ?? 0),
      ),
    );
    this.voices.set(number, made);
    return made;
  }

  /** A random direction in the part of the space that embeddings use. */
  private direction(): Float32Array {
    const gaussian = () =>
      Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
    const used = normalised(Float32Array.from({ length: USED_DIMENSIONS }, gaussian));
    const direction = new Float32Array(EMBEDDING_SIZE);
    direction.set(used);
    return direction;
  }
}

/** A conversation of random turns with pauses between them. */
export function conversation(seed: number, voices: number, turns: number, meanFrames = 40): Turn[] {
  const random = randomNumbers(seed);
  const made: Turn[] = [];
  let voice = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    made.push([voice, Math.round(8 - meanFrames * Math.log(1 - random()))]);
    if (random() < 0.7) made.push([null, Math.round(1 + 8 * random())]);
    voice = (voice + 1 + Math.floor(random() * (voices - 1))) % voices;
  }
  return made;
}

/**
 * Diarization error rate without collar: the share of speech frames whose label is not the one that the best
 * one-to-one mapping gives their speaker; frames that are called nobody count as errors.
 */
export function diarizationError(truth: readonly number[], found: readonly number[]): number {
  const voices = [...new Set(truth)];
  const labels = [...new Set(found)].filter((label) => label >= 0);
  const together = (voice: number, label: number) =>
    truth.filter((value, index) => value === voice && found[index] === label).length;
  const table = voices.map((voice) => labels.map((label) => together(voice, label)));
  const best = (row: number, taken: ReadonlySet<number>): number => {
    if (row === voices.length) return 0;
    let most = best(row + 1, taken);
    labels.forEach((_, column) => {
      if (taken.has(column)) return;
      const count = table[row]?.[column] ?? 0;
      if (count > 0) most = Math.max(most, count + best(row + 1, new Set(taken).add(column)));
    });
    return most;
  };
  return 1 - best(0, new Set()) / truth.length;
}
