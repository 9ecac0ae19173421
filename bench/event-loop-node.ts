/** Two nodes for the event-loop bench: one sends a file into the flow and starts the clock, one stops it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { LoopReport } from './event-loop-report';

const RESOLUTION_MS = 1;
const NANOSECONDS_PER_MS = 1e6;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let startedAt = 0;

function register(RED: NodeAPI): void {
  function Start(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    const begin = ({ filename }: { readonly filename: string }): void => {
      delay.enable();
      delay.reset();
      startedAt = performance.now();
      this.send({ filename });
    };
    process.on('message', begin);
    this.on('close', () => {
      process.off('message', begin);
    });
  }

  function End(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    this.on('input', (_message, _send, done) => {
      const report: LoopReport = {
        largestMs: delay.max / NANOSECONDS_PER_MS,
        p999Ms: delay.percentile(99.9) / NANOSECONDS_PER_MS,
        seconds: (performance.now() - startedAt) / 1_000,
      };
      process.send?.(report);
      done();
    });
  }

  RED.nodes.registerType('bench-event-loop', Start);
  RED.nodes.registerType('bench-event-loop-end', End);
}

export = register;
