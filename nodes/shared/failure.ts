/**
 * The one place where a node turns what went wrong into `done(error)`: Catch nodes then receive `msg.error` with
 * `message`, `code` and `cause`.
 */
import { DeeptoneError, type DeeptoneErrorCode } from '../../src';
import { sharedText, type Done, type Node, type NodeStatus } from './node-red';
import type { StatusLine } from './status-line';

/** What was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The stable code of an error of ours; undefined for any other error. */
export function codeOf(error: unknown): DeeptoneErrorCode | undefined {
  return error instanceof DeeptoneError ? error.code : undefined;
}

/** A few translated words about an error that fit under a node. */
export function failureStatus(error: unknown): NodeStatus {
  const code = codeOf(error) ?? 'OTHER';
  return { fill: 'red', shape: 'ring', text: sharedText(`error.${code}`) };
}

/** Tells the flow and the editor that a message failed. Nothing else may be done with the message afterwards. */
export function fail(thrown: unknown, done: Done, status: StatusLine): void {
  status.set(failureStatus(thrown));
  done(toError(thrown));
}

/** Keeps a node whose settings are not accepted: its status and every message say what is wrong with them. */
export function refuseAll(node: Node, thrown: unknown): void {
  node.status(failureStatus(thrown));
  node.on('input', (_message, _send, done) => {
    done(toError(thrown));
  });
}
