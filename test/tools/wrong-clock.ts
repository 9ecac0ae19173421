/** Preloaded into a process whose machine believes that it is another year: `node --require`. Clocks that are never set are right. */
const OFFSET_MS = 400 * 24 * 3_600_000;

const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...values: readonly unknown[]) {
    if (values.length === 0) super(RealDate.now() + OFFSET_MS);
    else super(...(values as [number]));
  }

  static override now(): number {
    return RealDate.now() + OFFSET_MS;
  }
} as DateConstructor;
