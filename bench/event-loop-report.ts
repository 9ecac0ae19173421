/** What the event loop did over some time. */
export interface LoopReport {
  /** Longest time between two turns, by the clock on the wall: includes waiting for a core that others hold. */
  readonly largestMs: number;
  readonly p999Ms: number;
  /** Most CPU time of the main thread between two turns; undefined where the system does not tell (not Linux). */
  readonly largestCpuMs: number | undefined;
  readonly seconds: number;
}
