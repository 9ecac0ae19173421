/**
 * The resampler: speed on one core, ripple of the band that passes, and the loudest tone beyond 8 kHz that is left.
 *
 *     npm run bench -- resampler [--seconds 20]
 */
import { parseArgs } from 'node:util';
import { PcmDecoder, Resampler } from '../src/audio';
import { joined, noise, tone } from '../test/tools/audio';
import type { Measurement } from './report';

const RATES = [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 384_000];
/** Samples that are given at a time. */
const PIECE = 4_096;

function resample(samples: Float32Array, rate: number): Float32Array {
  const resampler = new Resampler(rate);
  const pieces: Float32Array[] = [];
  for (let at = 0; at < samples.length; at += PIECE)
    pieces.push(resampler.push(samples.subarray(at, at + PIECE)));
  return joined([...pieces, resampler.flush()]);
}

/** Level of the middle half under a Hann window, in dB of a full-scale sine. */
function decibels(samples: Float32Array): number {
  const middle = samples.subarray(samples.length / 4, (samples.length * 3) / 4);
  const step = (2 * Math.PI) / middle.length;
  const power = middle.reduce((sum, value, n) => sum + (value * (1 - Math.cos(step * n))) ** 2, 0) / 1.5;
  return 10 * Math.log10((2 * power) / middle.length + 1e-30);
}

/** Milliseconds until the first resampler of a rate that was not heard before is there. */
function openingMs(rate: number): number {
  const before = performance.now();
  new Resampler(rate);
  return performance.now() - before;
}

function level(hz: number, rate: number): number {
  return decibels(resample(tone(hz, 0.5, rate, 1), rate));
}

function timesRealTime(seconds: number, work: () => void): number {
  work();
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (seconds * 1_000_000) / (user + system);
}

/** Bytes that one stereo stream at 44.1 kHz keeps. */
function bytesPerStream(): number {
  const streams: PcmDecoder[] = [];
  const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const open = (): PcmDecoder => new PcmDecoder({ encoding: 's16le', sampleRate: 44_100, channels: 2 });
  streams.push(open());
  const before = held();
  for (let n = 0; n < 1_000; n++) streams.push(open());
  return (held() - before) / (streams.length - 1);
}

export function resampler(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({ args: [...argv], options: { seconds: { type: 'string', default: '20' } } });
  const seconds = Number(values.seconds);
  const openings = [11_025, 383_984, 16_001].map((rate) => ({
    measure: `filter for ${rate} Hz`,
    value: openingMs(rate),
    unit: 'ms',
    target: { atMost: 20 },
  }));
  const speeds = RATES.map((rate) => {
    const sound = noise(seconds, rate);
    const value = timesRealTime(seconds, () => resample(sound, rate));
    return { measure: `from ${rate} Hz`, value, unit: 'x real time' };
  });
  const passing = Array.from({ length: 36 }, (_, n) => 200 * (n + 1));
  const ripple = Math.max(...passing.map((hz) => Math.abs(level(hz, 44_100))));
  const beyond = [8_001, 8_010, ...Array.from({ length: 40 }, (_, n) => 8_050 + 347 * n)];
  return Promise.resolve([
    ...openings,
    ...speeds,
    {
      measure: 'ripple from 0.2 to 7.2 kHz, from 44100 Hz',
      value: ripple,
      unit: 'dB',
      target: { atMost: 0.01 },
    },
    ...[44_100, 48_000].map((rate) => ({
      measure: `loudest tone left of those beyond 8 kHz, from ${rate} Hz`,
      value: Math.max(...beyond.map((hz) => level(hz, rate))),
      unit: 'dB',
      target: { atMost: -80 },
    })),
    { measure: 'a stereo stream at 44100 Hz keeps', value: bytesPerStream() / 1_000, unit: 'kB' },
  ]);
}
