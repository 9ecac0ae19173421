/**
 * Which topics one member hears, and how they go from one member to another:
 *
 *     A hears a topic ─ B joins and owns it now ─ A offers it ─ B subscribes, holds what comes, and says that it is ready
 *       ─ A stops, and says up to where it has heard ─ B hears what is left of what it holds
 *
 * Whoever has gone cannot offer: its topics are heard at once. What B held when its own word came back from the broker A has heard as well, because
 * the broker sends both in the same order; where devices count their messages (`seq`) the numbers say it exactly.
 */
import type { HandOver } from './group-messages';
import type { Departed } from './membership';
import { ownerOf } from './ownership';
import type { HeldMessage, SharedTopic, TakenOver } from './shared-topic';
import type { TopicTable } from './topic-table';

/** A topic has another owner. */
export type Move =
  | ({ readonly kind: 'taken'; readonly topic: string } & TakenOver)
  | { readonly kind: 'given'; readonly topic: string; readonly to: string | null }
  /** It had to wait, and nobody else has heard it meanwhile. */
  | { readonly kind: 'resumed'; readonly topic: string };

export interface HandOverSetup<M> {
  readonly table: TopicTable<M>;
  /** Hears a message; with `takenOver` the first one of a topic that another member has heard until now. */
  readonly hear: (topic: string, message: M, takenOver: TakenOver | undefined) => void;
  readonly tell: (move: Move) => void;
  readonly say: (to: string, words: Pick<HandOver, 'offer' | 'ready' | 'given'>) => void;
  /** Milliseconds for which messages wait for the word of who heard the topic before, while all others give signs of life. */
  readonly holdMs: number;
  /** Milliseconds for which a member that gives none may still hear a topic. */
  readonly longestHoldMs: number;
  /** Milliseconds for which a topic is heard although it is another's, if that one is not ready. */
  readonly patienceMs: number;
}

/** Who is there, at one moment. */
export interface Assignment {
  readonly own: string;
  /** All members that share, this one included. */
  readonly members: readonly string[];
  /** Those that have just gone. */
  readonly departed: readonly Departed[];
  readonly now: number;
}

export class HandOvers<M> {
  readonly #setup: HandOverSetup<M>;
  /** Who has offered us topics and has not had an answer. */
  readonly #offers = new Map<SharedTopic<M>, string>();

  constructor(setup: HandOverSetup<M>) {
    this.#setup = setup;
  }

  /** Topics that this member is to be subscribed to. */
  get heard(): readonly string[] {
    return this.#setup.table.all.filter(({ state }) => state.is !== 'foreign').map(({ name }) => name);
  }

