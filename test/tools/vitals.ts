/** What a process holds, from inside it: what grows here without end is a leak. */
import { readdirSync } from 'node:fs';
import { processesBelow } from './processes';

/** What tells how many listen to it, as an EventEmitter does. */
export interface Emitter {
  eventNames(): readonly (string | symbol)[];
  listenerCount(name: string | symbol): number;
}

export interface Vitals {
  /** Bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** What keeps the event loop alive (sockets, pipes, children, files); timers, which come and go, aside. */
  readonly handles: number;
  /** Threads of the process; NaN where there is no /proc. */
  readonly threads: number;
  /** Listeners on `process` and on the emitters that were given. */
  readonly listeners: number;
  /** Processes below this one. */
  readonly children: number;
}

const TIMERS: ReadonlySet<string> = new Set(['Timeout', 'Immediate', 'TickObject']);

/** Vitals of this process at this moment, after a garbage collection where that is exposed (`--expose-gc`). */
export function vitals(emitters: readonly Emitter[] = []): Vitals {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    rss,
    heapUsed,
    external,
    handles: process.getActiveResourcesInfo().filter((kind) => !TIMERS.has(kind)).length,
    threads: threads(),
    listeners: emitters.reduce((sum, emitter) => sum + listenersOf(emitter), listenersOf(process)),
    children: processesBelow().length,
  };
}

function listenersOf(emitter: Emitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

function threads(): number {
  try {
    return readdirSync('/proc/self/task').length;
  } catch {
    return Number.NaN;
  }
}
