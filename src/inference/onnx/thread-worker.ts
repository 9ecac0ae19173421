/** The worker of an engine that runs in a thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { withoutExit } from './exit-guard';
import { serve } from './onnx-worker';
import type { ThreadData } from './thread-link';
import type { WorkerPort } from './worker-link';
import type { ToWorker } from './worker-messages';

const { settings, exitFlags } = workerData as ThreadData;

const port: WorkerPort = {
  post: (message, transfer = []) => {
    parentPort?.postMessage(message, transfer);
  },
  listen: (hear) => {
    parentPort?.on('message', (message: ToWorker) => {
      hear(message);
    });
  },
  close: () => {
    parentPort?.close();
  },
  uninterrupted: (work) => withoutExit(exitFlags, work),
};

void serve(port, settings);
