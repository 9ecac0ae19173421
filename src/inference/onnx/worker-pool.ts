/** The workers of one engine: each loads the models for itself, and a stream stays with the one that it was opened on. */
import type { BrokenModel } from '../prediction-engine';
import type { WorkerClient } from './worker-client';
import { WorkerKeeper, type KeeperSetup } from './worker-keeper';
import type { EngineStats, WorkerStats } from './worker-messages';

/** Each of them holds the models: more would be a mistake. */
export const MOST_WORKERS = 64;

/** A worker, and the streams that are about to be opened on it. */
interface Member {
  readonly keeper: WorkerKeeper;
  opening: number;
}

export class WorkerPool {
  readonly #members: readonly Member[];

  constructor(count: number, setup: Omit<KeeperSetup, 'place'>) {
    this.#members = Array.from({ length: count }, (_, index) => ({
      keeper: new WorkerKeeper({ ...setup, place: { number: index + 1, of: count } }),
      opening: 0,
    }));
  }

  /** What a worker said when it was ready; undefined before the first one was. */
  get ready(): WorkerClient['ready'] {
    return this.#members.find(({ keeper }) => keeper.ready)?.keeper.ready;
  }

  /** Models that some worker could not load, once each. */
  get broken(): readonly BrokenModel[] {
    const found = this.#members.flatMap(({ keeper }) => keeper.ready?.broken ?? []);
    return [...new Map(found.map((model) => [model.name, model])).values()];
  }

  /**
   * Starts those that do not run.
   *
   * @throws RuntimeUnavailableError, ModelInvalidError, EngineLostError, ClosedError
   */
  async running(): Promise<void> {
    await Promise.all(this.#members.map(({ keeper }) => keeper.running()));
  }

  /**
   * Opens a stream on the worker with the fewest, started if need be. One that was lost has none, so what was on it comes back to it: whatever
   * ended it does not go round among the others.
   *
   * @param open does so on a worker that runs
   * @throws RuntimeUnavailableError, ModelInvalidError, EngineLostError, ClosedError, what `open` throws
   */
  async open<T>(open: (client: WorkerClient) => T): Promise<T> {
    const [first, ...rest] = this.#members;
    if (!first) throw new Error('An engine has at least one worker.');
    const member = rest.reduce((least, each) => (load(each) < load(least) ? each : least), first);
    member.opening += 1;
    try {
      return open(await member.keeper.running());
    } finally {
      member.opening -= 1;
    }
  }

  /** What the workers hold and did so far; undefined while there is none. */
  async stats(): Promise<EngineStats | undefined> {
    const clients = this.#members.flatMap(({ keeper }) => keeper.client ?? []);
    const workers = await Promise.all(clients.map((client) => client.stats()));
    const [first] = workers;
    return first && { ...workers.slice(1).reduce(sum, first), workers };
  }

  /** Answers what is in flight and ends the workers. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ keeper }) => keeper.close()));
  }
}

function load({ keeper, opening }: Member): number {
  const { client } = keeper;
  return opening + (client && !client.isLost ? client.openStreams : 0);
}

function sum(one: WorkerStats, other: WorkerStats): WorkerStats {
  const isShared = one.process.pid === other.process.pid;
  return {
    openStreams: one.openStreams + other.openStreams,
    framesWaiting: one.framesWaiting + other.framesWaiting,
    runs: one.runs + other.runs,
    frames: one.frames + other.frames,
    largestBatch: Math.max(one.largestBatch, other.largestBatch),
    process: isShared
      ? one.process
      : {
          pid: one.process.pid,
          residentBytes: one.process.residentBytes + other.process.residentBytes,
          cpuMs: one.process.cpuMs + other.process.cpuMs,
        },
  };
}
