/** Messages to a broker that may be slow or gone: per topic only the latest waits, and never more than a limit. */

/** One message to publish. */
export interface Publication {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/** Hands one message to the client; calls back when it is written (QoS 0) or acknowledged. */
export type Publish = (publication: Publication, done: (error?: unknown) => void) => void;

/** Handed to the client and not written yet. Small, so that a broker that stalls holds little memory. */
const LARGEST_IN_FLIGHT = 32;
/** Written in one go before the event loop has its turn again. */
const LARGEST_BURST = 16;
/** Topics that wait. 100 devices with nine models have about 4,000. */
const LARGEST_WAITING = 20_000;

/**
 * The way out. Order is kept between topics; of two messages under one topic that both wait only the later one is
 * sent, at the place of the earlier.
 */
export class MqttOutbox {
  private readonly waiting = new Map<string, Publication>();
  private readonly publish: Publish;
  private open = false;
  private inFlight = 0;
  private scheduled: NodeJS.Immediate | undefined;
  private emptied: (() => void)[] = [];
  private droppedMessages = 0;

  constructor(publish: Publish) {
    this.publish = publish;
  }

  /** Messages that were refused because too many topics waited. */
  get dropped(): number {
    return this.droppedMessages;
  }

  /** Adds messages; they leave when the broker is there. */
  add(publications: readonly Publication[]): void {
    for (const publication of publications) {
      if (!this.waiting.has(publication.topic) && this.waiting.size >= LARGEST_WAITING)
        this.droppedMessages += 1;
      else this.waiting.set(publication.topic, publication);
    }
    this.schedule();
  }

  /** The broker is there. */
  connected(): void {
    this.open = true;
    this.inFlight = 0;
    this.schedule();
  }

  /** The broker is gone: what was in flight may be lost, what waits stays. */
  disconnected(): void {
    this.open = false;
    this.inFlight = 0;
    this.settleIfEmpty();
  }

  /** Forgets what waits. */
  clear(): void {
    this.waiting.clear();
    this.settleIfEmpty();
  }

  /** Hands over everything that waits at once, without regard for limits: the connection is about to be closed. */
  flush(): void {
    if (!this.open) return;
    for (const publication of this.waiting.values()) this.hand(publication);
    this.waiting.clear();
  }

  /** Resolves when nothing waits or is in flight, or when the broker is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.emptied.push(resolve);
      this.settleIfEmpty();
    });
  }

  private schedule(): void {
    if (!this.open || this.waiting.size === 0) return;
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined;
      this.send();
    });
  }

  private send(): void {
    let burst = 0;
    for (const [topic, publication] of this.waiting) {
      if (!this.open || this.inFlight >= LARGEST_IN_FLIGHT || burst >= LARGEST_BURST) break;
      this.waiting.delete(topic);
      burst += 1;
      this.hand(publication);
    }
    if (this.inFlight < LARGEST_IN_FLIGHT) this.schedule();
  }

  private hand(publication: Publication): void {
    this.inFlight += 1;
    this.publish(publication, () => {
      this.written();
    });
  }

  private written(): void {
    this.inFlight = Math.max(0, this.inFlight - 1);
    this.schedule();
    this.settleIfEmpty();
  }

  private settleIfEmpty(): void {
    if (this.open && (this.waiting.size > 0 || this.inFlight > 0)) return;
    const emptied = this.emptied;
    this.emptied = [];
    for (const resolve of emptied) resolve();
  }
}
