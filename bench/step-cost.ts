/**
 * CPU of a live step: every stream brings 64 ms of sound at its real pace. CPU time is that of the whole process
 * (both threads), so other work on the machine matters little.
 *
 *     npm run bench -- step-cost [--seconds 15]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FRAME_MS, FRAME_SAMPLES } from '../src/clock';
import { OnnxPredictionEngine, type PredictionStream } from '../src/inference';
import { NINE_MODELS } from './models';
import type { Measurement } from './report';
import { conversation } from './sound';

const BATCH = 32;
const WARM_UP_STEPS = 30;

/** Milliseconds of CPU per step and stream. */
async function cpuPerStep(
  streams: readonly PredictionStream[],
  sound: Float32Array,
  steps: number,
): Promise<number> {
  let next = performance.now();
  let before = process.cpuUsage();
  for (let step = -WARM_UP_STEPS; step < steps; step += 1) {
    if (step === 0) before = process.cpuUsage();
    const answers = streams.map((stream, index) =>
      stream.predict(frame(sound, step + WARM_UP_STEPS + 7 * index)),
    );
    await Promise.all(answers);
    next += FRAME_MS;
    await sleep(Math.max(0, next - performance.now()));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / steps / streams.length;
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
  const streams = await Promise.all(Array.from({ length: BATCH }, () => engine.openStream(NINE_MODELS)));
  const alone = await cpuPerStep(streams.slice(0, 1), sound, steps);
  const together = await cpuPerStep(streams, sound, steps);
  const stats = await engine.stats();
  await engine.close();
  return [
    { measure: 'nine models, one stream', value: alone, unit: 'ms CPU per step', target: { atMost: 0.6 } },
    {
      measure: `nine models, ${BATCH} streams`,
      value: together,
      unit: 'ms CPU per step and stream',
      target: { atMost: 0.15 },
    },
    { measure: 'largest batch', value: stats?.largestBatch ?? 0, unit: 'streams' },
  ];
}
