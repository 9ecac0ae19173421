/** Whether bytes are samples of the format that they are taken for, by what sound does: it goes from one sample to the next in small steps. */
import { decodeChannel } from './pcm/sample-codec';
import { blockBytes, bytesPerSample, type Encoding, type SampleFormat } from './pcm/sample-format';
import { type Word, phrase, say } from '../sentence';

/** Fewer bytes say nothing. */
export const ENOUGH_BYTES = 2_048;
/** Mean step, full scale 1.0, above which bytes may be anything. In 16 bits speech has 0.01, the loudest second of 80 hours of all kinds of sound 0.15. */
const ROUGH = 0.25;
/** Mean step below which bytes are samples of an encoding, and how much smaller it is then than in a wrong one. */
const SMOOTH = 0.1;
const SMOOTHER = 4;
/** Different values that sound has and padding has not. */
const FEWEST_VALUES = 8;
/** Loudest and quietest mean magnitude of floats that are sound. */
const LOUDEST = 2;
const QUIETEST = 1e-5;
/**
 * Chi-squared per degree of freedom between the frequencies of first and of second bytes, below which they are of one kind. In 16 bits it is 10 and
 * more for sound, and for noise unless that is uniform and at full scale; for compressed bytes, and samples of other widths, it is 1.
 */
const ONE_KIND = 1.8;
/** Correlation of a sample with one of the two after it, from which they go along with each other, as in a tone at full scale. */
const IN_LINE = 0.25;

/** Mean step above which there is something to hear. */
const SOMETHING = 0.02;

/** What samples may be instead of what they were taken for. */
const OTHERS: readonly Encoding[] = [
  ...(['s16le', 's16be', 'f32le', 'f32be'] as const),
  ...(['s24le', 's24be', 's32le', 's32be'] as const),
];

export const NO_ORDER = phrase`its bytes have no order, as those of compressed or encrypted data: send a recording from its beginning on; if these are samples, send their format with them`;

/** The first channel of bytes that are samples. */
export function samplesIn(bytes: Uint8Array, format: SampleFormat): Float32Array {
  const block = blockBytes(format);
  if (bytes.length < block) return new Float32Array(0);
  const count = Math.floor((bytes.length - bytesPerSample(format.encoding)) / block) + 1;
  const samples = new Float32Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  decodeChannel(format.encoding, view, 0, block, samples);
  return samples;
}

/** From one sample to the next; of bytes that are anything it is large. */
export function meanStep(samples: Float32Array): number {
  let steps = 0;
  for (let i = 1; i < samples.length; i++) steps += Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0));
  return samples.length > 0 ? steps / samples.length : 0;
}

/**
 * Says why bytes are no samples of the format that nobody stated with them; undefined where they may be.
 *
 * @param bytes {@link ENOUGH_BYTES} at least, from the beginning of a sample on
 */
export function otherThanSamples(bytes: Uint8Array, format: SampleFormat): Word | undefined {
  // Who sets another width means it; 16 bits are what is meant where nobody says anything.
  if (bytesPerSample(format.encoding) !== 2) return hasNoOrder(bytes, format) ? NO_ORDER : undefined;
  if (bytes.length < ENOUGH_BYTES) return undefined;
  const step = meanStep(samplesIn(bytes, format));
  if (step < SMOOTH) return undefined;
  const other = smoothest(bytes, format, step);
  if (other !== undefined) {
    return say`its samples are ${other}, or some bytes are missing: taken for ${format.encoding} they are noise. Set the format, or send it with them`;
  }
  return step > ROUGH && kinship(bytes) < ONE_KIND && !areInLine(bytes, format) ? NO_ORDER : undefined;
}

/** Whether bytes that may be of any kind are like those that were compressed well, or encrypted. */
export function hasNoOrder(bytes: Uint8Array, format: SampleFormat): boolean {
  if (bytes.length < ENOUGH_BYTES || bytesPerSample(format.encoding) > 2) return false;
  const step = meanStep(samplesIn(bytes, format));
  return step > LEAST_STEP && step < LARGEST_STEP && isEven(bytes);
}

/** Mean step between values that have nothing to do with each other: two thirds of full scale, here and there. */
const LEAST_STEP = 0.55;
const LARGEST_STEP = 0.78;
/** Chi-squared per degree of freedom, of the frequencies of all bytes against equal ones: of compressed audio it is 1 to 2. */
const EVEN = 2;

function isEven(bytes: Uint8Array): boolean {
  const expected = bytes.length / 256;
  const chiSquared = countsOf(bytes, 0, 1).reduce(
    (sum, count) => sum + (count - expected) ** 2 / expected,
    0,
  );
  return chiSquared / 255 < EVEN;
}

/** The encoding, another than the declared one, as whose samples bytes are smooth; of several the one of the smallest steps. */
function smoothest(bytes: Uint8Array, format: SampleFormat, step: number): Encoding | undefined {
  if (isOfFewBits(bytes, format, step)) return undefined;
  let found: Encoding | undefined;
  let least = Math.min(SMOOTH, step / SMOOTHER);
  for (const encoding of OTHERS) {
    if (encoding === format.encoding) continue;
    if (encoding.startsWith('s16') && areInLine(bytes, format)) continue;
    const own = smoothness(bytes, { ...format, encoding });
    if (own >= least) continue;
    least = own;
    found = encoding;
  }
  return found;
}

/** Values fewer than which are no noise that was taken for samples. */
const FEW_VALUES = 64;
/** Where clipped samples are; of noise that was taken for samples one in hundreds is. */
const AT_THE_END = 0.998;

