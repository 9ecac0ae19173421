/** What the workers of a fleet have heard of its devices, by what they print (`--print events`). */
import { WorkerProcess, type Line } from './serve';

/** One stretch of a device at one worker. */
export interface Stretch {
  readonly worker: string;
  readonly device: string;
  /** Why it ended; undefined while it goes on. */
  readonly end: unknown;
}

export interface FleetGap {
  readonly worker: string;
  readonly device: string;
  readonly evidence: unknown;
  readonly lostMs: number;
}

export class Fleet {
  readonly workers = new Map<string, WorkerProcess>();
  readonly #all: (readonly [string, WorkerProcess])[] = [];
  readonly #deviceOf: (stream: string) => string;

  /** @param deviceOf names the device of a stream */
  constructor(deviceOf: (stream: string) => string) {
    this.#deviceOf = deviceOf;
  }

  add(name: string, args: readonly string[]): WorkerProcess {
    const worker = new WorkerProcess([...args, '--print', 'events,steps']);
    this.workers.set(name, worker);
    this.#all.push([name, worker]);
    return worker;
  }

  /** Ends a worker as a power cut does; what it has told still counts. */
  async kill(name: string): Promise<void> {
    await this.workers.get(name)?.stop('SIGKILL');
    this.workers.delete(name);
  }

  /** Devices that a live worker hears at this moment. */
  heardBy(name: string): ReadonlySet<string> {
    const heard = new Set<string>();
    for (const { kind, stream } of this.workers.get(name)?.lines ?? []) {
      if (kind === 'opened') heard.add(this.#deviceOf(stream));
      else if (kind === 'closed') heard.delete(this.#deviceOf(stream));
    }
    return heard;
  }

  /** Live workers that hear a device, by device. */
  get owners(): ReadonlyMap<string, readonly string[]> {
    const owners = new Map<string, string[]>();
    for (const name of this.workers.keys()) {
      for (const device of this.heardBy(name)) owners.set(device, [...(owners.get(device) ?? []), name]);
    }
    return owners;
  }

  /** A moment: how much each worker has told by then. */
  mark(): ReadonlyMap<WorkerProcess, number> {
    return new Map(this.#all.map(([, worker]) => [worker, worker.lines.length]));
  }

  /** Devices of which something was answered since a moment. */
  answeredSince(mark: ReadonlyMap<WorkerProcess, number>): ReadonlySet<string> {
    const steps = [...this.workers.values()].flatMap((worker) =>
      worker.lines.slice(mark.get(worker) ?? 0).filter(({ kind }) => kind === 'step'),
    );
    return new Set(steps.map(({ stream }) => this.#deviceOf(stream)));
  }

  get gaps(): readonly FleetGap[] {
    return this.#told('gap').map(({ worker, line }) => {
      const { stream, evidence, lostMs } = line;
      return {
        worker,
        device: this.#deviceOf(stream),
        evidence,
        lostMs: typeof lostMs === 'number' ? lostMs : NaN,
      };
    });
  }

  /** What there was to say of streams, but for messages that came twice: where a device moves it is heard by two for a moment, and `seq` tells. */
  get warnings(): readonly string[] {
    const told = this.#told('warning').filter(({ line }) => line['code'] !== 'duplicate');
    return told.map(({ worker, line }) => `${worker} ${line.stream}: ${String(line['message'])}`);
  }

  /** Waits for something to be so; looks each time that a worker says something. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const looks = [...this.workers.values()].map((worker) => worker.until(what, isSo));
    const [first] = await Promise.allSettled([Promise.any(looks)]);
    if (first.status === 'fulfilled') return;
    const said = [...this.workers].map(([name, { said: words }]) => `${name}: ${words}`).join('\n');
    throw new Error(`${what} did not come: ${JSON.stringify([...this.owners])}\n${said}`);
  }

  async stop(): Promise<readonly (number | null)[]> {
    return Promise.all([...this.workers.values()].map((worker) => worker.stop()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(([, worker]) => worker.stop('SIGKILL')));
  }

  #told(kind: string): readonly { readonly worker: string; readonly line: Line }[] {
    return this.#all.flatMap(([worker, { lines }]) =>
      lines.filter((line) => line.kind === kind).map((line) => ({ worker, line })),
    );
  }
}
