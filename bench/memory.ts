/**
 * Peak memory of a process that analyses a 3-hour file against one that analyses a minute.
 *
 *     npm run bench -- memory [--hours 3]
 */
import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { NINE_MODELS } from './models';
import type { Measurement } from './report';
import { soundFile } from './sound';

const HOUR_SECONDS = 3_600;
const MEGABYTE = 1_048_576;
const run = promisify(execFile);

/** Peak resident memory, in MB, of a process that analyses the file with all models. */
async function peakMemory(file: string): Promise<number> {
  const child = path.join(__dirname, 'memory-child.js');
  const { stdout } = await run(process.execPath, [child, file, NINE_MODELS.join()]);
  return Number(stdout) / MEGABYTE;
}

export async function memory(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({ args: [...argv], options: { hours: { type: 'string', default: '3' } } });
  const hours = Number(values.hours);
  const minute = await peakMemory(await soundFile(60));
  const long = await peakMemory(await soundFile(hours * HOUR_SECONDS));
  return [
    { measure: 'peak, 1 minute', value: minute, unit: 'MB' },
    { measure: `peak, ${hours} hours`, value: long, unit: 'MB' },
    { measure: 'more for the long file', value: long - minute, unit: 'MB', target: { atMost: 60 } },
  ];
}
