/** The last of a sound, in memory. */

/** Samples of one stream from some place on, 16-bit mono at 16 kHz; what is no longer needed is forgotten. */
export class SoundMemory {
  readonly #parts: Int16Array[] = [];
  #first = 0;
  #end = 0;

  /** Samples heard since the start. */
  get end(): number {
    return this.#end;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return 2 * (this.#end - this.#first);
  }

  hear(samples: Int16Array): void {
    if (samples.length === 0) return;
    this.#parts.push(samples);
    this.#end += samples.length;
  }

  /** Samples [from, to), as far as they are there, in parts. */
  between(from: number, to: number): readonly Int16Array[] {
    const found: Int16Array[] = [];
    let start = this.#first;
    for (const part of this.#parts) {
      const piece = part.subarray(Math.max(0, from - start), Math.max(0, to - start));
      if (piece.length > 0) found.push(piece);
      start += part.length;
    }
    return found;
  }

  /** Forgets what is before a sample, in whole parts. */
  forgetBefore(sample: number): void {
    let count = 0;
    while ((this.#parts[count]?.length ?? Infinity) <= sample - this.#first) {
      this.#first += this.#parts[count]?.length ?? 0;
      count += 1;
    }
    this.#parts.splice(0, count);
  }
}

/**
 * Samples as 16-bit integers; what is beyond full scale is cut off.
 *
 * @param samples at full scale 1.0
 */
export function toInt16(samples: Float32Array): Int16Array {
  const integers = new Int16Array(samples.length);
  for (let index = 0; index < samples.length; index += 1) {
    const value = Math.round((samples[index] ?? 0) * 32_768);
    integers[index] = value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value;
  }
  return integers;
}
