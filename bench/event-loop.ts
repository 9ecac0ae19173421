/**
 * Largest gap in the event loop of a real Node-RED while its file node analyses an hour of sound: how long anything
 * else in that Node-RED has to wait.
 *
 *     npm run bench -- event-loop [--seconds 3600]
 */
import type { ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { startNodeRed, type FlowNode } from '../test/tools/mqtt/node-red';
import type { LoopReport } from './event-loop-report';
import { THREE_MODELS } from './models';
import type { Measurement } from './report';
import { soundFile } from './sound';

const WARM_UP_SECONDS = 30;
const ANSWER_WITHIN_MS = 300_000;

function flow(): readonly FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'engine', type: 'deeptone-engine', name: '' },
    { id: 'start', type: 'bench-event-loop', z: 'tab', wires: [['file']] },
    {
      id: 'file',
      type: 'deeptone-file',
      z: 'tab',
      engine: 'engine',
      models: [...THREE_MODELS],
      outputPeriod: 1_024,
      wires: [['end'], [], []],
    },
    { id: 'end', type: 'bench-event-loop-end', z: 'tab', wires: [] },
  ];
}

export async function eventLoop(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...argv],
    options: { seconds: { type: 'string', default: '3600' } },
  });
  const seconds = Number(values.seconds);
  const file = await soundFile(seconds);
  const node = JSON.stringify(path.join(__dirname, 'event-loop-node.js'));
  const nodeRed = await startNodeRed({
    extraNodes: { 'bench-event-loop': `module.exports = require(${node});` },
  });
  try {
    const ready = word(nodeRed.process);
    await nodeRed.deploy(flow());
    await ready;
    await watch(nodeRed.process, await soundFile(WARM_UP_SECONDS));
    const idle = await watch(nodeRed.process, undefined);
    const busy = await watch(nodeRed.process, file);
    return [
      { measure: 'largest gap', value: busy.largestMs, unit: 'ms', target: { atMost: 25 } },
      { measure: '99.9 % of gaps below', value: busy.p999Ms, unit: 'ms' },
      { measure: 'largest gap in 5 s without any work', value: idle.largestMs, unit: 'ms' },
      {
        measure: 'most CPU between two turns',
        value: busy.largestCpuMs ?? 'unknown',
        unit: 'ms',
        target: { atMost: 25 },
      },
      { measure: 'speed', value: seconds / busy.seconds, unit: 'x real time' },
    ];
  } catch (error) {
    throw new Error(`Node-RED said:\n${nodeRed.output()}`, { cause: error });
  } finally {
    await nodeRed.stop();
  }
}

/** What the event loop does while a file goes through the flow, or while nothing happens. */
async function watch(nodeRed: ChildProcess, filename: string | undefined): Promise<LoopReport> {
  const report = word(nodeRed);
  nodeRed.send({ filename });
  return (await report) as LoopReport;
}

/** The next thing that the nodes of this bench say. */
function word(process: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('Node-RED does not answer.'));
    }, ANSWER_WITHIN_MS);
    process.once('message', (message) => {
      clearTimeout(timer);
      resolve(message);
    });
  });
}
