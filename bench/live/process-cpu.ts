/** CPU time of another process, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second in /proc; 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU time that a process has used, or NaN where it cannot be known. */
export function cpuSeconds(processId: number | undefined): number {
  return secondsIn(`/proc/${String(processId)}/stat`);
}

function secondsIn(file: string): number {
  try {
    const text = readFileSync(file, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}

/** Seconds of CPU time of each thread of this process by its number, from Linux's /proc; none elsewhere. */
export function threadSeconds(): ReadonlyMap<string, number> {
  let threads: readonly string[];
  try {
    threads = readdirSync('/proc/self/task');
  } catch {
    return new Map();
  }
  return new Map(threads.map((thread) => [thread, secondsIn(`/proc/self/task/${thread}/stat`)]));
}
