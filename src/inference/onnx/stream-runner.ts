/** Streams inside the worker: their state, their requests, and the runs that the batcher decides on. */
import { FRAME_SAMPLES } from '../../clock';
import type { Batch, Batcher, BatchItem } from './batcher';
import { firstLine, type GraphOutput, type Graphs, type ModelPlan, type RecurrentGraph } from './graphs';
import { allFinite, writeProbabilities, type Rows } from './probabilities';
import { Scratch } from './scratch';
import type { WorkerStats } from './worker-messages';

/** A request with its samples and the place for its answer. */
export interface RunRequest {
  readonly id: number;
  readonly pcm: Float32Array;
  readonly frameCount: number;
  /** The models of the stream one after the other, each [frameCount x width]. */
  readonly probabilities: Float32Array;
}

/** A request that is through, or why it failed. */
export type Finished =
  | { readonly request: number; readonly probabilities: Float32Array }
  | { readonly request: number; readonly error: string };

interface Stream {
  readonly id: number;
  readonly plans: readonly ModelPlan[];
  /** Sum of the widths of all models. */
  readonly width: number;
  /** Recurrent state per graph that the stream needs; all zeros are a past of digital silence. */
  readonly states: ReadonlyMap<RecurrentGraph, Float32Array>;
  closing: boolean;
}

/** One item of a batch with its stream. */
interface Row {
  readonly stream: Stream;
  readonly item: BatchItem<RunRequest>;
}

/** What one graph gave for a batch: the rows that took part, and the output or why there is none. */
interface GraphResult {
  readonly graph: RecurrentGraph;
  readonly rows: readonly Row[];
  readonly output: GraphOutput | string;
}

export class StreamRunner {
  private readonly streams = new Map<number, Stream>();
  private readonly pcm = new Scratch();
  private readonly states = new Scratch();
  private finished: Finished[] = [];
  private runs = 0;
  private frames = 0;
  private largestBatch = 0;

  constructor(
    private readonly graphs: Graphs,
    private readonly batcher: Batcher<RunRequest>,
  ) {}

  /** @param models indexes into the catalogue; those of broken models are left out. */
  open(id: number, models: readonly number[]): void {
    const plans = models.map((index) => this.graphs.plans[index]).filter((plan) => plan !== undefined);
    const graphs = new Set(plans.map((plan) => plan.graph));
    this.streams.set(id, {
      id,
      plans,
      width: plans.reduce((sum, plan) => sum + plan.model.width, 0),
      states: new Map([...graphs].map((graph) => [graph, new Float32Array(graph.stateSize)])),
      closing: false,
    });
    this.batcher.open(id);
  }

  add(id: number, request: number, pcm: Float32Array, now: number): void {
    const stream = this.streams.get(id);
    if (!stream) {
      this.finished.push({ request, error: 'The stream is not open.' });
      return;
    }
    if (!allFinite(pcm, 0, pcm.length)) {
      this.finished.push({ request, error: 'The samples hold a value that is not a finite number.' });
      return;
    }
    const frameCount = pcm.length / FRAME_SAMPLES;
    const probabilities = new Float32Array(frameCount * stream.width);
    this.batcher.add(id, { id: request, pcm, frameCount, probabilities }, now);
  }

  /** Frees the stream once nothing of it waits. */
  close(id: number): void {
    const stream = this.streams.get(id);
    if (!stream) return;
    stream.closing = true;
    this.forgetIfDone(stream);
  }

  /** Runs a batch: every graph that some stream in it needs, once. */
  async run(batch: Batch<RunRequest>): Promise<void> {
    const rows: Row[] = [];
    for (const item of batch.items) {
      const stream = this.streams.get(item.stream);
      if (stream) rows.push({ stream, item });
    }
    const results: GraphResult[] = [];
    const graphs = new Set(rows.flatMap(({ stream }) => [...stream.states.keys()]));
    for (const graph of graphs) results.push(await this.runGraph(graph, rows, batch.frameCount));
    for (const row of rows) this.finishRow(row, results);
    this.frames += rows.length * batch.frameCount;
    this.largestBatch = Math.max(this.largestBatch, rows.length);
  }

  /** What was finished since the last call. */
  takeFinished(): readonly Finished[] {
    const { finished } = this;
    this.finished = [];
    return finished;
  }

  stats(): Omit<WorkerStats, 'process'> {
    return {
      openStreams: this.streams.size,
      framesWaiting: this.batcher.framesReady,
      runs: this.runs,
      frames: this.frames,
      largestBatch: this.largestBatch,
    };
  }

