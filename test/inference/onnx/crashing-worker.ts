/** The real worker, which throws when it is asked for statistics: a crash cannot be had from outside. */
import { parentPort } from 'node:worker_threads';
import '../../../src/inference/onnx/onnx-worker';
import type { ToWorker } from '../../../src/inference/onnx/worker-messages';

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'stats') throw new Error('the worker was made to crash');
});
