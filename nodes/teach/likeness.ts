/** Whether two examples are one recording, whatever file it came in. */

/** Parts of a sound whose loudness is compared. */
const PARTS = 48;
/** Below this is no sound, in dB. */
const FLOOR_DB = -80;
/** What decoding a recording from another format changes, in dB on average. */
const ALIKE_DB = 0.6;
/** Samples at 16 kHz that another format may add. */
const PADDING = 2_048;

/** What is kept of an example, to know it again. */
export interface Likeness {
  /** Samples at 16 kHz. */
  readonly length: number;
  /** Loudness of each part in dBFS, {@link PARTS} of them. */
  readonly parts: readonly number[];
}

/** @param samples 16 kHz mono, full scale 1.0 */
export function likenessOf(samples: Float32Array): Likeness {
  const parts = Array.from({ length: PARTS }, (_, part) => {
    const from = Math.floor((part * samples.length) / PARTS);
    const to = Math.max(from + 1, Math.floor(((part + 1) * samples.length) / PARTS));
    const power = samples.subarray(from, to).reduce((sum, sample) => sum + sample * sample, 0) / (to - from);
    return Math.round(10 * Math.max(FLOOR_DB, 10 * Math.log10(power + Number.MIN_VALUE))) / 10;
  });
  return { length: samples.length, parts };
}

/** Two recordings of one sound differ by their rooms and noises; the same recording does not. */
export function areAlike(one: Likeness, other: Likeness): boolean {
  if (Math.abs(one.length - other.length) > PADDING) return false;
  const apart = one.parts.reduce((sum, part, at) => sum + Math.abs(part - (other.parts[at] ?? FLOOR_DB)), 0);
  return apart / PARTS < ALIKE_DB;
}
