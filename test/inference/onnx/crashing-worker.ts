/** The real worker, which throws when it is asked for statistics: an error of its own cannot be had from outside. */
import { isMainThread, parentPort } from 'node:worker_threads';
import type { ToWorker } from '../../../src/inference/onnx/worker-messages';

function hear(message: ToWorker): void {
  if (message.type === 'stats') throw new Error('the worker was made to crash');
}

if (isMainThread) {
  void import('../../../src/inference/onnx/process-worker.js').then(() => process.on('message', hear));
} else {
  void import('../../../src/inference/onnx/thread-worker.js').then(() => parentPort?.on('message', hear));
}
