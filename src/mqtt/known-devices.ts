const DEFAULT_MOST = 256;

/** The devices that have topics on a broker, up to a number, and since when they are gone. */
export class KnownDevices {
  readonly most: number;
  /** Epoch milliseconds since which a device is gone; Infinity: it is not. */
  readonly #goneSince = new Map<string, number>();

  constructor(most = DEFAULT_MOST) {
    this.most = most;
  }

  get names(): readonly string[] {
    return [...this.#goneSince.keys()];
  }

  /** @returns false for one more than there may be */
  seen(device: string, goneSince: number): boolean {
    if (!this.#goneSince.has(device) && this.#goneSince.size >= this.most) return false;
    this.#goneSince.set(device, goneSince);
    return true;
  }

  delete(device: string): void {
    this.#goneSince.delete(device);
  }

  /** Devices that are gone since before a time, the longest gone first. */
  goneBefore(time: number, most: number): readonly string[] {
    return [...this.#goneSince]
      .filter(([, since]) => since < time)
      .sort(([, one], [, other]) => one - other)
      .slice(0, most)
      .map(([device]) => device);
  }
}
