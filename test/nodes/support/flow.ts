/** A real Node-RED runtime with a flow in it, and what comes out of the flow. */
import { once } from 'node:events';
import helper from 'node-red-node-test-helper';
import type { Node, NodeInitializer, NodeMessageInFlow } from 'node-red';

export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** A message with what our nodes add to it. */
export interface OutgoingMessage extends NodeMessageInFlow {
  readonly channel?: number;
  readonly insight?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly message: string;
    readonly code?: string;
    readonly source: { readonly id: string };
  };
  readonly status?: {
    readonly text?: string;
    readonly fill?: string;
    readonly source?: { readonly id: string };
  };
}

/** Everything that one node of the flow received, in order. */
export class Inbox {
  readonly messages: OutgoingMessage[] = [];
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
    node.on('input', (message, _send, done) => {
      this.messages.push(message);
      done();
      node.emit('kept');
    });
  }

  /** Waits until so many messages are here; gives the last of them. */
  async message(count = 1): Promise<OutgoingMessage> {
    while (this.messages.length < count) await once(this.#node, 'kept');
    const message = this.messages[count - 1];
    if (!message) throw new Error('unreachable');
    return message;
  }

  /** Waits for a message that meets a condition, whether it is here already or not. */
  async find(isWanted: (message: OutgoingMessage) => boolean): Promise<OutgoingMessage> {
    for (let count = 1; ; count++) {
      const message = await this.message(count);
      if (isWanted(message)) return message;
    }
  }
}

/** The nodes that listen in every test flow. */
export const LISTENERS: readonly FlowNode[] = [
  { id: 'series', type: 'helper', z: 'flow' },
  { id: 'summary', type: 'helper', z: 'flow' },
  { id: 'transitions', type: 'helper', z: 'flow' },
  { id: 'progress', type: 'helper', z: 'flow' },
  { id: 'segments', type: 'helper', z: 'flow' },
  { id: 'catch', type: 'catch', z: 'flow', scope: null, wires: [['caught']] },
  { id: 'caught', type: 'helper', z: 'flow' },
  { id: 'complete', type: 'complete', z: 'flow', scope: ['node'], wires: [['completed']] },
  { id: 'completed', type: 'helper', z: 'flow' },
  { id: 'status', type: 'status', z: 'flow', scope: null, wires: [['statuses']] },
  { id: 'statuses', type: 'helper', z: 'flow' },
];

export interface RunningFlow {
  /** Sends a message into the node under test. */
  send(message: Record<string, unknown>): void;
  readonly node: Node;
  readonly series: Inbox;
  readonly summary: Inbox;
  readonly transitions: Inbox;
  readonly progress: Inbox;
  readonly segments: Inbox;
  readonly caught: Inbox;
  readonly completed: Inbox;
  readonly statuses: Inbox;
}

/**
 * Runs a flow of the node under test (its id is `node`), an engine (`engine`) and listeners on all its outputs, on its
 * errors, completions and statuses.
 */
export async function runFlow(
  nodes: readonly NodeInitializer[],
  node: Readonly<Record<string, unknown>>,
  engine: Readonly<Record<string, unknown>> = {},
  credentials: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
  more: readonly FlowNode[] = [],
): Promise<RunningFlow> {
  const flow: readonly FlowNode[] = [
    { id: 'flow', type: 'tab' },
    { id: 'engine', type: 'deeptone-engine', ...engine },
    {
      id: 'node',
      type: 'helper',
      z: 'flow',
      engine: 'engine',
      wires: [['series'], ['summary'], ['transitions'], ['progress'], ['segments']],
      ...node,
    },
    ...LISTENERS,
    ...more,
    // Without a place on the canvas a node counts as a configuration node.
  ].map((member) => ('z' in member ? { x: 100, y: 100, ...member } : member));
  await helper.load(nodes, flow, credentials);
  const inbox = (id: string): Inbox => new Inbox(helper.getNode(id));
  return {
    send: (message) => {
      helper.getNode('node').receive(message);
    },
    node: helper.getNode('node'),
    series: inbox('series'),
    summary: inbox('summary'),
    transitions: inbox('transitions'),
    progress: inbox('progress'),
    segments: inbox('segments'),
    caught: inbox('caught'),
    completed: inbox('completed'),
    statuses: inbox('statuses'),
  };
}

/** Starts and ends the runtime around the tests of a suite, and the flow around each test. */
export function useNodeRed(): void {
  before(async () => {
    await helper.startServer();
  });
  beforeEach(() => {
    helper.settings({ fileWorkingDirectory: undefined });
  });
  afterEach(async () => {
    await helper.unload();
  });
  after(async () => {
    await helper.stopServer();
  });
}

/** Texts that the runtime logged at a level of Node-RED's log. */
export function logged(level: number): readonly string[] {
  return helper.log().args.flatMap(([entry]) => (entry?.level === level ? [String(entry.msg)] : []));
}
export const LEVEL = { error: 20, warn: 30, info: 40 } as const;
