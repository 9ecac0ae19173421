/**
 * Many live streams over MQTT: a real mosquitto, a real Node-RED with a stream node on all models, and simulated
 * devices, each in a process of its own on this machine.
 *
 *     npm run bench -- live-streams [--streams 100] [--frame-ms 100] [--period-ms 1024] [--minutes 1]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startBroker } from '../test/tools/mqtt/broker';
import { brokerNode, startNodeRed, type FlowNode, type NodeRedProcess } from '../test/tools/mqtt/node-red';
import type { CollectorReport, MeasureRequest } from './live/collector-report';
import type { DeviceClocks } from './live/latency-meter';
import { cpuSeconds } from './live/process-cpu';

const MODELS = [
  'speech-rt',
  'speech',
  'gender',
  'arousal',
  'emotions',
  'language',
  'underage-speaker',
  'audio-event',
  'speaker-map',
];
/** Streams open, code gets compiled, and buffers grow before anything is measured. */
const WARM_UP_MS = 10_000;
/** What is under way when the devices end. */
const DRAIN_MS = 3_000;
const MEGABYTE = 1_048_576;

interface Settings {
  readonly streams: number;
  readonly frameMs: number;
  readonly periodMs: number;
  readonly minutes: number;
}

interface Simulation {
  readonly process: ChildProcess;
  readonly devices: DeviceClocks['devices'];
  readonly ended: Promise<void>;
}

function flow(port: number, settings: Settings): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'engine', type: 'deeptone-engine', name: '' },
    brokerNode('broker', port, 5),
    {
      id: 'stream',
      type: 'deeptone-stream',
      z: 'tab',
      engine: 'engine',
      models: MODELS,
      outputPeriod: settings.periodMs,
      source: 'mqtt',
      broker: 'broker',
      mqttTopic: 'audio/+/pcm',
      maxStreams: settings.streams,
      wires: [['collector'], ['collector'], ['collector']],
    },
    { id: 'catch', type: 'catch', z: 'tab', scope: null, wires: [['collector']] },
    { id: 'collector', type: 'bench-collector', z: 'tab', wires: [] },
  ];
}

async function simulate(brokerUrl: string, settings: Settings): Promise<Simulation> {
  const seconds = (WARM_UP_MS + settings.minutes * 60_000) / 1_000;
  const process_ = spawn(
    process.execPath,
    [
      resolve(__dirname, '../test/tools/mqtt/simulator.js'),
      ...['--broker', brokerUrl],
      ...['--devices', String(settings.streams)],
      ...['--frame-ms', String(settings.frameMs)],
      ...['--seconds', String(seconds)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: process_.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const { begun } = JSON.parse(line) as { begun: DeviceClocks['devices'] };
  return { process: process_, devices: begun, ended: once(process_, 'exit').then(() => undefined) };
}

async function reportOf(nodeRed: NodeRedProcess): Promise<CollectorReport> {
  const answered = once(nodeRed.process, 'message') as Promise<[{ report: CollectorReport }]>;
  nodeRed.process.send('report');
  const [{ report }] = await answered;
  return report;
}

/** One run; figures in milliseconds, megabytes and shares of one core. */
async function measure(settings: Settings): Promise<Record<string, number | string>> {
  const broker = await startBroker({ maxQueuedMessages: 10_000 });
  const nodeRed = await startNodeRed({
    extraNodes: {
      'bench-collector': `module.exports = require(${JSON.stringify(resolve(__dirname, 'live/collector-node.js'))});`,
    },
  });
  try {
    await nodeRed.deploy(flow(broker.port, settings));
    const simulation = await simulate(broker.url, settings);
    await sleep(WARM_UP_MS);
    const request: MeasureRequest = {
      measure: { frameMs: settings.frameMs, periodMs: settings.periodMs, devices: simulation.devices },
    };
    nodeRed.process.send(request);
    const before = [cpuSeconds(broker.processId), cpuSeconds(simulation.process.pid)];
    const since = performance.now();
    await sleep(settings.minutes * 60_000 - 1_000);
    const seconds = (performance.now() - since) / 1_000;
    const [brokerCpu, simulatorCpu] = [cpuSeconds(broker.processId), cpuSeconds(simulation.process.pid)].map(
      (after, index) => (after - (before[index] ?? Number.NaN)) / seconds,
    );
    await simulation.ended;
    await sleep(DRAIN_MS);
    const report = await reportOf(nodeRed);
    if (report.latency.steps === 0)
      throw new Error(`No step came.\n${report.errors.join('\n')}\n${nodeRed.output()}`);
    for (const error of report.errors) process.stderr.write(`${error}\n`);
    return {
      ...figures(report, settings),
      brokerCpu: round(brokerCpu, 3),
      simulatorCpu: round(simulatorCpu, 3),
    };
  } finally {
    await nodeRed.stop();
    await broker.close();
  }
}

function figures(report: CollectorReport, settings: Settings): Record<string, number | string> {
  const { steps, missing, silent, fromSpoken, fromPublished } = report.latency;
  const first = report.rss[0] ?? Number.NaN;
  const last = report.rss.at(-1) ?? Number.NaN;
  return {
    streams: settings.streams,
    frameMs: settings.frameMs,
    periodMs: settings.periodMs,
    minutes: settings.minutes,
    steps,
    missingSteps: missing,
    silentStreams: silent,
    gaps: report.gaps,
    droppedMs: report.droppedMs,
    errors: report.errors.length,
    spokenP50Ms: fromSpoken.p50,
    spokenP99Ms: fromSpoken.p99,
    spokenMaxMs: fromSpoken.max,
    publishedP50Ms: fromPublished.p50,
    publishedP99Ms: fromPublished.p99,
    eventLoopGapMs: round(report.eventLoopGapMs),
    eventLoopGapP99Ms: round(report.eventLoopGapP99Ms),
    nodeRedCpu: round(report.cpu, 3),
    rssAfterWarmUpMB: round(first / MEGABYTE),
    rssAtEndMB: round(last / MEGABYTE),
    rssHighestMB: round(Math.max(...report.rss) / MEGABYTE),
  };
}

function round(value: number | undefined, digits = 1): number {
  return Number((value ?? Number.NaN).toFixed(digits));
}

/** Runs with the given command-line arguments. */
export async function liveStreams(argv: readonly string[]): Promise<Record<string, number | string>> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      streams: { type: 'string', default: '100' },
      'frame-ms': { type: 'string', default: '100' },
      'period-ms': { type: 'string', default: '1024' },
      minutes: { type: 'string', default: '1' },
    },
  });
  return measure({
    streams: Number(values.streams),
    frameMs: Number(values['frame-ms']),
    periodMs: Number(values['period-ms']),
    minutes: Number(values.minutes),
  });
}
