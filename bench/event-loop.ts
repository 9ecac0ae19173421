/**
 * Largest gap in the event loop of a real Node-RED while its file node analyses an hour of sound: how long anything
 * else in that Node-RED has to wait.
 *
 *     npm run bench -- event-loop [--seconds 3600]
 */
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
  const files = [await soundFile(WARM_UP_SECONDS), await soundFile(Number(values.seconds))];
  const node = JSON.stringify(path.join(__dirname, 'event-loop-node.js'));
  const nodeRed = await startNodeRed({
    extraNodes: { 'bench-event-loop': `module.exports = require(${node});` },
  });
  try {
    await nodeRed.deploy(flow());
    let report: LoopReport | undefined;
    for (const filename of files) report = await analyse(nodeRed.process, filename);
    if (!report) throw new Error('Nothing was analysed.');
    return [
      { measure: 'largest gap', value: report.largestMs, unit: 'ms', target: { atMost: 25 } },
      { measure: '99.9 % of gaps below', value: report.p999Ms, unit: 'ms' },
      { measure: 'speed', value: Number(values.seconds) / report.seconds, unit: 'x real time' },
    ];
  } catch (error) {
    throw new Error(`Node-RED said:\n${nodeRed.output()}`, { cause: error });
  } finally {
    await nodeRed.stop();
  }
}

/** Sends a file name into the flow and waits for what the event loop did meanwhile. */
function analyse(process: NodeJS.EventEmitter & { send?: unknown }, filename: string): Promise<LoopReport> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer for ${filename}`));
    }, ANSWER_WITHIN_MS);
    process.once('message', (report: LoopReport) => {
      clearTimeout(timer);
      resolve(report);
    });
    (process as { send(message: unknown): void }).send({ filename });
  });
}
