/** Bytes that all rings of a Node-RED may have together. Room for 3,000 streams with nine models each. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Says whether there is room for another ring. */
export class RecordBudget {
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /**
   * Takes so many bytes.
   *
   * @returns gives them back, once; undefined where there are not so many left
   */
  take(bytes: number): (() => void) | undefined {
    if (this.#bytes + bytes > this.#mostBytes) return undefined;
    this.#bytes += bytes;
    let taken = bytes;
    return () => {
      this.#bytes -= taken;
      taken = 0;
    };
  }
}
