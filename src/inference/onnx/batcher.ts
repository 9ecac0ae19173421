/**
 * Decides what runs next: pure bookkeeping with the time passed in, no clock, no runtime.
 *
 * A run of the models has the shape [streams x frames]. Live streams ask for a frame or a few at a time and are
 * run together; they may wait for each other for a bounded time. A long request (a file, a clip) runs in strides,
 * between which live streams have their turn. Within a stream the order is kept.
 */

/** A request for the predictions of consecutive frames of one stream. */
export interface FrameRequest {
  readonly frameCount: number;
}

/** Consecutive frames of one request inside a batch. */
export interface BatchPart<R extends FrameRequest> {
  readonly request: R;
  readonly fromFrame: number;
  readonly frameCount: number;
}

/** The frames of one stream inside a batch, in order; together `batch.frameCount` frames. */
export interface BatchItem<R extends FrameRequest> {
  readonly stream: number;
  readonly parts: readonly BatchPart<R>[];
}

/** One run: every item has the same number of frames. */
export interface Batch<R extends FrameRequest> {
  readonly frameCount: number;
  readonly items: readonly BatchItem<R>[];
}

export interface BatcherSettings {
  /** Longest time, in ms, that a live stream's frame waits for frames of other streams. */
  readonly maxDelayMs: number;
  /** Most streams in one run. */
  readonly maxStreams: number;
  /** Most frames, over all streams, in one run: bounds how long a run takes. */
  readonly maxFrames: number;
}

/** Requests of at most this many frames (256 ms) are those of a live stream. */
const LIVE_FRAMES = 4;
/** Runs of live streams in a row while a long request waits. */
const LIVE_RUNS_PER_STRIDE = 4;
/** A live stream that is silent for this many of its usual intervals is no longer waited for. */
const MISSED_INTERVALS = 3;

interface StreamQueue<R> {
  readonly id: number;
  readonly requests: { readonly request: R; readonly arrivedAt: number }[];
  /** Frames of the first request that were handed out. */
  framesTaken: number;
  framesReady: number;
  /** Requests from the front that must run one at a time, see `giveBack`. */
  oneAtATime: number;
  lastArrivalAt: number | undefined;
  /** Smoothed time between two requests in ms; undefined before the second. */
  intervalMs: number | undefined;
}

export class Batcher<R extends FrameRequest> {
  private readonly streams = new Map<number, StreamQueue<R>>();
  /** Streams with frames to run; the one that waited longest for its turn is first. */
  private readonly ready = new Set<StreamQueue<R>>();
  private liveRunsInARow = 0;

  constructor(private readonly settings: BatcherSettings) {}

  get streamCount(): number {
    return this.streams.size;
  }

  /** Frames that wait, over all streams. */
  get framesReady(): number {
    let sum = 0;
    for (const queue of this.ready) sum += queue.framesReady;
    return sum;
  }

  open(stream: number): void {
    this.streams.set(stream, {
      id: stream,
      requests: [],
      framesTaken: 0,
      framesReady: 0,
      oneAtATime: 0,
      lastArrivalAt: undefined,
      intervalMs: undefined,
    });
  }

  /** Forgets a stream and what waits in it. */
  close(stream: number): void {
    const queue = this.streams.get(stream);
    if (!queue) return;
    this.ready.delete(queue);
    this.streams.delete(stream);
  }

  /** True when nothing of the stream waits. */
  isIdle(stream: number): boolean {
    return (this.streams.get(stream)?.framesReady ?? 0) === 0;
  }

  add(stream: number, request: R, now: number): void {
    const queue = this.streams.get(stream);
    if (!queue) return;
    if (queue.lastArrivalAt !== undefined) {
      const interval = now - queue.lastArrivalAt;
      queue.intervalMs =
        queue.intervalMs === undefined ? interval : 0.75 * queue.intervalMs + 0.25 * interval;
    }
    queue.lastArrivalAt = now;
    queue.requests.push({ request, arrivedAt: now });
    queue.framesReady += request.frameCount;
    this.ready.add(queue);
  }

  /** Milliseconds until `next` has something to run: 0 at once, Infinity when nothing waits. */
  waitMs(now: number): number {
    let live = 0;
    let oldest = Infinity;
    for (const queue of this.ready) {
      if (!isLive(queue)) return 0;
      live += 1;
      oldest = Math.min(oldest, queue.requests[0]?.arrivedAt ?? now);
    }
    if (live === 0) return Infinity;
    const deadline = oldest + this.settings.maxDelayMs;
    if (live >= this.settings.maxStreams || !this.isAnotherExpected(now, deadline)) return 0;
    return Math.max(0, deadline - now);
  }

