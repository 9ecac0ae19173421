/**
 * WebAssembly against the native runtime, in one run and in turns: CPU of live streams and of files with all that is around the models, and of a
 * start. Only where both runtimes are there.
 *
 *     npm run bench -- runtimes [--seconds 20] [--repeats 3]
 */
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SAMPLE_RATE } from '../src/clock';
import { Deeptone, type AnalysisStream } from '../src/index';
import { ALL_MODELS } from './models';
import { median, type Measurement } from './report';
import { conversation } from './sound';
import { ownCpuMs } from './step-cost';

const RUNTIMES = ['native', 'wasm'] as const;
const STREAMS = 32;
/** What a device sends at a time. */
const MESSAGE_MS = 100;
const MESSAGE = (SAMPLE_RATE * MESSAGE_MS) / 1_000;
const PERIOD_MS = 1_024;
const FILE_SECONDS = 60;
const ENTRY = path.resolve(__dirname, '..', 'src', 'index.js');

interface Live {
  /** Share of one core. */
  readonly cpu: number;
  /** Steps that should have come and did not. */
  readonly missing: number;
  /** Milliseconds from a message to its answer, the longest. */
  readonly latest: number;
}

/** Live streams at the pace of their sound; a message that comes late is late, and nobody waits for it. */
async function live(deeptone: Deeptone, sound: Float32Array, seconds: number): Promise<Live> {
  const options = { models: ALL_MODELS, outputPeriod: PERIOD_MS };
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => deeptone.openStream(options)));
  let steps = 0;
  let latest = 0;
  const hear = async (stream: AnalysisStream, at: number): Promise<void> => {
    const start = performance.now();
    const answer = await stream.push(sound.slice(at, at + MESSAGE));
    steps += answer.steps.length;
    latest = Math.max(latest, performance.now() - start);
  };
  const messages = Math.ceil((seconds * 1_000) / MESSAGE_MS);
  const answers: Promise<void>[] = [];
  const before = await ownCpuMs();
  const began = performance.now();
  for (let message = 0; message < messages; message += 1) {
    for (const [n, stream] of streams.entries()) {
      answers.push(hear(stream, ((message + 7 * n) * MESSAGE) % (sound.length - MESSAGE)));
      const due = began + (message + (n + 1) / STREAMS) * MESSAGE_MS;
      if (due - performance.now() > 1) await sleep(due - performance.now());
    }
  }
  await Promise.all(answers);
  const cpu = ((await ownCpuMs()) - before) / (messages * MESSAGE_MS);
  for (const stream of streams) stream.close();
  return { cpu, missing: STREAMS * Math.floor((messages * MESSAGE_MS) / PERIOD_MS) - steps, latest };
}

/** Milliseconds of CPU per second of a clip. */
async function file(deeptone: Deeptone, sound: Float32Array): Promise<number> {
  const clip = Float32Array.from(
    { length: FILE_SECONDS * SAMPLE_RATE },
    (_, n) => sound[n % sound.length] ?? 0,
  );
  const before = await ownCpuMs();
  await deeptone.processAudioBytes(clip, { models: ALL_MODELS, outputPeriod: PERIOD_MS });
  return ((await ownCpuMs()) - before) / FILE_SECONDS;
}

/** Seconds of CPU of a process that starts an engine and ends. */
function start(runtime: string): number {
  const script = `const { Deeptone } = require(${JSON.stringify(ENTRY)});
    const deeptone = new Deeptone(null, { runtime: ${JSON.stringify(runtime)} });
    deeptone.start().then(() => deeptone.close()).then(() => {
      const { user, system } = process.cpuUsage();
      console.log((user + system) / 1e6);
    });`;
  const { stdout, status } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The engine did not start on ${runtime}.`);
  return Number(stdout);
}

interface Found {
  readonly live: Live[];
  readonly file: number[];
  readonly start: number[];
}

/** One runtime's turn. */
async function turn(
  runtime: (typeof RUNTIMES)[number],
  sound: Float32Array,
  seconds: number,
  found: Found,
): Promise<void> {
  const deeptone = new Deeptone(null, { runtime });
  await file(deeptone, sound); // Warm.
  found.live.push(await live(deeptone, sound, seconds));
  found.file.push(await file(deeptone, sound));
  await deeptone.close();
  found.start.push(start(runtime));
}

export async function runtimes(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...argv],
    options: { seconds: { type: 'string', default: '20' }, repeats: { type: 'string', default: '3' } },
  });
  const sound = await conversation();
  const [native, wasm] = RUNTIMES.map((): Found => ({ live: [], file: [], start: [] }));
  if (!native || !wasm) throw new Error('There are two runtimes.');
  for (let repeat = 0; repeat < Number(values.repeats); repeat += 1) {
    await turn('native', sound, Number(values.seconds), native);
    await turn('wasm', sound, Number(values.seconds), wasm);
  }
  const liveCpu = ({ live: runs }: Found): number => 100 * median(runs.map(({ cpu }) => cpu));
  const [startNative, startWasm] = [median(native.start), median(wasm.start)];
  return [
    { measure: `${STREAMS} live streams, native`, value: liveCpu(native), unit: '% of a core' },
    { measure: `${STREAMS} live streams, WebAssembly`, value: liveCpu(wasm), unit: '% of a core' },
    {
      measure: 'live, WebAssembly against native',
      value: liveCpu(wasm) / liveCpu(native),
      unit: 'times',
      target: { atMost: 2 },
    },
    {
      measure: 'steps missing on WebAssembly',
      value: wasm.live.reduce((sum, { missing }) => sum + missing, 0),
      target: { atMost: 0 },
    },
    {
      measure: 'latest answer to a message, native',
      value: Math.max(...native.live.map(({ latest }) => latest)),
      unit: 'ms',
    },
    {
      measure: 'latest answer to a message, WebAssembly',
      value: Math.max(...wasm.live.map(({ latest }) => latest)),
      unit: 'ms',
    },
    { measure: 'a clip of a minute, native', value: median(native.file), unit: 'ms CPU per second' },
    { measure: 'a clip of a minute, WebAssembly', value: median(wasm.file), unit: 'ms CPU per second' },
    {
      measure: 'files, WebAssembly against native',
      value: median(wasm.file) / median(native.file),
      unit: 'times',
      target: { atMost: 2.5 },
    },
    { measure: 'start of an engine, native', value: startNative, unit: 's CPU' },
    {
      measure: 'start of an engine, WebAssembly: more than that',
      value: startWasm - startNative,
      unit: 's CPU',
      target: { atMost: 1.5 },
    },
  ];
}
