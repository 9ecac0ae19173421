import type { Segment } from './gap-tracker';
import type { EndReason } from './events';

/** Told when the work that a message asked for is done, or will not be. */
export interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What waits for its turn, in order. */
export type Waiting =
  | { readonly kind: 'audio'; readonly samples: Float32Array; readonly settle: Settle | undefined }
  /** Lost audio: time passes. */
  | { readonly kind: 'silence'; readonly sampleCount: number }
  /** Lost audio: the stream ends and begins anew. */
  | { readonly kind: 'restart'; readonly segment: Segment }
  | { readonly kind: 'summary'; readonly settle: Settle }
  | { readonly kind: 'end'; readonly reason: EndReason; readonly settle: Settle };

/** Samples of audio that wait, over all streams. */
export interface WaitingTotal {
  samples: number;
}

/** What stands in the place of dropped audio. */
export type Replacement = 'silence' | 'nothing';

/** The waiting line of one stream. It counts the audio in it; others bound it. */
export class WaitingAudio {
  readonly #line: Waiting[] = [];
  readonly #total: WaitingTotal;
  #samples = 0;

  /** @param total shared by all streams of a hub */
  constructor(total: WaitingTotal) {
    this.#total = total;
  }

  /** Samples of audio that wait here. */
  get samples(): number {
    return this.#samples;
  }

  get first(): Waiting | undefined {
    return this.#line[0];
  }

  add(item: Waiting): void {
    const last = this.#line.at(-1);
    if (item.kind === 'restart' && last?.kind === 'restart') this.#line.pop();
    if (item.kind === 'silence' && last?.kind === 'silence') {
      this.#line[this.#line.length - 1] = silence(last.sampleCount + item.sampleCount);
      return;
    }
    this.#line.push(item);
    this.#count(item, 1);
  }

  take(): Waiting | undefined {
    const item = this.#line.shift();
    if (item) this.#count(item, -1);
    return item;
  }

  /**
   * Drops the oldest piece of audio; its message counts as done.
   *
   * @returns its number of samples, 0 when no audio waits
   */
  dropOldest(replacement: Replacement): number {
    const position = this.#line.findIndex((item) => item.kind === 'audio');
    const item = this.#line[position];
    if (item?.kind !== 'audio') return 0;
    this.#count(item, -1);
    const sampleCount = item.samples.length;
    if (replacement === 'nothing') this.#line.splice(position, 1);
    else {
      const before = this.#line[position - 1];
      if (before?.kind === 'silence') {
        this.#line.splice(position - 1, 2, silence(before.sampleCount + sampleCount));
      } else {
        this.#line[position] = silence(sampleCount);
      }
    }
    item.settle?.resolve();
    return sampleCount;
  }

  /** Empties the line. */
  clear(): readonly Waiting[] {
    const items = this.#line.splice(0);
    for (const item of items) this.#count(item, -1);
    return items;
  }

  #count(item: Waiting, sign: 1 | -1): void {
    if (item.kind !== 'audio') return;
    this.#samples += sign * item.samples.length;
    this.#total.samples += sign * item.samples.length;
  }
}

function silence(sampleCount: number): Waiting {
  return { kind: 'silence', sampleCount };
}
