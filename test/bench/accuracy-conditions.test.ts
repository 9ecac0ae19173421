import assert from 'node:assert/strict';
import { convolved } from '../../bench/accuracy/conditions';
import { fourier } from '../../bench/fourier';
import { noise } from '../tools/audio';

function near(found: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  assert.equal(found.length, expected.length);
  expected.forEach((value, n) => {
    assert.ok(Math.abs((found[n] ?? NaN) - value) < tolerance, `${n}: ${found[n]}, not ${value}`);
  });
}

describe('The Fourier transform of the benches', () => {
  it('is the sum that defines it', () => {
    for (const size of [1, 2, 8, 64]) {
      const real = Float64Array.from(noise(size / 16_000, 16_000, 0.5, 1));
      const imaginary = Float64Array.from(noise(size / 16_000, 16_000, 0.5, 2));
      const [x, y] = [[...real], [...imaginary]];
      fourier(real, imaginary);
      const sum = (k: number, part: (re: number, im: number, cosine: number, sine: number) => number) =>
        x.reduce((total, re, n) => {
          const angle = (2 * Math.PI * k * n) / size;
          return total + part(re, y[n] ?? 0, Math.cos(angle), Math.sin(angle));
        }, 0);
      near(
        real,
        x.map((_, k) => sum(k, (re, im, c, s) => re * c + im * s)),
        1e-9,
      );
      near(
        imaginary,
        x.map((_, k) => sum(k, (re, im, c, s) => im * c - re * s)),
        1e-9,
      );
    }
  });

  it('convolves sound with a room', () => {
    const sound = noise(0.003);
    const room = Float32Array.of(1, 0, -0.5, 0.25);
    const expected = Array.from({ length: sound.length + 3 }, (_, n) =>
      room.reduce((sum, gain, k) => sum + gain * (sound[n - k] ?? 0), 0),
    );
    near(convolved(sound, room), expected, 1e-6);
  });
});
