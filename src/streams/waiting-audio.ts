import type { Segment } from './gap-tracker';
import type { EndReason } from './events';
import { toSamples, type GapAction, type LiveSettings } from './settings';

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

/** Of all lines. */
interface Total {
  /** Samples of audio. */
  waiting: number;
  /** Bytes of messages that have not been read. */
  bytes: number;
  /** Since the beginning. */
  dropped: number;
}

/** The lines of all streams of a hub: what may wait in each, and in all together. */
export class WaitingRoom {
  readonly #limits: LiveSettings['waiting'];
  readonly #gaps: GapAction;
  readonly #lines = new Set<WaitingAudio>();
  readonly #total: Total = { waiting: 0, bytes: 0, dropped: 0 };

  /** @param gaps what is done about missing audio, and so about dropped audio */
  constructor(limits: LiveSettings['waiting'], gaps: GapAction) {
    this.#limits = limits;
    this.#gaps = gaps;
  }

  /** Samples of audio that wait. */
  get samples(): number {
    return this.#total.waiting;
  }

  /** Bytes of messages that wait to be read. */
  get bytes(): number {
    return this.#total.bytes;
  }

  /** Samples that were dropped since the beginning. */
  get droppedSamples(): number {
    return this.#total.dropped;
  }

  /** Whether a message of so many bytes may wait to be read. What would wait for nothing always may. */
  hasRoomFor(bytes: number): boolean {
    return this.bytes === 0 || this.bytes + bytes <= this.#limits.totalBytes;
  }

  /** A line of one more stream. */
  open(): WaitingAudio {
    const line = new WaitingAudio(this.#total, this.#gaps);
    this.#lines.add(line);
    return line;
  }

  /** A line that nothing is put into any more. */
  close(line: WaitingAudio): void {
    this.#lines.delete(line);
  }

  /**
   * Whether so many samples more may wait in a line, after older audio was dropped where that is the policy: of the line where
   * it is full, of the longest one where all together are. What would wait for nothing always has room, however long it is.
   */
  hasRoom(line: WaitingAudio, sampleCount: number): boolean {
    const { streamMs, totalMs, whenFull } = this.#limits;
    for (;;) {
      const isLineFull = line.samples > 0 && line.samples + sampleCount > toSamples(streamMs);
      const isFull = this.samples > 0 && this.samples + sampleCount > toSamples(totalMs);
      if (!isLineFull && !isFull) return true;
      if (whenFull !== 'drop-oldest') return false;
      if ((isLineFull ? line : this.#longest)?.dropOldest() !== true) return false;
    }
  }

  get #longest(): WaitingAudio | undefined {
    let longest: WaitingAudio | undefined;
    for (const line of this.#lines) if (line.samples > (longest?.samples ?? 0)) longest = line;
    return longest;
  }
}

/** The waiting line of one stream. It counts the audio in it; its room bounds it. */
export class WaitingAudio {
  readonly #line: Waiting[] = [];
  readonly #total: Total;
  readonly #gaps: GapAction;
  /** Told when no more than so many samples wait. */
  #watchers: { readonly samples: number; readonly tell: () => void }[] = [];
  #samples = 0;
  #droppedSamples = 0;

  /**
   * @param total of all lines of a room, which the line keeps up to date
   * @param gaps silence stands in the place of dropped audio; or nothing does; or, where gaps begin the stream anew, all
   *   audio in line goes with it
   */
  constructor(total: Total, gaps: GapAction) {
    this.#total = total;
    this.#gaps = gaps;
  }

  /** Samples of audio that wait here. */
  get samples(): number {
    return this.#samples;
  }

  /** Samples that were dropped here since the beginning, also to make room for other streams. */
  get droppedSamples(): number {
    return this.#droppedSamples;
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
   * Drops the oldest piece of audio, or all where gaps begin the stream anew; their messages count as done.
   *
   * @returns false when no audio waits
   */
  dropOldest(): boolean {
    if (!this.#dropOne()) return false;
    while (this.#gaps === 'reset' && this.#dropOne());
    return true;
  }

  #dropOne(): boolean {
    const position = this.#line.findIndex((item) => item.kind === 'audio');
    const item = this.#line[position];
    if (item?.kind !== 'audio') return false;
    this.#count(item, -1);
    this.#countDropped(item.samples.length);
    if (this.#gaps === 'silence') this.#silence(position, item.samples.length);
    else this.#line.splice(position, 1);
    item.settle?.resolve();
    return true;
  }

  /** Drops audio for which there is no room. */
  refuse(sampleCount: number): void {
    this.#countDropped(sampleCount);
    if (this.#gaps === 'silence') this.add(silence(sampleCount));
  }

  /** A message of so many bytes waits to be read, or waits no longer where they are negative. */
  countBytes(bytes: number): void {
    this.#total.bytes += bytes;
  }

  /** Resolves when no more than so many samples wait. */
  below(samples: number): Promise<void> {
    if (this.#samples <= samples) return Promise.resolve();
    return new Promise((resolve) => {
      this.#watchers.push({ samples, tell: resolve });
    });
  }

  /** Empties the line. */
  clear(): readonly Waiting[] {
    const items = this.#line.splice(0);
    for (const item of items) this.#count(item, -1);
    return items;
  }

  /** Puts silence in the place of an item, as one with the silence before it. */
  #silence(position: number, sampleCount: number): void {
    const before = this.#line[position - 1];
    if (before?.kind === 'silence') {
      this.#line.splice(position - 1, 2, silence(before.sampleCount + sampleCount));
    } else {
      this.#line[position] = silence(sampleCount);
    }
  }

  #count(item: Waiting, sign: 1 | -1): void {
    if (item.kind !== 'audio') return;
    this.#samples += sign * item.samples.length;
    this.#total.waiting += sign * item.samples.length;
    if (this.#watchers.length === 0) return;
    const told = this.#watchers.filter(({ samples }) => this.#samples <= samples);
    this.#watchers = this.#watchers.filter((watcher) => !told.includes(watcher));
    for (const { tell } of told) tell();
  }

  #countDropped(sampleCount: number): void {
    this.#droppedSamples += sampleCount;
    this.#total.dropped += sampleCount;
  }
}

function silence(sampleCount: number): Waiting {
  return { kind: 'silence', sampleCount };
}
