/** Input samples per channel between two looks at whether the channels cancel each other out. */
const BLOCK = 512;
/**
 * The mean of n channels that have nothing in common has 1/n of their mean power; with less than this share of that, they cancel
 * each other out. Two channels do so where their correlation is below -0.9, as with a balanced cable in an unbalanced input.
 */
const CANCELLING_SHARE = 0.1;
/** Mean power of a block below which it says nothing about the channels (-100 dBFS). */
const QUIET_POWER = 1e-10;
/** Blocks that do not cancel, one after the other, before the average is trusted again. */
const TRUST_AFTER = 32;

/**
 * Several channels as one: their average, or the loudest one while they cancel each other out (decision 19). What is given depends on
 * the samples before alone, and looks fall on a grid of the input, so the result is bit-identical for every split.
 */
export class ChannelMix {
  readonly #powers: Float64Array;
  #mixPower = 0;
  #inBlock = 0;
  /** The channel that stands for all; undefined while they are averaged. */
  #loudest: number | undefined;
  #trusted = 0;
  #hasCancelled = false;

  /** @param channels how many there are, at least one */
  constructor(channels: number) {
    this.#powers = new Float64Array(channels);
  }

  /** Whether channels have cancelled each other out so far. */
  get hasCancelled(): boolean {
    return this.#hasCancelled;
  }

  /**
   * @param channels one array per channel, of equal lengths, full scale 1.0
   * @returns one array of that length
   */
  mix(channels: readonly Float32Array[]): Float32Array {
    const out = new Float32Array(channels[0]?.length ?? 0);
    for (let from = 0; from < out.length;) {
      const to = Math.min(out.length, from + BLOCK - this.#inBlock);
      this.#mixPart(channels, out, from, to);
      this.#inBlock += to - from;
      if (this.#inBlock === BLOCK) this.#look();
      from = to;
    }
    return out;
  }

  #mixPart(channels: readonly Float32Array[], out: Float32Array, from: number, to: number): void {
    const sums = new Float64Array(to - from);
    channels.forEach((samples, number) => {
      let power = this.#powers[number] ?? 0;
      for (let i = from; i < to; i++) {
        const sample = samples[i] ?? 0;
        sums[i - from] = (sums[i - from] ?? 0) + sample;
        power += sample * sample;
      }
      this.#powers[number] = power;
    });
    const count = channels.length;
    for (let i = from; i < to; i++) {
      const mean = (sums[i - from] ?? 0) / count;
      this.#mixPower += mean * mean;
      out[i] = mean;
    }
    const loudest = this.#loudest === undefined ? undefined : channels[this.#loudest];
    if (loudest) out.set(loudest.subarray(from, to), from);
  }

  /** At the end of a block. */
  #look(): void {
    const count = this.#powers.length;
    const mean = this.#powers.reduce((sum, power) => sum + power, 0) / count;
    if (mean / BLOCK > QUIET_POWER) {
      if (this.#mixPower < (CANCELLING_SHARE * mean) / count) {
        this.#hasCancelled = true;
        this.#trusted = 0;
        this.#loudest = this.#powers.indexOf(Math.max(...this.#powers));
      } else if (this.#loudest !== undefined && ++this.#trusted >= TRUST_AFTER) {
        this.#loudest = undefined;
      }
    }
    this.#powers.fill(0);
    this.#mixPower = 0;
    this.#inBlock = 0;
  }
}
