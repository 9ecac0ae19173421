import assert from 'node:assert/strict';
import { FRAME_SAMPLES } from '../../../src/clock';
import { Batcher } from '../../../src/inference/onnx/batcher';
import type { Graphs } from '../../../src/inference/onnx/graphs';
import { StreamRunner, type RunRequest } from '../../../src/inference/onnx/stream-runner';

/** One graph whose run ends when the test says so, by failing. */
function failingGraphs(): { graphs: Graphs; fail: () => void } {
  let fail = (): void => undefined;
  const run = new Promise<never>((_, reject) => {
    fail = () => {
      reject(new Error('There is no memory left'));
    };
  });
  const plan = { graph: { index: 0, stateSize: 1 }, model: { width: 1 } };
  return { graphs: { plans: [plan], run: () => run } as unknown as Graphs, fail };
}

describe('StreamRunner', () => {
  it('answers every request of a stream that is closed while their run goes wrong', async () => {
    const { graphs, fail } = failingGraphs();
    const batcher = new Batcher<RunRequest>({ maxDelayMs: 15, maxStreams: 32, maxFrames: 64 });
    const runner = new StreamRunner(graphs, batcher);
    runner.open(0, [0]);
    for (const request of [1, 2]) runner.add(0, request, new Float32Array(FRAME_SAMPLES), 0);
    const batch = batcher.next(100);
    assert.equal(batch?.items[0]?.parts.length, 2);
    const running = runner.run(batch);
    runner.close(0);
    fail();
    await running;
    assert.deepEqual(
      runner.takeFinished().map((finished) => [finished.request, 'error' in finished]),
      [
        [1, true],
        [2, true],
      ],
    );
    assert.equal(runner.stats().openStreams, 0);
  });
});
