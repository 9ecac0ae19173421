/** The default engine: ONNX Runtime in a worker thread or a process of its own (decision 26). */
import { FRAME_SAMPLES } from '../../clock';
import { ClosedError, InvalidArgumentError, ModelInvalidError, ModelNotFoundError } from '../../errors';
import { say } from '../../sentence';
import { describe } from '../../rules';
import { loadCatalogue, type Catalogue, type CatalogueModel, type CatalogueOptions } from '../catalogue';
import type {
  BrokenModel,
  EngineInfo,
  FramePredictions,
  ModelDescription,
  OwnModel,
  PredictionEngine,
  PredictionStream,
  VoiceGate,
} from '../prediction-engine';
import { describeHost, hostName } from './host';
import { defaultRuntime, RUNTIME_CHOICES, type RuntimeChoice } from './onnx-runtime';
import type { WorkerClient } from './worker-client';
import type { EngineEvent } from './worker-keeper';
import { ISOLATIONS, type Isolation } from './worker-link';
import type { EngineStats, LoadedRuntime } from './worker-messages';
import { MOST_WORKERS, WorkerPool } from './worker-pool';

export interface OnnxEngineOptions extends CatalogueOptions {
  /**
   * `native` or `wasm` runs the models on that runtime or not at all; `auto` on the native one where it works, else on
   * WebAssembly, about 2 times slower. Default: the environment variable `DEEPTONE_RUNTIME`, else `auto`.
   */
  readonly runtime?: RuntimeChoice;
  /**
   * Workers: threads, or with `isolation: 'process'` processes, each of which loads the models and runs those of the streams and files that
   * it is given. A stream stays on its worker, so one stream alone is no faster with more. Default 1; more than there are cores is of no use.
   */
  readonly workers?: number;
  /** Threads inside one run of the models; 1 (default) is best for all but very large batches, and `workers` for many streams. */
  readonly threads?: number;
  /** Longest time in ms that a live frame waits for frames of other streams, to share their run. Default 15. */
  readonly maxBatchDelayMs?: number;
  /** Where the models run, see decision 30. Default `thread`. */
  readonly isolation?: Isolation;
  /** Milliseconds without a sign of life after which what runs the models counts as hanging. Default 30,000. */
  readonly patienceMs?: number;
  /** Told when what runs the models is lost, and when it runs again. */
  readonly onEvent?: (event: EngineEvent) => void;
}

/** What runs the models; runtime, version and kind are undefined until it is loaded. */
export interface OnnxEngineInfo extends EngineInfo {
  /** Package that runs the graphs. */
  readonly runtime: 'onnxruntime-node' | 'onnxruntime-web' | undefined;
  readonly version: string | undefined;
  readonly kind: 'native' | 'WebAssembly' | undefined;
  /** Why it is not the native runtime, and how to get that; undefined where it is, and where WebAssembly was asked for. */
  readonly remark: string | undefined;
  /** Hardware that it runs them on. */
  readonly provider: 'cpu';
  /** Threads inside one run. */
  readonly threads: number;
  /** Threads or processes that run streams side by side. */
  readonly workers: number;
  /** Where they run. */
  readonly isolation: Isolation;
  /** Name of the shipped set. */
  readonly modelSet: string;
  /** Models of users that were loaded, with what they were; none until then. */
  readonly ownModels: readonly OwnModel[];
}

const KINDS = { native: 'native', wasm: 'WebAssembly' } as const;
/** Live frames come every 64 ms: waiting a quarter of that fills batches and is not felt. */
const DEFAULT_BATCH_DELAY_MS = 15;
const MOST_THREADS = 64;
const LONGEST_BATCH_DELAY_MS = 1_000;
/** A run takes milliseconds; a machine that swaps, or a large model on a small board, may take a thousand times longer. */
const DEFAULT_PATIENCE_MS = 30_000;
const LEAST_PATIENCE_MS = 100;
const MOST_PATIENCE_MS = 3_600_000;

/**
 * Runs the shipped models and users' own on ONNX Runtime. Workers in threads or processes, one by default; the models are loaded once
 * in each; many streams share its runs. The caller's thread never waits for a model.
 *
 * Requests are not bounded here: who pushes should wait for answers (`predict`'s promise is the back-pressure).
 */
export class OnnxPredictionEngine implements PredictionEngine {
  private readonly catalogue: Catalogue;
  /** The models that anybody may ask for, and behind them the gate. */
  private readonly runnable: readonly CatalogueModel[];
  private readonly threads: number;
  private readonly workers: number;
  private readonly isolation: Isolation;
  private readonly pool: WorkerPool;

  /**
   * Reads the model catalogues; neither runtime nor models are loaded yet.
   *
   * @throws InvalidArgumentError, ModelInvalidError when the shipped set cannot be read
   */
  constructor(options: OnnxEngineOptions = {}) {
    const runtime = oneOf('runtime', options.runtime ?? defaultRuntime(), RUNTIME_CHOICES);
    this.threads = within('threads', options.threads ?? 1, 1, MOST_THREADS);
    this.workers = within('workers', options.workers ?? 1, 1, MOST_WORKERS);
    const maxBatchDelayMs = within(
      'maxBatchDelayMs',
      options.maxBatchDelayMs ?? DEFAULT_BATCH_DELAY_MS,
      0,
      LONGEST_BATCH_DELAY_MS,
    );
    this.isolation = oneOf('isolation', options.isolation ?? 'thread', ISOLATIONS);
    const patienceMs = within(
      'patienceMs',
      options.patienceMs ?? DEFAULT_PATIENCE_MS,
      LEAST_PATIENCE_MS,
      MOST_PATIENCE_MS,
    );
    this.catalogue = loadCatalogue(options);
    const { trunk, models, gate } = this.catalogue;
    this.runnable = gate ? [...models, gate.model] : models;
    this.pool = new WorkerPool(this.workers, {
      isolation: this.isolation,
      file: () => this.workerFile(),
      settings: { trunk, models: this.runnable, runtime, threads: this.threads, maxBatchDelayMs },
      patienceMs,
      onEvent: options.onEvent ?? (() => undefined),
    });
  }

