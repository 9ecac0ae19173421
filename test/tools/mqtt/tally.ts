/** A Node-RED under load that tells what its stream nodes gave and what its process holds. */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processesBelow } from '../processes';
import type { Vitals } from '../vitals';
import { brokerNode, startNodeRed, type FlowNode, type NodeRedProcess } from './node-red';

export interface Tally extends Vitals {
  /** Since Node-RED began. */
  readonly steps: number;
  /** Gaps that were told, since Node-RED began. */
  readonly gaps: number;
  /** Streams that gave a step since the last tally. */
  readonly streams: readonly string[];
  /** How often each error code was caught since Node-RED began. */
  readonly errors: Readonly<Record<string, number>>;
}

const ANSWER_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** Starts a Node-RED that has the node of `tally-node.ts` and collects its garbage before it tells what it holds. */
export function startCountingNodeRed(): Promise<NodeRedProcess> {
  const tally = `module.exports = require(${JSON.stringify(resolve(__dirname, 'tally-node.js'))});`;
  return startNodeRed({ extraNodes: { tally }, nodeArguments: ['--expose-gc'] });
}

/** An engine and a stream node that listens to `audio/+/pcm`, all outputs and all errors into the tally. */
export function countingFlow(
  port: number,
  { engine = {}, stream = {}, broker = {} }: Readonly<Record<string, object>> = {},
): FlowNode[] {
  const placed = (node: FlowNode): FlowNode => ({ z: 'tab', x: 100, y: 100, wires: [], ...node });
  return [
    { id: 'tab', type: 'tab', label: 'counting' },
    { id: 'engine', type: 'deeptone-engine', name: '', ...engine },
    brokerNode('broker', port, 5, broker),
    placed({
      ...{ id: 'stream', type: 'deeptone-stream', engine: 'engine', models: ['speech-rt'] },
      ...{ outputPeriod: 256, events: true },
      ...{ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm' },
      wires: [['tally'], ['tally'], ['tally'], ['tally']],
      ...stream,
    }),
    placed({ id: 'catch', type: 'catch', scope: null, wires: [['tally']] }),
    placed({ id: 'tally', type: 'tally' }),
  ];
}

/** @throws Error when Node-RED does not answer, as when its event loop is held */
export function tallyOf(nodeRed: NodeRedProcess): Promise<Tally> {
  return new Promise((resolve_, reject) => {
    const limit = setTimeout(() => {
      reject(new Error(`Node-RED does not answer:\n${nodeRed.output()}`));
    }, ANSWER_WITHIN_MS);
    const answered = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !('tally' in message)) return;
      clearTimeout(limit);
      nodeRed.process.off('message', answered);
      resolve_(message.tally as Tally);
    };
    nodeRed.process.on('message', answered);
    nodeRed.process.send('tally');
  });
}

/** Waits until every one of these streams has given a step from now on. */
export async function stepsOfAll(nodeRed: NodeRedProcess, streams: readonly string[]): Promise<Tally> {
  const missing = new Set(streams);
  const until = Date.now() + ANSWER_WITHIN_MS;
  let tally = await tallyOf(nodeRed); // What came before does not count.
  while (missing.size > 0) {
    if (Date.now() > until)
      throw new Error(`No step of ${[...missing].join(', ')}: ${JSON.stringify(tally)}\n${nodeRed.output()}`);
    await sleep(POLL_MS);
    tally = await tallyOf(nodeRed);
    for (const stream of tally.streams) missing.delete(stream);
  }
  return tally;
}

/** The process in which a Node-RED runs its models, where it has one (`isolation: process`). */
export function modelProcess(nodeRed: NodeRedProcess): number | undefined {
  return processesBelow(nodeRed.process.pid).find(({ args }) => args[0] === 'deeptone engine')?.pid;
}
