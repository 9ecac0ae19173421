/** The topics that devices of a group send under, as far as they are known: bounded, and forgotten when nothing is heard of them. */
import { filterMatches } from '../topics';
import { isTopic } from './group-messages';
import { SharedTopic } from './shared-topic';

/** Topics of a group. */
export const MOST_TOPICS = 4_096;
/** Milliseconds without a word after which a topic is forgotten. */
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;
/** Milliseconds for which a topic keeps its place although there are too many. */
const KEPT_MS = 60_000;

export class TopicTable<M> {
  readonly #filter: string;
  readonly #deviceOf: (topic: string) => string | undefined;
  readonly #topics = new Map<string, { readonly topic: SharedTopic<M>; seenAt: number }>();

  constructor(filter: string, deviceOf: (topic: string) => string | undefined) {
    this.#filter = filter;
    this.#deviceOf = deviceOf;
  }

  get all(): readonly SharedTopic<M>[] {
    return [...this.#topics.values()].map(({ topic }) => topic);
  }

  /** A topic that is known. */
  get(name: string): SharedTopic<M> | undefined {
    return this.#topics.get(name)?.topic;
  }

  /** As {@link get}; the topic is in use. */
  seen(name: string, now: number): SharedTopic<M> | undefined {
    const known = this.#topics.get(name);
    if (known) known.seenAt = now;
    return known?.topic;
  }

  /** Whether it can be a topic of the group. */
  accepts(name: string): boolean {
    return isTopic(name) && filterMatches(this.#filter, name);
  }

  /** @returns undefined where there are as many as may be, all of them in use */
  add(name: string, now: number): SharedTopic<M> | undefined {
    if (this.#topics.size >= MOST_TOPICS && !this.#makeRoom(now)) return undefined;
    const topic = new SharedTopic<M>(name, this.#deviceOf(name) ?? name);
    this.#topics.set(name, { topic, seenAt: now });
    return topic;
  }

  /** Forgets topics of which nothing is heard any more, and are not heard here. */
  expire(now: number): void {
    for (const [name, { topic, seenAt }] of this.#topics) {
      if (now - seenAt > FORGOTTEN_AFTER_MS && topic.state.is === 'foreign') this.#topics.delete(name);
    }
  }

  #makeRoom(now: number): boolean {
    let oldest: string | undefined;
    let oldestSeen = now - KEPT_MS;
    for (const [name, { topic, seenAt }] of this.#topics) {
      if (topic.state.is !== 'foreign' || seenAt >= oldestSeen) continue;
      oldest = name;
      oldestSeen = seenAt;
    }
    return oldest !== undefined && this.#topics.delete(oldest);
  }
}
