/** What is done to clean recordings before a model hears them. */
import { SAMPLE_RATE } from '../../src/clock';
import { seededRandom } from '../../test/tools/audio';
import { fourier } from '../fourier';

export const CONDITIONS = ['clean', '10 dB', '0 dB', 'telephone', 'reverberant'] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Backgrounds and rooms to draw from. */
export interface Surroundings {
  /** 16 kHz noise recordings that hold no voice. */
  readonly noises: readonly Float32Array[];
  /** 16 kHz music, some of it songs. */
  readonly music: readonly Float32Array[];
  /** Room impulse responses of unit energy. */
  readonly rooms: readonly Float32Array[];
}

/** Hears `samples` under a condition; the same seed gives the same sound. */
export function underCondition(
  samples: Float32Array,
  condition: Condition,
  { noises, rooms }: Pick<Surroundings, 'noises' | 'rooms'>,
  seed: number,
): Float32Array {
  const random = seededRandom(seed);
  switch (condition) {
    case 'clean':
      return samples;
    case '10 dB':
      return mixed(samples, pick(noises, random), 10, random);
    case '0 dB':
      return mixed(samples, pick(noises, random), 0, random);
    case 'telephone':
      return telephone(samples);
    case 'reverberant':
      return convolved(samples, pick(rooms, random)).subarray(0, samples.length);
  }
}

/** One of some, at random. */
export function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('There is nothing to draw from.');
  return item;
}

/** Root mean square. */
export function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

/** `samples` with a random stretch of `background`, repeated where it is short, `snrDb` below it. */
export function mixed(
  samples: Float32Array,
  background: Float32Array,
  snrDb: number,
  random: () => number,
): Float32Array {
  const offset = Math.floor(random() * background.length);
  const stretch = Float32Array.from(samples, (_, n) => background[(offset + n) % background.length] ?? 0);
  const gain = rms(samples) / Math.max(1e-6, rms(stretch)) / 10 ** (snrDb / 20);
  const sum = samples.map((sample, n) => sample + gain * (stretch[n] ?? 0));
  const peak = sum.reduce((largest, sample) => Math.max(largest, Math.abs(sample)), 0);
  return peak > 1 ? sum.map((sample) => sample / peak) : sum;
}

/** G.711 mu-law over 300 to 3,400 Hz. */
function telephone(samples: Float32Array): Float32Array {
  const band = convolved(samples, TELEPHONE_BAND);
  const delay = (TELEPHONE_BAND.length - 1) / 2;
  return band.subarray(delay, delay + samples.length).map((sample) => {
    const level = Math.log1p(255 * Math.min(1, Math.abs(sample))) / Math.log(256);
    const coded = Math.round(level * 127) / 127;
    return (Math.sign(sample) * (256 ** coded - 1)) / 255;
  });
}

/** Windowed-sinc band pass, linear phase. */
const TELEPHONE_BAND = Float32Array.from({ length: 513 }, (_, n) => {
  const t = n - 256;
  const sinc = (hz: number) =>
    t === 0 ? (2 * hz) / SAMPLE_RATE : Math.sin((2 * Math.PI * hz * t) / SAMPLE_RATE) / (Math.PI * t);
  return (sinc(3_400) - sinc(300)) * (0.54 + 0.46 * Math.cos((Math.PI * t) / 256));
});

/** Linear convolution by fast Fourier transform. */
export function convolved(a: Float32Array, b: Float32Array): Float32Array {
  const length = a.length + b.length - 1;
  const size = 2 ** Math.ceil(Math.log2(length));
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  // Two real signals as one complex one: X = A + iB; the product of their spectra follows from X's symmetry.
  real.set(a);
  imaginary.set(b);
  fourier(real, imaginary);
  const productReal = new Float64Array(size);
  const productImaginary = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    const mirror = (size - k) % size;
    const xr = real[k] ?? 0;
    const xi = imaginary[k] ?? 0;
    const yr = real[mirror] ?? 0;
    const yi = imaginary[mirror] ?? 0;
    const ar = (xr + yr) / 2;
    const ai = (xi - yi) / 2;
    const br = (xi + yi) / 2;
    const bi = (yr - xr) / 2;
    productReal[k] = ar * br - ai * bi;
    productImaginary[k] = -(ar * bi + ai * br);
  }
  // The inverse transform is the transform of the conjugate, conjugated and scaled.
  fourier(productReal, productImaginary);
  return Float32Array.from({ length }, (_, n) => (productReal[n] ?? 0) / size);
}
