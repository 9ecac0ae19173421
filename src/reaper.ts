/** Sees to it that no program outlives this process, however this process ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';

/**
 * Reads `+ GROUP` and `- GROUP`, and kills the groups that are left when its input ends, as it does when this process is gone, by
 * whatever signal. What tells the terminal or a supervisor to a whole group is for others.
 */
const SCRIPT = `trap '' HUP INT TERM QUIT TSTP
groups=
while read -r what group; do
  left=
  for one in $groups; do [ "$one" = "$group" ] || left="$left $one"; done
  [ "$what" = + ] && left="$left $group"
  groups=$left
done
for one in $groups; do kill -9 "-$one"; done`;

/** What becomes of it when it could not be started or was killed: too often, and there is none. */
const MOST_STARTS = 5;

const groups = new Set<number>();
let reaper: ChildProcess | undefined;
let failures = 0;

/**
 * Has a process group killed when this process is gone: by one small `sh` for all of them, which ends with the last. Does nothing on
 * Windows, and where there is no `sh`.
 *
 * @param group number of the process group, which is that of its first process
 * @returns to be called when the group is gone; resolves when nothing is left here either
 */
export function endWithUs(group: number): () => Promise<void> {
  if (process.platform === 'win32') return () => Promise.resolve();
  groups.add(group);
  if (reaper) tell(reaper, `+ ${group}`);
  else start();
  return async () => {
    groups.delete(group);
    const current = reaper;
    if (!current) return;
    tell(current, `- ${group}`);
    if (groups.size > 0) return;
    reaper = undefined;
    const gone = once(current, 'exit');
    current.stdin?.end();
    current.ref(); // Whoever waits for this has work left.
    if (current.exitCode === null && current.signalCode === null) await gone;
  };
}

function start(): void {
  if (failures >= MOST_STARTS) return;
  try {
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'deeptone-reaper'], {
      cwd: '/',
      detached: true,
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    child.once('error', () => undefined);
    child.once('exit', () => {
      if (reaper === child) again();
    });
    if (child.pid === undefined) throw new Error('It was not started.');
    // It must not keep this process alive.
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    reaper = child;
    for (const group of groups) tell(child, `+ ${group}`);
  } catch {
    failures++; // What it guards runs all the same.
  }
}

/** Somebody ended it before its time. */
function again(): void {
  reaper = undefined;
  failures++;
  if (groups.size > 0) start();
}

function tell({ stdin }: ChildProcess, line: string): void {
  if (stdin?.writable === true) stdin.write(`${line}\n`);
}
