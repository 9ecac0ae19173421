import { createHash } from 'node:crypto';
import type { Delivery } from './events';

/** Messages of one stream that are remembered: more than brokers leave unacknowledged (mosquitto 20, EMQX 32, AWS IoT 100). */
const REMEMBERED = 256;
/** Streams that are remembered at least, also after they have ended: a connection may come back later than that. */
const FEWEST_STREAMS = 1_000;
/** Bytes of a digest that a number holds exactly. */
const DIGEST_BYTES = 6;

/** What tells a message from others of its stream. */
export interface MessageMark {
  readonly digest: number;
  readonly packetId: number | undefined;
}

/**
 * Knows the messages again that a transport delivers a second time. Only what is marked so can be a repetition: a device may
 * well send the same bytes twice, silence above all.
 */
export class Redeliveries {
  readonly #mostStreams: number;
  /** By key; the stream that heard last comes last. */
  readonly #streams = new Map<string, RecentMessages>();

  /** @param maxStreams streams that may be open at once */
  constructor(maxStreams: number) {
    this.#mostStreams = Math.max(FEWEST_STREAMS, 2 * maxStreams);
  }

  /** Whether a message that is marked as delivered before equals one that was heard a moment ago. */
  isRepeated(key: string, mark: MessageMark): boolean {
    return this.#streams.get(key)?.includes(mark) ?? false;
  }

  heard(key: string, mark: MessageMark): void {
    const messages = this.#streams.get(key) ?? new RecentMessages();
    messages.add(mark);
    this.#streams.delete(key);
    this.#streams.set(key, messages);
    const [longestAgo] = this.#streams.keys();
    if (this.#streams.size > this.#mostStreams && longestAgo !== undefined) this.#streams.delete(longestAgo);
  }

  /** Forgets the messages of a stream, or of all. */
  forget(key?: string): void {
    if (key === undefined) this.#streams.clear();
    else this.#streams.delete(key);
  }
}

/** The last messages of one stream. */
class RecentMessages {
  readonly #marks: MessageMark[] = [];
  #next = 0;

  add(mark: MessageMark): void {
    this.#marks[this.#next] = mark;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  /**
   * A message that is delivered again keeps its number by the rules of MQTT, and brokers break them: a number decides only
   * between messages that are equal in themselves.
   */
  includes({ digest, packetId }: MessageMark): boolean {
    const equal = this.#marks.filter((mark) => mark.digest === digest);
    if (equal.length < 2 || packetId === undefined) return equal.length > 0;
    return equal.some((mark) => mark.packetId === packetId || mark.packetId === undefined);
  }
}

/** What tells a message from others; undefined where it holds nothing that could be audio. */
export function messageMark(payload: unknown, { packetId }: Delivery): MessageMark | undefined {
  const content = contentOf(payload);
  if (content === undefined) return undefined;
  const digest = createHash('sha256').update(content).digest().readUIntBE(0, DIGEST_BYTES);
  return { digest, packetId };
}

function contentOf(payload: unknown): string | Uint8Array | undefined {
  if (typeof payload === 'string' || payload instanceof Uint8Array) return payload;
  if (ArrayBuffer.isView(payload)) {
    return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  }
  if (!Array.isArray(payload)) return undefined;
  const values: readonly unknown[] = payload;
  return contentOf(Float64Array.from(values, Number));
}
