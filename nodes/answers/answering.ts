/** What the nodes that answer each message with an analysis have in common: an engine, a bounded queue, status, errors. */
import { TooLargeError } from '../../src';
import { payloadBytes } from '../../src/audio';
import { NO_READING } from '../../src/supervision';
import {
  asksForDiagnostics,
  connectEngine,
  diagnosticsInsight,
  diagnosticsOf,
  type EngineConnection,
} from '../engine';
import { fail, hearMessages, refuseAll, whenClosed } from '../shared/failure';
import type { IncomingMessage, Node, NodeAPI, NodeDef, NodeMessage, Send } from '../shared/node-red';
import { StatusLine } from '../shared/status-line';
import { WorkQueue } from './work-queue';
import { say } from '../../src/sentence';

/** The part of the dialog about messages that come while others are answered. */
export interface QueueConfig extends NodeDef {
  readonly engine: string;
  /** Messages answered at once. */
  readonly parallel?: number | string;
  /** Messages that may wait for their turn. */
  readonly waitingMessages?: number | string;
}

/** The same as numbers. */
export interface QueueLimits {
  readonly parallel: number;
  readonly waitingMessages: number;
}

/** What there is while a node answers. */
export interface Answering {
  readonly engine: EngineConnection;
  readonly status: StatusLine;
  /** Messages that wait. */
  readonly waiting: () => number;
}

/** Answers one message; resolves after its last output. */
export type AnswerMessage = (message: IncomingMessage, send: Send, signal: AbortSignal) => Promise<void>;

/**
 * Makes a node answer every message, some at a time; one that fails goes to the Catch nodes, and the next one is answered. What
 * `limits` and `answering` throw is wrong with the settings, and every message is refused with it.
 */
export function answerMessages(
  RED: NodeAPI,
  node: Node,
  config: QueueConfig,
  limits: () => QueueLimits,
  answering: (answering: Answering) => AnswerMessage,
): void {
  let queue: WorkQueue;
  let engine: EngineConnection;
  let answer: AnswerMessage;
  let forget: () => void;
  const status = new StatusLine(node);
  try {
    const { parallel, waitingMessages } = limits();
    queue = new WorkQueue(parallel, waitingMessages, () => engine.limits.maxWaitingBytes);
    engine = connectEngine(RED, node, config.engine, status);
    forget = engine.meter.watch(() => ({
      ...NO_READING,
      waitingMessages: queue.waiting,
      waitingBytes: queue.waitingBytes,
    }));
    answer = answering({ engine, status, waiting: () => queue.waiting });
  } catch (error) {
    refuseAll(node, error);
    return;
  }

  hearMessages(node, (message, send, done) => {
    const failed = (error: unknown): void => {
      engine.meter.failed(error);
      fail(error, done, status);
    };
    if (asksForDiagnostics(message)) {
      send(snapshot(message));
      done();
      return;
    }
    const bytes = payloadBytes(message.payload);
    const { maxMessageBytes } = engine.limits;
    if (bytes > maxMessageBytes) {
      const words = say`The message has about ${bytes} bytes of sound, and the engine takes up to ${maxMessageBytes}: put it in a file, or raise the limit in the engine.`;
      failed(new TooLargeError(words));
      return;
    }
    queue.add(
      (signal) =>
        answer(message, send, signal).then(() => {
          done();
        }, failed),
      failed,
      bytes,
    );
  });

  const snapshot = (message: IncomingMessage): NodeMessage => {
    const { waiting, running } = queue;
    const payload = diagnosticsOf(engine, { id: node.id, type: node.type, waiting, running });
    return {
      ...RED.util.cloneMessage({ ...message, payload: undefined }),
      payload,
      insight: diagnosticsInsight(payload),
    };
  };

  node.on('close', (_removed: boolean, done: () => void) => {
    forget();
    engine.close();
    whenClosed(node, queue.close(), () => {
      status.close();
      done();
    });
  });
}
