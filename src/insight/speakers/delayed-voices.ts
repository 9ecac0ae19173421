/** Who speaks, decided a little later: by then more of the voice has been heard, and of who else there is (decision 14). */
import { done, type Steps } from '../../steps';
import type { SpeakerClustering } from './speaker-clustering';
import { NOBODY, type LookingAhead, type VoiceDecision } from './voice-source';

/**
 * Decides a frame by what the clustering says of the frame `delay` later, as long as somebody speaks until then: an embedding tells
 * of the two seconds before it, so that of a voice that has just begun it says little.
 */
export class DelayedVoices implements LookingAhead {
  /** Of the frames heard and not decided, the oldest first; undefined where nobody speaks. */
  private readonly heard: (VoiceDecision | undefined)[] = [];

  /** @param delay frames */
  constructor(
    private readonly clustering: SpeakerClustering,
    private readonly delay: number,
  ) {}

  hear(embedding: Float32Array | undefined): void {
    if (!embedding) {
      this.clustering.skip();
      this.heard.push(undefined);
      return;
    }
    const slot = this.clustering.assign(embedding);
    const serial = slot === NOBODY ? 0 : this.clustering.serialOf(slot);
    this.heard.push({ slot, serial, similarity: this.clustering.similarityTo(slot) });
  }

  /** Nothing waits: each frame was decided as it was heard. */
  settle(): Steps<void> {
    return done(undefined);
  }

  next(): VoiceDecision {
    let found = this.heard[0];
    for (let later = 1; later <= this.delay; later += 1) {
      const next = this.heard[later];
      if (!next) break;
      found = next;
    }
    this.heard.shift();
    return found ?? { slot: NOBODY, serial: 0, similarity: 0 };
  }

  skip(): void {
    this.heard.shift();
  }

  /** Whether a slot's speaker is yet to be told of. */
  isDue(slot: number): boolean {
    return this.heard.some((decision) => decision?.slot === slot);
  }

  /** Two speakers turned out to be one: what is still to be told goes to the one that is kept. */
  merge(slot: number, into: number): void {
    for (const decision of this.heard) {
      if (decision?.slot !== slot) continue;
      decision.slot = into;
      decision.serial = this.clustering.serialOf(into);
    }
  }

  serialOf(slot: number): number {
    return this.clustering.serialOf(slot);
  }

  centroidOf(slot: number): Float32Array | undefined {
    return this.clustering.centroidOf(slot);
  }
}
