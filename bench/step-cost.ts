/**
 * CPU of a live step: 64 ms of sound for every stream, all models. CPU time is that of the whole process (all threads).
 * Back to back, code and weights are warm in the caches: the cost of the work. At the real pace the machine has done
 * other things for 60 ms: the cost of the work and of finding everything again, which depends on what those things were.
 *
 * Beside it, in turns in the same run, the network alone (what is around it is the rest), and Silero VAD, which says of one thing what the
 * nine models say of many.
 *
 * `--against` names the folder of the models of another version, whose network is measured in turns with this one's.
 *
 *     npm run bench -- step-cost [--seconds 15] [--against FOLDER]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FRAME_MS, FRAME_SAMPLES } from '../src/clock';
import { Deeptone, type AnalysisStream } from '../src/index';
import { OnnxPredictionEngine, type PredictionStream } from '../src/inference';
import { ALL_MODELS } from './models';
import { trunkAlone, type NetworkRun } from './networks';
import { sileroAlone } from './peers';
import { median, type Measurement } from './report';
import { conversation } from './sound';

const BATCH = 32;
const WARM_UP_STEPS = 30;
/** Each is measured so often, in turns with the others: what else the machine does meets them all. */
const ROUNDS = 5;

export type Pace = 'back to back' | 'real time';

/** Milliseconds of CPU per step and stream. */
export async function cpuPerStep(
  streams: readonly PredictionStream[],
  sound: Float32Array,
  steps: number,
  pace: Pace,
  cpuMs: () => Promise<number> = ownCpuMs,
): Promise<number> {
  const step = async (index: number): Promise<void> => {
    await Promise.all(streams.map((stream, n) => stream.predict(frame(sound, index + 7 * n))));
  };
  return (await cpuOf(step, steps, pace, cpuMs)) / streams.length;
}

/** Milliseconds of CPU per step. */
async function cpuOf(
  run: (index: number) => Promise<unknown>,
  steps: number,
  pace: Pace = 'back to back',
  cpuMs: () => Promise<number> = ownCpuMs,
): Promise<number> {
  let next = performance.now();
  let before = await cpuMs();
  for (let step = -WARM_UP_STEPS; step < steps; step += 1) {
    if (step === 0) before = await cpuMs();
    await run(step + WARM_UP_STEPS);
    if (pace === 'back to back') continue;
    next += FRAME_MS;
    await sleep(Math.max(0, next - performance.now()));
  }
  return ((await cpuMs()) - before) / steps;
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

/** Frames of different places, one a stream. */
function frames(sound: Float32Array, index: number, streams: number): Float32Array {
  const pcm = new Float32Array(streams * FRAME_SAMPLES);
  for (let n = 0; n < streams; n += 1) pcm.set(frame(sound, index + 7 * n), n * FRAME_SAMPLES);
  return pcm;
}

/** What is measured in turns; each for so many streams at a time. */
interface Subjects {
  readonly engine: OnnxPredictionEngine;
  readonly deeptone: Deeptone;
  readonly ofEngine: readonly PredictionStream[];
  readonly whole: readonly AnalysisStream[];
  readonly networks: Readonly<Record<'alone' | 'together' | 'silero', NetworkRun>>;
  /** Of other models. */
  readonly others: Readonly<Record<'alone' | 'together', NetworkRun>> | undefined;
}

async function openSubjects(against: string | undefined): Promise<Subjects> {
  const engine = new OnnxPredictionEngine();
  const deeptone = new Deeptone(null, { predictionEngine: engine });
  const options = { models: ALL_MODELS, outputPeriod: 1_024 };
  const many = Array.from({ length: BATCH });
  return {
    engine,
    deeptone,
    ofEngine: await Promise.all(many.map(() => engine.openStream(ALL_MODELS))),
    whole: await Promise.all(many.map(() => deeptone.openStream(options))),
    networks: {
      alone: await trunkAlone(1),
      together: await trunkAlone(BATCH),
      silero: await sileroAlone(),
    },
    others: against
      ? { alone: await trunkAlone(1, against), together: await trunkAlone(BATCH, against) }
      : undefined,
  };
}

type Cost = `${'network' | 'engine' | 'whole'}${'Alone' | 'Together'}` | 'silero';
type Costs = Readonly<Record<Cost, number> & Partial<Record<'othersAlone' | 'othersTogether', number>>>;

/** Medians of milliseconds of CPU per step and stream, back to back. */
async function backToBack(subjects: Subjects, sound: Float32Array, steps: number): Promise<Costs> {
  const { ofEngine, whole, networks, others } = subjects;
  // A step of many takes as long as many steps of one.
  const stepsOf = (count: number): number => (count === 1 ? steps : Math.ceil(steps / ROUNDS));
  const engineOf = (count: number) => (): Promise<number> =>
    cpuPerStep(ofEngine.slice(0, count), sound, stepsOf(count), 'back to back');
  const wholeOf = (count: number) => async (): Promise<number> => {
    const heard = whole.slice(0, count);
    return (
      (await cpuOf(
        (n) => Promise.all(heard.map((each, k) => each.push(frame(sound, n + 7 * k)))),
        stepsOf(count),
      )) / count
    );
  };
  const networkOf = (network: NetworkRun, count: number) => async (): Promise<number> =>
    (await cpuOf((n) => network.step(frames(sound, n, count)), stepsOf(count))) / count;
  const measures: Readonly<Record<Cost, () => Promise<number>> & Record<string, () => Promise<number>>> = {
    networkAlone: networkOf(networks.alone, 1),
    ...(others
      ? { othersAlone: networkOf(others.alone, 1), othersTogether: networkOf(others.together, BATCH) }
      : {}),
    engineAlone: engineOf(1),
    wholeAlone: wholeOf(1),
    silero: networkOf(networks.silero, 1),
    networkTogether: networkOf(networks.together, BATCH),
    engineTogether: engineOf(BATCH),
    wholeTogether: wholeOf(BATCH),
  };
  const found = new Map<string, number[]>(Object.keys(measures).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(measures)) found.get(name)?.push(await measure());
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, median(values)])) as Costs;
}

