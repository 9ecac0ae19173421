/** Kaldi filter banks as FireRedVAD wants them. */
import { readFileSync } from 'node:fs';
import { SAMPLE_RATE } from '../../src/clock';
import { fourier } from '../fourier';
import { UsageError } from '../report';

const SIZE = 512;
const LENGTH = 400;
const HOP = 160;
/** Mel bins of a frame. */
export const BINS = 80;
/** What a bin holds at least: the smallest step of a 32-bit float from 1. */
const FLOOR = 1.1920929e-7;
const PRE_EMPHASIS = 0.97;
const FULL_SCALE = 32_768;

interface Normal {
  readonly mean: number;
  readonly scale: number;
}

export interface Features {
  /** [frames x 80], normalised. */
  readonly features: Float32Array;
  readonly frames: number;
}

/** 80 bins, 25 ms every 10 ms, Povey window, pre-emphasis 0.97, 16-bit scale, no dither. */
export class FilterBanks {
  readonly #normal: readonly Normal[];
  readonly #window = Float64Array.from(
    { length: LENGTH },
    (_, i) => (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (LENGTH - 1))) ** 0.85,
  );
  readonly #banks = triangles();

  /**
   * @param statistics path of cmvn.ark: the mean and variance of every bin
   * @throws UsageError where it is none
   */
  constructor(statistics: string) {
    this.#normal = readStatistics(statistics);
  }

  /** Features of samples at full scale 1. */
  features(pcm: Float32Array): Features {
    const frames = pcm.length < LENGTH ? 0 : 1 + Math.floor((pcm.length - LENGTH) / HOP);
    const features = new Float32Array(frames * BINS);
    const real = new Float64Array(SIZE);
    const imaginary = new Float64Array(SIZE);
    for (let frame = 0; frame < frames; frame++) {
      this.#load(pcm, frame * HOP, real);
      imaginary.fill(0);
      fourier(real, imaginary);
      this.#banks.forEach((weights, bin) => {
        let energy = 0;
        for (const [i, weight] of weights)
          energy += weight * ((real[i] ?? 0) ** 2 + (imaginary[i] ?? 0) ** 2);
        const { mean = 0, scale = 1 } = this.#normal[bin] ?? {};
        features[frame * BINS + bin] = (Math.log(Math.max(energy, FLOOR)) - mean) * scale;
      });
    }
    return { features, frames };
  }

  /** One frame without its mean, emphasised and windowed. */
  #load(pcm: Float32Array, at: number, real: Float64Array): void {
    let mean = 0;
    for (let i = 0; i < LENGTH; i++) mean += (pcm[at + i] ?? 0) / LENGTH;
    real.fill(0);
    for (let i = 0; i < LENGTH; i++) {
      const before = (pcm[at + Math.max(0, i - 1)] ?? 0) - mean;
      const emphasised = (pcm[at + i] ?? 0) - mean - PRE_EMPHASIS * before;
      real[i] = FULL_SCALE * emphasised * (this.#window[i] ?? 0);
    }
  }
}

/** By bin: the places of the spectrum that it sums, with their weights. */
function triangles(): readonly (readonly (readonly [number, number])[])[] {
  const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);
  const low = mel(20);
  const step = (mel(SAMPLE_RATE / 2) - low) / (BINS + 1);
  return Array.from({ length: BINS }, (_, bin) => {
    const weights: (readonly [number, number])[] = [];
    for (let i = 0; i < SIZE / 2; i++) {
      const at = mel((i * SAMPLE_RATE) / SIZE);
      const weight = Math.min((at - low - bin * step) / step, (low + (bin + 2) * step - at) / step);
      if (weight > 0) weights.push([i, weight]);
    }
    return weights;
  });
}

/** Kaldi's binary matrix of doubles: sums and sums of squares of every bin, the number of frames behind the sums. */
function readStatistics(file: string): readonly Normal[] {
  try {
    const bytes = readFileSync(file);
    const at = bytes.indexOf('\0B', 0, 'latin1') + 2;
    const columns = bytes.readInt32LE(at + 9);
    const value = (row: number, column: number) => bytes.readDoubleLE(at + 13 + 8 * (row * columns + column));
    const count = value(0, columns - 1);
    if (columns !== BINS + 1 || !(count > 0))
      throw new Error(`it has ${columns - 1} bins in the place of ${BINS}`);
    return Array.from({ length: BINS }, (_, bin) => {
      const mean = value(0, bin) / count;
      return { mean, scale: 1 / Math.sqrt(Math.max(value(1, bin) / count - mean * mean, 1e-20)) };
    });
  } catch (error) {
    throw new UsageError(`${file} is no cmvn.ark of FireRedVAD: ${(error as Error).message}.`);
  }
}
