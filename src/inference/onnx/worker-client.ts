/** The engine's side of one worker: requests out in one message per turn of the event loop, answers in. */
import {
  ClosedError,
  EngineLostError,
  InferenceError,
  InvalidArgumentError,
  ModelInvalidError,
  RuntimeUnavailableError,
  type DeeptoneError,
} from '../../errors';
import { inLanguage, phrase, revived, say, Sentence, type Word } from '../../sentence';
import { Watchdog } from './watchdog';
import type { Isolation, StartWorker, WorkerLink } from './worker-link';
import type { Command, FromWorker, ToWorker, WorkerSettings, WorkerStats } from './worker-messages';

/** Loading models takes longer than running them: so many times longer may it be silent then, and so many milliseconds in any case. */
const START_PATIENCE = 4;
const LEAST_START_PATIENCE_MS = 15_000;

type Ready = Extract<FromWorker, { type: 'ready' }>;

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: DeeptoneError) => void;
}

/** Which of the workers of an engine one is. */
export interface WorkerPlace {
  /** From 1 on. */
  readonly number: number;
  readonly of: number;
}

export interface WorkerClientSetup {
  readonly isolation: Isolation;
  /** Which worker of how many; counted from 1. */
  readonly place: WorkerPlace;
  readonly start: StartWorker;
  readonly settings: WorkerSettings;
  /** Milliseconds without a sign of life, while it has something to do, after which the worker counts as hanging. */
  readonly patienceMs: number;
  /** Told when the worker is lost once it was ready, after those who waited for it. */
  readonly lost: (error: EngineLostError) => void;
}

export class WorkerClient {
  private readonly predictions = new Map<number, Pending<Float32Array>>();
  private readonly statistics = new Map<number, Pending<WorkerStats>>();
  private commands: Command[] = [];
  private flushPlanned = false;
  private lastId = 0;
  private streams = 0;
  private loss: DeeptoneError | undefined;
  private stopped = false;
  private readonly link: WorkerLink;
  private watchdog: Watchdog;
  private readonly exited: Promise<void>;
  private exit: () => void = () => undefined;
  private readyMessage: Ready | undefined;

  private constructor(
    private readonly setup: WorkerClientSetup,
    private started: Pending<WorkerClient> | undefined,
  ) {
    this.exited = new Promise((resolve) => (this.exit = resolve));
    this.watchdog = this.watchedFor(Math.max(LEAST_START_PATIENCE_MS, START_PATIENCE * setup.patienceMs));
    this.watchdog.watch(true);
    this.link = setup.start(setup.settings, {
      message: (message) => {
        this.receive(message);
      },
      ended: (cause) => {
        this.lose(cause);
        this.exit();
      },
    });
  }

  /**
   * Starts a worker and waits until its models are loaded.
   *
   * @throws RuntimeUnavailableError, ModelInvalidError, EngineLostError, InferenceError
   */
  static start(setup: WorkerClientSetup): Promise<WorkerClient> {
    return new Promise((resolve, reject) => {
      new WorkerClient(setup, { resolve, reject });
    });
  }

  /** What the worker said when the models were loaded. */
  get ready(): Ready | undefined {
    return this.readyMessage;
  }

  /** True when the worker has ended, by itself or by a crash. */
  get isLost(): boolean {
    return this.loss !== undefined;
  }

  /** Streams that were opened and not closed. */
  get openStreams(): number {
    return this.streams;
  }

  /** @param models indexes into the catalogue; gives the number of the stream, which is to be closed once. */
  open(models: readonly number[]): number {
    const stream = this.nextId();
    this.streams += 1;
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
    this.streams -= 1;
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
      this.link.hold(true);
      this.watchdog.watch(true);
      this.post({ type: 'stop' });
    }
    await this.exited;
  }

  private refusal(): DeeptoneError | undefined {
    return this.loss ?? (this.stopped ? new ClosedError(say`The prediction engine is closed.`) : undefined);
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
    const message = phrase`The samples were handed to someone else before the engine could take them.`;
    take(this.predictions, command.request)?.reject(new InvalidArgumentError(message));
    return true;
  }

  private post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.link.post(message, transfer);
  }

  private receive(message: FromWorker): void {
    this.watchdog.heard();
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
        this.watchdog.stop();
        this.watchdog = this.watchedFor(this.setup.patienceMs);
        this.started?.resolve(this);
        this.started = undefined;
        break;
      case 'failed':
        this.started?.reject(startError(message));
        this.started = undefined;
        break;
      case 'alive':
        return;
    }
    this.keepAlive();
  }

  /** A process with nothing left to wait for may end; one that waits for an answer may not. */
  private keepAlive(): void {
    if (this.stopped || this.started) return;
    const isWaitedFor = this.predictions.size > 0 || this.statistics.size > 0;
    this.link.hold(isWaitedFor);
    this.watchdog.watch(isWaitedFor);
  }

  private watchedFor(patienceMs: number): Watchdog {
    return new Watchdog(patienceMs, {
      ask: () => {
        if (!this.started) this.post({ type: 'ping' });
      },
      giveUp: () => {
        this.giveUp(patienceMs);
      },
    });
  }

  /** The worker hangs. */
  private giveUp(patienceMs: number): void {
    const seconds = patienceMs / 1_000;
    const isEnded = this.link.kill();
    const message = isEnded
      ? say`${this.name} gave no sign of life for ${seconds} s and was ended; what it was given is lost, and it is started again for what comes next.`
      : say`${this.name} gave no sign of life for ${seconds} s and was given up for lost. A thread within native code cannot be ended: with isolation "process" it can.`;
    this.fail(new EngineLostError(isEnded ? 'hung' : 'stuck', message));
    if (!isEnded) this.exit();
  }

  /** What it is called in a sentence that begins with it. */
  private get name(): Word {
    const { isolation, place } = this.setup;
    if (place.of === 1)
      return isolation === 'process'
        ? phrase`The process that runs the models`
        : phrase`The thread that runs the models`;
    return isolation === 'process'
      ? say`Process ${place.number} of the ${place.of} that run the models`
      : say`Thread ${place.number} of the ${place.of} that run the models`;
  }

  /** The worker has ended. */
  private lose(cause: Error | undefined): void {
    if (this.stopped && !cause) {
      this.fail(new ClosedError(say`The prediction engine is closed.`));
      return;
    }
    const message = cause
      ? say`${this.name} ended unexpectedly (${cause.message}); what it was given is lost, and it is started again for what comes next.`
      : say`${this.name} ended unexpectedly; what it was given is lost, and it is started again for what comes next.`;
    this.fail(new EngineLostError('ended', message, { cause }));
  }

  /** Nothing more comes from the worker: everything that waits is told. */
  private fail(loss: DeeptoneError): void {
    if (this.loss) return;
    this.loss = loss;
    this.watchdog.stop();
    const wasReady = this.started === undefined;
    this.started?.reject(loss);
    this.started = undefined;
    for (const { reject } of [...this.predictions.values(), ...this.statistics.values()]) reject(loss);
    this.predictions.clear();
    this.statistics.clear();
    this.commands = [];
    if (wasReady && loss instanceof EngineLostError) this.setup.lost(loss);
  }
}

function startError({ reason, message }: Extract<FromWorker, { type: 'failed' }>): DeeptoneError {
  const told = revived(message);
  const sentence = told instanceof Sentence ? told : inLanguage(told);
  switch (reason) {
    case 'runtime':
      return new RuntimeUnavailableError(sentence);
    case 'model':
      return new ModelInvalidError(sentence);
    case 'other':
      return new InferenceError(sentence);
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
