/** Frames that wait for what comes after them, where a speaker map looks ahead (decision 14). */
import { FRAME_MS } from '../clock';
import type { FramePredictions, ModelDescription } from '../inference';
import type { Analysis } from '../insight';
import { framesOf, levelsOf, type AnswerableFrames } from './frames';

/** Frames that are held at most where sound is grouped as a whole: two minutes, so that grouping them keeps nobody else waiting for long. */
export const WHOLE_FRAMES = 1_920;

/** Milliseconds that a speaker map of a live stream waits for what comes after a frame. */
export const DEFAULT_SPEAKER_DELAY = 512;

/**
 * What the answers of a stream wait for: nothing, unless a speaker map is among the models.
 *
 * @param wait milliseconds, or `whole` for sound that has an end
 * @returns frames, or `whole`
 */
export function speakerWaitOf(
  models: readonly Pick<ModelDescription, 'activation'>[],
  wait: number | 'whole',
): number | 'whole' {
  if (!models.some(({ activation }) => activation === 'embedding')) return 0;
  return wait === 'whole' ? wait : wait / FRAME_MS;
}

/** Holds the frames of one stream; memory is bounded by the delay, or by two minutes. */
export class HeldFrames {
  #held: AnswerableFrames[] = [];
  #count = 0;

  /**
   * @param analysis hears frames ahead, and is pushed nothing here
   * @param delay frames by which answers are late, or `whole`: held until two minutes are there, and then grouped
   */
  constructor(
    private readonly analysis: Pick<Analysis, 'hearAhead'>,
    private readonly delay: number | 'whole',
  ) {}

  /** Milliseconds by which the answers are late that are not held as a whole. */
  get delayMs(): number {
    return this.delay === 'whole' ? 0 : this.delay * FRAME_MS;
  }

  /** Takes frames, and gives those that can be answered now. */
  hold(frames: AnswerableFrames): readonly AnswerableFrames[] {
    this.analysis.hearAhead(frames.levels, frames.predictions);
    this.#held.push(frames);
    this.#count += frames.predictions.frameCount;
    if (this.delay === 'whole') return this.#count < WHOLE_FRAMES ? [] : this.rest();
    return this.#release(this.#count - this.delay);
  }

  /** All that is held. Who takes it settles the analysis before it is pushed. */
  rest(): readonly AnswerableFrames[] {
    return this.#release(this.#count);
  }

  /** The oldest frames. */
  #release(count: number): readonly AnswerableFrames[] {
    const released: AnswerableFrames[] = [];
    let left = Math.max(0, count);
    this.#count -= left;
    while (left > 0) {
      const first = this.#held.shift();
      if (!first) break;
      const { frameCount } = first.predictions;
      if (frameCount > left) {
        this.#held.unshift(part(first, left, frameCount));
        released.push(part(first, 0, left));
      } else released.push(first);
      left -= Math.min(left, frameCount);
    }
    return released;
  }
}

/** Frames [from, to) of others. */
function part({ levels, predictions, sound }: AnswerableFrames, from: number, to: number): AnswerableFrames {
  const ofSound = sound && soundOf(sound, predictions, from, to);
  return { levels: levelsOf(levels, from, to), predictions: framesOf(predictions, from, to), sound: ofSound };
}

function soundOf(sound: Int16Array, { frameCount }: FramePredictions, from: number, to: number): Int16Array {
  const perFrame = sound.length / frameCount;
  return sound.subarray(from * perFrame, to * perFrame);
}
