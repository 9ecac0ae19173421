/** The default engine: ONNX Runtime in a worker thread of its own (decision 26). */
import { FRAME_SAMPLES } from '../../clock';
import { ClosedError, InvalidArgumentError, ModelInvalidError, ModelNotFoundError } from '../../errors';
import { loadCatalogue, type Catalogue, type CatalogueModel, type CatalogueOptions } from '../catalogue';
import type {
  BrokenModel,
  FramePredictions,
  ModelDescription,
  PredictionEngine,
  PredictionStream,
} from '../prediction-engine';
import type { WorkerStats } from './worker-messages';
import { WorkerClient } from './worker-client';

export interface OnnxEngineOptions extends CatalogueOptions {
  /** Threads inside one run of the models; 1 (default) is best for all but very large batches. */
  readonly threads?: number;
  /** Longest time in ms that a live frame waits for frames of other streams, to share their run. Default 15. */
  readonly maxBatchDelayMs?: number;
}

/** What runs the models. */
export interface OnnxEngineInfo {
  /** Package that runs the graphs. */
  readonly runtime: 'onnxruntime-node';
  /** Version of the runtime; undefined until it is loaded. */
  readonly version: string | undefined;
  /** Hardware that it runs them on. */
  readonly provider: 'cpu';
  /** Threads inside one run. */
  readonly threads: number;
  /** Name of the shipped set. */
  readonly modelSet: string;
}

/** Live frames come every 64 ms: waiting a quarter of that fills batches and is not felt. */
const DEFAULT_BATCH_DELAY_MS = 15;
const MOST_THREADS = 64;
const LONGEST_BATCH_DELAY_MS = 1_000;

/**
 * Runs the shipped models and users' own on ONNX Runtime. One worker thread per engine; the models are loaded once
 * in it; many streams share its runs. The caller's thread never waits for a model.
 *
 * Requests are not bounded here: who pushes should wait for answers (`predict`'s promise is the back-pressure).
 */
export class OnnxPredictionEngine implements PredictionEngine {
  private readonly catalogue: Catalogue;
  private readonly threads: number;
  private readonly maxBatchDelayMs: number;
  private client: WorkerClient | undefined;
  private starting: Promise<WorkerClient> | undefined;
  private closing: Promise<void> | undefined;
  private brokenAtStart: readonly BrokenModel[] = [];
  private version: string | undefined;

  /**
   * Reads the model catalogues; neither runtime nor models are loaded yet.
   *
   * @throws InvalidArgumentError, ModelInvalidError when the shipped set cannot be read
   */
  constructor(options: OnnxEngineOptions = {}) {
    this.threads = within('threads', options.threads ?? 1, 1, MOST_THREADS);
    this.maxBatchDelayMs = within(
      'maxBatchDelayMs',
      options.maxBatchDelayMs ?? DEFAULT_BATCH_DELAY_MS,
      0,
      LONGEST_BATCH_DELAY_MS,
    );
    this.catalogue = loadCatalogue(options);
  }

  /** Models whose catalogue entry is sound and, once the engine has started, whose graph could be loaded. */
  get models(): readonly ModelDescription[] {
    return this.catalogue.models
      .map((model) => model.description)
      .filter(({ name }) => !this.brokenAtStart.some((broken) => broken.name === name));
  }

  /** Models that were left out, and why: broken catalogue entries, and after the start graphs that do not load. */
  get brokenModels(): readonly BrokenModel[] {
    return [...this.catalogue.broken, ...this.brokenAtStart];
  }

  /** What runs the models. */
  get info(): OnnxEngineInfo {
    return {
      runtime: 'onnxruntime-node',
      version: this.version,
      provider: 'cpu',
      threads: this.threads,
      modelSet: this.catalogue.set,
    };
  }

  /**
   * Loads the runtime and the models. After a failure, or after the worker was lost, the next call tries anew.
   *
   * @throws RuntimeUnavailableError, ModelInvalidError (the trunk is damaged), ClosedError
   */
  async start(): Promise<void> {
    await this.running();
  }

  async openStream(models: readonly string[]): Promise<PredictionStream> {
    const names = [...new Set(models)];
    if (names.length === 0) throw new InvalidArgumentError('A stream needs at least one model.');
    for (const name of names) this.indexOf(name);
    const client = await this.running();
    const indexes = names.map((name) => this.indexOf(name));
    const chosen = indexes.flatMap((index) => this.catalogue.models[index] ?? []);
    return new OnnxStream(client, client.open(indexes), chosen);
  }

  /** What the worker holds and did so far; undefined while there is no worker. */
  async stats(): Promise<WorkerStats | undefined> {
    return this.client?.stats();
  }

  /** Answers what is in flight, frees the models, ends the worker. Safe to call twice. */
  close(): Promise<void> {
    return (this.closing ??= this.stop());
  }

  private async stop(): Promise<void> {
    // Before anything is awaited: no request may slip in behind the stop.
    const stopped = this.client?.stop();
    await this.starting?.then(
      (client) => client.stop(),
      () => undefined,
    );
    await stopped;
  }

  private async running(): Promise<WorkerClient> {
    if (this.closing) throw new ClosedError('The prediction engine is closed.');
    if (this.client?.isLost) {
      this.client = undefined;
      this.starting = undefined;
    }
    this.starting ??= this.launch();
    return this.starting;
  }

  private async launch(): Promise<WorkerClient> {
    try {
      const client = await WorkerClient.start(this.workerFile(), {
        trunk: this.catalogue.trunk,
        models: this.catalogue.models,
        threads: this.threads,
        maxBatchDelayMs: this.maxBatchDelayMs,
      });
      this.client = client;
      this.brokenAtStart = client.ready.broken;
      this.version = client.ready.runtimeVersion;
      return client;
    } catch (error) {
      this.starting = undefined;
      throw error;
    }
  }

  /** @internal The compiled worker beside this file; tests put one there that fails. */
  protected workerFile(): string {
    return require.resolve('./onnx-worker');
  }

  private indexOf(name: string): number {
    const broken = this.brokenModels.find((model) => model.name === name);
    const index = this.catalogue.models.findIndex((model) => model.description.name === name);
    if (index >= 0 && !this.brokenAtStart.some((model) => model.name === name)) return index;
    if (broken) throw new ModelInvalidError(`The model "${name}" cannot be used: ${broken.reason}.`);
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
    if (this.closed) throw new ClosedError('The stream is closed.');
    if (pcm.length === 0 || pcm.length % FRAME_SAMPLES !== 0) {
      throw new InvalidArgumentError(
        `predict() was given ${pcm.length} samples; it takes a positive multiple of ${FRAME_SAMPLES}.`,
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

function within(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(`${name} is ${value}; it takes a whole number from ${least} to ${most}.`);
  }
  return value;
}
