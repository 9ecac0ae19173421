import assert from 'node:assert/strict';
import { OffsetFilter, withoutOffset } from '../../../src/audio';
import { concatenated, noise, seededRandom, tone } from '../../tools/audio';

const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
const decibels = (ratio: number): number => 20 * Math.log10(ratio);
const raised = (samples: Float32Array, offset: number): Float32Array =>
  samples.map((sample) => sample + offset);

describe('The filter that takes an offset off', () => {
  it('turns a constant into nothing at all, from its first sample on', () => {
    for (const offset of [0, 0.05, -0.3, 1]) {
      assert.ok(withoutOffset(new Float32Array(20_000).fill(offset)).every((sample) => sample === 0));
    }
  });

  it('computes y[n] = x[n] - x[n-1] + exp(-2 pi 20 / 16000) y[n-1]', () => {
    const samples = noise(0.1);
    const expected = [0];
    for (let n = 1; n < samples.length; n++) {
      const step = (samples[n] ?? 0) - (samples[n - 1] ?? 0);
      expected.push(step + Math.exp((-2 * Math.PI * 20) / 16_000) * (expected[n - 1] ?? 0));
    }
    assert.deepEqual(withoutOffset(samples), Float32Array.from(expected));
  });

  it('leaves sound as it is: by less than a twentieth of a decibel from 200 Hz on', () => {
    for (const hz of [200, 1_000, 3_000, 7_500]) {
      const sound = tone(hz, 1);
      const [heard, given] = [withoutOffset(sound), sound].map((samples) => rms(samples.subarray(8_000)));
      assert.ok(Math.abs(decibels((heard ?? 0) / (given ?? 1))) < 0.05, `${hz} Hz`);
    }
    const mumble = withoutOffset(tone(20, 2)).subarray(16_000);
    assert.ok(
      Math.abs(decibels(rms(mumble) / rms(tone(20, 1))) + 3) < 0.1,
      'half of the power is left at 20 Hz',
    );
  });

  it('gives the same bits with an offset that 32-bit samples can hold, and for pieces of any size', () => {
    const steps = noise(1, 16_000, 0.25).map((sample) => Math.round(sample * 32_768) / 32_768);
    const whole = withoutOffset(steps);
    assert.deepEqual(withoutOffset(raised(steps, 0.125)), whole);
    const random = seededRandom(4);
    for (const size of [() => 1, () => 333, () => Math.floor(random() * 3_000)]) {
      const filter = new OffsetFilter();
      const pieces: Float32Array[] = [];
      for (let at = 0; at < steps.length;) {
        const piece = steps.subarray(at, at + size());
        const out = new Float32Array(piece.length);
        filter.push(piece, out);
        pieces.push(out);
        at += piece.length;
      }
      assert.deepEqual(concatenated(...pieces), whole);
    }
  });

  it('follows an offset that changes, within a few frames', () => {
    const out = withoutOffset(concatenated(new Float32Array(1_000), new Float32Array(16_000).fill(0.1)));
    assert.ok(Math.abs(out[1_000] ?? 0) > 0.09);
    assert.ok(out.subarray(1_000 + 2_048).every((sample) => Math.abs(sample) < 1e-6));
  });

  it('takes samples that are not finite for 0, counts them, and is well again at the next one', () => {
    const bad = noise(0.1);
    const good = bad.slice();
    for (const [n, value] of [NaN, Infinity, -Infinity, 1e30].entries()) {
      bad[300 * n] = value;
      good[300 * n] = 0;
    }
    const filter = new OffsetFilter();
    const out = new Float32Array(bad.length);
    filter.push(bad, out);
    assert.deepEqual(out, withoutOffset(good));
    assert.equal(filter.nonFiniteSamples, 4);
  });

  it('comes to rest in silence, not in numbers too small to compute with', () => {
    const out = withoutOffset(concatenated(noise(0.1), new Float32Array(16_000)));
    assert.ok(out.every((sample) => sample === 0 || Math.abs(sample) > 1e-21));
    assert.equal(out.at(-1), 0);
  });
});
