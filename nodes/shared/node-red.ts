/** The names that the nodes share for what Node-RED hands them. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';

export type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow, NodeStatus } from 'node-red';

/** One entry per output: a message, several in a row, or nothing. */
export type Outputs = (NodeMessage | NodeMessage[] | null)[];

export type Send = (message: NodeMessage | Outputs) => void;
export type Done = (error?: Error) => void;

/** A message with the properties that our nodes read (documented in every node's help). */
export interface IncomingMessage extends NodeMessageInFlow {
  /** Options for this message; checked by `messageOptions`. */
  readonly deeptone?: unknown;
}

/** Name of this package, the prefix of every node set's translations. */
export const PACKAGE = '@deeptone/node-red';

/** Key of a text that all our nodes share; it lives in the translations of `deeptone-engine`. */
export function sharedText(key: string): string {
  return `${PACKAGE}/deeptone-engine:deeptone.${key}`;
}
