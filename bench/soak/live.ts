/** Live streams through a real Node-RED and a real broker, with something that goes wrong in every period. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBroker } from '../../test/tools/mqtt/broker';
import type { NodeRedProcess } from '../../test/tools/mqtt/node-red';
import { countingFlow, startCountingNodeRed, tallyOf } from '../../test/tools/mqtt/tally';
import { ALL_MODELS } from '../models';
import { FAULTS } from './faults';
import type { Sample } from './verdict';

export interface LiveSettings {
  readonly minutes: number;
  readonly streams: number;
  readonly faultEverySeconds: number;
}

/** Beside the microphones there are the streams of hostile messages. */
const SPARE_STREAMS = 64;
/** Code is compiled and buffers grow before anything is measured. */
const WARM_UP_MS = 10_000;
const LONGEST_AWAY_MS = 5_000;
const HOUR_MS = 3_600_000;

/** One sample at the end of every period, each shown as it is taken. */
export async function soakLive(
  settings: LiveSettings,
  show: (sample: Sample) => void,
): Promise<readonly Sample[]> {
  const periodMs = 1_000 * settings.faultEverySeconds;
  const periods = Math.max(1, Math.floor((60_000 * settings.minutes) / periodMs));
  const broker = await startBroker({ maxQueuedMessages: 10_000 });
  const nodeRed = await startCountingNodeRed();
  const microphones = await startMicrophones(broker.url, settings.streams);
  try {
    const flow = countingFlow(broker.port, {
      engine: { isolation: 'process' },
      stream: { models: ALL_MODELS, outputPeriod: 1_024, maxStreams: settings.streams + SPARE_STREAMS },
    });
    await nodeRed.deploy(flow);
    const awayMs = Math.min(LONGEST_AWAY_MS, periodMs / 4);
    const scene = { broker, nodeRed, flow, topics: microphones.topics, awayMs };
    const samples: Sample[] = [];
    await sleep(WARM_UP_MS);
    const start = Date.now();
    await tallyOf(nodeRed);
    for (let period = 0; period < periods; period += 1) {
      const fault = FAULTS[period % FAULTS.length];
      await fault?.inject(scene);
      await sleep(Math.max(0, start + (period + 1) * periodMs - Date.now()));
      const sample = await sampleOf(nodeRed, start, fault?.name ?? '', microphones.topics);
      samples.push(sample);
      show(sample);
    }
    return samples;
  } finally {
    await microphones.stop();
    await nodeRed.stop();
    await broker.close();
  }
}

async function sampleOf(
  nodeRed: NodeRedProcess,
  start: number,
  fault: string,
  topics: readonly string[],
): Promise<Sample> {
  const tally = await tallyOf(nodeRed);
  const heard = new Set(tally.streams);
  return {
    ...tally,
    hour: (Date.now() - start) / HOUR_MS,
    fault,
    streams: topics.filter((topic) => heard.has(topic)).length,
  };
}

/** Devices in a process of their own, which speak until they are stopped. */
async function startMicrophones(
  brokerUrl: string,
  count: number,
): Promise<{ readonly topics: readonly string[]; readonly stop: () => Promise<void> }> {
  const simulator = spawn(
    process.execPath,
    [
      resolve(__dirname, '../../test/tools/mqtt/simulator.js'),
      ...['--broker', brokerUrl],
      ...['--devices', String(count)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(simulator, 'exit');
  const [line] = (await once(createInterface({ input: simulator.stdout }), 'line')) as [string];
  const { begun } = JSON.parse(line) as { begun: readonly { readonly topic: string }[] };
  return {
    topics: begun.map(({ topic }) => topic),
    stop: async () => {
      simulator.kill('SIGTERM');
      await exited;
    },
  };
}
