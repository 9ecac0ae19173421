/** Who is there: this member's own heartbeats and lease, and the others that it shares with. */
import { randomBytes } from 'node:crypto';
import type { Publication } from '../outbox';
import type { Announcement, GroupAgreement, GroupMessages } from './group-messages';
import { Lease } from './lease';
import { differences, Membership, MOST_MEMBERS, type Departed } from './membership';

export type GroupWarning =
  'other-settings' | 'same-id' | 'too-many-members' | 'too-many-topics' | 'not-retained' | 'unheard';

export interface PresenceSetup {
  readonly id: string;
  readonly messages: GroupMessages;
  readonly agreement: GroupAgreement;
  readonly lostMs: number;
  readonly publish: (publications: readonly Publication[]) => void;
  /** This member takes its part from now on. */
  readonly settled: () => void;
  /** Who shares is different. */
  readonly changed: (departed: readonly Departed[]) => void;
  /** This member cannot count on being known any more. */
  readonly estranged: () => void;
  /** A member has just come, and knows nobody. */
  readonly newcomer: () => void;
  readonly warn: (code: GroupWarning, message: string, word?: string) => void;
}

/** Connections that break before an announcement comes back, until the broker is not asked to keep it any more. */
const MOST_REFUSALS = 2;
/** Heartbeats of somebody else under the id of this member; one may be left of an earlier start. */
const FEWEST_DOUBLES = 2;

export class Presence {
  readonly #setup: PresenceSetup;
  readonly #lease: Lease;
  readonly #membership: Membership;
  readonly #beatMs: number;
  readonly #leaseMs: number;
  #id: string;
  #session = newSession();
  #isConnected = false;
  #connectedAt = -Infinity;
  /** Since when the others can know this member. */
  #knownAt: number | undefined;
  /** Since when this member knows the others, and takes its part. */
  #settledAt: number | undefined;
  #beatAt = -Infinity;
  /** Whether the broker is asked to keep announcements, and how often it broke off after one. */
  #retains = true;
  #refusals = 0;
  #cameBack = false;
  /** It has told of others that it had kept, so that those who say nothing at this moment are known too. */
  #brokerKeeps = false;
  #doubles = 0;

  constructor(setup: PresenceSetup) {
    const { agreement, lostMs } = setup;
    const leaseMs = (lostMs * 3) / 4;
    this.#setup = setup;
    this.#id = setup.id;
    this.#beatMs = lostMs / 4;
    this.#leaseMs = leaseMs;
    this.#lease = new Lease(leaseMs);
    this.#membership = new Membership(agreement, { lostMs, rumourMs: leaseMs, backMs: this.#beatMs });
  }

  get id(): string {
    return this.#id;
  }

  /** Since when this member takes its part; undefined while it does not. */
  get settledAt(): number | undefined {
    return this.#settledAt;
  }

  /** Ids of the others with whom devices are shared. */
  get others(): readonly string[] {
    return this.#membership.sharing;
  }

