/**
 * The loaded graphs: the trunk with its built-in heads, users' heads on its taps, and users' self-contained models.
 * Weights live here once; recurrent state is handed in and out per stream.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { FRAME_SAMPLES } from '../../clock';
import { ModelInvalidError } from '../../errors';
import { say } from '../../sentence';
import type { CatalogueModel } from '../catalogue';
import type { TrunkEntry } from '../catalogue-schema';
import type { OnnxRuntime } from './onnx-runtime';
import type { BrokenModel, OwnModel } from '../prediction-engine';
import type { Rows } from './probabilities';
import { Scratch } from './scratch';

/** A graph with PCM and state in: the trunk (index 0) or a user's model of kind `pcm`. */
export interface RecurrentGraph {
  readonly index: number;
  readonly session: InferenceSession;
  readonly stateSize: number;
  /** Where the states that a run gives out are written. */
  readonly statesOut: Scratch;
}

interface HeadGraph {
  readonly session: InferenceSession;
  readonly tap: string;
}

/** Where the numbers of a model are found after a run. */
export interface ModelPlan {
  readonly model: CatalogueModel;
  readonly graph: RecurrentGraph;
  /** Output of the graph to fetch: scores, embedding or a tap. */
  readonly output: string;
  /** First column of the model in that output, or in the head's. */
  readonly offset: number;
  readonly head: HeadGraph | undefined;
}

export interface GraphInput {
  /** [rows x frames x 1024]. */
  readonly pcm: Float32Array;
  /** [rows x stateSize]. */
  readonly state: Float32Array;
  readonly rows: number;
  readonly frameCount: number;
  /** Models that some row wants. */
  readonly plans: ReadonlySet<ModelPlan>;
}

export interface GraphOutput {
  /** [rows x stateSize], until the next run of this graph. */
  readonly state: Float32Array;
  /** Scores of one row of the run, or the message of the head that failed. */
  scores(plan: ModelPlan, row: number): Rows | string;
}

export class Graphs {
  private constructor(
    readonly runtime: OnnxRuntime,
    private readonly sessions: readonly InferenceSession[],
    /** Per model in the order of the catalogue; undefined for one that is broken. */
    readonly plans: readonly (ModelPlan | undefined)[],
    readonly broken: readonly BrokenModel[],
    /** Users' models that were loaded. */
    readonly own: readonly OwnModel[],
  ) {}

  /**
   * Loads every graph and tries it once.
   *
   * @throws ModelInvalidError when the trunk cannot be used; a user's model that cannot is in `broken`.
   */
  static async load(
    runtime: OnnxRuntime,
    trunk: TrunkEntry,
    models: readonly CatalogueModel[],
    threads: number,
  ): Promise<Graphs> {
    const loader = new Loader(runtime, threads);
    const session = await loader.trunk(trunk);
    const trunkGraph = { index: 0, session, stateSize: trunk.stateSize, statesOut: new Scratch() };
    const plans: (ModelPlan | undefined)[] = [];
    const broken: BrokenModel[] = [];
    const own: OwnModel[] = [];
    for (const model of models) {
      try {
        const sha256 = model.source.kind === 'trunk' ? undefined : await hashOf(model.source.file);
        plans.push(await planModel(loader, trunkGraph, model, plans.length + 1));
        if (sha256 !== undefined) own.push({ name: model.description.name, sha256 });
      } catch (error) {
        plans.push(undefined);
        broken.push({ name: model.description.name, reason: firstLine(error) });
      }
    }
    return new Graphs(runtime, loader.sessions, plans, broken, own);
  }

  /** One run of a recurrent graph and of the heads on it. */
  async run(graph: RecurrentGraph, input: GraphInput): Promise<GraphOutput> {
    const plans = [...input.plans];
    const stateDims = [input.rows, graph.stateSize];
    const feeds = {
      pcm: this.tensor(input.pcm, [input.rows, input.frameCount * FRAME_SAMPLES]),
      state: this.tensor(input.state, stateDims),
    };
    const fetches: Record<string, Tensor | null> = {};
    for (const { output } of plans) fetches[output] = null;
    // A runtime that does not write into what it is given would leave every state at zero, and nobody would notice.
    const given = this.runtime.fillsOutputs ? graph.statesOut.take(input.rows * graph.stateSize) : undefined;
    fetches.state_out = given ? this.tensor(given, stateDims) : null;
    const outputs = await graph.session.run(feeds, fetches);
    const state = given ?? floats(tensorOf(outputs, 'state_out'));
    const scores = new Map<ModelPlan, Tensor | string>();
    for (const plan of plans) {
      const output = tensorOf(outputs, plan.output);
      scores.set(plan, plan.head ? await runHead(plan.head, output) : output);
    }
    return {
      state,
      scores: (plan, row) => {
        const tensor = scores.get(plan) ?? 'was not run';
        if (typeof tensor === 'string') return tensor;
        const stride = tensor.dims[2] ?? plan.model.width;
        return { data: floats(tensor), offset: row * input.frameCount * stride + plan.offset, stride };
      },
    };
  }

  async release(): Promise<void> {
    for (const session of this.sessions) await session.release();
  }

  private tensor(data: Float32Array, dims: readonly number[]): Tensor {
    return new this.runtime.api.Tensor('float32', data, dims);
  }
}

/**
 * Loads the trunk alone, for whoever wants its taps.
 *
 * @throws ModelInvalidError
 */
export async function loadTrunk(
  runtime: OnnxRuntime,
  trunk: TrunkEntry,
  threads: number,
): Promise<InferenceSession> {
  return new Loader(runtime, threads).trunk(trunk);
}

