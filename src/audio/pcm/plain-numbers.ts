import { BadAudioError } from '../../errors';
import type { Steps } from '../../steps';
import { type Sentence, say } from '../../sentence';

/** Numbers that are taken in or given out in one step: about a millisecond. */
export const STEP_NUMBERS = 32_768;

const LOWEST = -32_768;
const HIGHEST = 32_767;

/** Mean steps from one byte to the next of its kind: those of low bytes are 85 by chance, high bytes go along with the sound. */
const LEAST_LOW_STEP = 50;
const LARGEST_HIGH_STEP = 12;

/**
 * Numbers whose type says nothing of their scale, taken in piece by piece, so that their values decide (decision 17): when all are integers
 * they are 16-bit samples, otherwise they are taken as they are, as for floats. Or they are plainly the bytes of 16-bit samples.
 */
export class PlainNumbers {
  #parts: Float32Array[] = [];
  #length = 0;
  #areIntegers = true;
  #areBytes = true;
  #largest = -Infinity;
  #outside: Sentence | undefined;
  readonly #pairs = new BytePairs();

  get length(): number {
    return this.#length;
  }

  /** Whether all so far are whole numbers from 0 to 255. */
  get areBytes(): boolean {
    return this.#areBytes;
  }

  get largest(): number {
    return this.#largest;
  }

  /** Whether, as bytes, every second is the high one of a 16-bit sample. */
  get areBytesOfSamples(): boolean {
    return this.#areBytes && this.#pairs.haveSigns;
  }

  /**
   * Takes values [from, to). JSON has no NaN: what was one comes as null, and is for the decoder to judge.
   *
   * @returns the position of the first value that is no number, which ends it; -1 where all are
   */
  push(values: readonly unknown[], from = 0, to = values.length): number {
    const part = new Float32Array(to - from);
    for (let at = from; at < to; at++) {
      const value = values[at];
      if (typeof value !== 'number' && value !== null) return at;
      const number = value ?? Number.NaN;
      part[at - from] = number;
      this.#look(number);
    }
    this.#parts.push(part);
    return -1;
  }

  /** Takes values a step at a time. @returns as {@link push} */
  *take(values: readonly unknown[]): Steps<number> {
    for (let at = 0; at < values.length; at += STEP_NUMBERS) {
      const wrong = this.push(values, at, Math.min(at + STEP_NUMBERS, values.length));
      if (wrong >= 0) return wrong;
      if (at + STEP_NUMBERS < values.length) yield;
    }
    return -1;
  }

  /** The first of them as bytes. */
  head(length: number): Uint8Array {
    return Uint8Array.from(this.#parts[0]?.subarray(0, length) ?? []);
  }

  /** All of them as bytes. */
  *bytes(): Steps<Uint8Array> {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      if (at > 0) yield;
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /**
   * All of them as samples at full scale 1.0; those that are not finite stay so.
   *
   * @throws BadAudioError for integers outside 16 bits
   */
  *samples(): Steps<Float32Array> {
    if (this.#areIntegers && this.#outside !== undefined) throw new BadAudioError(this.#outside);
    const scale = this.#areIntegers ? 2 ** -15 : 1;
    const samples = new Float32Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      if (at > 0) yield;
      for (let i = 0; i < part.length; i++) samples[at + i] = (part[i] ?? 0) * scale;
      at += part.length;
    }
    this.#parts = [];
    return samples;
  }

  #look(value: number): void {
    const position = this.#length++;
    if (Number.isFinite(value)) {
      this.#areIntegers &&= Number.isInteger(value);
      if ((value < LOWEST || value > HIGHEST) && this.#outside === undefined) {
        this.#outside = say`Sample ${position} is ${String(value)}: integers in a plain array are 16-bit samples, -32768 to 32767. Use an Int32Array for wider ones.`;
      }
    }
    if (value > this.#largest) this.#largest = value;
    this.#areBytes &&= value >= 0 && value <= 255 && Number.isInteger(value);
    if (this.#areBytes) this.#pairs.take(value);
  }
}

/** Looks at bytes two by two. */
class BytePairs {
  #pairs = 0;
  #low = 0;
  #high = 0;
  #lowSteps = 0;
  #highSteps = 0;
  #first = -1;
  #lastLow = 0;
  #lastHigh = 0;

  take(byte: number): void {
    if (this.#first < 0) {
      this.#first = byte;
      return;
    }
    const low = this.#first;
    this.#first = -1;
    if (isSign(low)) this.#low++;
    if (isSign(byte)) this.#high++;
    if (this.#pairs > 0) {
      this.#lowSteps += Math.abs(low - this.#lastLow);
      const step = Math.abs(byte - this.#lastHigh);
      this.#highSteps += Math.min(step, 256 - step);
    }
    this.#lastLow = low;
    this.#lastHigh = byte;
    this.#pairs++;
  }

  /**
   * Whether every second byte is the high byte of a 16-bit sample: near 0 or 255, and the others are not or are too, as in quiet
   * sound; or it changes slowly, and the others do as they like.
   */
  get haveSigns(): boolean {
    const isQuiet = this.#low > 0.8 * this.#pairs;
    if (this.#high > 0.8 * this.#pairs && (this.#low < this.#high || isQuiet)) return true;
    return this.#lowSteps > LEAST_LOW_STEP * this.#pairs && this.#highSteps < LARGEST_HIGH_STEP * this.#pairs;
  }
}

function isSign(byte: number): boolean {
  return byte < 0x20 || byte >= 0xe0;
}
