/**
 * The one place where a node turns what went wrong into `done(error)`: Catch nodes then receive `msg.error` with
 * `message`, `code` and `cause`.
 */
import { InvalidArgumentError } from '../../src';
import { codeOf } from '../../src/supervision';
import { thrownError } from '../../src/thrown';
import {
  sharedText,
  type Done,
  type IncomingMessage,
  type Node,
  type NodeMessage,
  type NodeStatus,
  type Send,
} from './node-red';
import { spokenError } from './language';
import type { StatusLine } from './status-line';
import { phrase } from '../../src/sentence';

/** What was thrown, as an Error. Never throws. */
export const toError = thrownError;
export { codeOf };

/** No engine was chosen for a node, or the one that was chosen is gone. */
export class NoEngineError extends InvalidArgumentError {
  constructor() {
    super(phrase`This node has no DeepTone engine: open the node and choose or add one, then deploy.`);
  }
}

/** Characters of a sentence that fit under a node. */
const LONGEST_TEXT = 64;

/** A few words about an error that fit under a node: translated ones, or which setting is wrong and what is accepted. */
export function failureStatus(error: unknown): NodeStatus {
  return { fill: 'red', shape: 'ring', text: failureText(error) };
}

function failureText(error: unknown): string {
  if (error instanceof NoEngineError) return sharedText('status.noEngine');
  // Its sentence names the setting, the value and what is accepted: four causes in two words would help nobody.
  if (error instanceof InvalidArgumentError) return inShort(spokenError(error).message);
  return sharedText(`error.${codeOf(error) ?? 'OTHER'}`);
}

/** The first sentence, or as much of it as fits. */
function inShort(text: string): string {
  const sentence = /^.*?(?:[.](?=\s|$)|。)/su.exec(text)?.[0] ?? text;
  const line = sentence.replace(/\s+/gu, ' ').replace(/[.。]$/u, '');
  return line.length <= LONGEST_TEXT ? line : `${line.slice(0, LONGEST_TEXT - 2).trimEnd()} …`;
}

/** Tells the flow and the editor that a message failed. Nothing else may be done with the message afterwards. */
export function fail(thrown: unknown, done: Done, status: StatusLine): void {
  status.set(failureStatus(thrown));
  done(toError(thrown));
}

/**
 * Hears the messages of a node. Whatever is thrown meanwhile is a failure of that message alone: Node-RED's own handling of errors and
 * completions throws where it cannot copy a message, and out of a promise that would end Node-RED.
 */
export function hearMessages(
  node: Node,
  hear: (message: IncomingMessage, send: Send, done: Done) => void,
): void {
  node.on('input', (message, send, done) => {
    const end: Done = (error) => {
      try {
        if (error) done(spokenError(error));
        else done();
      } catch (thrown) {
        tell(node, error ?? toError(thrown));
      }
    };
    try {
      hear(message, send, end);
    } catch (thrown) {
      end(toError(thrown));
    }
  });
}

/** Tells the Catch nodes of an error that no message asked for, or the log alone where they cannot be told. */
export function tell(node: Pick<Node, 'error'>, error: Error, about?: NodeMessage): void {
  try {
    const told = spokenError(error);
    if (about) node.error(told, about);
    else node.error(told);
  } catch {
    // With a message it is for Catch nodes; without one it goes to the log.
    if (about) tell(node, error);
  }
}

/**
 * A callback for timers, for events of the runtime and for other nodes, none of which know what to do with an error: what it throws is
 * told as an error of the node, and that is all.
 */
export function guarded<Args extends readonly unknown[]>(
  node: Pick<Node, 'error'>,
  callback: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (thrown) {
      tell(node, toError(thrown));
    }
  };
}

/** Ends a node: once the work is done, and also where it failed, the runtime goes on. */
export function whenClosed(node: Pick<Node, 'error'>, work: Promise<unknown>, done: () => void): void {
  void work
    .catch((thrown: unknown) => {
      tell(node, toError(thrown));
    })
    .then(guarded(node, done));
}

/** Shows a status. Status nodes, and whoever hears them, are no fault of the node that shows it. */
export function show(node: Pick<Node, 'status' | 'error'>, status: NodeStatus): void {
  guarded(node, () => {
    node.status(status);
  })();
}

/** Keeps a node whose settings are not accepted: its status and every message say what is wrong with them. */
export function refuseAll(node: Node, thrown: unknown): void {
  show(node, failureStatus(thrown));
  hearMessages(node, (_message, _send, done) => {
    done(toError(thrown));
  });
}