  private async runGraph(
    graph: RecurrentGraph,
    all: readonly Row[],
    frameCount: number,
  ): Promise<GraphResult> {
    const rows = all.filter(({ stream }) => stream.states.has(graph));
    const plans = new Set(rows.flatMap(({ stream }) => stream.plans.filter((plan) => plan.graph === graph)));
    this.runs += 1;
    try {
      const output = await this.graphs.run(graph, {
        pcm: gatherPcm(rows, frameCount, this.pcm),
        state: gatherState(rows, graph, this.states),
        rows: rows.length,
        frameCount,
        plans,
      });
      return { graph, rows, output };
    } catch (error) {
      return { graph, rows, output: firstLine(error) };
    }
  }

  /** Takes over state and probabilities of one stream; nothing of it is kept where anything is not finite. */
  private finishRow(row: Row, results: readonly GraphResult[]): void {
    const { stream, item } = row;
    const failure = firstFailure(row, results);
    if (failure === undefined) {
      for (const { graph, rows, output } of results) {
        const index = rows.indexOf(row);
        if (index < 0 || typeof output === 'string') continue;
        const start = index * graph.stateSize;
        stream.states.get(graph)?.set(output.state.subarray(start, start + graph.stateSize));
      }
      for (const { request, fromFrame, frameCount } of item.parts) {
        if (fromFrame + frameCount === request.frameCount) {
          this.finished.push({ request: request.id, probabilities: request.probabilities });
        }
      }
    } else if (item.parts.length === 1 || !this.batcher.giveBack(item)) {
      this.failRequest(stream, item, failure);
    }
    this.forgetIfDone(stream);
  }

  /** A state that went astray would spoil everything after it: the stream starts again from silence. */
  private failRequest(stream: Stream, item: BatchItem<RunRequest>, failure: string): void {
    for (const state of stream.states.values()) state.fill(0);
    for (const { request } of item.parts) {
      this.batcher.drop(stream.id, request);
      this.finished.push({ request: request.id, error: failure });
    }
  }

  private forgetIfDone(stream: Stream): void {
    if (!stream.closing || !this.batcher.isIdle(stream.id)) return;
    this.batcher.close(stream.id);
    this.streams.delete(stream.id);
  }
}

/** Writes the probabilities of a row into its requests; gives the reason where something is wrong. */
function firstFailure(row: Row, results: readonly GraphResult[]): string | undefined {
  for (const { graph, rows, output } of results) {
    const index = rows.indexOf(row);
    if (index < 0) continue;
    if (typeof output === 'string') return `A model failed: ${output}.`;
    if (!allFinite(output.state, index * graph.stateSize, graph.stateSize)) {
      return 'A model gave a state that is not finite for this audio; the stream starts again from silence.';
    }
    const failure = writeRow(row, index, graph, output);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function writeRow(row: Row, index: number, graph: RecurrentGraph, output: GraphOutput): string | undefined {
  let before = 0;
  for (const plan of row.stream.plans) {
    const { width, description, calibration, rejected } = plan.model;
    if (plan.graph === graph) {
      const scores = output.scores(plan, index);
      if (typeof scores === 'string') return `The model "${description.name}" failed: ${scores}.`;
      const model = { activation: description.activation, calibration, width, rejected };
      let done = 0;
      for (const { request, fromFrame, frameCount } of row.item.parts) {
        const from: Rows = { ...scores, offset: scores.offset + done * scores.stride };
        const offset = before * request.frameCount + fromFrame * width;
        writeProbabilities(model, from, { data: request.probabilities, offset, stride: width }, frameCount);
        if (!allFinite(request.probabilities, offset, frameCount * width)) {
          return `The model "${description.name}" gave a number that is not finite for this audio; the stream starts again from silence.`;
        }
        done += frameCount;
      }
    }
    before += width;
  }
  return undefined;
}

function gatherPcm(rows: readonly Row[], frameCount: number, scratch: Scratch): Float32Array {
  const [only] = rows;
  const [part] = only?.item.parts ?? [];
  if (rows.length === 1 && only?.item.parts.length === 1 && part) return samplesOf(part);
  const pcm = scratch.take(rows.length * frameCount * FRAME_SAMPLES);
  let at = 0;
  for (const { item } of rows) {
    for (const each of item.parts) {
      pcm.set(samplesOf(each), at);
      at += each.frameCount * FRAME_SAMPLES;
    }
  }
  return pcm;
}

function samplesOf(part: { request: RunRequest; fromFrame: number; frameCount: number }): Float32Array {
  const start = part.fromFrame * FRAME_SAMPLES;
  return part.request.pcm.subarray(start, start + part.frameCount * FRAME_SAMPLES);
}

function gatherState(rows: readonly Row[], graph: RecurrentGraph, scratch: Scratch): Float32Array {
  const [only] = rows;
  const single = rows.length === 1 ? only?.stream.states.get(graph) : undefined;
  if (single) return single;
  const states = scratch.take(rows.length * graph.stateSize);
  for (const [index, { stream }] of rows.entries()) {
    const state = stream.states.get(graph);
    if (state) states.set(state, index * graph.stateSize);
  }
  return states;
}
