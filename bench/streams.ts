/**
 * What a live stream holds, and whether opening and closing thousands leaves anything behind. Run with an exposed
 * garbage collector, which `npm run bench` gives.
 */
import { FRAME_SAMPLES } from '../src/clock';
import { OnnxPredictionEngine, type PredictionStream } from '../src/inference';
import { NINE_MODELS } from './models';
import type { Measurement } from './report';
import { conversation } from './sound';

const STREAMS = 1_000;
const ROUNDS = 10;
const STEPS = 20;
const KILOBYTE = 1_024;

/** Opens streams and lets each of them hear a second or so. */
async function openAndRun(
  engine: OnnxPredictionEngine,
  count: number,
  sound: Float32Array,
): Promise<readonly PredictionStream[]> {
  const streams = await Promise.all(Array.from({ length: count }, () => engine.openStream(NINE_MODELS)));
  for (let step = 0; step < STEPS; step += 1) {
    const piece = sound.subarray(step * FRAME_SAMPLES, (step + 1) * FRAME_SAMPLES);
    await Promise.all(streams.map((stream) => stream.predict(piece)));
  }
  return streams;
}

function residentMemory(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

export async function streams(): Promise<readonly Measurement[]> {
  const sound = await conversation();
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
  return [
    {
      measure: 'memory per additional stream',
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
  ];
}
