/** What the collector inside Node-RED is told and what it knows. */
import type { DeviceClocks, LatencyReport } from './latency-meter';

/** Begin to measure; whatever was measured before is forgotten. */
export interface MeasureRequest {
  readonly measure: DeviceClocks;
}

export interface CollectorReport {
  readonly latency: LatencyReport;
  readonly transitions: number;
  readonly summaries: number;
  /** Over the streams, by the last message of each. */
  readonly gaps: number;
  readonly droppedMs: number;
  /** Longest time for which the event loop did nothing else, and its 99th percentile, in milliseconds. */
  readonly eventLoopGapMs: number;
  readonly eventLoopGapP99Ms: number;
  /** Longest garbage collection on the event loop's thread. */
  readonly longestCollectionMs: number;
  /** Share of one core, all threads of the process. */
  readonly cpu: number;
  /** Bytes, once per interval. */
  readonly rss: readonly number[];
  readonly heapUsed: readonly number[];
  readonly errors: readonly string[];
}
