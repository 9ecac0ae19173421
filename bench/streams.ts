/**
 * What a live stream holds, and whether opening and closing thousands leaves anything behind. Run with an exposed
 * garbage collector, which `npm run bench` gives.
 */
import { FRAME_SAMPLES, SAMPLE_RATE } from '../src/clock';
import { Deeptone, type AnalysisStream } from '../src/index';
import { OnnxPredictionEngine, type PredictionStream } from '../src/inference';
import { ALL_MODELS } from './models';
import type { Measurement } from './report';
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
  const whole = await memoryOfWhole(sound);
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
  ];
}
