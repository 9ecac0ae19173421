/**
 * CPU of a live step: 64 ms of sound for every stream, all models. CPU time is that of the whole process (both threads).
 * Back to back, code and weights are warm in the caches: the cost of the work. At the real pace the machine has done
 * other things for 60 ms: the cost of the work and of finding everything again, which depends on what those things were.
 *
 *     npm run bench -- step-cost [--seconds 15]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FRAME_MS, FRAME_SAMPLES } from '../src/clock';
import { OnnxPredictionEngine, type PredictionStream } from '../src/inference';
import { ALL_MODELS } from './models';
import type { Measurement } from './report';
import { conversation } from './sound';

const BATCH = 32;
const WARM_UP_STEPS = 30;

export type Pace = 'back to back' | 'real time';

/** Milliseconds of CPU per step and stream. */
export async function cpuPerStep(
  streams: readonly PredictionStream[],
  sound: Float32Array,
  steps: number,
  pace: Pace,
  cpuMs: () => Promise<number> = ownCpuMs,
): Promise<number> {
  let next = performance.now();
  let before = await cpuMs();
  for (let step = -WARM_UP_STEPS; step < steps; step += 1) {
    if (step === 0) before = await cpuMs();
    const answers = streams.map((stream, index) =>
      stream.predict(frame(sound, step + WARM_UP_STEPS + 7 * index)),
    );
    await Promise.all(answers);
    if (pace === 'back to back') continue;
    next += FRAME_MS;
    await sleep(Math.max(0, next - performance.now()));
  }
  return ((await cpuMs()) - before) / steps / streams.length;
}

/** Milliseconds of CPU of this process so far. */
export function ownCpuMs(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return Promise.resolve((user + system) / 1_000);
}

function frame(sound: Float32Array, index: number): Float32Array {
  const start = (index % Math.floor(sound.length / FRAME_SAMPLES)) * FRAME_SAMPLES;
  return sound.slice(start, start + FRAME_SAMPLES);
}

export async function stepCost(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({ args: [...argv], options: { seconds: { type: 'string', default: '15' } } });
  const steps = Math.ceil((Number(values.seconds) * 1_000) / FRAME_MS);
  const sound = await conversation();
  const engine = new OnnxPredictionEngine();
  const streams = await Promise.all(Array.from({ length: BATCH }, () => engine.openStream(ALL_MODELS)));
  const [only] = streams;
  if (!only) throw new Error('No stream could be opened.');
  const alone = await cpuPerStep([only], sound, steps, 'back to back');
  const together = await cpuPerStep(streams, sound, steps, 'back to back');
  const aloneLive = await cpuPerStep([only], sound, steps, 'real time');
  const togetherLive = await cpuPerStep(streams, sound, steps, 'real time');
  const stats = await engine.stats();
  await engine.close();
  return [
    { measure: 'one stream, back to back', value: alone, unit: 'ms CPU per step', target: { atMost: 0.6 } },
    {
      measure: `${BATCH} streams, back to back`,
      value: together,
      unit: 'ms CPU per step and stream',
      target: { atMost: 0.15 },
    },
    { measure: 'one stream, real time', value: aloneLive, unit: 'ms CPU per step' },
    { measure: `${BATCH} streams, real time`, value: togetherLive, unit: 'ms CPU per step and stream' },
    { measure: 'largest batch', value: stats?.largestBatch ?? 0, unit: 'streams' },
  ];
}
