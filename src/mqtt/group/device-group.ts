/**
 * Several programs on any MQTT broker that share the devices of a topic filter: each device is heard by one of them, and when one is lost or
 * joins, devices move by themselves. Pure: no timers, no sockets, no clock but the one that is handed in.
 *
 * How to use it, over any MQTT client:
 *
 *     const group = new DeviceGroup<Message>({
 *       name: 'home', id: memberId(hostname()), filter: 'audio/+/pcm', agreement: { models },
 *       now: () => performance.now(),
 *       publish: (publications) => ...,    // quality of service 0, in this order
 *       subscribe: (filters) => ...,       // sound: subscribe to those that are new, then unsubscribe from those that are missing
 *       hear: (topic, message, takenOver) => ...,
 *       tell: (event) => ...,
 *     });
 *     client's will, where the connection is one's own: group.will
 *     client connected (also again):     subscribe to group.controlFilter, then group.connected()
 *     client lost its connection:        group.disconnected()
 *     a message under group.controlFilter:  group.control(topic, payload, packet.retain)
 *     any other message:                 group.sound(topic, message, seq)
 *     every group.tickMs:                group.tick()
 *     at the end:                        group.leave('for-good'), then disconnect once the last publications are written
 *
 * A client that speaks MQTT 5 should hear a topic by one subscription only: while a member listens to the whole filter, `subscribe` gets that filter alone.
 */
import { InvalidArgumentError } from '../../errors';
import { say } from '../../sentence';
import type { Publication } from '../outbox';
import { parseFilter } from '../topics';
import { GroupMessages, MOST_TOPICS_PER_MESSAGE, type HandOver, type TopicList } from './group-messages';
import { HandOvers, type Assignment } from './hand-overs';
import { MOST_MEMBERS, type Departed } from './membership';
import { ownerOf } from './ownership';
import { DEFAULT_LOST_MS, type GroupSetup } from './group-setup';
import { Presence, type GroupWarning } from './presence';
import { Scout } from './scout';
import type { SharedTopic } from './shared-topic';
import { MOST_TOPICS, TopicTable } from './topic-table';

/** Heartbeats between two lists of topics. */
const BEATS_PER_LIST = 10;

export class DeviceGroup<M> {
  readonly #setup: GroupSetup<M>;
  readonly #messages: GroupMessages;
  readonly #presence: Presence;
  readonly #table: TopicTable<M>;
  readonly #handOvers: HandOvers<M>;
  readonly #scout = new Scout();
  readonly #lostMs: number;
  #beats = 0;
  /** Topics that came up, to be told to the others: those that nobody can have heard before, and others. */
  #foundNew: string[] = [];
  #found: string[] = [];
  #filters: readonly string[] = [];
  #members: readonly string[] = [];
  readonly #warned = new Set<string>();

