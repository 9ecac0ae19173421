/** Example flows as a user imports them, in a real Node-RED; what comes to a Debug node is remembered. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../package/consumer';
import { startNodeRed, type FlowNode, type NodeRedProcess } from '../tools/mqtt/node-red';

export const EXAMPLES = join(ROOT, 'examples/flows');

/** A message as it came to a Debug node; sound is only its length in bytes. */
export type Remembered = Readonly<Record<string, unknown>>;
export type Arrived = Readonly<Record<string, readonly Remembered[]>>;

export interface Example {
  /** Without `.json`. */
  readonly name: string;
  readonly nodes: readonly FlowNode[];
}

export const DASHBOARDS = join(ROOT, 'examples/dashboard');

export function exampleFlows(folder = EXAMPLES): readonly Example[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({
      name: basename(file, '.json'),
      nodes: JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly FlowNode[],
    }));
}

/** Nodes of several examples, as after their import: what they share is there once. */
export function together(examples: readonly Example[]): readonly FlowNode[] {
  return [...new Map(examples.flatMap(({ nodes }) => nodes.map((node) => [node.id, node]))).values()];
}

function remembering(node: FlowNode): FlowNode {
  if (node.type !== 'debug') return node;
  const { id, z } = node;
  return { id, z, x: 1, y: 1, type: 'function', name: '', func: remember(id), outputs: 1, wires: [[]] };
}

function remember(id: string): string {
  return `const got = global.get('got') || {};
const { req, res, ...told } = msg;
if (Buffer.isBuffer(told.payload)) told.payload = { bytes: told.payload.length };
(got[${JSON.stringify(id)}] ??= []).push(told);
global.set('got', got);`;
}

/** Remembers what a node that is no Debug node sends on its first output, too. */
function overheard(node: FlowNode, ids: readonly string[]): FlowNode {
  if (!ids.includes(node.id)) return node;
  const [first = [], ...others] = node['wires'] as readonly (readonly string[])[];
  return { ...node, wires: [[...first, `${node.id}-spy`], ...others] };
}

/** Answers `/got` with what was remembered. */
const TELLER: readonly FlowNode[] = [
  { id: 'teller', type: 'tab', label: 'What arrived' },
  { id: 'ask', z: 'teller', x: 1, y: 1, type: 'http in', url: '/got', method: 'get', wires: [['look']] },
  {
    ...{ id: 'look', z: 'teller', x: 1, y: 1, type: 'function', outputs: 1, wires: [['tell']] },
    func: "msg.payload = global.get('got') || {}; return msg;",
  },
  { id: 'tell', z: 'teller', x: 1, y: 1, type: 'http response', wires: [] },
];

export class RunningExamples {
  readonly nodeRed: NodeRedProcess;

  private constructor(nodeRed: NodeRedProcess) {
    this.nodeRed = nodeRed;
  }

  /**
   * @param change changes a node as a user would, before it is deployed
   * @param listenTo ids of further nodes whose first output is remembered, as `ID-spy`
   */
  static async start(
    examples: readonly Example[],
    change: (node: FlowNode) => FlowNode,
    listenTo: readonly string[] = [],
  ): Promise<RunningExamples> {
    const running = new RunningExamples(await startNodeRed());
    const nodes = together(examples);
    const spies = listenTo.map((id) => {
      const z = nodes.find((node) => node.id === id)?.['z'];
      return { id: `${id}-spy`, z, x: 1, y: 1, type: 'function', func: remember(`${id}-spy`), outputs: 1 };
    });
    const flow = nodes.map((node) => overheard(remembering(change(node)), listenTo));
    await running.nodeRed.deploy([...flow, ...spies, ...TELLER]);
    while (!(await fetch(`${running.nodeRed.url}/got`)).ok) await sleep(50);
    return running;
  }

  async press(button: string): Promise<void> {
    const { status } = await fetch(`${this.nodeRed.url}/inject/${button}`, { method: 'POST' });
    assert.equal(status, 200, button);
  }

  /** Waits until a node has got so many messages; fails where an example says that something went wrong. */
  async messages(id: string, count = 1): Promise<readonly Remembered[]> {
    for (;;) {
      const got = (await (await fetch(`${this.nodeRed.url}/got`)).json()) as Arrived;
      const trouble = Object.entries(got).find(([node]) => node.endsWith('-error'));
      assert.equal(trouble, undefined, JSON.stringify([trouble?.[0], trouble?.[1][0]?.['error']]));
      const messages = got[id] ?? [];
      if (messages.length >= count) return messages;
      await sleep(50);
    }
  }

  async payload(id: string): Promise<unknown> {
    return (await this.messages(id))[0]?.['payload'];
  }

  stop(): Promise<void> {
    return this.nodeRed.stop();
  }
}