function table(costs: Costs): Measurement[] {
  const one = 'ms CPU per step';
  const each = `${one} and stream`;
  const around = (whole: number, network: number): number => 100 * (whole / network - 1);
  const against = (what: string, ours: number, others: number | undefined): Measurement[] =>
    others === undefined
      ? []
      : [
          {
            measure: `${what}: the network against the other models'`,
            value: ours / others,
            unit: 'times',
            target: { atMost: 1.2 },
          },
        ];
  return [
    { measure: 'one stream, back to back', value: costs.engineAlone, unit: one, target: { atMost: 0.6 } },
    {
      measure: `${BATCH} streams, back to back`,
      value: costs.engineTogether,
      unit: each,
      target: { atMost: 0.15 },
    },
    { measure: 'one stream: the network alone', value: costs.networkAlone, unit: one },
    { measure: 'one stream: with insight', value: costs.wholeAlone, unit: one },
    { measure: `${BATCH} streams: the network alone`, value: costs.networkTogether, unit: each },
    { measure: `${BATCH} streams: with insight`, value: costs.wholeTogether, unit: each },
    ...against('one stream', costs.networkAlone, costs.othersAlone),
    ...against(`${BATCH} streams`, costs.networkTogether, costs.othersTogether),
    {
      measure: 'one stream: what is around the network, of the engine',
      value: around(costs.engineAlone, costs.networkAlone),
      unit: '% of its own cost',
      target: { atMost: 33 },
    },
    {
      measure: 'one stream: what is around the network, with insight',
      value: around(costs.wholeAlone, costs.networkAlone),
      unit: '% of its own cost',
      target: { atMost: 33 },
    },
    {
      measure: `${BATCH} streams: what is around the network, of the engine`,
      value: around(costs.engineTogether, costs.networkTogether),
      unit: '% of its own cost',
      target: { atMost: 33 },
    },
    {
      measure: `${BATCH} streams: what is around the network, with insight`,
      value: around(costs.wholeTogether, costs.networkTogether),
      unit: '% of its own cost',
      target: { atMost: 33 },
    },
    { measure: 'Silero VAD v6 alone, speech or not', value: costs.silero, unit: one },
    {
      measure: 'nine models against it, one stream',
      value: costs.engineAlone / costs.silero,
      unit: 'times',
      target: { atMost: 1.4 },
    },
    {
      measure: `nine models against it, ${BATCH} streams together`,
      value: costs.engineTogether / costs.silero,
      unit: 'times',
      target: { atMost: 0.3 },
    },
  ];
}

export async function stepCost(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...argv],
    options: { seconds: { type: 'string', default: '15' }, against: { type: 'string' } },
  });
  const steps = Math.ceil((Number(values.seconds) * 1_000) / FRAME_MS);
  const sound = await conversation();
  const subjects = await openSubjects(values.against);
  const costs = await backToBack(subjects, sound, steps);
  const { engine, deeptone, ofEngine, networks, others } = subjects;
  const aloneLive = await cpuPerStep(ofEngine.slice(0, 1), sound, steps, 'real time');
  const togetherLive = await cpuPerStep(ofEngine, sound, steps, 'real time');
  const stats = await engine.stats();
  await deeptone.close();
  for (const network of Object.values({
    ...networks,
    ...(others ? { others: others.alone, more: others.together } : {}),
  }))
    await network.release();
  return [
    ...table(costs),
    { measure: 'one stream, real time', value: aloneLive, unit: 'ms CPU per step' },
    { measure: `${BATCH} streams, real time`, value: togetherLive, unit: 'ms CPU per step and stream' },
    { measure: 'largest batch', value: stats?.largestBatch ?? 0, unit: 'streams' },
  ];
}