/** 8 bits in the place of 16, or sound that was clipped hard: its low bytes say nothing, so that it is small and smooth in the other order of bytes, too. */
function isOfFewBits(bytes: Uint8Array, format: SampleFormat, step: number): boolean {
  const samples = samplesIn(bytes, format);
  const isClipped = samples.filter((sample) => Math.abs(sample) > AT_THE_END).length > samples.length / 4;
  if (isClipped || new Set(samples).size < FEW_VALUES) return true;
  const lows = countsOf(bytes, format.encoding.endsWith('be') ? 1 : 0, 2);
  return step < ROUGH && (lows[0x00] ?? 0) + (lows[0xff] ?? 0) > bytes.length / 4;
}

/** The mean step of bytes as samples; infinite where they are none. */
function smoothness(bytes: Uint8Array, format: SampleFormat): number {
  const samples = samplesIn(bytes, format);
  const areNone =
    samples.length < FEWEST_VALUES ||
    (isFloat(format.encoding) && !isLoudness(samples)) ||
    (format.encoding.startsWith('s32') && !hasLowHalves(bytes, format)) ||
    new Set(samples).size < FEWEST_VALUES;
  return areNone ? Infinity : meanStep(samples);
}

/** Of 32 bits the low half does as it likes, or is 0; of two samples of 16 bits the first goes along with the second, as in a high tone. */
function hasLowHalves(bytes: Uint8Array, format: SampleFormat): boolean {
  const isLittle = format.encoding.endsWith('le');
  const encoding = isLittle ? 's16le' : 's16be';
  const halves = samplesIn(bytes.subarray(isLittle ? 0 : 2), {
    ...format,
    encoding,
    channels: 2 * format.channels,
  });
  return meanStep(halves) > ROUGH || halves.every((half) => half === 0);
}

function isFloat(encoding: Encoding): boolean {
  return encoding.startsWith('f');
}

function isLoudness(samples: Float32Array): boolean {
  let sum = 0;
  for (const sample of samples) {
    if (!(Math.abs(sample) <= LOUDEST)) return false;
    sum += Math.abs(sample);
  }
  const isSilent = samples.every((sample) => sample === 0);
  return isSilent || sum >= QUIETEST * samples.length;
}

function areInLine(bytes: Uint8Array, format: SampleFormat): boolean {
  const samples = samplesIn(bytes, format);
  const product = (lag: number): number =>
    samples.reduce((sum, sample, at) => sum + sample * (samples[at + lag] ?? 0), 0);
  return Math.max(Math.abs(product(1)), Math.abs(product(2))) > IN_LINE * product(0);
}

/** Chi-squared per degree of freedom between the frequencies of first and of second bytes. */
function kinship(bytes: Uint8Array): number {
  const firsts = countsOf(bytes, 0, 2);
  const seconds = countsOf(bytes, 1, 2);
  let chiSquared = 0;
  let values = 0;
  for (let value = 0; value < 256; value++) {
    const first = firsts[value] ?? 0;
    const second = seconds[value] ?? 0;
    if (first + second === 0) continue;
    chiSquared += (first - second) ** 2 / (first + second);
    values++;
  }
  return chiSquared / Math.max(1, values - 1);
}

/** How often each value is among every so many bytes. */
function countsOf(bytes: Uint8Array, from: number, every: number): Uint32Array {
  const counts = new Uint32Array(256);
  for (let at = from; at < bytes.length; at += every) {
    const byte = bytes[at] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  return counts;
}

/** Bytes that are looked at together, and how often they may tell nothing before no more are looked at. */
const WINDOW_BYTES = 4_096;
const MOST_WINDOWS = 64;
/** Of these rough ones. */
const ROUGH_WINDOWS = 8;
/** {@link kinship} from which first and second bytes are those of 16-bit samples, so that no more need to be looked at. */
const TWO_KINDS = 4;

/** Looks at raw samples from their beginning on until there is something to hear in them: what begins with silence, or with a header, tells what it is later. */
export class OrderWatch {
  readonly #format: SampleFormat;
  #held: Uint8Array = new Uint8Array(0);
  #windows = 0;

  constructor(format: SampleFormat) {
    this.#format = format;
  }

  /** @returns why they are no samples of the format; undefined where they may be */
  take(bytes: Uint8Array): Word | undefined {
    if (this.#windows >= MOST_WINDOWS || bytesPerSample(this.#format.encoding) !== 2) return undefined;
    const block = blockBytes(this.#format);
    const size = WINDOW_BYTES - (WINDOW_BYTES % block);
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    let at = 0;
    for (; at + size <= all.length && this.#windows < MOST_WINDOWS; at += size) {
      const window = all.subarray(at, at + size);
      const reason = otherThanSamples(window, this.#format);
      if (reason !== undefined) return reason;
      this.#windows += weightOf(window, this.#format);
    }
    this.#held = Uint8Array.prototype.slice.call(all, at);
    return undefined;
  }
}

/** As how many windows one counts that was not refused: what was rough a few times is rough sound, and each look at it takes a millisecond; samples end the watch. */
function weightOf(bytes: Uint8Array, format: SampleFormat): number {
  const step = meanStep(samplesIn(bytes, format));
  if (step < SOMETHING) return 1;
  if (step >= SMOOTH) return MOST_WINDOWS / ROUGH_WINDOWS;
  return kinship(bytes) > TWO_KINDS && areInLine(bytes, format) ? MOST_WINDOWS : 1;
}
