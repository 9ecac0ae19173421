import assert from 'node:assert/strict';
import { OnnxPredictionEngine } from '../../../src/inference';
import { noise, slow, tinySet, userFolder } from '../model-folders';

describe('While a long sound is under way', () => {
  for (const runtime of ['native', 'wasm'] as const) {
    it(`a new stream is opened and answered: ${runtime}`, async () => {
      const settings = { shippedFolder: tinySet(), modelFolders: [userFolder(slow)] };
      const engine = new OnnxPredictionEngine({ ...settings, runtime });
      try {
        const long = await engine.openStream(['slow']);
        let isThrough = false;
        const whole = long.predict(noise(64 * 8, 1)).then(() => (isThrough = true));
        while ((await engine.stats())?.runs === 0);
        const stream = await engine.openStream(['loudness']);
        await stream.predict(noise(1, 2));
        assert.ok(!isThrough, 'it had to wait for the long sound');
        await whole;
      } finally {
        await engine.close();
      }
    });
  }
});