  /** Since when all others have given a sign of life; Infinity where there are none, -Infinity where not all may be known yet. */
  allHeardAt(now: number): number {
    const isFresh = now - (this.#settledAt ?? now) < this.#leaseMs;
    const mayBeUnknown = isFresh && !this.#brokerKeeps && this.others.length > 0;
    return mayBeUnknown ? -Infinity : this.#membership.allHeardAt;
  }

  shares(id: string): boolean {
    return this.#membership.shares(id);
  }

  connected(now: number): void {
    this.#isConnected = true;
    this.#connectedAt = now;
    this.#cameBack = false;
    this.#membership.waitAgain(now);
    this.#beat(now, true);
  }

  disconnected(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#refusals = this.#cameBack || !this.#retains ? 0 : this.#refusals + 1;
    if (this.#refusals < MOST_REFUSALS) return;
    this.withoutRetained();
    this.#setup.warn(
      'not-retained',
      'The broker breaks the connection when it is asked to keep the announcement of a member, so it is not asked any more. The group works without.',
    );
  }

  withoutRetained(): void {
    this.#retains = false;
    this.#refusals = 0;
  }

  announced(message: Announcement, isRetained: boolean, now: number): void {
    if (message.id === this.#id) this.#heardOwn(message, isRetained, now);
    else this.#heardOther(message, isRetained, now);
  }

  /** The broker has nothing of a member any more. */
  gone(id: string, now: number): void {
    if (id === this.#id) {
      if (this.#isConnected) this.#beat(now, true); // Somebody has missed this member, and is to hear of it again.
      return;
    }
    const departed = this.#membership.gone(id, now);
    if (departed) this.#setup.changed([departed]);
  }

  /** Without a lease others may hear what this member hears. */
  checkLease(now: number): void {
    if (this.#knownAt !== undefined && !this.#lease.isValid(now)) this.#withdraw();
  }

  /** @returns whether a heartbeat was due */
  tick(now: number): boolean {
    this.checkLease(now);
    if (!this.#isConnected) return false;
    const isDue = now - this.#beatAt >= this.#beatMs;
    if (isDue) this.#beat(now, false);
    if (this.#knownAt === undefined) this.#warnUnheard(now);
    else if (this.#settledAt === undefined) this.#settle(now, false);
    if (this.#settledAt !== undefined) this.#missOverdue(now);
    return isDue;
  }

  leave(how: 'for-good' | 'maybe-back', now: number): void {
    const last = { ...this.#announcement(this.#lease.next(now)), leaving: how };
    this.#isConnected = false;
    this.#knownAt = undefined;
    this.#settledAt = undefined;
    const { messages, publish } = this.#setup;
    publish([messages.announcement(last, false), ...(this.#retains ? [messages.obituary(this.#id)] : [])]);
  }

  #announcement(beat: number): Announcement {
    const { agreement } = this.#setup;
    return { kind: 'member', id: this.#id, session: this.#session, beat, agreement };
  }

  #beat(now: number, isToBeKept: boolean): void {
    this.#beatAt = now;
    const { messages, publish } = this.#setup;
    const announcement = this.#announcement(this.#lease.next(now));
    publish([messages.announcement(announcement, isToBeKept && this.#retains)]);
  }

  #withdraw(): void {
    this.#knownAt = undefined;
    this.#settledAt = undefined;
    this.#setup.estranged();
  }

  #heardOwn({ session, beat, leaving }: Announcement, isRetained: boolean, now: number): void {
    if (session !== this.#session) {
      if (!isRetained && !leaving) this.#heardDouble(now);
      return;
    }
    this.#cameBack = true;
    this.#lease.returned(beat);
    if (this.#knownAt !== undefined || !this.#isConnected || !this.#lease.isValid(now)) return;
    this.#knownAt = now;
    this.#settle(now, false);
  }

  #heardDouble(now: number): void {
    this.#doubles += 1;
    if (this.#doubles < FEWEST_DOUBLES) return;
    this.#doubles = 0;
    const before = this.#id;
    this.#id = `${before.replace(/~.*$/u, '')}~${randomBytes(3).toString('hex')}`;
    this.#session = newSession();
    this.#withdraw();
    this.#setup.warn(
      'same-id',
      `Another member of the group is "${before}" too, so this one is "${this.#id}" now.`,
    );
    if (this.#isConnected) this.#beat(now, true);
  }

  #heardOther(message: Announcement, isRetained: boolean, now: number): void {
    if (isRetained) this.#brokerKeeps = true;
    const { isChange, isNew, isTooMany } = this.#membership.announced(message, isRetained, now);
    if (isTooMany) {
      const words = `The group has more than ${MOST_MEMBERS} members; those beyond are not known here.`;
      this.#setup.warn('too-many-members', words);
    }
    if (isChange) this.#warnOfSettings();
    if (isNew && !isRetained && this.#isConnected && this.shares(message.id)) {
      this.#beat(now, false); // It is to know at once who is there.
      this.#setup.newcomer();
    }
    if (this.#knownAt !== undefined && this.#settledAt === undefined) this.#settle(now, !isRetained);
    else if (isChange) this.#setup.changed([]);
  }

  /** Takes part once everybody who may be there has been heard, or has had the time to be. */
  #settle(now: number, hasHeardSomebody: boolean): void {
    const waitedMs = now - (this.#knownAt ?? now);
    const knowsAll = hasHeardSomebody && !this.#membership.hasRumours;
    if (!knowsAll && waitedMs < 1.25 * this.#beatMs) return;
    this.#settledAt = now;
    this.#setup.settled();
  }

  #missOverdue(now: number): void {
    const departed = this.#membership.takeOverdue(now);
    if (departed.length === 0) return;
    // What the broker keeps of one that is lost must not be taken for a member by the next who joins.
    const { messages, publish, changed } = this.#setup;
    if (this.#retains) publish(departed.map(({ id }) => messages.obituary(id)));
    changed(departed);
  }

  #warnOfSettings(): void {
    const { agreement: own, warn } = this.#setup;
    for (const { id, agreement } of this.#membership.disagreeing) {
      const names = differences(own, agreement);
      const told = names.map((name) => `${name} ${shown(agreement[name])}, here ${shown(own[name])}`);
      warn(
        'other-settings',
        `The member "${id}" of this group has other settings (${told.join('; ')}). Devices are not shared with it: both hear what they are set to. ` +
          'Give both the same settings, or one of them another group.',
        id + names.join(),
      );
    }
  }

  #warnUnheard(now: number): void {
    if (now - this.#connectedAt < 2 * this.#setup.lostMs) return;
    this.#setup.warn(
      'unheard',
      'What this member of the group says does not come back from the broker, so it hears no device. ' +
        `It must be allowed to publish and to subscribe under ${this.#setup.messages.filter}.`,
    );
  }
}

/** Characters of a setting that a warning repeats. */
const LONGEST_SHOWN = 120;

function shown(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}

function newSession(): string {
  return randomBytes(6).toString('hex');
}
