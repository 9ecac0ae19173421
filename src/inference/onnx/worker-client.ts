/** The main thread's side of one worker: requests out in one message per turn of the event loop, answers in. */
import { Worker } from 'node:worker_threads';
import {
  ClosedError,
  InferenceError,
  InvalidArgumentError,
  ModelInvalidError,
  RuntimeUnavailableError,
  type DeeptoneError,
} from '../../errors';
import { guardExit, unguardExit } from './exit-guard';
import { switchOffTelemetry } from './onnx-runtime';
import type { Command, FromWorker, ToWorker, WorkerSettings, WorkerStats } from './worker-messages';

/**
 * The worker makes and drops arrays of numbers all the time. Left alone, its heap grows by tens of megabytes before it
 * looks for them; a small nursery is searched often, which costs little because next to nothing in it is alive.
 */
const YOUNG_GENERATION_MB = 2;

type Ready = Extract<FromWorker, { type: 'ready' }>;

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: DeeptoneError) => void;
}

export class WorkerClient {
  private readonly predictions = new Map<number, Pending<Float32Array>>();
  private readonly statistics = new Map<number, Pending<WorkerStats>>();
  private commands: Command[] = [];
  private flushPlanned = false;
  private lastId = 0;
  private loss: DeeptoneError | undefined;
  private stopped = false;
  private readonly exited: Promise<void>;

  private started: Pending<WorkerClient> | undefined;
  private readyMessage: Ready = { type: 'ready', runtimeVersion: 'unknown', broken: [] };

  private constructor(
    private readonly worker: Worker,
    started: Pending<WorkerClient>,
  ) {
    this.started = started;
    worker.on('message', (message: FromWorker) => {
      this.receive(message);
    });
    worker.on('error', (error) => {
      this.lose(error);
    });
    this.exited = new Promise((resolve) => {
      worker.on('exit', () => {
        this.lose(undefined);
        resolve();
      });
    });
  }

  /**
   * Starts a worker and waits until its models are loaded.
   *
   * @throws RuntimeUnavailableError, ModelInvalidError, InferenceError
   */
  static start(file: string, settings: Omit<WorkerSettings, 'exitFlags'>): Promise<WorkerClient> {
    switchOffTelemetry();
    return new Promise((resolve, reject) => {
      const exitFlags = guardExit();
      const worker = new Worker(file, {
        workerData: { ...settings, exitFlags },
        name: 'deeptone',
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
      });
      worker.once('exit', () => {
        unguardExit(exitFlags);
      });
      new WorkerClient(worker, { resolve, reject });
    });
  }

  /** What the worker said when the models were loaded. */
  get ready(): Ready {
    return this.readyMessage;
  }

  /** True when the worker has ended, by itself or by a crash. */
  get isLost(): boolean {
    return this.loss !== undefined;
  }

  /** @param models indexes into the catalogue; gives the number of the stream. */
  open(models: readonly number[]): number {
    const stream = this.nextId();
    this.send({ type: 'open', stream, models });
    return stream;
  }

  predict(stream: number, pcm: Float32Array): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      const request = this.nextId();
      const refusal = this.refusal();
      if (refusal) {
        reject(refusal);
        return;
      }
      this.predictions.set(request, { resolve, reject });
      this.send({ type: 'predict', stream, request, pcm: transferable(pcm) });
    });
  }

  closeStream(stream: number): void {
    this.send({ type: 'close', stream });
  }

  stats(): Promise<WorkerStats> {
    return new Promise((resolve, reject) => {
      const refusal = this.refusal();
      if (refusal) {
        reject(refusal);
        return;
      }
      this.flush();
      const request = this.nextId();
      this.statistics.set(request, { resolve, reject });
      this.keepAlive();
      this.post({ type: 'stats', request });
    });
  }

  /** Lets the worker answer what it has, free the models, and end. */
  async stop(): Promise<void> {
    if (!this.stopped && !this.isLost) {
      this.flush();
      this.stopped = true;
      this.worker.ref();
      this.post({ type: 'stop' });
    }
    await this.exited;
  }

  private refusal(): DeeptoneError | undefined {
    return this.loss ?? (this.stopped ? new ClosedError('The prediction engine is closed.') : undefined);
  }

  private nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  private send(command: Command): void {
    if (this.isLost || this.stopped) return;
    this.commands.push(command);
    this.keepAlive();
    if (this.flushPlanned) return;
    this.flushPlanned = true;
    setImmediate(() => {
      this.flush();
    });
  }

  private flush(): void {
    this.flushPlanned = false;
    if (this.commands.length === 0 || this.isLost || this.stopped) return;
    const commands = this.commands.filter((command) => !this.isGone(command));
    this.commands = [];
    const buffers = commands.flatMap((c) => (c.type === 'predict' ? [c.pcm.buffer as ArrayBuffer] : []));
    this.post({ type: 'commands', commands }, [...new Set(buffers)]);
  }

  /** Samples that their caller has given to someone else since: that request fails, not those sent beside it. */
  private isGone(command: Command): boolean {
    if (command.type !== 'predict' || command.pcm.length > 0) return false;
    const message = 'The samples were handed to someone else before the engine could take them.';
    take(this.predictions, command.request)?.reject(new InvalidArgumentError(message));
    return true;
  }

  private post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case 'answers':
        for (const answer of message.answers) {
          const pending = take(this.predictions, answer.request);
          if ('error' in answer) pending?.reject(new InferenceError(answer.error));
          else pending?.resolve(message.probabilities.subarray(answer.start, answer.start + answer.length));
        }
        break;
      case 'stats':
        take(this.statistics, message.request)?.resolve(message.stats);
        break;
      case 'ready':
        this.readyMessage = message;
        this.started?.resolve(this);
        this.started = undefined;
        break;
      case 'failed':
        this.started?.reject(startError(message));
        this.started = undefined;
        break;
    }
    this.keepAlive();
  }

  /** A process with nothing left to wait for may end; one that waits for an answer may not. */
  private keepAlive(): void {
    if (this.stopped || this.started) return;
    if (this.predictions.size > 0 || this.statistics.size > 0) this.worker.ref();
    else this.worker.unref();
  }

  /** The worker has ended: everything that waits is told. */
  private lose(cause: Error | undefined): void {
    if (this.loss) return;
    this.loss =
      this.stopped && !cause
        ? new ClosedError('The prediction engine is closed.')
        : new InferenceError(
            `The worker that runs the models ended unexpectedly${cause ? ` (${cause.message})` : ''}; open a new stream to start it again.`,
            { cause },
          );
    this.started?.reject(this.loss);
    this.started = undefined;
    for (const { reject } of [...this.predictions.values(), ...this.statistics.values()]) reject(this.loss);
    this.predictions.clear();
    this.statistics.clear();
    this.commands = [];
  }
}

function startError(message: Extract<FromWorker, { type: 'failed' }>): DeeptoneError {
  switch (message.reason) {
    case 'runtime':
      return new RuntimeUnavailableError(message.message);
    case 'model':
      return new ModelInvalidError(message.message);
    case 'other':
      return new InferenceError(message.message);
  }
}

/** Samples in a buffer of their own, which can be handed over: a view of a larger or a shared buffer is copied. */
function transferable(pcm: Float32Array): Float32Array {
  const owns = pcm.buffer instanceof ArrayBuffer && pcm.buffer.byteLength === pcm.byteLength;
  return owns ? pcm : new Float32Array(pcm);
}

function take<T>(pending: Map<number, T>, id: number): T | undefined {
  const found = pending.get(id);
  pending.delete(id);
  return found;
}