  /** Models whose graph does not load, once that is known. */
  private get brokenAtStart(): readonly BrokenModel[] {
    return this.pool.broken;
  }

  /** Models whose catalogue entry is sound and, once the engine has started, whose graph could be loaded. */
  get models(): readonly ModelDescription[] {
    return this.catalogue.models
      .map((model) => model.description)
      .filter(({ name }) => !this.brokenAtStart.some((broken) => broken.name === name));
  }

  /** What decides whether the models of the voice are asked, where the shipped set has a gate of its own. */
  get gate(): VoiceGate | undefined {
    return this.catalogue.gate;
  }

  /** Models that were left out, and why: broken catalogue entries, and after the start graphs that do not load. */
  get brokenModels(): readonly BrokenModel[] {
    return [...this.catalogue.broken, ...this.brokenAtStart];
  }

  /** What runs the models. */
  get info(): OnnxEngineInfo {
    const loaded = this.pool.ready?.runtime;
    return {
      runtime: loaded?.name,
      version: loaded?.version,
      kind: loaded && KINDS[loaded.kind],
      remark: loaded && remarkOf(loaded),
      provider: 'cpu',
      threads: loaded?.kind === 'wasm' ? 1 : this.threads,
      workers: this.workers,
      isolation: this.isolation,
      modelSet: this.catalogue.set,
      ownModels: this.pool.ready?.own ?? [],
    };
  }

  /**
   * Loads the runtime and the models in every worker. After a failure, or after a worker was lost, the next call tries anew; where it was lost
   * several times in a row, that takes up to a minute.
   *
   * @throws RuntimeUnavailableError, ModelInvalidError (the trunk is damaged), EngineLostError, ClosedError
   */
  async start(): Promise<void> {
    await this.pool.running();
  }

  async openStream(models: readonly string[]): Promise<PredictionStream> {
    const names = [...new Set(models)];
    if (names.length === 0) throw new InvalidArgumentError(say`A stream needs at least one model.`);
    for (const name of names) this.indexOf(name);
    return this.pool.open((client) => {
      const indexes = names.map((name) => this.indexOf(name));
      const chosen = indexes.flatMap((index) => this.runnable[index] ?? []);
      return new OnnxStream(client, client.open(indexes), chosen);
    });
  }

  /** What the workers hold and did so far; undefined while there is none. */
  stats(): Promise<EngineStats | undefined> {
    return this.pool.stats();
  }

  /** Answers what is in flight, frees the models, ends the workers. Safe to call twice. */
  close(): Promise<void> {
    return this.pool.close();
  }

  /** @internal The compiled worker beside this file; tests put one there that fails. */
  protected workerFile(): string {
    return require.resolve(this.isolation === 'process' ? './process-worker' : './thread-worker');
  }

  private indexOf(name: string): number {
    const broken = this.brokenModels.find((model) => model.name === name);
    const index = this.runnable.findIndex((model) => model.description.name === name);
    if (index >= 0 && !this.brokenAtStart.some((model) => model.name === name)) return index;
    if (broken) throw new ModelInvalidError(say`The model "${name}" cannot be used: ${broken.reason}.`);
    throw new ModelNotFoundError(
      name,
      this.models.map((model) => model.name),
    );
  }
}

class OnnxStream implements PredictionStream {
  private closed = false;

  constructor(
    private readonly client: WorkerClient,
    private readonly id: number,
    private readonly models: readonly CatalogueModel[],
  ) {}

  async predict(pcm: Float32Array): Promise<FramePredictions> {
    if (this.closed) throw new ClosedError(say`The stream is closed.`);
    if (pcm.length === 0 || pcm.length % FRAME_SAMPLES !== 0) {
      throw new InvalidArgumentError(
        say`predict() was given ${pcm.length} samples; it takes a positive multiple of ${FRAME_SAMPLES}.`,
      );
    }
    const frameCount = pcm.length / FRAME_SAMPLES;
    const packed = await this.client.predict(this.id, pcm);
    return { frameCount, probabilities: unpack(packed, this.models, frameCount) };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.client.closeStream(this.id);
  }
}

/** Views of the models' blocks, one after the other in one array. */
function unpack(
  packed: Float32Array,
  models: readonly CatalogueModel[],
  frameCount: number,
): ReadonlyMap<string, Float32Array> {
  const probabilities = new Map<string, Float32Array>();
  let start = 0;
  for (const { description, width } of models) {
    const end = start + frameCount * width;
    probabilities.set(description.name, packed.subarray(start, end));
    start = end;
  }
  return probabilities;
}

function remarkOf({ insteadOfNative }: LoadedRuntime): string | undefined {
  if (insteadOfNative === undefined) return undefined;
  return `The models run on WebAssembly, about 2 times slower than on the native ONNX Runtime (${hostName(describeHost())}): ${insteadOfNative}.`;
}

function oneOf<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (!choices.includes(value)) {
    const accepted = choices.map((choice) => `"${choice}"`).join(' or ');
    throw new InvalidArgumentError(say`${name} is ${describe(value)}: ${accepted} is accepted.`);
  }
  return value;
}

function within(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(
      say`${name} is ${value}; it takes a whole number from ${least} to ${most}.`,
    );
  }
  return value;
}
