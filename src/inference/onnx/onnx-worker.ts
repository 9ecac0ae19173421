/** The worker thread of one engine: loads the runtime and the models once, then answers commands in batches. */
import { parentPort, workerData } from 'node:worker_threads';
import { ModelInvalidError, RuntimeUnavailableError } from '../../errors';
import { Batcher } from './batcher';
import { withoutExit } from './exit-guard';
import { Graphs } from './graphs';
import { loadOnnxRuntime } from './onnx-runtime';
import { StreamRunner, type Finished, type RunRequest } from './stream-runner';
import type { Answer, Command, FromWorker, StartFailure, ToWorker, WorkerSettings } from './worker-messages';

/** Most streams in one run: beyond 32 the cost per stream no longer falls. */
const MAX_STREAMS = 32;
/** Most frames in one run: about 2 ms on one core, and longer strides are no faster. */
const MAX_FRAMES = 64;

class Worker {
  private readonly batcher: Batcher<RunRequest>;
  private readonly runner: StreamRunner;
  private running = false;
  private stopping = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: WorkerSettings,
    private readonly graphs: Graphs,
  ) {
    this.batcher = new Batcher({
      maxDelayMs: settings.maxBatchDelayMs,
      maxStreams: MAX_STREAMS,
      maxFrames: MAX_FRAMES,
    });
    this.runner = new StreamRunner(graphs, this.batcher);
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'commands': {
        const now = performance.now();
        for (const command of message.commands) this.obey(command, now);
        break;
      }
      case 'stats':
        post({ type: 'stats', request: message.request, stats: this.runner.stats() });
        return;
      case 'stop':
        this.stopping = true;
        break;
    }
    void this.work();
  }

  private obey(command: Command, now: number): void {
    switch (command.type) {
      case 'open':
        this.runner.open(command.stream, command.models);
        break;
      case 'predict':
        this.runner.add(command.stream, command.request, command.pcm, now);
        break;
      case 'close':
        this.runner.close(command.stream);
        break;
    }
  }

  /** Runs batches until it is better to wait. One at a time: a run yields to messages, not to another run. */
  private async work(): Promise<void> {
    if (this.running) return;
    this.running = true;
    clearTimeout(this.timer);
    this.postAnswers();
    for (let batch = this.next(); batch; batch = this.next()) {
      const current = batch;
      await withoutExit(this.settings.exitFlags, () => this.runner.run(current));
      this.postAnswers();
    }
    this.running = false;
    const wait = this.batcher.waitMs(performance.now());
    if (wait !== Infinity) this.timer = setTimeout(() => void this.work(), wait);
    else if (this.stopping) await this.stop();
  }

  private next(): ReturnType<Batcher<RunRequest>['next']> {
    return this.batcher.next(performance.now());
  }

  private postAnswers(): void {
    const finished = this.runner.takeFinished();
    if (finished.length === 0) return;
    const { answers, probabilities } = pack(finished);
    post({ type: 'answers', answers, probabilities }, [probabilities.buffer]);
  }

  private async stop(): Promise<void> {
    this.running = true;
    await withoutExit(this.settings.exitFlags, () => this.graphs.release());
    parentPort?.close();
  }
}

/** All probabilities in one array that can be handed over. */
function pack(finished: readonly Finished[]): {
  answers: Answer[];
  probabilities: Float32Array<ArrayBuffer>;
} {
  const length = finished.reduce((sum, each) => sum + ('error' in each ? 0 : each.probabilities.length), 0);
  const packed = new Float32Array(length);
  const answers: Answer[] = [];
  let start = 0;
  for (const each of finished) {
    if ('error' in each) {
      answers.push(each);
      continue;
    }
    packed.set(each.probabilities, start);
    answers.push({ request: each.request, start, length: each.probabilities.length });
    start += each.probabilities.length;
  }
  return { answers, probabilities: packed };
}

function post(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

async function start(settings: WorkerSettings): Promise<void> {
  try {
    const runtime = loadOnnxRuntime();
    const { trunk, models, threads } = settings;
    const graphs = await withoutExit(settings.exitFlags, () => Graphs.load(runtime, trunk, models, threads));
    const worker = new Worker(settings, graphs);
    parentPort?.on('message', (message: ToWorker) => {
      worker.receive(message);
    });
    post({ type: 'ready', runtimeVersion: runtime.env.versions.node ?? 'unknown', broken: graphs.broken });
  } catch (error) {
    post({
      type: 'failed',
      reason: reasonOf(error),
      message: error instanceof Error ? error.message : String(error),
    });
  }
}

function reasonOf(error: unknown): StartFailure {
  if (error instanceof RuntimeUnavailableError) return 'runtime';
  return error instanceof ModelInvalidError ? 'model' : 'other';
}

void start(workerData as WorkerSettings);
