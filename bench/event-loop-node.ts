/**
 * Two nodes for the event-loop bench: one sends a file into the flow and starts the watch, one stops it. Without a
 * file name the first watches for a while in which nothing happens: what the machine itself does to any event loop.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { LoopReport } from './event-loop-report';

const RESOLUTION_MS = 1;
const NANOSECONDS_PER_MS = 1e6;
const IDLE_MS = 5_000;

class LoopWatch {
  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private timer: NodeJS.Timeout | undefined;
  private startedAt = 0;
  private largestCpuMs: number | undefined;

  start(): void {
    this.delay.enable();
    this.delay.reset();
    this.startedAt = performance.now();
    let before = mainThreadCpuMs();
    this.largestCpuMs = before === undefined ? undefined : 0;
    this.timer = setInterval(() => {
      const now = mainThreadCpuMs();
      if (now !== undefined && before !== undefined) {
        this.largestCpuMs = Math.max(this.largestCpuMs ?? 0, now - before);
      }
      before = now;
    }, RESOLUTION_MS);
  }

  stop(): LoopReport {
    clearInterval(this.timer);
    this.delay.disable();
    return {
      largestMs: this.delay.max / NANOSECONDS_PER_MS,
      p999Ms: this.delay.percentile(99.9) / NANOSECONDS_PER_MS,
      largestCpuMs: this.largestCpuMs,
      seconds: (performance.now() - this.startedAt) / 1_000,
    };
  }
}

/** CPU time of the thread that runs Node-RED, in ms. */
function mainThreadCpuMs(): number | undefined {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ', 1)[0]) / NANOSECONDS_PER_MS;
  } catch {
    return undefined;
  }
}

function register(RED: NodeAPI): void {
  const watch = new LoopWatch();

  function Start(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    const begin = ({ filename }: { readonly filename?: string }): void => {
      watch.start();
      if (filename === undefined) setTimeout(() => process.send?.(watch.stop()), IDLE_MS);
      else this.send({ filename });
    };
    process.on('message', begin);
    process.send?.('ready');
    this.on('close', () => {
      process.off('message', begin);
    });
  }

  function End(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    this.on('input', (_message, _send, done) => {
      process.send?.(watch.stop());
      done();
    });
  }

  RED.nodes.registerType('bench-event-loop', Start);
  RED.nodes.registerType('bench-event-loop-end', End);
}

export = register;
