/**
 * Many live streams over MQTT: a real mosquitto, a real Node-RED with a stream node on all models, and simulated
 * devices, each in a process of its own on this machine.
 *
 *     npm run bench -- live-streams [--streams 100] [--frame-ms 100] [--period-ms 1024] [--minutes 1] [--publish]
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
import { DEFAULT_SPEAKER_DELAY } from '../src/pipeline';
import { ALL_MODELS } from './models';
import { median, type Measurement } from './report';

/** Streams open, code gets compiled, and buffers grow before anything is measured. */
const WARM_UP_MS = 10_000;
/** What is under way when the devices end. */
const DRAIN_MS = 3_000;
const MEGABYTE = 1_048_576;
/** Samples of memory, 5 s apart, of which the median counts. */
const MEMORY_SAMPLES = 12;
/** Less than this is the garbage collector's breath. */
const LARGEST_GROWTH_MB = 20;

interface Settings {
  readonly streams: number;
  readonly frameMs: number;
  readonly periodMs: number;
  readonly minutes: number;
  /** Results go back to the broker too. */
  readonly publish: boolean;
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
      models: ALL_MODELS,
      outputPeriod: settings.periodMs,
      source: 'mqtt',
      broker: 'broker',
      mqttTopic: 'audio/+/pcm',
      maxStreams: settings.streams,
      publish: settings.publish,
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

/** One run. */
async function measure(settings: Settings): Promise<readonly Measurement[]> {
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
    return [
      ...figures(report, settings),
      { measure: 'CPU of mosquitto', value: percent(brokerCpu), unit: '% of a core' },
      { measure: 'CPU of the simulated devices', value: percent(simulatorCpu), unit: '% of a core' },
    ];
  } finally {
    await nodeRed.stop();
    await broker.close();
  }
}

function figures(report: CollectorReport, settings: Settings): readonly Measurement[] {
  const { steps, missing, silent, fromSpoken, fromPublished } = report.latency;
  const samples = Math.max(1, Math.min(MEMORY_SAMPLES, Math.floor(report.rss.length / 2)));
  const after = median(report.rss.slice(0, samples)) / MEGABYTE;
  const end = median(report.rss.slice(-samples)) / MEGABYTE;
  return [
    {
      measure: `streams, ${ALL_MODELS.length} models, ${settings.frameMs} ms messages`,
      value: settings.streams,
    },
    { measure: `steps of ${settings.periodMs} ms`, value: steps },
    { measure: 'steps missing', value: missing, target: { atMost: 0 } },
    { measure: 'streams without a step', value: silent, target: { atMost: 0 } },
    { measure: 'audio lost on the way', value: report.gaps, unit: 'ms', target: { atMost: 0 } },
    { measure: 'audio dropped by the node', value: report.droppedMs, unit: 'ms', target: { atMost: 0 } },
    { measure: 'errors', value: report.errors.length, target: { atMost: 0 } },
    { measure: 'answers wait for more of a voice', value: DEFAULT_SPEAKER_DELAY, unit: 'ms' },
    {
      measure: 'last sample spoken to step out, beyond that, median',
      value: fromSpoken.p50 - DEFAULT_SPEAKER_DELAY,
      unit: 'ms',
    },
    {
      measure: 'last sample spoken to step out, beyond that, p99',
      value: fromSpoken.p99 - DEFAULT_SPEAKER_DELAY,
      unit: 'ms',
      target: { atMost: 250 },
    },
    {
      measure: 'last sample spoken to step out, beyond that, worst',
      value: fromSpoken.max - DEFAULT_SPEAKER_DELAY,
      unit: 'ms',
    },
    { measure: 'message published to step out, median', value: fromPublished.p50, unit: 'ms' },
    { measure: 'message published to step out, p99', value: fromPublished.p99, unit: 'ms' },
    {
      measure: 'largest gap of the event loop',
      value: report.eventLoopGapMs,
      unit: 'ms',
      target: { atMost: 50 },
    },
    { measure: 'gap of the event loop, p99', value: report.eventLoopGapP99Ms, unit: 'ms' },
    { measure: 'longest garbage collection in it', value: report.longestCollectionMs, unit: 'ms' },
    { measure: 'CPU of Node-RED with the engine', value: percent(report.cpu), unit: '% of a core' },
    { measure: 'memory of Node-RED after warm-up', value: after, unit: 'MB' },
    { measure: `memory of Node-RED after ${settings.minutes} min`, value: end, unit: 'MB' },
    { measure: 'growth of memory', value: end - after, unit: 'MB', target: { atMost: LARGEST_GROWTH_MB } },
  ];
}

function percent(share: number | undefined): number {
  return 100 * (share ?? Number.NaN);
}

/** Runs with the given command-line arguments. */
export async function liveStreams(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      streams: { type: 'string', default: '100' },
      'frame-ms': { type: 'string', default: '100' },
      'period-ms': { type: 'string', default: '1024' },
      minutes: { type: 'string', default: '1' },
      publish: { type: 'boolean', default: false },
    },
  });
  return measure({
    streams: Number(values.streams),
    frameMs: Number(values['frame-ms']),
    periodMs: Number(values['period-ms']),
    minutes: Number(values.minutes),
    publish: values.publish,
  });
}
