/**
 * What members of a group tell each other, as JSON:
 *
 *     deeptone/groups/GROUP/members/ID   a member announces itself: retained when it comes, a heartbeat later; empty: it has gone
 *     deeptone/groups/GROUP/topics       topics that devices send under, from the member that looks for them
 *     deeptone/groups/GROUP/to/ID        a hand-over: offer, ready, given
 *
 * What comes from a broker may be anything. Whatever is not exactly one of these, or longer than it can be, is passed over.
 */
import { InvalidArgumentError } from '../../errors';
import { say } from '../../sentence';
import type { Publication } from '../outbox';

/** First levels of the topics of all groups. */
export const GROUPS_PREFIX = 'deeptone/groups';

/** What must be the same in all members that share: topic filter, models and so on. */
export type GroupAgreement = Readonly<Record<string, AgreedValue>>;
type AgreedValue = Plain | readonly Plain[] | undefined;
type Plain = string | number | boolean | null;

export interface Announcement {
  readonly kind: 'member';
  readonly id: string;
  /** Another one each time that the member starts. */
  readonly session: string;
  /** Counts its heartbeats. */
  readonly beat: number;
  readonly agreement: GroupAgreement;
  /** It stops: `maybe-back` where it may start again at once, as when a flow is deployed. */
  readonly leaving?: 'for-good' | 'maybe-back';
}

/** The last words about a member: it has gone. A broker says them for it (will), or somebody who misses it. */
interface Obituary {
  readonly kind: 'gone';
  readonly id: string;
}

export interface TopicList {
  readonly kind: 'topics';
  readonly from: string;
  readonly topics: readonly string[];
  /** Nobody has heard them before. */
  readonly areNew: boolean;
}

export interface HandOver {
  readonly kind: 'hand-over';
  readonly from: string;
  readonly to: string;
  /** Topics that are heard until the other is ready. */
  readonly offer?: readonly string[];
  /** Topics that are subscribed to by now. */
  readonly ready?: readonly string[];
  /** Topics that are not heard any more, with the `seq` of the last message that was; null where it had none. */
  readonly given?: readonly (readonly [topic: string, lastSeq: number | null])[];
}

export type GroupMessage = Announcement | Obituary | TopicList | HandOver;

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;
const ID = /^[\w.~-]{1,64}$/;
const SESSION = /^[\w-]{1,32}$/;
/** Bytes of an announcement, and of any message. */
const MOST_ANNOUNCEMENT_BYTES = 4_096;
const MOST_BYTES = 131_072;
/** Topics in one message; there may be several. */
export const MOST_TOPICS_PER_MESSAGE = 100;
/** UTF-8 bytes that MQTT allows are 65,535; no device has such a name. */
const LONGEST_TOPIC = 512;

/**
 * Checks the name of a group.
 *
 * @throws InvalidArgumentError when it cannot be one level of a topic
 */
export function parseGroupName(text: string): string {
  const name = text.trim();
  if (NAME.test(name)) return name;
  throw new InvalidArgumentError(
    say`${JSON.stringify(text)} cannot be the name of a group. Accepted: 1 to 64 letters, digits, spaces, ".", "_" and "-", beginning with a letter or digit, for example home.`,
  );
}

/** A name as the id of a member: what an id cannot hold becomes `-`. */
export function memberId(text: string): string {
  return text.replace(/[^\w.-]+/gu, '-').slice(0, 48) || 'member';
}

/** Writes and reads the messages of one group. */
export class GroupMessages {
  readonly #base: string;

  constructor(name: string) {
    this.#base = `${GROUPS_PREFIX}/${parseGroupName(name)}`;
  }

  /** What a member subscribes to. */
  get filter(): string {
    return `${this.#base}/#`;
  }

