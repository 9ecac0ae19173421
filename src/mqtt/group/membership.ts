/**
 * The other members of a group, as they are heard: no clock of theirs is read, only when their heartbeats come in. Members that have
 * agreed on something else under the same name are known, and not shared with.
 */
import type { Announcement, GroupAgreement } from './group-messages';

/** Members that are known at once, those with other settings included. */
export const MOST_MEMBERS = 64;

/** Why a member is no longer there: it said so, or it was missed. */
export type Departure = 'left' | 'lost';

export interface Departed {
  readonly id: string;
  readonly cause: Departure;
  /** When it was last known to be there, by our clock. */
  readonly aliveAt: number;
}

interface Other {
  readonly session: string;
  readonly agreement: GroupAgreement;
  readonly agrees: boolean;
  /** When it was last heard, or else became known. */
  readonly aliveAt: number;
  /** It has gone if nothing is heard of it by then. */
  readonly dueBy: number;
  /** Known only by what the broker had kept. */
  readonly isRumour: boolean;
  readonly isLeaving: boolean;
}

export interface Patience {
  /** Milliseconds without a heartbeat after which a member is lost. */
  readonly lostMs: number;
  /** Milliseconds for which a member that only the broker has spoken of may still hear its devices. */
  readonly rumourMs: number;
  /** Milliseconds within which a member that may come back does. */
  readonly backMs: number;
}

/** What an announcement was. */
export interface Heard {
  /** Who shares may be different now. */
  readonly isChange: boolean;
  /** It has just started, and knows nobody. */
  readonly isNew: boolean;
  /** It cannot be known, because there are as many as may be. */
  readonly isTooMany: boolean;
}

const NOTHING: Heard = { isChange: false, isNew: false, isTooMany: false };

export class Membership {
  readonly #own: string;
  readonly #patience: Patience;
  readonly #others = new Map<string, Other>();

  constructor(agreement: GroupAgreement, patience: Patience) {
    this.#own = canonical(agreement);
    this.#patience = patience;
  }

  /** Ids of the others with whom devices are shared. */
  get sharing(): readonly string[] {
    return [...this.#others].filter(([, { agrees }]) => agrees).map(([id]) => id);
  }

  /** Whether somebody may be there who has not been heard yet. */
  get hasRumours(): boolean {
    return [...this.#others.values()].some(({ agrees, isRumour }) => agrees && isRumour);
  }

  /** Members of the same name with whom nothing is shared. */
  get disagreeing(): readonly { readonly id: string; readonly agreement: GroupAgreement }[] {
    return [...this.#others]
      .filter(([, { agrees }]) => !agrees)
      .map(([id, { agreement }]) => ({ id, agreement }));
  }

  /** Since when all others with whom devices are shared have given a sign of life; Infinity where there are none. */
  get allHeardAt(): number {
    return Math.min(
      ...[...this.#others.values()].filter(({ agrees }) => agrees).map(({ aliveAt }) => aliveAt),
    );
  }

  shares(id: string): boolean {
    return this.#others.get(id)?.agrees ?? false;
  }

  announced({ id, session, agreement, leaving }: Announcement, isRetained: boolean, now: number): Heard {
    const known = this.#others.get(id);
    // What a broker has kept is of any age.
    if (isRetained && (known || leaving)) return NOTHING;
    if (!known && (leaving || this.#others.size >= MOST_MEMBERS)) return { ...NOTHING, isTooMany: !leaving };
    const { lostMs, rumourMs, backMs } = this.#patience;
    const agrees = canonical(agreement) === this.#own;
    if (known && leaving === 'for-good') {
      // The empty announcement that follows takes it away.
      this.#others.set(id, { ...known, isLeaving: true, dueBy: now });
      return NOTHING;
    }
    const patienceMs = leaving ? backMs : isRetained ? rumourMs : lostMs;
    this.#others.set(id, {
      ...{ session, agreement, agrees, aliveAt: now, dueBy: now + patienceMs },
      ...{ isRumour: isRetained, isLeaving: leaving !== undefined },
    });
    return {
      isChange: known?.agrees !== agrees,
      isNew: !leaving && (known === undefined || known.session !== session || known.isLeaving),
      isTooMany: false,
    };
  }

  /**
   * The broker has nothing of a member any more: it has gone, or its connection has. One that may be back at once is waited for.
   *
   * @returns undefined where it was not known
   */
  gone(id: string, now: number): Departed | undefined {
    const known = this.#others.get(id);
    if (!known || (known.isLeaving && known.dueBy > now)) return undefined;
    this.#others.delete(id);
    return { id, cause: known.isLeaving ? 'left' : 'lost', aliveAt: known.aliveAt };
  }

  /** Takes out those that should have been heard by now. */
  takeOverdue(now: number): readonly Departed[] {
    const overdue = [...this.#others].filter(([, { dueBy }]) => dueBy <= now);
    return overdue.map(([id, { isLeaving, aliveAt }]) => {
      this.#others.delete(id);
      return { id, cause: isLeaving ? 'left' : 'lost', aliveAt };
    });
  }

  /** The connection was gone: the others may have lost theirs too, and have time to come back. */
  waitAgain(now: number): void {
    for (const [id, other] of this.#others) {
      this.#others.set(id, { ...other, dueBy: Math.max(other.dueBy, now + this.#patience.lostMs) });
    }
  }
}

/** Names of what two agreements say differently. */
export function differences(one: GroupAgreement, other: GroupAgreement): readonly string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => canonical(one[name]) !== canonical(other[name])).sort();
}

/** The same text for the same value, whatever the order of names. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null)
    return value === undefined ? 'undefined' : JSON.stringify(value);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join()}}`;
}
