/**
 * A Node-RED node for benches: notes when each step reaches it, and how the process that it sits in is doing. What it
 * knows goes to the parent process when that sends `report`; a `MeasureRequest` begins the measurement.
 */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { CollectorReport, MeasureRequest } from './collector-report';
import { LatencyMeter, type DeviceClocks } from './latency-meter';
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';

interface StepMessage extends NodeMessageInFlow {
  readonly kind?: string;
  readonly insight?: { readonly stream?: string; readonly gaps?: number; readonly dropped?: number };
  readonly error?: { readonly message?: string };
}

const EVENT_LOOP_RESOLUTION_MS = 2;
const MEMORY_INTERVAL_MS = 5_000;
const NANOSECONDS_PER_MS = 1e6;
const MOST_ERRORS = 20;

class Collector {
  private meter = new LatencyMeter({ frameMs: 1, periodMs: 1, devices: [] });
  private errors: string[] = [];
  private transitions = 0;
  private summaries = 0;
  private readonly facts = new Map<string, { readonly gaps: number; readonly dropped: number }>();
  private rss: number[] = [];
  private heapUsed: number[] = [];
  private readonly delay = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  private longestCollection = 0;
  private readonly collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      this.longestCollection = Math.max(this.longestCollection, duration);
    }
  });
  private cpuBefore = process.cpuUsage();
  private since = performance.now();
  private readonly timer = setInterval(() => {
    this.sampleMemory();
  }, MEMORY_INTERVAL_MS);

  constructor() {
    this.delay.enable();
    this.collections.observe({ entryTypes: ['gc'] });
  }

  take(message: StepMessage): void {
    if (message.error) {
      if (this.errors.length < MOST_ERRORS)
        this.errors.push(message.error.message ?? 'an error without a message');
      return;
    }
    const { stream = '', gaps = 0, dropped = 0 } = message.insight ?? {};
    this.facts.set(stream, { gaps, dropped });
    const payload = message.payload as { readonly timestamp?: number; readonly model?: string };
    if (payload.timestamp !== undefined) {
      this.meter.take(stream, payload.timestamp, performance.timeOrigin + performance.now());
    } else if (payload.model !== undefined) this.transitions += 1;
    else this.summaries += 1;
  }

  measure(clocks: DeviceClocks): void {
    this.meter = new LatencyMeter(clocks);
    this.rss = [];
    this.heapUsed = [];
    this.delay.reset();
    this.longestCollection = 0;
    this.cpuBefore = process.cpuUsage();
    this.since = performance.now();
    this.sampleMemory();
  }

  report(): CollectorReport {
    const { user, system } = process.cpuUsage(this.cpuBefore);
    const elapsedMs = performance.now() - this.since;
    this.sampleMemory();
    const facts = [...this.facts.values()];
    return {
      latency: this.meter.report(),
      transitions: this.transitions,
      summaries: this.summaries,
      gaps: facts.reduce((sum, { gaps }) => sum + gaps, 0),
      droppedMs: facts.reduce((sum, { dropped }) => sum + dropped, 0),
      // The histogram counts the time from one look to the next, of which the interval between looks is no gap.
      eventLoopGapMs: this.delay.max / NANOSECONDS_PER_MS - EVENT_LOOP_RESOLUTION_MS,
      eventLoopGapP99Ms: this.delay.percentile(99) / NANOSECONDS_PER_MS - EVENT_LOOP_RESOLUTION_MS,
      longestCollectionMs: this.longestCollection,
      cpu: (user + system) / 1_000 / elapsedMs,
      rss: this.rss,
      heapUsed: this.heapUsed,
      errors: this.errors,
    };
  }

  close(): void {
    clearInterval(this.timer);
    this.delay.disable();
    this.collections.disconnect();
  }

  private sampleMemory(): void {
    const { rss, heapUsed } = process.memoryUsage();
    this.rss.push(rss);
    this.heapUsed.push(heapUsed);
  }
}

function register(RED: NodeAPI): void {
  RED.nodes.registerType('bench-collector', function BenchCollector(this: Node, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    const collector = new Collector();
    const answer = (request: MeasureRequest | 'report'): void => {
      if (request !== 'report') collector.measure(request.measure);
      else process.send?.({ report: collector.report() });
    };
    process.on('message', answer);
    this.on('input', (message: StepMessage, _send, done) => {
      collector.take(message);
      done();
    });
    this.on('close', (done: () => void) => {
      process.off('message', answer);
      collector.close();
      done();
    });
  });
}

export = register;
