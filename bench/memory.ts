/**
 * Peak memory of a process that analyses a 3-hour file against one that analyses a minute.
 *
 *     npm run bench -- memory [--hours 3]
 */
import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ALL_MODELS, THREE_MODELS } from './models';
import type { Measurement } from './report';
import { soundFile } from './sound';

const HOUR_SECONDS = 3_600;
const MEGABYTE = 1_048_576;
const run = promisify(execFile);

/** Peak resident memory, in MB, of a process that analyses the file. */
async function peakMemory(file: string, models: readonly string[]): Promise<number> {
  const child = path.join(__dirname, 'memory-child.js');
  const { stdout } = await run(process.execPath, [child, file, models.join()]);
  return Number(stdout) / MEGABYTE;
}

export async function memory(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({ args: [...argv], options: { hours: { type: 'string', default: '3' } } });
  const hours = Number(values.hours);
  const minute = await soundFile(60);
  const long = await soundFile(hours * HOUR_SECONDS);
  const measurements: Measurement[] = [];
  for (const [name, models, target] of [
    ['three models', THREE_MODELS, { atMost: 60 }],
    // The answer itself, a step a second for nine models, is part of it: some 10 MB for 3 hours.
    ['nine models', ALL_MODELS, undefined],
  ] as const) {
    const [short, all] = [await peakMemory(minute, models), await peakMemory(long, models)];
    measurements.push(
      { measure: `${name}, 1 minute`, value: short, unit: 'MB' },
      { measure: `${name}, ${hours} hours`, value: all, unit: 'MB' },
      { measure: `${name}, more for the long file`, value: all - short, unit: 'MB', target },
    );
  }
  return measurements;
}
