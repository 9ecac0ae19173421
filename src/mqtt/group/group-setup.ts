/** What a group is made of, and what it tells. */
import type { Publication } from '../outbox';
import type { GroupAgreement } from './group-messages';
import type { Move } from './hand-overs';
import type { GroupWarning } from './presence';
import type { TakenOver } from './shared-topic';

export interface GroupSetup<M> {
  /** One level of a topic; see {@link parseGroupName}. */
  readonly name: string;
  /** Of this member: the same at every start, and no other's; see {@link memberId}. */
  readonly id: string;
  /** Topics of the devices, without `$share`. */
  readonly filter: string;
  /** Names the device of a topic; all topics of a device are heard by one member. By default each topic is a device. */
  readonly deviceOf?: (topic: string) => string | undefined;
  /** What else must be the same in all members that share. */
  readonly agreement?: GroupAgreement;
  /** Milliseconds without a word after which a member is lost. Default {@link DEFAULT_LOST_MS}; the same in all members. */
  readonly lostMs?: number;
  /** Milliseconds on a clock that is never set, as `performance.now()`. */
  readonly now: () => number;
  readonly publish: (publications: readonly Publication[]) => void;
  /** What sound is to be subscribed to from now on. */
  readonly subscribe: (filters: readonly string[]) => void;
  /** Hears a message of a device; with `takenOver` the first one after another member, whatever was heard of it here before. */
  readonly hear: (topic: string, message: M, takenOver: TakenOver | undefined) => void;
  readonly tell: (event: GroupEvent) => void;
}

export type GroupEvent =
  | Move
  /** Who shares: all ids, this member's included; none as long as this member takes no part. */
  | { readonly kind: 'members'; readonly members: readonly string[]; readonly own: string }
  | { readonly kind: 'warning'; readonly code: GroupWarning; readonly message: string };

/** Milliseconds without a word after which a member is lost, unless set otherwise. */
export const DEFAULT_LOST_MS = 4_000;
