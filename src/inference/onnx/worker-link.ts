/** How the engine and its worker reach each other, wherever the worker runs. */
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages';

/** Where the models run: in a thread of this process, or in a process of their own, whose end is not the end of this one. */
export type Isolation = 'thread' | 'process';
export const ISOLATIONS = ['thread', 'process'] as const satisfies readonly Isolation[];

/** What the engine hears of its worker. */
export interface LinkListener {
  message(message: FromWorker): void;
  /** It has ended, by itself or not. Said once, after the last message; `cause` where it did not end as it was told to. */
  ended(cause: Error | undefined): void;
}

/** The engine's side. */
export interface WorkerLink {
  /** @param transfer memory that the worker may take over; it is not to be touched any more, whether it was taken or not */
  post(message: ToWorker, transfer: readonly ArrayBuffer[]): void;
  /** Whether this process has to stay for the worker's sake. */
  hold(isNeeded: boolean): void;
  /**
   * Ends it at once, whatever it is doing; `ended` follows.
   *
   * @returns false where that cannot be done: it has been left to itself, does nothing more if ever it comes to itself, and counts
   *   as ended
   */
  kill(): boolean;
}

/** Starts a worker; it says `ready` or `failed`, or ends. */
export type StartWorker = (settings: WorkerSettings, listener: LinkListener) => WorkerLink;

/** The worker's side. */
export interface WorkerPort {
  post(message: FromWorker, transfer?: readonly ArrayBuffer[]): void;
  /** From now on messages are heard, in order, also those that have come before. */
  listen(hear: (message: ToWorker) => void): void;
  /** Nothing more is said or heard: the worker ends. */
  close(): void;
  /** Does native work that must not be cut off by the end of the process. */
  uninterrupted<T>(work: () => Promise<T>): Promise<T>;
}