  /** @throws InvalidArgumentError for a name or filter that is none */
  constructor(setup: GroupSetup<M>) {
    const { id, lostMs = DEFAULT_LOST_MS, deviceOf = itself, hear, tell, publish } = setup;
    const { filter, share } = parseFilter(setup.filter);
    if (share !== undefined) {
      throw new InvalidArgumentError(
        say`"${setup.filter}" is dealt out by the broker ($share), which tears streams apart. A group shares by itself: leave $share out.`,
      );
    }
    this.#setup = setup;
    this.#lostMs = lostMs;
    const messages = new GroupMessages(setup.name);
    this.#messages = messages;
    this.#table = new TopicTable(filter, deviceOf);
    this.#handOvers = new HandOvers<M>({
      ...{ table: this.#table, hear, tell, holdMs: (lostMs * 3) / 8 },
      ...{ longestHoldMs: (lostMs * 3) / 4, patienceMs: (lostMs * 3) / 4 },
      say: (to, words) => {
        this.#say(to, words);
      },
    });
    this.#presence = new Presence({
      ...{ id, messages, agreement: { filter, lostMs, ...setup.agreement }, lostMs, publish },
      settled: () => {
        this.#handOvers.thaw(setup.now());
        this.#assign([]);
      },
      changed: (departed) => {
        this.#assign(departed);
      },
      estranged: () => {
        this.#handOvers.freeze();
        this.#tellMembers([]);
      },
      newcomer: () => {
        if (this.#isScout) this.#tellAllTopics();
      },
      warn: (code, message, word) => {
        this.#warn(code, message, word);
      },
    });
  }

  /** What is to be subscribed to while there is a connection; retained messages are wanted. */
  get controlFilter(): string {
    return this.#messages.filter;
  }

  /** What the broker should publish when the connection of this member is lost, where the connection is its own. */
  get will(): Publication {
    return this.#messages.obituary(this.id);
  }

  get id(): string {
    return this.#presence.id;
  }

  /** Who shares, this member included; empty as long as this member takes no part. */
  get members(): readonly string[] {
    return this.#members;
  }

  /** What sound is subscribed to, as `subscribe` was told last. */
  get filters(): readonly string[] {
    return this.#filters;
  }

  /** Milliseconds between two calls of {@link tick}, at most. */
  get tickMs(): number {
    return this.#lostMs / 16;
  }

  /** Whether this member, and no other, hears a topic at this moment. */
  hears(topic: string): boolean {
    return this.#table.get(topic)?.isHeard ?? false;
  }

  /** Whether a device is this member's, whether it is heard at this moment or not. */
  owns(device: string): boolean {
    return ownerOf(device, this.#members) === this.id;
  }

  /** The connection stands, and the control filter is subscribed to. */
  connected(): void {
    this.#presence.connected(this.#setup.now());
  }

  disconnected(): void {
    this.#presence.disconnected();
  }

  /** The broker keeps no messages (MQTT 5 says so when it connects). To be called before {@link connected}. */
  withoutRetained(): void {
    this.#presence.withoutRetained();
  }

  /** A message under the control filter. */
  control(topic: string, payload: Uint8Array | string, isRetained: boolean): void {
    const message = this.#messages.read(topic, payload);
    if (!message) return;
    const now = this.#setup.now();
    this.#presence.checkLease(now);
    switch (message.kind) {
      case 'member':
        this.#presence.announced(message, isRetained, now);
        return;
      case 'gone':
        this.#presence.gone(message.id, now);
        return;
      case 'topics':
        this.#heardTopics(message, now);
        return;
      case 'hand-over':
        this.#heardHandOver(message, now);
        return;
    }
  }

  /**
   * A message of a device: it is heard, kept for a moment, or passed over because it is another member's.
   *
   * @param seq what the device counts; undefined where it does not
   */
  sound(name: string, message: M, seq?: number): void {
    const now = this.#setup.now();
    this.#presence.checkLease(now);
    const topic = this.#table.seen(name, now) ?? this.#discover(name, now);
    if (!topic) return;
    if (topic.state.is === 'foreign') this.#scout.passedOver();
    else this.#handOvers.hear(topic, { message, seq });
  }

  /** Looks at the clock: to be called all the time. */
  tick(): void {
    const now = this.#setup.now();
    const isBeat = this.#presence.tick(now);
    if (this.#presence.settledAt === undefined) return;
    this.#handOvers.tick(now, this.#presence.allHeardAt(now));
    this.#publishTopics(this.#foundNew.splice(0), true);
    this.#publishTopics(this.#found.splice(0), false);
    if (isBeat) {
      this.#beats += 1;
      this.#handOvers.offer();
      if (this.#isScout && this.#beats % BEATS_PER_LIST === 0) this.#tellAllTopics();
    }
    this.#subscribe(now);
  }

  /**
   * Takes no part any more. What it publishes is to be written before the connection ends.
   *
   * @param how whether it may start again at once, so that the others wait a moment for it
   */
  leave(how: 'for-good' | 'maybe-back'): void {
    this.#handOvers.giveAll(this.#presence.settledAt === undefined ? [] : this.#presence.others);
    this.#presence.leave(how, this.#setup.now());
  }

  get #isScout(): boolean {
    return this.#presence.settledAt !== undefined && ownerOf('', this.#members) === this.id;
  }

  #assign(departed: readonly Departed[]): void {
    if (this.#presence.settledAt === undefined) return;
    const now = this.#setup.now();
    this.#tellMembers([this.id, ...this.#presence.others].sort());
    this.#handOvers.assign(this.#at(now, departed));
    this.#subscribe(now);
    this.#handOvers.answerOffers(now);
    this.#handOvers.offer();
  }

  #at(now: number, departed: readonly Departed[] = []): Assignment {
    return { own: this.id, members: this.#members, departed, now };
  }

  #subscribe(now: number): void {
    if (!this.#isScout) this.#scout.rest();
    const all = this.#isScout && this.#scout.listens(now);
    const filters = all ? [this.#setup.filter] : this.#handOvers.heard;
    if (filters.length === this.#filters.length && filters.every((one, n) => one === this.#filters[n]))
      return;
    this.#filters = filters;
    this.#setup.subscribe(filters);
  }

  /** A message came under a topic that is not known. */
  #discover(name: string, now: number): SharedTopic<M> | undefined {
    const topic = this.#learn(name, now);
    const { settledAt } = this.#presence;
    if (!topic || settledAt === undefined) return topic;
    // Whoever has just joined does not know yet what the others know.
    const isNew = now - settledAt > this.#lostMs;
    this.#handOvers.place(topic, this.#at(now), isNew);
    (isNew ? this.#foundNew : this.#found).push(name);
    return topic;
  }

  #learn(name: string, now: number): SharedTopic<M> | undefined {
    if (!this.#table.accepts(name)) return undefined;
    const topic = this.#table.seen(name, now) ?? this.#table.add(name, now);
    if (!topic) {
      const words = `The group has more than ${MOST_TOPICS} topics; "${name}" and others are not heard.`;
      this.#warn('too-many-topics', words);
    }
    return topic;
  }

  #tellAllTopics(): void {
    this.#table.expire(this.#setup.now());
    this.#publishTopics(
      this.#table.all.map(({ name }) => name),
      false,
    );
  }

  #publishTopics(topics: readonly string[], areNew: boolean): void {
    if (topics.length === 0 || this.#members.length < 2) return;
    const from = this.id;
    const lists = inPieces(topics).map((some): TopicList => ({ kind: 'topics', from, topics: some, areNew }));
    this.#setup.publish(lists.map((list) => this.#messages.topics(list)));
  }

  #heardTopics({ from, topics, areNew }: TopicList, now: number): void {
    if (!this.#presence.shares(from)) return;
    const isSettled = this.#presence.settledAt !== undefined;
    for (const name of topics) {
      const isKnown = this.#table.seen(name, now) !== undefined;
      const topic = isKnown ? undefined : this.#learn(name, now);
      if (topic && isSettled) this.#handOvers.place(topic, this.#at(now), areNew);
    }
    if (isSettled) this.#subscribe(now);
  }

  #heardHandOver({ from, to, offer = [], ready = [], given = [] }: HandOver, now: number): void {
    if (from === this.id) this.#handOvers.readyReturned(ready);
    if (to !== this.id || !this.#presence.shares(from)) return;
    const isSettled = this.#presence.settledAt !== undefined;
    for (const name of offer) {
      const topic = this.#learn(name, now);
      if (!topic) continue;
      this.#handOvers.offered(topic, from);
      if (isSettled && topic.owner === undefined) this.#handOvers.place(topic, this.#at(now), false);
    }
    this.#handOvers.ready(from, ready);
    for (const [name, lastSeq] of given) {
      const topic = this.#learn(name, now);
      if (topic) this.#handOvers.given(topic, from, lastSeq, now);
    }
    if (!isSettled) return;
    this.#subscribe(now);
    this.#handOvers.answerOffers(now);
  }

  #say(
    to: string,
    { offer = [], ready = [], given = [] }: Pick<HandOver, 'offer' | 'ready' | 'given'>,
  ): void {
    const message = { kind: 'hand-over', from: this.id, to } as const;
    const messages: HandOver[] = [
      ...inPieces(offer).map((some) => ({ ...message, offer: some })),
      ...inPieces(ready).map((some) => ({ ...message, ready: some })),
      ...inPieces(given).map((some) => ({ ...message, given: some })),
    ];
    this.#setup.publish(messages.map((one) => this.#messages.handOver(one)));
  }

  #tellMembers(members: readonly string[]): void {
    if (members.join() === this.#members.join()) return;
    this.#members = members;
    this.#setup.tell({ kind: 'members', members, own: this.id });
  }

  /** @param word what makes it another than those before; each is told once */
  #warn(code: GroupWarning, message: string, word = ''): void {
    const key = `${code} ${word}`;
    if (this.#warned.has(key) || this.#warned.size > MOST_MEMBERS) return;
    this.#warned.add(key);
    this.#setup.tell({ kind: 'warning', code, message });
  }
}

function itself(topic: string): string {
  return topic;
}

function inPieces<T>(items: readonly T[]): readonly (readonly T[])[] {
  const pieces: (readonly T[])[] = [];
  for (let from = 0; from < items.length; from += MOST_TOPICS_PER_MESSAGE) {
    pieces.push(items.slice(from, from + MOST_TOPICS_PER_MESSAGE));
  }
  return pieces;
}
