/** Keeps one worker: starts it when it is needed, and anew after it was lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedError, EngineLostError, type EngineLoss } from '../../errors';
import { say } from '../../sentence';
import { tellListener } from '../../thrown';
import { ProcessLink } from './process-link';
import { Restarts } from './restarts';
import { ThreadLink } from './thread-link';
import { WorkerClient, type WorkerPlace } from './worker-client';
import type { Isolation } from './worker-link';
import type { WorkerSettings } from './worker-messages';

/** What became of what runs the models. */
export type EngineEvent =
  /** It was lost; `losses`: so often in a row; `restartInMs`: it is not started again sooner. */
  | {
      readonly kind: 'lost';
      /** Which worker, from 1 on; only the streams and files on that one are concerned. */
      readonly worker: number;
      readonly how: EngineLoss;
      /** What has happened, in a sentence. */
      readonly message: string;
      readonly losses: number;
      readonly restartInMs: number;
    }
  /** It runs again, so long after it was lost. */
  | {
      readonly kind: 'restarted';
      readonly worker: number;
      readonly losses: number;
      readonly afterMs: number;
    };

export interface KeeperSetup {
  readonly isolation: Isolation;
  readonly place: WorkerPlace;
  /** The compiled worker. */
  readonly file: () => string;
  readonly settings: WorkerSettings;
  /** Milliseconds without a sign of life after which the worker counts as hanging. */
  readonly patienceMs: number;
  readonly onEvent: (event: EngineEvent) => void;
}

export class WorkerKeeper {
  readonly #setup: KeeperSetup;
  readonly #restarts = new Restarts();
  readonly #closed = new AbortController();
  #client: WorkerClient | undefined;
  #ready: WorkerClient['ready'] | undefined;
  #starting: Promise<WorkerClient> | undefined;
  #closing: Promise<void> | undefined;
  #lostAt: number | undefined;

  constructor(setup: KeeperSetup) {
    this.#setup = setup;
  }

  /** Undefined before the first was ready, and while it is started anew. */
  get client(): WorkerClient | undefined {
    return this.#client;
  }

  /** What the last one said when it was ready. */
  get ready(): WorkerClient['ready'] | undefined {
    return this.#ready;
  }

  /**
   * The worker that runs, started if need be; where it was lost several times in a row, that takes up to a minute.
   *
   * @throws RuntimeUnavailableError, ModelInvalidError, EngineLostError, ClosedError
   */
  async running(): Promise<WorkerClient> {
    if (this.#closing) throw closed();
    if (this.#client?.isLost) {
      this.#client = undefined;
      this.#starting = undefined;
    }
    this.#starting ??= this.#launch();
    return this.#starting;
  }

  /** Answers what is in flight and ends the worker. Safe to call twice. */
  close(): Promise<void> {
    return (this.#closing ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.#closed.abort();
    // Before anything is awaited: no request may slip in behind the stop.
    const stopped = this.#client?.stop();
    await this.#starting?.then(
      (client) => client.stop(),
      () => undefined,
    );
    await stopped;
  }

  async #launch(): Promise<WorkerClient> {
    try {
      await this.#waitForTurn();
      this.#restarts.started();
      const client = await this.#start();
      this.#client = client;
      this.#ready = client.ready;
      this.#tellRestart();
      return client;
    } catch (error) {
      this.#starting = undefined;
      if (error instanceof EngineLostError) this.#lost(error);
      throw error;
    }
  }

  async #waitForTurn(): Promise<void> {
    const { waitMs } = this.#restarts;
    if (waitMs === 0) return;
    const { signal } = this.#closed;
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw closed();
  }

  #start(): Promise<WorkerClient> {
    const { isolation, place, file, settings, patienceMs } = this.#setup;
    const Link = isolation === 'process' ? ProcessLink : ThreadLink;
    return WorkerClient.start({
      isolation,
      place,
      settings,
      patienceMs,
      start: (given, listener) => new Link(file(), given, listener),
      lost: (error) => {
        this.#lost(error);
      },
    });
  }

  #lost({ how, message }: EngineLostError): void {
    this.#restarts.lost();
    this.#lostAt ??= performance.now();
    const { losses, waitMs } = this.#restarts;
    this.#tell({ kind: 'lost', worker: this.#setup.place.number, how, message, losses, restartInMs: waitMs });
  }

  #tellRestart(): void {
    if (this.#lostAt === undefined) return;
    const afterMs = Math.round(performance.now() - this.#lostAt);
    this.#lostAt = undefined;
    const { number: worker } = this.#setup.place;
    this.#tell({ kind: 'restarted', worker, losses: this.#restarts.losses, afterMs });
  }

  #tell(event: EngineEvent): void {
    tellListener(() => {
      this.#setup.onEvent(event);
    });
  }
}

function closed(): ClosedError {
  return new ClosedError(say`The prediction engine is closed.`);
}
