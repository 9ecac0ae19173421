import { EngineLostError } from '../errors';
import { describeEngine, type EngineEvent, type EngineInfo, type PredictionEngine } from '../inference';
import type { LicenseStatus } from '../license';
import type { Deeptone } from '../pipeline';
import { thrownError } from '../thrown';

/** An engine that is open, and what runs its models. */
export interface OpenEngine {
  readonly deeptone: Deeptone;
  readonly runtime: Pick<PredictionEngine, 'info' | 'brokenModels'>;
  /** The ffmpeg that the engine is set to; undefined where it is to be looked for. */
  readonly ffmpegPath: string | undefined;
}

/** What the nodes that share an engine can expect of it. */
export type EngineState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'starting' }
  | { readonly phase: 'ready'; readonly license: LicenseStatus; readonly info?: EngineInfo | undefined }
  /** What runs the models was lost, and is being started again. */
  | { readonly phase: 'restarting' }
  | { readonly phase: 'failed'; readonly error: Error };

/** Who is told; each fact once, not once per message. */
export interface EngineListener {
  changed(state: EngineState): void;
  /** Good to know. */
  note(text: string): void;
  /** Needs somebody soon. */
  warn(text: string): void;
  /** Does not work. */
  problem(error: Error): void;
}

/** Milliseconds between two looks at the license of a running engine at most (decision 22). */
const LICENSE_CHECK_MS = 60 * 60 * 1_000;
/** And at least, should a clock be set to and fro. */
const SHORTEST_CHECK_MS = 1_000;

/** Owns the one `Deeptone` of an engine node: opens it for the first user, watches its license, closes it. */
export class EngineHub {
  readonly #open: () => OpenEngine;
  readonly #listener: EngineListener;
  #engine: OpenEngine | undefined;
  #starting: Promise<void> | undefined;
  #state: EngineState = { phase: 'idle' };
  #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param open makes the engine, which tells of what runs its models */
  constructor(open: (onEngineEvent: (event: EngineEvent) => void) => OpenEngine, listener: EngineListener) {
    this.#open = () =>
      open((event) => {
        this.#hear(event);
      });
    this.#listener = listener;
  }

  get state(): EngineState {
    return this.#state;
  }

  /**
   * The shared engine, opened if need be. An opening or start that failed is tried again, because what was in its way
   * may be gone; its failure is told once.
   *
   * @throws LicenseManagerError, ModelInvalidError and what else opening an engine can throw
   */
  engine(): OpenEngine {
    try {
      this.#engine ??= this.#open();
    } catch (thrown) {
      this.#failed(thrownError(thrown));
      throw thrown;
    }
    if (this.#state.phase === 'failed' && !this.#closed) this.#starting = this.#start();
    return this.#engine;
  }

  /** What runs the models; undefined while the engine is not open. */
  get runtime(): OpenEngine['runtime'] | undefined {
    return this.#engine?.runtime;
  }

  /** The engine for a look at it: one that is not open yet is opened for that alone. Starts nothing and tells nobody. */
  inspect(): OpenEngine {
    return this.#engine ?? this.#open();
  }

  /** Loads the models and the runtime, so that the first message need not wait. Never rejects; tells its listener. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Looks at the license now and tells what changed. */
  checkLicense(): void {
    if (!this.#engine) return;
    const { license } = this.#engine.deeptone;
    if (license.evaluation)
      this.#once('evaluation', () => {
        this.#listener.note(license.message);
      });
    const isOver = license.state === 'expired' && license.graceEnds <= new Date();
    if (license.state !== 'valid')
      this.#once(isOver ? 'stopped' : license.state, () => {
        this.#listener.warn(license.message);
      });
    this.#change({ phase: 'ready', license, info: this.#engine.runtime.info });
  }

  /** Finishes what is in flight and frees everything. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closed = true;
    await this.#starting;
    await this.#engine?.deeptone.close();
  }

  async #start(): Promise<void> {
    this.#change({ phase: 'starting' });
    try {
      const { deeptone, runtime } = this.engine();
      await deeptone.start();
      if (this.#closed) return;
      this.#tellRuntime(runtime);
      for (const { name, reason } of runtime.brokenModels ?? []) {
        this.#listener.warn(`The model "${name}" is left out: ${reason}`);
      }
      this.#watchLicense();
    } catch (thrown) {
      // Of a loss it has been told, and starts again by that.
      if (this.#state.phase !== 'restarting') this.#failed(thrownError(thrown));
    }
  }

  /** A loss is told each time: the engine waits ever longer before it starts again. */
  #hear(event: EngineEvent): void {
    if (this.#closed) return;
    switch (event.kind) {
      case 'lost':
        this.#listener.problem(new EngineLostError(event.how, event.message));
        this.#starting = this.#restart();
        return;
      case 'restarted':
        this.#listener.note(`The models run again, ${event.afterMs / 1_000} s after they were lost.`);
        return;
    }
  }

  async #restart(): Promise<void> {
    this.#change({ phase: 'restarting' });
    try {
      await this.#engine?.deeptone.start();
      if (!this.#closed) this.#watchLicense();
    } catch (thrown) {
      // Of another loss it has been told, and starts again by that.
      if (!(thrown instanceof EngineLostError)) this.#failed(thrownError(thrown));
    }
  }

  /** Looks now, and again when something ends, so that it is told then and not an hour later. */
  #watchLicense(): void {
    this.checkLicense();
    const license = this.#engine?.deeptone.license;
    const ends = [license?.notBefore, license?.expires, license?.graceEnds].map(
      (end) => (end?.getTime() ?? 0) - Date.now(),
    );
    const next = Math.min(LICENSE_CHECK_MS, ...ends.filter((inMs) => inMs > 0));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#watchLicense();
      },
      Math.max(SHORTEST_CHECK_MS, next),
    ).unref();
  }

  /** What the models run on: good to know, or in need of somebody where it could be faster. */
  #tellRuntime(runtime: OpenEngine['runtime']): void {
    const { remark, ownModels = [] } = runtime.info ?? {};
    for (const { name, sha256 } of ownModels) {
      this.#once(`${name} ${sha256}`, () => {
        this.#listener.note(`The model "${name}" of yours was loaded; the SHA-256 of its file is ${sha256}.`);
      });
    }
    this.#once('runtime', () => {
      if (remark === undefined) this.#listener.note(`The models run on ${describeEngine(runtime)}.`);
      else this.#listener.warn(remark);
    });
  }

  #failed(error: Error): void {
    this.#once(error.message, () => {
      this.#listener.problem(error);
    });
    this.#change({ phase: 'failed', error });
  }

  #once(fact: string, tell: () => void): void {
    if (this.#told.has(fact)) return;
    this.#told.add(fact);
    tell();
  }

  #change(state: EngineState): void {
    if (this.#closed) return;
    this.#state = state;
    this.#listener.changed(state);
  }
}
