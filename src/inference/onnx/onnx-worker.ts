/** The worker of one engine, in a thread or a process of its own: loads the runtime and the models once, then answers commands in batches. */
import { setImmediate } from 'node:timers/promises';
import { ModelInvalidError, RuntimeUnavailableError } from '../../errors';
import { sentenceOf } from '../../sentence';
import { Batcher } from './batcher';
import { Graphs } from './graphs';
import { withRuntime } from './onnx-runtime';
import { StreamRunner, type Finished, type RunRequest } from './stream-runner';
import type { WorkerPort } from './worker-link';
import type { Answer, Command, StartFailure, ToWorker, WorkerSettings, WorkerStats } from './worker-messages';

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
    private readonly port: WorkerPort,
    settings: WorkerSettings,
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
        this.port.post({
          type: 'stats',
          request: message.request,
          stats: { ...this.runner.stats(), process: ownProcess() },
        });
        return;
      case 'ping':
        this.port.post({ type: 'alive' });
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
    for (let batch = await this.next(); batch; batch = await this.next()) {
      const current = batch;
      await this.port.uninterrupted(() => this.runner.run(current));
      this.postAnswers();
    }
    this.running = false;
    const wait = this.batcher.waitMs(performance.now());
    if (wait !== Infinity) this.timer = setTimeout(() => void this.work(), wait);
    else if (this.stopping) await this.stop();
  }

  /** Hears what has come in meanwhile: a long file must not keep new streams, statistics and the end waiting until it is through. */
  private async next(): Promise<ReturnType<Batcher<RunRequest>['next']>> {
    if (!this.graphs.runtime.letsLoopTurn) await setImmediate();
    return this.batcher.next(performance.now());
  }

  private postAnswers(): void {
    const finished = this.runner.takeFinished();
    if (finished.length === 0) return;
    const { answers, probabilities } = pack(finished);
    this.port.post({ type: 'answers', answers, probabilities }, [probabilities.buffer]);
  }

  private async stop(): Promise<void> {
    this.running = true;
    await this.port.uninterrupted(() => this.graphs.release());
    this.port.close();
  }
}

function ownProcess(): WorkerStats['process'] {
  const { user, system } = process.cpuUsage();
  return {
    pid: process.pid,
    residentBytes: process.memoryUsage.rss(),
    cpuMs: Math.round((user + system) / 1_000),
  };
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

/** Loads what the settings name and serves it at a port, until it is told to stop. */
export async function serve(port: WorkerPort, settings: WorkerSettings): Promise<void> {
  try {
    const { trunk, models, threads } = settings;
    const graphs = await port.uninterrupted(() =>
      withRuntime(settings.runtime, (runtime) => Graphs.load(runtime, trunk, models, threads)),
    );
    // WebAssembly may be cut off, and what hangs in it has to be.
    const isNative = graphs.runtime.kind === 'native';
    const worker = new Worker(
      isNative ? port : { ...port, uninterrupted: (work) => work() },
      settings,
      graphs,
    );
    port.listen((message) => {
      worker.receive(message);
    });
    const { kind, name, version, insteadOfNative } = graphs.runtime;
    const { broken, own } = graphs;
    port.post({ type: 'ready', runtime: { kind, name, version, insteadOfNative }, broken, own });
  } catch (error) {
    const message = error instanceof Error ? sentenceOf(error) : String(error);
    port.post({ type: 'failed', reason: reasonOf(error), message });
    port.close();
  }
}

function reasonOf(error: unknown): StartFailure {
  if (error instanceof RuntimeUnavailableError) return 'runtime';
  return error instanceof ModelInvalidError ? 'model' : 'other';
}
