/** A worker in a thread of this process: fast to reach, and lost with the process where native code aborts. */
import { Worker } from 'node:worker_threads';
import { EngineLostError } from '../../errors';
import { say } from '../../sentence';
import { guardExit, isBusy, retire, unguardExit } from './exit-guard';
import { switchOffTelemetry } from './onnx-runtime';
import type { LinkListener, WorkerLink } from './worker-link';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages';

/** What a thread is started with. */
export interface ThreadData {
  readonly settings: WorkerSettings;
  /** See `guardExit`. */
  readonly exitFlags: Int32Array;
}

/**
 * The worker makes and drops arrays of numbers all the time. Left alone, its heap grows by tens of megabytes before it
 * looks for them; a small nursery is searched often, which costs little because next to nothing in it is alive.
 */
const YOUNG_GENERATION_MB = 2;

/** Threads of this process that hang in native code: each keeps its memory, and most often a core. */
const stuck = new Set<Worker>();
/** With so many more of them, the next would hang as well. */
const MOST_STUCK = 1;

export class ThreadLink implements WorkerLink {
  readonly #worker: Worker;
  readonly #exitFlags = guardExit();
  readonly #listener: LinkListener;
  #isOver = false;

  /** @param file the compiled worker, see `thread-worker.ts` */
  constructor(file: string, settings: WorkerSettings, listener: LinkListener) {
    if (stuck.size > MOST_STUCK) {
      throw new EngineLostError(
        'stuck',
        say`${stuck.size} threads hang in the native code of a model and cannot be ended, so no further one is started until one of them comes to its end. Leave out the model that hangs, set isolation to "process", and start this process again.`,
      );
    }
    switchOffTelemetry();
    const workerData: ThreadData = { settings, exitFlags: this.#exitFlags };
    this.#listener = listener;
    this.#worker = new Worker(file, {
      workerData,
      name: 'deeptone',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.on('message', (message: FromWorker) => {
      if (!this.#isOver) listener.message(message);
    });
    this.#worker.on('error', (error) => {
      this.#end(error);
    });
    this.#worker.once('exit', () => {
      unguardExit(this.#exitFlags);
      stuck.delete(this.#worker);
      this.#end(undefined);
    });
  }

  post(message: ToWorker, transfer: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer);
  }

  hold(isNeeded: boolean): void {
    if (isNeeded) this.#worker.ref();
    else this.#worker.unref();
  }

  /** A thread within native code cannot be ended: the process would abort when the code comes to its end. */
  kill(): boolean {
    retire(this.#exitFlags);
    if (isBusy(this.#exitFlags)) {
      this.#isOver = true;
      stuck.add(this.#worker);
      this.#worker.unref();
      return false;
    }
    void this.#worker.terminate();
    return true;
  }

  #end(cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.ended(cause);
  }
}
