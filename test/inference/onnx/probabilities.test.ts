import assert from 'node:assert/strict';
import { allFinite, writeProbabilities } from '../../../src/inference/onnx/probabilities';

function probabilities(
  activation: 'softmax' | 'sigmoid' | 'embedding',
  scores: readonly number[],
  calibration: { temperature: number; bias?: readonly number[] } = { temperature: 1 },
): number[] {
  const to = new Float32Array(scores.length);
  const model = { activation, calibration, width: scores.length };
  writeProbabilities(
    model,
    { data: Float32Array.from(scores), offset: 0, stride: scores.length },
    { data: to, offset: 0, stride: scores.length },
    1,
  );
  return [...to].map((p) => Math.round(p * 1e6) / 1e6);
}

describe('Probabilities', () => {
  it('softmax gives shares that sum to 1', () => {
    assert.deepEqual(probabilities('softmax', [Math.log(1), Math.log(3)]), [0.25, 0.75]);
  });

  it('temperature makes softmax more or less sure', () => {
    assert.deepEqual(probabilities('softmax', [0, 2 * Math.log(3)], { temperature: 2 }), [0.25, 0.75]);
  });

  it('softmax leaves out what a rejected score takes', () => {
    const to = new Float32Array(2);
    const scores = Float32Array.from([Math.log(1), Math.log(2), Math.log(5)]);
    writeProbabilities(
      { activation: 'softmax', calibration: { temperature: 1 }, width: 2, rejected: 1 },
      { data: scores, offset: 0, stride: 3 },
      { data: to, offset: 0, stride: 2 },
      1,
    );
    assert.deepEqual(
      [...to].map((p) => Math.round(p * 1e6) / 1e6),
      [0.125, 0.25],
    );
  });

  it('softmax does not overflow on large scores', () => {
    assert.deepEqual(probabilities('softmax', [1_000, 0, -1_000]), [1, 0, 0]);
  });

  it('sigmoid treats every class on its own, with temperature and bias', () => {
    assert.deepEqual(
      probabilities('sigmoid', [0, 2 * Math.log(3)], { temperature: 2, bias: [Math.log(3), 0] }),
      [0.75, 0.75],
    );
  });

  it('an embedding is left as it is', () => {
    assert.deepEqual(probabilities('embedding', [0.6, -0.8]), [0.6, -0.8]);
  });

  it('reads its columns out of wider rows', () => {
    const to = new Float32Array(4);
    writeProbabilities(
      { activation: 'embedding', calibration: { temperature: 1 }, width: 2 },
      { data: Float32Array.from([9, 1, 2, 9, 3, 4]), offset: 1, stride: 3 },
      { data: to, offset: 0, stride: 2 },
      2,
    );
    assert.deepEqual([...to], [1, 2, 3, 4]);
  });

  it('sees a single value that is not finite', () => {
    assert.equal(allFinite(Float32Array.of(1, -3e38, 0), 0, 3), true);
    for (const bad of [NaN, Infinity, -Infinity]) {
      assert.equal(allFinite(Float32Array.of(1, bad, 0), 0, 3), false);
      assert.equal(allFinite(Float32Array.of(1, bad, 0), 2, 1), true);
    }
  });
});
