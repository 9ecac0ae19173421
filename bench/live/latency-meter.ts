/** How late steps are against the clocks of the devices that speak; needs no more memory for an hour than for a second. */
import { createHistogram } from 'node:perf_hooks';

/** What the meter must know of the devices. */
export interface DeviceClocks {
  readonly frameMs: number;
  readonly periodMs: number;
  /** Topic, and epoch milliseconds of its first sample. */
  readonly devices: readonly { readonly topic: string; readonly startedAt: number }[];
}

/** Milliseconds. */
export interface Lateness {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LatencyReport {
  readonly steps: number;
  /** Steps that should have come between the first and the last one of a stream, and did not. */
  readonly missing: number;
  /** Streams that gave no step at all. */
  readonly silent: number;
  /** From the moment at which the last sample of a period was spoken; holds the wait for the rest of its frame. */
  readonly fromSpoken: Lateness;
  /** From the moment at which the message that holds this sample was due to be published. */
  readonly fromPublished: Lateness;
}

/** Histograms count whole units from 1 on; 0.1 ms is one. */
const UNITS_PER_MS = 10;

export class LatencyMeter {
  private readonly clocks: DeviceClocks;
  private readonly starts: ReadonlyMap<string, number>;
  private readonly lastTimestamp = new Map<string, number>();
  private readonly fromSpoken = createHistogram();
  private readonly fromPublished = createHistogram();
  private steps = 0;
  private missing = 0;

  constructor(clocks: DeviceClocks) {
    this.clocks = clocks;
    this.starts = new Map(clocks.devices.map(({ topic, startedAt }) => [topic, startedAt]));
  }

  /** Takes a step: start of its period on the stream's clock, and when it left (epoch milliseconds). */
  take(stream: string, timestamp: number, leftAt: number): void {
    const startedAt = this.starts.get(stream);
    if (startedAt === undefined) return;
    const { frameMs, periodMs } = this.clocks;
    const endMs = timestamp + periodMs;
    record(this.fromSpoken, leftAt - (startedAt + endMs));
    record(this.fromPublished, leftAt - (startedAt + Math.ceil(endMs / frameMs) * frameMs));
    const last = this.lastTimestamp.get(stream);
    this.missing += last === undefined ? 0 : Math.max(0, (timestamp - last) / periodMs - 1);
    this.lastTimestamp.set(stream, timestamp);
    this.steps += 1;
  }

  report(): LatencyReport {
    return {
      steps: this.steps,
      missing: this.missing,
      silent: this.starts.size - this.lastTimestamp.size,
      fromSpoken: lateness(this.fromSpoken),
      fromPublished: lateness(this.fromPublished),
    };
  }
}

type Histogram = ReturnType<typeof createHistogram>;

function record(histogram: Histogram, ms: number): void {
  histogram.record(Math.max(1, Math.round(ms * UNITS_PER_MS)));
}

function lateness(histogram: Histogram): Lateness {
  return {
    p50: histogram.percentile(50) / UNITS_PER_MS,
    p99: histogram.percentile(99) / UNITS_PER_MS,
    max: histogram.max / UNITS_PER_MS,
  };
}