  /** Takes the frames of the next run, or undefined when it is better to wait (see `waitMs`). */
  next(now: number): Batch<R> | undefined {
    const ready = [...this.ready];
    const long = ready.filter((queue) => !isLive(queue));
    const live = ready.filter(isLive);
    if (live.length > 0 && (long.length === 0 || this.liveRunsInARow < LIVE_RUNS_PER_STRIDE)) {
      // With a long request at hand nobody waits: the stride that would run meanwhile takes as long as the delay.
      if (long.length > 0 || this.waitMs(now) === 0) {
        this.liveRunsInARow += 1;
        return this.take(live);
      }
      return undefined;
    }
    this.liveRunsInARow = 0;
    return long.length > 0 ? this.take(long) : undefined;
  }

  /**
   * Puts an item back at the front of its stream, to be run again request by request. A run of several requests
   * that gave numbers that are not finite says nothing about which of them is to blame.
   *
   * @returns false where the stream was closed meanwhile
   */
  giveBack(item: BatchItem<R>): boolean {
    const queue = this.streams.get(item.stream);
    const first = item.parts[0];
    if (!queue || !first) return false;
    const taken = item.parts.filter((part) => queue.requests[0]?.request !== part.request);
    // They have waited already: an arrival in the past makes them run at once.
    queue.requests.unshift(...taken.map(({ request }) => ({ request, arrivedAt: -Infinity })));
    queue.framesTaken = first.fromFrame;
    queue.framesReady += item.parts.reduce((sum, part) => sum + part.frameCount, 0);
    queue.oneAtATime = item.parts.length;
    this.ready.add(queue);
    return true;
  }

  /** Drops what is left of a request that failed. */
  drop(stream: number, request: R): void {
    const queue = this.streams.get(stream);
    if (!queue || queue.requests[0]?.request !== request) return;
    queue.framesReady -= request.frameCount - queue.framesTaken;
    this.shift(queue);
  }

  private take(candidates: readonly StreamQueue<R>[]): Batch<R> | undefined {
    const lead = candidates[0];
    if (!lead) return undefined;
    const frameCount = Math.min(available(lead), this.settings.maxFrames);
    const most = Math.min(this.settings.maxStreams, Math.floor(this.settings.maxFrames / frameCount));
    const items: BatchItem<R>[] = [];
    for (const queue of candidates) {
      if (items.length === most) break;
      if (available(queue) >= frameCount) items.push(this.takeFrom(queue, frameCount));
    }
    return { frameCount, items };
  }

  private takeFrom(queue: StreamQueue<R>, frameCount: number): BatchItem<R> {
    // To the back of the row: streams have their turns one after the other.
    this.ready.delete(queue);
    this.ready.add(queue);
    const parts: BatchPart<R>[] = [];
    let left = frameCount;
    while (left > 0) {
      const head = queue.requests[0];
      if (!head) break;
      const take = Math.min(left, head.request.frameCount - queue.framesTaken);
      parts.push({ request: head.request, fromFrame: queue.framesTaken, frameCount: take });
      left -= take;
      queue.framesTaken += take;
      queue.framesReady -= take;
      if (queue.framesTaken === head.request.frameCount) this.shift(queue);
    }
    return { stream: queue.id, parts };
  }

  /** The first request is through. */
  private shift(queue: StreamQueue<R>): void {
    queue.requests.shift();
    queue.framesTaken = 0;
    queue.oneAtATime = Math.max(0, queue.oneAtATime - 1);
    if (queue.requests.length === 0) this.ready.delete(queue);
  }

  /** True when a stream that has nothing ready is likely to bring a frame before the deadline. */
  private isAnotherExpected(now: number, deadline: number): boolean {
    for (const queue of this.streams.values()) {
      const { intervalMs, lastArrivalAt } = queue;
      if (queue.framesReady > 0 || lastArrivalAt === undefined || intervalMs === undefined) continue;
      if (lastArrivalAt + intervalMs <= deadline && now - lastArrivalAt <= MISSED_INTERVALS * intervalMs)
        return true;
    }
    return false;
  }
}

function isLive<R extends FrameRequest>(queue: StreamQueue<R>): boolean {
  return (queue.requests[0]?.request.frameCount ?? 0) <= LIVE_FRAMES;
}

/** Frames that the next run may take from the stream. */
function available<R extends FrameRequest>(queue: StreamQueue<R>): number {
  const first = queue.requests[0];
  if (!first) return 0;
  return queue.oneAtATime > 0 ? first.request.frameCount - queue.framesTaken : queue.framesReady;
}
