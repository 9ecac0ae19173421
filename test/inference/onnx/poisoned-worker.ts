/** The real worker, which throws when it is given samples that begin with 1e6: an error of its own cannot be had from outside. */
import { isMainThread, parentPort } from 'node:worker_threads';
import type { ToWorker } from '../../../src/inference/onnx/worker-messages';

const POISON = 1e6;

function hear(message: ToWorker): void {
  const commands = message.type === 'commands' ? message.commands : [];
  if (commands.some((command) => command.type === 'predict' && command.pcm[0] === POISON)) {
    throw new Error('the worker was made to crash');
  }
}

if (isMainThread) {
  void import('../../../src/inference/onnx/process-worker.js').then(() => process.on('message', hear));
} else {
  void import('../../../src/inference/onnx/thread-worker.js').then(() => parentPort?.on('message', hear));
}
