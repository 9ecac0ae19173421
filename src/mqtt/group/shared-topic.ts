/** A topic that a group has, as one member sees it: who owns it, and whether this member hears it at this moment. */
import type { Departure } from './membership';

/** Messages of one topic that wait until it is known whether somebody else has heard them. */
const MOST_HELD = 128;

/** What is known of the sound of a device that another member has heard until now. */
export interface TakenOver {
  /** The member that heard it before. */
  readonly from: string;
  /** Why it moved: somebody joined the group, left it, or was lost. */
  readonly cause: 'joined' | Departure;
  /** Milliseconds of sound that nobody can have heard, at most. */
  readonly lostMs: number;
  /** Number (`seq`) of the last message that was heard there; null where devices do not count. */
  readonly lastSeq: number | null;
}

export interface HeldMessage<M> {
  readonly message: M;
  /** What its sender counts; undefined where it does not. */
  readonly seq: number | undefined;
}

export type TopicState =
  /** Somebody else's, or nobody's. */
  | { readonly is: 'foreign' }
  /** Ours since then, and perhaps still heard elsewhere: its messages wait; Infinity: until more is known. */
  | { readonly is: 'arriving'; readonly since: number }
  | { readonly is: 'hearing' }
  /** To be another's, and heard here until that one is ready, or until `until`. */
  | { readonly is: 'leaving'; readonly to: string; readonly until: number };

export class SharedTopic<M> {
  readonly name: string;
  /** What it is shared by: all topics of a device are one member's. */
  readonly device: string;
  owner: string | undefined;
  state: TopicState = { is: 'foreign' };
  /** It was heard here before it had to wait. */
  wasHeard = false;
  /** A member that has heard it, to be told of with the next message. */
  takenOver: TakenOver | undefined;
  /** What its last owner said when it let go of it, before it was ours. */
  note: { readonly from: string; readonly lastSeq: number | null; readonly at: number } | undefined;
  /** `seq` of the last message that was heard here. */
  lastSeq: number | null = null;
  /** `seq` up to which another member has heard it, as long as such a message may still come. */
  floor: number | null = null;
  #held: HeldMessage<M>[] = [];
  /** So many of the held ones were heard elsewhere. */
  #heardElsewhere = 0;

  constructor(name: string, device: string) {
    this.name = name;
    this.device = device;
  }

  get isHeard(): boolean {
    return this.state.is === 'hearing' || this.state.is === 'leaving';
  }

  /** Keeps a message until it is known whose it is; the oldest goes where there are too many. */
  hold(message: HeldMessage<M>): void {
    this.#held.push(message);
    if (this.#held.length <= MOST_HELD) return;
    this.#held.shift();
    this.#heardElsewhere = Math.max(0, this.#heardElsewhere - 1);
  }

  /** The other member hears what has come until now, and nothing that comes later. */
  cut(): void {
    this.#heardElsewhere = this.#held.length;
  }

  /**
   * The messages that nobody has heard yet, after another member has let go.
   *
   * @param lastSeq of the last message that was heard there; null: by what the broker had sent at {@link cut}
   */
  takeUnheard(lastSeq: number | null): readonly HeldMessage<M>[] {
    const isCounted = lastSeq !== null && this.#held.some(({ seq }) => seq !== undefined);
    const cut = this.#heardElsewhere;
    const held = this.takeHeld();
    return isCounted ? held.filter(({ seq }) => seq === undefined || seq > lastSeq) : held.slice(cut);
  }

  takeHeld(): readonly HeldMessage<M>[] {
    const held = this.#held;
    this.#held = [];
    this.#heardElsewhere = 0;
    return held;
  }

  /** Whether a message was heard elsewhere already, although it comes only now. */
  isPast(seq: number | undefined): boolean {
    if (seq === undefined || this.floor === null) return false;
    const behind = this.floor - seq;
    if (behind >= 0 && behind < MOST_HELD) return true;
    this.floor = null; // What follows is in order; or the device counts anew.
    return false;
  }
}
