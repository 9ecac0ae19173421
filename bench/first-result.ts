/**
 * From the start of `deeptone analyze` on a 10-second file to the first byte of its answer: what a person waits.
 *
 *     npm run bench -- first-result [--repeats 7]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { THREE_MODELS } from './models';
import { median, type Measurement } from './report';
import { soundFile } from './sound';

const COMMAND = path.resolve(__dirname, '..', 'src', 'cli', 'main.js');

/** Seconds until the first byte on standard output. */
async function secondsToAnswer(file: string): Promise<number> {
  const start = performance.now();
  const args = [COMMAND, 'analyze', file, '--models', THREE_MODELS.join(), '--output-period', '1024'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let first: number | undefined;
  child.stdout.on('data', () => (first ??= performance.now()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 || first === undefined) throw new Error(`deeptone analyze ended with ${code}.`);
  return (first - start) / 1_000;
}

export async function firstResult(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({ args: [...argv], options: { repeats: { type: 'string', default: '7' } } });
  const file = await soundFile(10);
  const seconds: number[] = [];
  for (let repeat = 0; repeat < Number(values.repeats); repeat += 1)
    seconds.push(await secondsToAnswer(file));
  return [
    { measure: 'first result, median', value: median(seconds), unit: 's', target: { atMost: 1.5 } },
    { measure: 'first result, fastest', value: Math.min(...seconds), unit: 's' },
    { measure: 'first result, slowest', value: Math.max(...seconds), unit: 's' },
  ];
}
