/** The worker of an engine that runs in a process of its own. */
import { writeFileSync } from 'node:fs';
import { serve } from './onnx-worker';
import type { WorkerPort } from './worker-link';
import type { ToWorker, WorkerSettings } from './worker-messages';

/** Where memory runs out, Linux is to end this process rather than the one that it works for (0 to 1,000). */
const FIRST_TO_GO = '500';

/** Messages that are not in the channel yet. */
let unsent = 0;
let isClosing = false;

function leave(): void {
  if (isClosing && unsent === 0 && process.connected) process.disconnect();
}

const port: WorkerPort = {
  post: (message) => {
    unsent++;
    process.send?.(message, undefined, undefined, () => {
      unsent--;
      leave();
    });
  },
  listen: (hear) => {
    process.on('message', (message) => {
      hear(message as ToWorker);
    });
  },
  close: () => {
    isClosing = true;
    leave();
  },
  uninterrupted: (work) => work(),
};

process.title = 'deeptone engine';
// It ends with its engine's process, however that ends, and not before: that may have something to finish.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => {
  process.exit();
});
if (process.platform === 'linux') {
  try {
    writeFileSync('/proc/self/oom_score_adj', FIRST_TO_GO);
  } catch {
    // It is a wish.
  }
}
process.once('message', (settings) => void serve(port, settings as WorkerSettings));