async function hashOf(file: string): Promise<string> {
  return sha256Of(await readFile(file));
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function planModel(
  loader: Loader,
  trunk: RecurrentGraph,
  model: CatalogueModel,
  index: number,
): Promise<ModelPlan> {
  const { source } = model;
  switch (source.kind) {
    case 'trunk':
      return {
        model,
        graph: trunk,
        output: source.output,
        offset: source.output === 'scores' ? source.offset : 0,
        head: undefined,
      };
    case 'head': {
      const session = await loader.head(source.file, source.channels, model.width);
      return { model, graph: trunk, output: source.tap, offset: 0, head: { session, tap: source.tap } };
    }
    case 'pcm': {
      const session = await loader.recurrent(source.file, source.stateSize, { scores: model.width });
      const graph = { index, session, stateSize: source.stateSize, statesOut: new Scratch() };
      return { model, graph, output: 'scores', offset: 0, head: undefined };
    }
  }
}

async function runHead(head: HeadGraph, features: Tensor): Promise<Tensor | string> {
  try {
    return tensorOf(await head.session.run({ features }, ['scores']), 'scores');
  } catch (error) {
    return firstLine(error);
  }
}

/** Opens sessions and checks, with two frames of silence, that a graph does what its entry says. */
class Loader {
  readonly sessions: InferenceSession[] = [];

  constructor(
    private readonly runtime: OnnxRuntime,
    private readonly threads: number,
  ) {}

  async trunk(trunk: TrunkEntry): Promise<InferenceSession> {
    const bytes = await readFile(trunk.file);
    const sha256 = sha256Of(bytes);
    if (sha256 !== trunk.sha256) {
      throw new ModelInvalidError(
        say`The model file ${trunk.file} is damaged: its SHA-256 is ${sha256}, the catalogue says ${trunk.sha256}. Install the package again.`,
      );
    }
    const taps = Object.entries(trunk.taps).map(([name, tap]) => [name, tap.channels] as const);
    try {
      return await this.recurrent(bytes, trunk.stateSize, {
        scores: trunk.scoresSize,
        embedding: trunk.embeddingSize,
        ...Object.fromEntries(taps),
      });
    } catch (cause) {
      throw new ModelInvalidError(say`The model file ${trunk.file} cannot be used: ${firstLine(cause)}.`, {
        cause,
      });
    }
  }

  /** A graph pcm, state -> outputs [1, 2, width each], state_out. */
  async recurrent(
    model: string | Uint8Array,
    stateSize: number,
    widths: Readonly<Record<string, number>>,
  ): Promise<InferenceSession> {
    const pcm = this.silence([1, 2 * FRAME_SAMPLES]);
    const state = this.silence([1, stateSize]);
    const shapes = new Map<string, readonly number[]>([['state_out', [1, stateSize]]]);
    for (const [name, width] of Object.entries(widths)) shapes.set(name, [1, 2, width]);
    return this.open(model, { pcm, state }, shapes);
  }

  /** A graph features [1, 2, channels] -> scores [1, 2, width]. */
  async head(file: string, channels: number, width: number): Promise<InferenceSession> {
    return this.open(
      file,
      { features: this.silence([1, 2, channels]) },
      new Map([['scores', [1, 2, width]]]),
    );
  }

  private silence(dims: readonly number[]): Tensor {
    const size = dims.reduce((product, dim) => product * dim, 1);
    return new this.runtime.api.Tensor('float32', new Float32Array(size), dims);
  }

  private async open(
    model: string | Uint8Array,
    feeds: Readonly<Record<string, Tensor>>,
    shapes: ReadonlyMap<string, readonly number[]>,
  ): Promise<InferenceSession> {
    const session = await this.create(model);
    try {
      await checkShapes(session, feeds, shapes);
    } catch (error) {
      await session.release();
      throw error;
    }
    this.sessions.push(session);
    return session;
  }

  private create(model: string | Uint8Array): Promise<InferenceSession> {
    const options: InferenceSession.SessionOptions = {
      executionProviders: [this.runtime.provider],
      intraOpNumThreads: this.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // Threads that spin while they wait burn a core for nothing.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    };
    const { InferenceSession: sessions } = this.runtime.api;
    return typeof model === 'string' ? sessions.create(model, options) : sessions.create(model, options);
  }
}

async function checkShapes(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<void> {
  checkNames('input', session.inputNames, Object.keys(feeds), true);
  checkNames('output', session.outputNames, [...shapes.keys()], false);
  const outputs = await session.run(feeds, [...shapes.keys()]);
  for (const [name, shape] of shapes) {
    const output = outputs[name];
    if (output?.type !== 'float32') throw new ModelInvalidError(say`its output "${name}" is not float32`);
    if (output.dims.join() !== shape.join()) {
      throw new ModelInvalidError(
        say`its output "${name}" has the shape [${output.dims.join(', ')}] for 2 frames, [${shape.join(', ')}] is needed`,
      );
    }
  }
}

function checkNames(kind: string, has: readonly string[], needs: readonly string[], exactly: boolean): void {
  const missing = needs.filter((name) => !has.includes(name));
  const surplus = exactly ? has.filter((name) => !needs.includes(name)) : [];
  if (missing.length === 0 && surplus.length === 0) return;
  throw new ModelInvalidError(say`its ${kind}s are ${has.join(', ')}; needed are ${needs.join(', ')}`);
}

function tensorOf(outputs: InferenceSession.OnnxValueMapType, name: string): Tensor {
  const value = outputs[name];
  if (!value) throw new ModelInvalidError(say`the graph gave no output "${name}"`);
  return value;
}

function floats(tensor: Tensor): Float32Array {
  return tensor.data as Float32Array;
}

export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n', 1)[0] ?? '').trim().replace(/\.$/, '');
}