  /** Gives every topic its owner. */
  assign(at: Assignment): void {
    for (const topic of this.#setup.table.all) this.place(topic, at, false);
  }

  /** @param isNew nobody has heard the topic before, so that nobody has to be waited for */
  place(topic: SharedTopic<M>, { own, members, departed, now }: Assignment, isNew: boolean): void {
    const before = topic.owner;
    const owner = ownerOf(topic.device, members);
    const { state } = topic;
    topic.owner = owner;
    if (owner === own) {
      if (state.is === 'leaving') topic.state = { is: 'hearing' };
      if (state.is === 'foreign') {
        const isAlone = members.length === 1;
        this.#arrive(
          topic,
          now,
          departed.find(({ id }) => id === before),
          isNew || isAlone,
        );
      }
      return;
    }
    if (state.is === 'arriving') this.#letGo(topic, owner ?? null);
    if (owner === undefined) return;
    if (state.is === 'hearing' || (state.is === 'leaving' && state.to !== owner)) {
      topic.state = { is: 'leaving', to: owner, until: now + this.#setup.patienceMs };
    }
  }

  /** A message of a topic came. */
  hear(topic: SharedTopic<M>, held: HeldMessage<M>): void {
    if (topic.state.is === 'arriving') topic.hold(held);
    else if (topic.isHeard && !topic.isPast(held.seq)) this.#pass(topic, held);
  }

  /** Offers what is another's and still heard here. */
  offer(): void {
    const offers = new Map<string, string[]>();
    for (const { name, state } of this.#setup.table.all) {
      if (state.is === 'leaving') offers.set(state.to, [...(offers.get(state.to) ?? []), name]);
    }
    for (const [to, offer] of offers) this.#setup.say(to, { offer });
  }

  offered(topic: SharedTopic<M>, from: string): void {
    this.#offers.set(topic, from);
  }

  /** Says which of the topics that were offered are subscribed to by now. */
  answerOffers(now: number): void {
    const answers = new Map<string, string[]>();
    for (const [topic, from] of this.#offers) {
      if (topic.state.is === 'foreign') continue;
      if (topic.state.is === 'arriving') topic.state = { is: 'arriving', since: now };
      answers.set(from, [...(answers.get(from) ?? []), topic.name]);
    }
    this.#offers.clear();
    for (const [to, ready] of answers) this.#setup.say(to, { ready });
  }

  /** Our word that we are ready came back: what comes from now on the other does not hear any more. */
  readyReturned(topics: readonly string[]): void {
    for (const name of topics) this.#setup.table.get(name)?.cut();
  }

  /** Another member is ready to hear topics. */
  ready(from: string, topics: readonly string[]): void {
    this.#give(
      topics.flatMap((name) => this.#setup.table.get(name) ?? []),
      from,
    );
  }

  /** Another member has let go of a topic. */
  given(topic: SharedTopic<M>, from: string, lastSeq: number | null, now: number): void {
    if (topic.state.is === 'foreign') {
      topic.note = { from, lastSeq, at: now };
      return;
    }
    if (topic.state.is !== 'arriving') return;
    this.#takeOver(topic, { from, cause: 'joined', lostMs: 0, lastSeq });
    this.#release(topic, topic.takeUnheard(lastSeq));
  }

  /** From now on it is not known whether others hear the topics of this member: what comes waits. */
  freeze(): void {
    for (const topic of this.#setup.table.all) {
      if (topic.state.is === 'leaving') this.#letGo(topic, topic.state.to);
      if (topic.state.is !== 'hearing') continue;
      topic.state = { is: 'arriving', since: Infinity };
      topic.wasHeard = true;
    }
  }

  /** What waits, waits no longer than for the word of another that has heard it meanwhile. */
  thaw(now: number): void {
    for (const topic of this.#setup.table.all) {
      if (topic.state.is === 'arriving') topic.state = { is: 'arriving', since: now };
    }
  }

  /**
   * Ends waiting that was long enough.
   *
   * @param allHeardAt since when every other member has given a sign of life; Infinity where there is no other
   */
  tick(now: number, allHeardAt: number): void {
    const { holdMs, longestHoldMs } = this.#setup;
    const isOver = (since: number): boolean =>
      allHeardAt === Infinity || now - since >= (since < allHeardAt ? holdMs : longestHoldMs);
    for (const topic of this.#setup.table.all) {
      const { state } = topic;
      // Nobody has said that it heard them.
      if (state.is === 'arriving' && isOver(state.since)) this.#release(topic, topic.takeHeld());
      if (state.is === 'leaving' && state.until <= now) this.#give([topic], state.to);
    }
  }

  /** Lets go of everything, for those who own it without this member. */
  giveAll(members: readonly string[]): void {
    for (const topic of this.#setup.table.all) {
      const to = ownerOf(topic.device, members);
      if (topic.isHeard && to !== undefined) {
        topic.state = { is: 'leaving', to, until: 0 };
        this.#give([topic], to);
      } else topic.state = { is: 'foreign' };
    }
  }

  #arrive(topic: SharedTopic<M>, now: number, departed: Departed | undefined, isNobodys: boolean): void {
    const { note } = topic;
    topic.note = undefined;
    if (departed) {
      // A word of long ago was about another time.
      const isRecent = note?.from === departed.id && now - note.at < 2 * this.#setup.patienceMs;
      const last = isRecent ? note : undefined;
      const lostMs = Math.round(now - (last?.at ?? departed.aliveAt));
      this.#takeOver(topic, {
        from: departed.id,
        cause: departed.cause,
        lostMs,
        lastSeq: last?.lastSeq ?? null,
      });
    }
    topic.wasHeard = false;
    topic.state = departed || isNobodys ? { is: 'hearing' } : { is: 'arriving', since: now };
  }

  #takeOver(topic: SharedTopic<M>, takenOver: TakenOver): void {
    topic.takenOver = takenOver;
    topic.floor = takenOver.lastSeq;
    this.#setup.tell({ kind: 'taken', topic: topic.name, ...takenOver });
  }

  #release(topic: SharedTopic<M>, held: readonly HeldMessage<M>[]): void {
    const isResumed = topic.wasHeard && topic.takenOver === undefined;
    topic.state = { is: 'hearing' };
    topic.wasHeard = false;
    if (isResumed) this.#setup.tell({ kind: 'resumed', topic: topic.name });
    for (const one of held) this.#pass(topic, one);
  }

  #pass(topic: SharedTopic<M>, { message, seq }: HeldMessage<M>): void {
    const { takenOver } = topic;
    topic.takenOver = undefined;
    topic.lastSeq = seq ?? null;
    this.#setup.hear(topic.name, message, takenOver);
  }

  /** Stops hearing topics that another member is ready for, and says up to where they were heard. */
  #give(topics: readonly SharedTopic<M>[], to: string): void {
    const leaving = topics.filter(({ state }) => state.is === 'leaving' && state.to === to);
    const given = leaving.map(({ name, lastSeq }): readonly [string, number | null] => [name, lastSeq]);
    for (const topic of leaving) this.#letGo(topic, to);
    if (given.length > 0) this.#setup.say(to, { given });
  }

  #letGo(topic: SharedTopic<M>, to: string | null): void {
    const wasHeard = topic.isHeard || topic.wasHeard;
    topic.takeHeld();
    topic.state = { is: 'foreign' };
    topic.wasHeard = false;
    topic.takenOver = undefined;
    if (wasHeard) this.#setup.tell({ kind: 'given', topic: topic.name, to });
  }
}