  announcement({ id, session, beat, agreement, leaving }: Announcement, retain: boolean): Publication {
    const payload = JSON.stringify({ session, beat, agreement, leaving });
    return { topic: this.#memberTopic(id), payload, retain };
  }

  /** Takes an announcement from the broker; also the will of a member with a connection of its own. */
  obituary(id: string): Publication {
    return { topic: this.#memberTopic(id), payload: '', retain: true };
  }

  topics({ from, topics, areNew }: TopicList): Publication {
    return {
      topic: `${this.#base}/topics`,
      payload: JSON.stringify({ from, topics, areNew }),
      retain: false,
    };
  }

  handOver({ from, to, offer, ready, given }: HandOver): Publication {
    const payload = JSON.stringify({ from, offer, ready, given });
    return { topic: `${this.#base}/to/${to}`, payload, retain: false };
  }

  /** What a message says; undefined for one that is none of ours. */
  read(topic: string, payload: Uint8Array | string): GroupMessage | undefined {
    if (!topic.startsWith(`${this.#base}/`) || payload.length > MOST_BYTES) return undefined;
    const [what = '', id = '', ...rest] = topic.slice(this.#base.length + 1).split('/');
    if (rest.length > 0) return undefined;
    const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString();
    if (what === 'members' && text === '') return ID.test(id) ? { kind: 'gone', id } : undefined;
    const value = objectIn(text);
    if (!value) return undefined;
    if (what === 'members') {
      return payload.length > MOST_ANNOUNCEMENT_BYTES ? undefined : announcementIn(id, value);
    }
    if (what === 'topics' && id === '') return topicListIn(value);
    return what === 'to' ? handOverIn(id, value) : undefined;
  }

  #memberTopic(id: string): string {
    return `${this.#base}/members/${id}`;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function objectIn(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function announcementIn(id: string, { session, beat, agreement, leaving }: Fields): Announcement | undefined {
  if (!ID.test(id) || !matches(session, SESSION) || !isAgreement(agreement)) return undefined;
  if (typeof beat !== 'number' || !Number.isSafeInteger(beat) || beat < 0) return undefined;
  const isLeaving = leaving === 'for-good' || leaving === 'maybe-back';
  return { kind: 'member', id, session, beat, agreement, ...(isLeaving ? { leaving } : {}) };
}

function isAgreement(value: unknown): value is GroupAgreement {
  return (
    isObject(value) &&
    Object.values(value).every((one) => (Array.isArray(one) ? one.every(isPlain) : isPlain(one)))
  );
}

function isPlain(value: unknown): value is Plain {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function topicListIn({ from, topics, areNew }: Fields): TopicList | undefined {
  if (!matches(from, ID)) return undefined;
  return { kind: 'topics', from, topics: topicsIn(topics), areNew: areNew === true };
}

function handOverIn(to: string, { from, offer, ready, given }: Fields): HandOver | undefined {
  if (!ID.test(to) || !matches(from, ID)) return undefined;
  const pairs = Array.isArray(given) ? given.slice(0, MOST_TOPICS_PER_MESSAGE).flatMap(pairIn) : undefined;
  return {
    ...{ kind: 'hand-over', from, to },
    ...(offer === undefined ? {} : { offer: topicsIn(offer) }),
    ...(ready === undefined ? {} : { ready: topicsIn(ready) }),
    ...(pairs ? { given: pairs } : {}),
  };
}

function pairIn(pair: unknown): (readonly [string, number | null])[] {
  if (!Array.isArray(pair)) return [];
  const [topic, lastSeq] = pair as readonly unknown[];
  if (!isTopic(topic)) return [];
  return [[topic, typeof lastSeq === 'number' && Number.isSafeInteger(lastSeq) ? lastSeq : null]];
}

function topicsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.slice(0, MOST_TOPICS_PER_MESSAGE).filter(isTopic) : [];
}

/** Whether it can be the topic of a message; wildcards would be a subscription to more than was meant. */
export function isTopic(value: unknown): value is string {
  const isPlainTopic = typeof value === 'string' && /^[^+#\0]+$/u.test(value);
  return isPlainTopic && value.length <= LONGEST_TOPIC && !value.startsWith('$share/');
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}
