/** What /proc tells of the processes below this one: what every user of the machine sees of them. */
import { readFileSync } from 'node:fs';

export interface SeenProcess {
  readonly pid: number;
  readonly args: readonly string[];
  readonly environment: string;
}

/** All processes below one, this one otherwise. */
export function processesBelow(pid = process.pid): readonly SeenProcess[] {
  return childrenOf(pid).flatMap((child) => [...seen(child), ...processesBelow(child)]);
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  return !['', 'Z', 'X'].includes(/^State:\s+(\w)/mu.exec(read(`/proc/${pid}/status`))?.[1] ?? '');
}

function childrenOf(pid: number): readonly number[] {
  return read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((one) => one.trim() !== '')
    .map(Number);
}

function seen(pid: number): readonly SeenProcess[] {
  const args = read(`/proc/${pid}/cmdline`).split('\0');
  return args.length > 1 ? [{ pid, args, environment: read(`/proc/${pid}/environ`) }] : [];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // It ended meanwhile.
  }
}
