/**
 * Ending a thread while a native model runs in it aborts the whole process (`terminate called after throwing an
 * instance of 'Napi::Error'`), and `process.exit()` ends all threads. So a process that exits waits for the run
 * that is under way, which is a matter of milliseconds, and no further run starts. A run that does not end would keep the
 * process for ever: then it is killed.
 */
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const STOP = 0;
const BUSY = 1;
const RETIRED = 2;
/** Longest wait in ms at exit: far longer than any run, short enough for a person. */
const LONGEST_WAIT_MS = 2_000;

const guarded = new Set<Int32Array>();

/** Main thread: flags to hand to a worker; `unguard` them when the worker has ended. */
export function guardExit(): Int32Array {
  if (guarded.size === 0) process.on('exit', waitForWorkers);
  const flags = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
  guarded.add(flags);
  return flags;
}

export function unguardExit(flags: Int32Array): void {
  guarded.delete(flags);
  if (guarded.size === 0) process.off('exit', waitForWorkers);
}

/** Main thread: no further run starts there; see `isBusy` for the one that is under way. */
export function retire(flags: Int32Array): void {
  Atomics.store(flags, RETIRED, 1);
  Atomics.store(flags, STOP, 1);
}

/** Main thread: whether the worker is within native code. */
export function isBusy(flags: Int32Array): boolean {
  return Atomics.load(flags, BUSY) === 1;
}

function waitForWorkers(): void {
  for (const flags of guarded) Atomics.store(flags, STOP, 1);
  const isOver = [...guarded].every((flags) => Atomics.wait(flags, BUSY, 1, LONGEST_WAIT_MS) !== 'timed-out');
  if (isOver || !isMainThread) return;
  writeSync(
    2,
    'deeptone: a model hangs in native code, so this process cannot end by itself; it is ended by SIGKILL.\n',
  );
  process.kill(process.pid, 'SIGKILL');
}

/** Worker: does native work that must not be cut off; never returns once the process exits, or the worker has been retired. */
export async function withoutExit<T>(flags: Int32Array, work: () => Promise<T>): Promise<T> {
  Atomics.store(flags, BUSY, 1);
  if (Atomics.load(flags, STOP) === 1) {
    release(flags);
    return new Promise<never>(() => undefined);
  }
  try {
    return await work();
  } finally {
    release(flags);
  }
}

function release(flags: Int32Array): void {
  Atomics.store(flags, BUSY, 0);
  Atomics.notify(flags, BUSY);
  // Given up for lost, and back after all: this ends the worker's thread, and nothing else.
  if (Atomics.load(flags, RETIRED) === 1) process.exit();
}
