import assert from 'node:assert/strict';
import { samplesToFloat32, type SampleArray } from '../../../src/audio';
import { BadAudioError, InvalidArgumentError } from '../../../src/errors';

describe('samplesToFloat32', () => {
  it('scales integers by the width of their array to [-1, 1)', () => {
    const cases: readonly (readonly [SampleArray, readonly number[]])[] = [
      [Int8Array.of(-128, 0, 64, 127), [-1, 0, 0.5, 127 / 128]],
      [Int16Array.of(-32_768, 0, 16_384, 32_767), [-1, 0, 0.5, 32_767 / 32_768]],
      [Int32Array.of(-(2 ** 31), 0, 2 ** 30), [-1, 0, 0.5]],
      [Uint8Array.of(0, 128, 192), [-1, 0, 0.5]],
      [Uint16Array.of(0, 32_768, 49_152), [-1, 0, 0.5]],
      [Uint32Array.of(0, 2 ** 31, 3 * 2 ** 30), [-1, 0, 0.5]],
    ];
    for (const [samples, expected] of cases) {
      assert.deepEqual(samplesToFloat32(samples), Float32Array.from(expected), samples.constructor.name);
    }
  });

  it('takes floats as they are, beyond full scale too', () => {
    assert.deepEqual(samplesToFloat32(Float32Array.of(-1.5, 0.25)), Float32Array.of(-1.5, 0.25));
    assert.deepEqual(samplesToFloat32(Float64Array.of(-1.5, 0.1)), Float32Array.of(-1.5, 0.1));
  });

  it('takes plain numbers as floats when any has a fraction, as 16-bit integers otherwise', () => {
    assert.deepEqual(samplesToFloat32([0.5, -1, 1.25]), Float32Array.of(0.5, -1, 1.25));
    assert.deepEqual(samplesToFloat32([16_384, -32_768, 0]), Float32Array.of(0.5, -1, 0));
    assert.deepEqual(samplesToFloat32([1, 0, -1]), Float32Array.of(2 ** -15, 0, -(2 ** -15)));
    assert.deepEqual(samplesToFloat32([]), new Float32Array(0));
  });

  it('names the first sample that is not a finite number', () => {
    const cases: readonly (readonly [SampleArray, RegExp])[] = [
      [Float32Array.of(0, 0, Number.NaN, Number.NaN), /Sample 2 is NaN/u],
      [Float64Array.of(0, Number.NEGATIVE_INFINITY), /Sample 1 is -Infinity/u],
      [Float64Array.of(1e300), /Sample 0 is Infinity/u],
      [[0.5, Number.NaN], /Sample 1 is NaN/u],
      [[0, 'loud'] as unknown as number[], /Sample 1 is loud/u],
      [[0, 40_000], /Sample 1 is 40000.*16-bit/u],
    ];
    for (const [samples, message] of cases) {
      assert.throws(
        () => samplesToFloat32(samples),
        (error) => error instanceof BadAudioError && message.test(error.message),
      );
    }
  });

  it('refuses bytes of an untold format and anything that is not samples', () => {
    for (const data of [Buffer.from('RIFF'), new BigInt64Array(2), 'text', null, undefined, { length: 3 }]) {
      assert.throws(() => samplesToFloat32(data as unknown as SampleArray), InvalidArgumentError);
    }
  });
});
