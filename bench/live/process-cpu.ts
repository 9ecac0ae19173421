/** CPU time of another process, from Linux's /proc. */
import { readFileSync } from 'node:fs';

/** Clock ticks per second in /proc; 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU time that a process has used, or NaN where it cannot be known. */
export function cpuSeconds(processId: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${String(processId)}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}
