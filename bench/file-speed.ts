/**
 * File analysis through class Deeptone on a 10-minute 16 kHz WAV, start-up excluded. Speed is audio time over the CPU
 * time of the whole process (both threads): what one core does, whatever else the machine is at.
 *
 *     npm run bench -- file-speed [--seconds 600] [--repeats 5]
 */
import { parseArgs } from 'node:util';
import { Deeptone } from '../src';
import { ALL_MODELS, THREE_MODELS } from './models';
import { median, type Measurement } from './report';
import { soundFile } from './sound';

const WARM_UP_SECONDS = 30;
const MICROSECONDS = 1e6;
const MILLISECONDS = 1e3;

interface Cost {
  /** Seconds. */
  readonly cpu: number;
  readonly wall: number;
}

async function analyse(deeptone: Deeptone, file: string, models: readonly string[]): Promise<Cost> {
  const before = process.cpuUsage();
  const start = performance.now();
  await deeptone.processFile(file, {
    models,
    outputPeriod: 1_024,
    includeSummary: true,
    includeTransitions: true,
  });
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / MICROSECONDS, wall: (performance.now() - start) / MILLISECONDS };
}

export async function fileSpeed(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...argv],
    options: { seconds: { type: 'string', default: '600' }, repeats: { type: 'string', default: '5' } },
  });
  const seconds = Number(values.seconds);
  const file = await soundFile(seconds);
  const deeptone = new Deeptone();
  const sets = { one: ['speech'], three: THREE_MODELS, nine: ALL_MODELS } as const;
  const costs: Record<keyof typeof sets, Cost[]> = { one: [], three: [], nine: [] };
  for (const models of Object.values(sets)) await analyse(deeptone, await soundFile(WARM_UP_SECONDS), models);
  // The sets take turns, so that a busy moment of the machine does not fall on one of them alone.
  for (let repeat = 0; repeat < Number(values.repeats); repeat += 1) {
    costs.one.push(await analyse(deeptone, file, sets.one));
    costs.three.push(await analyse(deeptone, file, sets.three));
    costs.nine.push(await analyse(deeptone, file, sets.nine));
  }
  await deeptone.close();
  const cpu = (name: keyof typeof sets): number => median(costs[name].map((cost) => cost.cpu));
  const wall = median(costs.three.map((cost) => cost.wall));
  return [
    {
      measure: 'three models, per CPU second',
      value: seconds / cpu('three'),
      unit: 'x real time',
      target: { atLeast: 400 },
    },
    { measure: 'three models, by the clock on the wall', value: seconds / wall, unit: 'x real time' },
    { measure: 'nine models, per CPU second', value: seconds / cpu('nine'), unit: 'x real time' },
    {
      measure: 'CPU of nine models against one',
      value: cpu('nine') / cpu('one'),
      unit: 'times',
      target: { atMost: 1.5 },
    },
  ];
}
