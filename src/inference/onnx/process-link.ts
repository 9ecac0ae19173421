/** A worker in a process of its own: what native code does there, and memory that it cannot get, ends that process alone. */
import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { endWithUs } from '../../reaper';
import type { LinkListener, WorkerLink } from './worker-link';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages';

/** As in a thread; a nursery has three parts of which this is one. */
const SEMI_SPACE_MB = 1;
/** Characters of its last words that are kept. */
const LAST_WORDS = 400;
/** Names of what the worker has no use for; and what would have two processes at one debugger's port. */
const KEPT_BACK = /^NODE_CHANNEL_|KEY|SECRET|TOKEN|PASS|CREDENTIAL/i;
const DEBUGGER = /(^|\s)--(inspect|debug)\S*/g;

export class ProcessLink implements WorkerLink {
  readonly #child: ChildProcess;
  readonly #listener: LinkListener;
  #forget: () => Promise<void> = () => Promise.resolve();
  #lastWords = '';
  #isOver = false;
  #isHeld = true;

  /** @param file the compiled worker, see `process-worker.ts` */
  constructor(file: string, settings: WorkerSettings, listener: LinkListener) {
    this.#listener = listener;
    const child = fork(file, [], {
      serialization: 'advanced',
      execArgv: [`--max-semi-space-size=${SEMI_SPACE_MB}`],
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A group of its own: Ctrl-C and supervisors mean the process that it works for, which ends it when it is through.
      detached: process.platform !== 'win32',
      windowsHide: true,
    } as ForkOptions);
    this.#child = child;
    // It ends by itself when it can no longer reach this process; one that hangs, or was stopped, does not.
    if (child.pid !== undefined) this.#forget = endWithUs(child.pid);
    child.on('message', (message) => {
      if (!this.#isOver) listener.message(message as FromWorker);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
    });
    child.on('error', (error) => {
      this.#end(error);
    });
    // What it has said before it ended is in the channel still.
    child.on('exit', () => {
      if (!child.connected) this.#ended();
    });
    child.on('disconnect', () => {
      if (child.exitCode !== null || child.signalCode !== null) this.#ended();
    });
    child.send(settings, ignore);
  }

  post(message: ToWorker): void {
    this.#child.send(message, ignore);
  }

  hold(isNeeded: boolean): void {
    if (isNeeded === this.#isHeld) return;
    this.#isHeld = isNeeded;
    const { channel, stderr } = this.#child;
    for (const part of [this.#child, channel, stderr as unknown as Holdable | null]) {
      if (isNeeded) part?.ref();
      else part?.unref();
    }
  }

  kill(): boolean {
    this.#child.kill('SIGKILL');
    return true;
  }

  #ended(): void {
    void this.#forget();
    const { exitCode, signalCode } = this.#child;
    if (exitCode === 0) {
      this.#end(undefined);
      return;
    }
    const how = signalCode === null ? `it exited with code ${exitCode}` : `it was ended by ${signalCode}`;
    const words = lastLine(this.#lastWords);
    this.#end(new Error(words === '' ? how : `${how}: ${words}`));
  }

  #end(cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.ended(cause);
  }
}

interface Holdable {
  ref(): void;
  unref(): void;
}

/** That of this process, with telemetry off (see `switchOffTelemetry`) and without secrets. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !KEPT_BACK.test(name));
  const own = Object.fromEntries(kept);
  const options = own['NODE_OPTIONS']?.replace(DEBUGGER, '');
  return { ...own, ...(options === undefined ? {} : { NODE_OPTIONS: options }), ORT_DISABLE_TELEMETRY: '1' };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

/** A worker that cannot be reached has ended, or will: that is told by its end. */
function ignore(): void {
  return;
}
