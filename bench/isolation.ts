/**
 * What models in a process of their own cost against models in a thread: CPU of a live step and of a file (of all processes),
 * memory, time to start, and time from a killed process to the next answer.
 *
 *     npm run bench -- isolation [--seconds 10]
 */
import { parseArgs } from 'node:util';
import { FRAME_MS, FRAME_SAMPLES } from '../src/clock';
import { ISOLATIONS, OnnxPredictionEngine, type Isolation } from '../src/inference';
import { ALL_MODELS } from './models';
import { median, type Measurement } from './report';
import { conversation } from './sound';
import { cpuPerStep, ownCpuMs } from './step-cost';

const STREAMS = 32;
const STARTS = 5;
const MEGABYTE = 1_048_576;
/** Frames of a file that are asked for at once. */
const REQUEST_FRAMES = 64;
const FILE_REQUESTS = 150;

type Numbers = Readonly<Record<string, { readonly value: number; readonly unit: string }>>;

/** CPU of this process and, where it has its own, of the engine's. */
function cpuOf(engine: OnnxPredictionEngine, isolation: Isolation): () => Promise<number> {
  if (isolation === 'thread') return ownCpuMs;
  return async () => (await ownCpuMs()) + ((await engine.stats())?.process.cpuMs ?? NaN);
}

async function startMs(isolation: Isolation): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < STARTS; n += 1) {
    const engine = new OnnxPredictionEngine({ isolation });
    const start = performance.now();
    await engine.start();
    times.push(performance.now() - start);
    await engine.close();
  }
  return median(times);
}

/** Milliseconds of CPU per second of a file, requests one after the other as an analysis sends them. */
async function fileCpu(
  engine: OnnxPredictionEngine,
  sound: Float32Array,
  cpuMs: () => Promise<number>,
): Promise<number> {
  const stream = await engine.openStream(ALL_MODELS);
  const size = REQUEST_FRAMES * FRAME_SAMPLES;
  const ask = async (n: number): Promise<unknown> => {
    const at = (n * size) % (sound.length - size);
    return stream.predict(sound.slice(at, at + size));
  };
  for (let n = 0; n < 5; n += 1) await ask(n);
  const before = await cpuMs();
  for (let n = 0; n < FILE_REQUESTS; n += 1) await ask(n);
  const spent = (await cpuMs()) - before;
  stream.close();
  return (1_000 * spent) / (FILE_REQUESTS * REQUEST_FRAMES * FRAME_MS);
}

/** From a killed process to the first answer of a new stream. */
async function restartMs(engine: OnnxPredictionEngine): Promise<number> {
  const { pid } = (await engine.stats())?.process ?? {};
  if (pid === undefined || pid === process.pid) return NaN;
  const stream = await engine.openStream(ALL_MODELS);
  const lost = stream.predict(new Float32Array(FRAME_SAMPLES)).catch(() => undefined);
  const start = performance.now();
  process.kill(pid, 'SIGKILL');
  await lost;
  await stream.predict(new Float32Array(FRAME_SAMPLES)).catch(() => undefined);
  await (await engine.openStream(ALL_MODELS)).predict(new Float32Array(FRAME_SAMPLES));
  return performance.now() - start;
}

async function measure(isolation: Isolation, sound: Float32Array, steps: number): Promise<Numbers> {
  const engine = new OnnxPredictionEngine({ isolation });
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => engine.openStream(ALL_MODELS)));
  const cpu = cpuOf(engine, isolation);
  const [only] = streams;
  if (!only) throw new Error('No stream could be opened.');
  const perStep = { unit: 'ms CPU per step and stream' };
  const numbers = {
    'one stream, back to back': {
      ...perStep,
      value: await cpuPerStep([only], sound, steps, 'back to back', cpu),
    },
    [`${STREAMS} streams, back to back`]: {
      ...perStep,
      value: await cpuPerStep(streams, sound, steps, 'back to back', cpu),
    },
    [`${STREAMS} streams, real time`]: {
      ...perStep,
      value: await cpuPerStep(streams, sound, steps, 'real time', cpu),
    },
    'a file': { unit: 'ms CPU per second of sound', value: await fileCpu(engine, sound, cpu) },
  };
  const { residentBytes = NaN } = (await engine.stats())?.process ?? {};
  const restart = await restartMs(engine);
  await engine.close();
  return {
    ...numbers,
    'memory of the process of the models': { unit: 'MB', value: residentBytes / MEGABYTE },
    'start, median': { unit: 'ms', value: await startMs(isolation) },
    ...(Number.isNaN(restart) ? {} : { 'killed, until the next answer': { unit: 'ms', value: restart } }),
  };
}

export async function isolation(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({ args: [...argv], options: { seconds: { type: 'string', default: '10' } } });
  const steps = Math.ceil((Number(values.seconds) * 1_000) / FRAME_MS);
  const sound = await conversation();
  const measurements: Measurement[] = [];
  const costs = new Map<string, number>();
  for (const where of ISOLATIONS) {
    for (const [name, { value, unit }] of Object.entries(await measure(where, sound, steps))) {
      measurements.push({ measure: `${where}: ${name}`, value, unit });
      const before = costs.get(name);
      if (before === undefined) costs.set(name, value);
      else if (unit.startsWith('ms CPU'))
        measurements.push({
          measure: `process against thread: ${name}`,
          value: value / before,
          unit: 'times',
        });
    }
  }
  return measurements;
}
