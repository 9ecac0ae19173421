import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Resampler } from '../../../src/audio';
import { InvalidArgumentError } from '../../../src/errors';
import { joined, noise, seededRandom, tone } from '../../tools/audio';

const RATES = [
  4_000, 8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 44_101, 48_000, 96_000, 192_000, 384_000,
];

function resampleWhole(samples: Float32Array, rate: number): Float32Array {
  const resampler = new Resampler(rate);
  return joined([resampler.push(samples), resampler.flush()]);
}

function resampleInPieces(samples: Float32Array, rate: number, pieceLength: () => number): Float32Array {
  const resampler = new Resampler(rate);
  const parts: Float32Array[] = [];
  for (let at = 0; at < samples.length;) {
    const end = Math.min(samples.length, at + pieceLength());
    parts.push(resampler.push(samples.subarray(at, end)).slice());
    at = end;
  }
  parts.push(resampler.flush());
  return joined(parts);
}

/** Level of the middle half under a Hann window, in dB of a full-scale sine. */
function decibels(samples: Float32Array): number {
  const middle = samples.subarray(samples.length / 4, (samples.length * 3) / 4);
  const step = (2 * Math.PI) / middle.length;
  const power = middle.reduce((sum, value, n) => sum + (value * (1 - Math.cos(step * n))) ** 2, 0) / 1.5;
  return 10 * Math.log10((2 * power) / middle.length + 1e-30);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('Resampler', () => {
  it('passes 16 kHz through unchanged', () => {
    const samples = noise(1);
    assert.deepEqual(resampleWhole(samples, 16_000), samples);
  });

  for (const rate of RATES) {
    it(`gives the same bits from ${rate} Hz whatever pieces the input comes in`, () => {
      const samples = noise(0.2, rate);
      const whole = resampleWhole(samples, rate);
      const random = seededRandom(rate);
      assert.deepEqual(
        resampleInPieces(samples, rate, () => 1),
        whole,
        'single samples',
      );
      for (const longest of [10, 500, 5_000]) {
        const pieces = resampleInPieces(samples, rate, () => Math.floor(random() * longest));
        assert.deepEqual(pieces, whole, `pieces of up to ${longest}`);
      }
    });

    it(`gives round(n * 16000 / rate) samples for n samples at ${rate} Hz`, () => {
      const random = seededRandom(rate + 1);
      const lengths = [
        0,
        1,
        2,
        3,
        100,
        rate,
        ...Array.from({ length: 10 }, () => Math.floor(random() * 20_000)),
      ];
      for (const n of lengths) {
        const expected = Math.round((n * 16_000) / rate);
        assert.equal(resampleWhole(new Float32Array(n), rate).length, expected, `${n} samples`);
      }
    });

    it(`puts output sample n from ${rate} Hz at the time n/16000`, () => {
      const hz = rate / 10 < 1_000 ? 300 : 1_000;
      const output = resampleWhole(tone(hz, 0.5, rate), rate);
      const ideal = tone(hz, 0.5, 16_000);
      for (let n = 1_000; n < 7_000; n++) {
        assert.ok(Math.abs((output[n] ?? 0) - (ideal[n] ?? 0)) < 2e-4, `sample ${n}`);
      }
    });

    it(`passes tones up to 90 % of the band from ${rate} Hz with less than 0.01 dB of ripple`, () => {
      const nyquist = Math.min(rate, 16_000) / 2;
      for (const share of [0.05, 0.2, 0.3, 0.5, 0.7, 0.85, 0.9]) {
        const level = decibels(resampleWhole(tone(share * nyquist, 0.2, rate, 1), rate));
        assert.ok(Math.abs(level) < 0.01, `${share * nyquist} Hz: ${level} dB`);
      }
    });
  }

  for (const rate of RATES.filter((one) => one > 16_000)) {
    it(`suppresses what lies beyond 8 kHz in ${rate} Hz by more than 80 dB`, () => {
      const random = seededRandom(rate + 2);
      const nyquist = rate / 2;
      const frequencies = [
        8_001,
        8_100,
        8_500,
        ...Array.from({ length: 6 }, () => 8_000 + random() * (nyquist - 8_000)),
      ];
      for (const hz of frequencies.filter((one) => one < nyquist)) {
        const level = decibels(resampleWhole(tone(hz, 0.2, rate, 1), rate));
        assert.ok(level < -80, `${hz} Hz: ${level} dB`);
      }
    });
  }

  it('leaves no image of the lower band when it goes up from 8 kHz', () => {
    const output = resampleWhole(tone(3_000, 0.5, 8_000, 1), 8_000);
    const ideal = tone(3_000, 0.5, 16_000, 1);
    const error = output.map((value, n) => value - (ideal[n] ?? 0));
    assert.ok(decibels(error) < -80, `${decibels(error)} dB`);
  });

  it('passes a constant unchanged in every phase', () => {
    const output = resampleWhole(new Float32Array(44_100).fill(0.25), 44_100);
    for (const value of output.subarray(1_000, 15_000)) assert.ok(Math.abs(value - 0.25) < 1e-6);
  });

  it('keeps no filter of its own for every rate that is stated, and needs no megabytes for any', async () => {
    /** The least of several looks: memory is given back some time after nobody refers to it. */
    const held = async (): Promise<number> => {
      let least = Infinity;
      for (let look = 0; look < 20; look++) {
        collectGarbage();
        await new Promise((resolve) => setImmediate(resolve));
        least = Math.min(least, process.memoryUsage().arrayBuffers);
      }
      return least;
    };
    const before = await held();
    for (let n = 1; n <= 60; n++) new Resampler(384_000 - 16 * n);
    const kept = (await held()) - before;
    assert.ok(kept < 14e6, `${kept} bytes are kept`);
    const one = new Resampler(47_952);
    const alone = await held();
    const other = new Resampler(383_984);
    const own = (await held()) - alone;
    assert.ok(own < 1e6, `${own} bytes for one rate`);
    assert.equal(one.rate + other.rate, 47_952 + 383_984);
  });

  it('resamples rates far from all usual ones as exactly as those', () => {
    for (const rate of [383_984, 47_952, 44_056, 5_512, 22_255]) {
      const output = resampleWhole(tone(1_000, 0.5, rate, 1), rate);
      const ideal = tone(1_000, 0.5, 16_000, 1);
      const error = decibels(output.map((value, n) => value - (ideal[n] ?? 0)));
      assert.ok(error < -80, `${rate} Hz: ${error} dB`);
    }
  });

  it('refuses rates outside 4 to 384 kHz and names them', () => {
    for (const rate of [0, 3_999, 384_001, 44_100.5, Number.NaN, -8_000]) {
      assert.throws(
        () => new Resampler(rate),
        (error) => {
          assert.ok(error instanceof InvalidArgumentError);
          assert.ok(error.message.includes(String(rate)), error.message);
          return true;
        },
      );
    }
  });
});
