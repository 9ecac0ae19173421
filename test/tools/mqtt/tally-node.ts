/**
 * A Node-RED node that counts what comes out of stream nodes, and tells the parent process of Node-RED when that sends
 * `tally`, with the vitals of the process. What it counts outlives redeployments.
 */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import type { Tally } from './tally';
import { vitals } from '../vitals';

interface StreamMessage extends NodeMessageInFlow {
  readonly insight?: { readonly stream?: string };
  readonly error?: { readonly code?: string; readonly message?: string };
}

/** What payloads of the outputs have: a step its time, an event its kind. */
interface Payload {
  readonly kind?: unknown;
  readonly timestamp?: unknown;
  readonly model?: unknown;
}

function register(RED: NodeAPI): void {
  let steps = 0;
  let gaps = 0;
  const streams = new Set<string>();
  const errors: Record<string, number> = {};

  const take = ({ payload, insight, error }: StreamMessage): void => {
    if (error) {
      const code = error.code ?? error.message ?? 'without a word';
      errors[code] = (errors[code] ?? 0) + 1;
      return;
    }
    const { kind, timestamp, model } = (payload ?? {}) as Payload;
    if (kind === 'gap') gaps += 1;
    if (kind !== undefined || timestamp === undefined || model !== undefined) return;
    steps += 1;
    streams.add(insight?.stream ?? '');
  };

  process.on('message', (request) => {
    if (request !== 'tally') return;
    const tally: Tally = {
      ...vitals([RED.events]),
      steps,
      gaps,
      streams: [...streams],
      errors: { ...errors },
    };
    streams.clear();
    process.send?.({ tally });
  });

  RED.nodes.registerType('tally', function TallyNode(this: Node, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    this.on('input', (message: StreamMessage, _send, done) => {
      take(message);
      done();
    });
  });
}

export = register;
