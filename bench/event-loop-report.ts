/** What the event loop did while a file was analysed. */
export interface LoopReport {
  readonly largestMs: number;
  readonly p999Ms: number;
  readonly seconds: number;
}
