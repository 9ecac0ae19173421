/**
 * What a live stream holds, whether opening and closing thousands leaves anything behind, and how many more streams a second worker carries.
 * Run with an exposed garbage collector, which `npm run bench` gives.
 *
 *     npm run bench -- streams [--workers]    (that last part alone)
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE } from '../src/clock';
import { Deeptone, type AnalysisStream } from '../src/index';
import { OnnxPredictionEngine, type PredictionStream } from '../src/inference';
import { threadSeconds } from './live/process-cpu';
import { ALL_MODELS } from './models';
import { median, type Measurement } from './report';
import { conversation } from './sound';

const STREAMS = 1_000;
const ROUNDS = 10;
const STEPS = 20;
/** Whole streams, with all that answers need; they hear enough for the speaker map's memory to be full. */
const WHOLE_STREAMS = 150;
const WHOLE_SECONDS = 40;
const KILOBYTE = 1_024;

/** Opens streams and lets each of them hear a second or so. */
async function openAndRun(
  engine: OnnxPredictionEngine,
  count: number,
  sound: Float32Array,
): Promise<readonly PredictionStream[]> {
  const streams = await Promise.all(Array.from({ length: count }, () => engine.openStream(ALL_MODELS)));
  for (let step = 0; step < STEPS; step += 1) {
    const piece = sound.subarray(step * FRAME_SAMPLES, (step + 1) * FRAME_SAMPLES);
    await Promise.all(streams.map((stream) => stream.predict(piece)));
  }
  return streams;
}

/** Opens live streams as the stream node does, and lets each of them hear a conversation. */
async function openWhole(deeptone: Deeptone, sound: Float32Array): Promise<readonly AnalysisStream[]> {
  const options = { models: ALL_MODELS, outputPeriod: 1_024 };
  const streams = await Promise.all(
    Array.from({ length: WHOLE_STREAMS }, () => deeptone.openStream(options)),
  );
  for (let second = 0; second < WHOLE_SECONDS; second += 1) {
    const at = (second * SAMPLE_RATE) % (sound.length - SAMPLE_RATE);
    const piece = sound.subarray(at, at + SAMPLE_RATE);
    await Promise.all(streams.map((stream) => stream.push(piece)));
  }
  return streams;
}

/** kB that one more live stream takes in the process. */
async function memoryOfWhole(sound: Float32Array): Promise<number> {
  const deeptone = new Deeptone();
  const first = await openWhole(deeptone, sound);
  const before = residentMemory();
  const second = await openWhole(deeptone, sound);
  const perStream = (residentMemory() - before) / WHOLE_STREAMS / KILOBYTE;
  for (const stream of [...first, ...second]) stream.close();
  await deeptone.close();
  return perStream;
}

function residentMemory(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** Streams that ask for the next frame as soon as they have the answer, enough for full batches in every worker. */
const BUSY_STREAMS = 128;
const WORKER_COUNTS = [1, 2] as const;
const WORKER_ROUNDS = 3;
const WARM_UP_MS = 500;
const MEASURED_MS = 3_000;

const CORES = 2;

/** What engines with so many workers carry. */
interface Carried {
  /** Streams at the pace of live sound, by the clock on the wall: other work on the machine takes from it. */
  readonly live: number;
  /** The same on two cores that nobody else uses, by the CPU that each thread took (Linux only): the busiest one sets the pace, or both cores are full. */
  readonly byCpu: number;
}

/** Seconds of CPU since then: of all threads, and of the busiest. */
function spentSince(before: ReadonlyMap<string, number>): { readonly all: number; readonly busiest: number } {
  const spent = [...threadSeconds()].map(([thread, seconds]) => seconds - (before.get(thread) ?? 0));
  return { all: spent.reduce((sum, seconds) => sum + seconds, 0), busiest: Math.max(...spent) };
}

async function carried(workers: number, sound: Float32Array): Promise<Carried> {
  const engine = new OnnxPredictionEngine({ workers });
  await engine.start();
  const opened = await Promise.all(Array.from({ length: BUSY_STREAMS }, () => engine.openStream(ALL_MODELS)));
  let frames = 0;
  let isOver = false;
  const work = opened.map(async (stream, n) => {
    for (let step = n; !isOver; step += 1, frames += 1) {
      const at = (step * FRAME_SAMPLES) % (sound.length - FRAME_SAMPLES);
      await stream.predict(sound.slice(at, at + FRAME_SAMPLES));
    }
  });
  await sleep(WARM_UP_MS);
  const [before, since, cpu] = [frames, performance.now(), threadSeconds()];
  await sleep(MEASURED_MS);
  const spent = spentSince(cpu);
  const [done, elapsedMs] = [frames - before, performance.now() - since];
  isOver = true;
  await Promise.all(work);
  await engine.close();
  return {
    live: (done / elapsedMs) * FRAME_MS,
    byCpu: (done * FRAME_MS) / 1_000 / Math.max(spent.busiest, spent.all / CORES),
  };
}

/** Rounds in turns, so that what else the machine does meets both; medians. */
async function moreWorkers(sound: Float32Array): Promise<readonly Measurement[]> {
  const found = WORKER_COUNTS.map((): Carried[] => []);
  for (let round = 0; round < WORKER_ROUNDS; round += 1) {
    for (const [index, workers] of WORKER_COUNTS.entries()) {
      found[index]?.push(await carried(workers, sound));
    }
  }
  const [one = NaN, two = NaN] = found.map((runs) => median(runs.map(({ live }) => live)));
  const [oneByCpu = NaN, twoByCpu = NaN] = found.map((runs) => median(runs.map(({ byCpu }) => byCpu)));
  return [
    { measure: 'live streams that one worker carries', value: one, unit: 'streams' },
    { measure: 'live streams that two workers carry', value: two, unit: 'streams' },
    { measure: 'two workers against one', value: two / one, unit: 'times', target: { atLeast: 1.7 } },
    {
      measure: 'two workers against one, by the CPU of each thread',
      value: twoByCpu / oneByCpu,
      unit: 'times',
    },
  ];
}

export async function streams(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...argv],
    options: { workers: { type: 'boolean', default: false } },
  });
  const sound = await conversation();
  if (values.workers) return moreWorkers(sound);
  const engine = new OnnxPredictionEngine();
  // The first thousand fills the runtime's buffers; what a thousand more cost is the price of a stream.
  const first = await openAndRun(engine, STREAMS, sound);
  const before = residentMemory();
  const second = await openAndRun(engine, STREAMS, sound);
  const perStream = (residentMemory() - before) / STREAMS;
  for (const stream of [...first, ...second]) stream.close();

  const beforeRounds = residentMemory();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const stream of await openAndRun(engine, STREAMS, sound)) stream.close();
  }
  const left = residentMemory() - beforeRounds;
  const stats = await engine.stats();
  await engine.close();
  const whole = await memoryOfWhole(sound);
  const workers = await moreWorkers(sound);
  return [
    {
      measure: 'memory per additional live stream, all that it holds',
      value: whole,
      unit: 'kB',
      target: { atMost: 200 },
    },
    {
      measure: 'of that in the engine',
      value: perStream / KILOBYTE,
      unit: 'kB',
      target: { atMost: 200 },
    },
    {
      measure: `streams left after opening and closing ${ROUNDS * STREAMS}`,
      value: stats?.openStreams ?? NaN,
      target: { atMost: 0 },
    },
    { measure: 'growth by it', value: left / KILOBYTE / KILOBYTE, unit: 'MB', target: { atMost: 20 } },
    ...workers,
  ];
}
