/** What the engine and its worker say to each other. Everything is plain data; arrays of numbers are transferred. */
import type { CatalogueModel } from '../catalogue';
import type { TrunkEntry } from '../catalogue-schema';
import type { BrokenModel, OwnModel } from '../prediction-engine';
import type { OnnxRuntime, RuntimeChoice } from './onnx-runtime';
import type { Word } from '../../sentence';

export interface WorkerSettings {
  /** `file` is absolute. */
  readonly trunk: TrunkEntry;
  readonly models: readonly CatalogueModel[];
  readonly runtime: RuntimeChoice;
  /** Threads inside one run of the models. */
  readonly threads: number;
  readonly maxBatchDelayMs: number;
}

/** Opens, requests and closes, in the order in which they were asked for. */
export type Command =
  | {
      readonly type: 'open';
      readonly stream: number;
      /** Indexes into `models`. */ readonly models: readonly number[];
    }
  | {
      readonly type: 'predict';
      readonly stream: number;
      readonly request: number;
      readonly pcm: Float32Array;
    }
  | { readonly type: 'close'; readonly stream: number };

export type ToWorker =
  | { readonly type: 'commands'; readonly commands: readonly Command[] }
  | { readonly type: 'stats'; readonly request: number }
  /** Say `alive`. */
  | { readonly type: 'ping' }
  /** Finish what waits, release the models, end. */
  | { readonly type: 'stop' };

export type Answer =
  /** `length` numbers from `start` of the message's `probabilities`: the stream's models one after the other. */
  | { readonly request: number; readonly start: number; readonly length: number }
  | { readonly request: number; readonly error: string };

/** Counts that show what a worker holds and did, for tests, benches and status lines. */
export interface WorkerStats {
  readonly openStreams: number;
  /** Frames that wait for their run. */
  readonly framesWaiting: number;
  /** Runs of the trunk or of a self-contained model so far. */
  readonly runs: number;
  /** Frames predicted so far, over all streams. */
  readonly frames: number;
  /** Most streams that ever shared a run. */
  readonly largestBatch: number;
  /** The process that it runs in: of a thread, that of its engine. */
  readonly process: {
    readonly pid: number;
    /** Bytes of memory that are in use. */
    readonly residentBytes: number;
    /** Milliseconds of CPU so far. */
    readonly cpuMs: number;
  };
}

/** The same of all workers of an engine together; `process` is the first one's, with the memory and the CPU of all processes. */
export interface EngineStats extends WorkerStats {
  /** Of each worker that runs. */
  readonly workers: readonly WorkerStats[];
}

/** Which runtime the worker has loaded; undefined parts are those that it has nothing to say of. */
export interface LoadedRuntime extends Pick<OnnxRuntime, 'kind' | 'name' | 'version'> {
  readonly insteadOfNative: string | undefined;
}

/** Whether the runtime, a model of the shipped set, or something else kept the worker from starting. */
export type StartFailure = 'runtime' | 'model' | 'other';

export type FromWorker =
  | {
      readonly type: 'ready';
      readonly runtime: LoadedRuntime;
      readonly broken: readonly BrokenModel[];
      readonly own: readonly OwnModel[];
    }
  | { readonly type: 'failed'; readonly reason: StartFailure; readonly message: Word }
  /** One array for all answers: handing over many small ones costs more than the models. */
  | { readonly type: 'answers'; readonly answers: readonly Answer[]; readonly probabilities: Float32Array }
  | { readonly type: 'stats'; readonly request: number; readonly stats: WorkerStats }
  /** It is not hanging; answered between two runs. */
  | { readonly type: 'alive' };
