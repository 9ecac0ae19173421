import assert from 'node:assert/strict';
import '../tools/no-telemetry';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { scoresOf } from '../../src/heads/linear-head';
import { onnxOf } from '../../src/heads/onnx-file';
import { noise } from '../tools/audio';

describe('The ONNX file of a head', () => {
  it('gives the scores of the head, for any number of streams and frames', async () => {
    // 200 channels: the lengths and dimensions take more than one byte.
    const [channels, classCount] = [200, 7];
    const weights = noise(channels * classCount, 1, 1, 1);
    const head = { channels, classCount, weights, bias: noise(classCount, 1, 5, 2) };
    const session = await InferenceSession.create(onnxOf(head, 'tones'));
    for (const [batch, frames] of [
      [1, 1],
      [3, 130],
    ] as const) {
      const features = noise(batch * frames * channels, 1, 2, 3);
      const { scores } = await session.run({
        features: new Tensor('float32', features, [batch, frames, channels]),
      });
      assert.deepEqual(scores?.dims, [batch, frames, classCount]);
      const expected = scoresOf(head, features, batch * frames);
      for (const [i, score] of (scores.data as Float32Array).entries()) {
        assert.ok(Math.abs(score - (expected[i] ?? NaN)) < 1e-3, `${i}: ${score} ${expected[i]}`);
      }
    }
    await session.release();
  });
});
