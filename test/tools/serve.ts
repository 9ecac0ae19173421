/** `deeptone serve` in processes of their own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const COMMAND = join(__dirname, '..', '..', 'src', 'cli', 'main.js');
const WITHIN_MS = 60_000;

/** A line of `--print`. */
export interface Line {
  readonly stream: string;
  readonly kind: string;
  readonly [name: string]: unknown;
}

export interface WorkerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Another build of the command. */
  readonly command?: string;
}

/** One worker, with all that it has said so far. */
export class WorkerProcess {
  readonly lines: Line[] = [];
  readonly process: ChildProcess;
  #said = '';
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], { env = {}, command = COMMAND }: WorkerOptions = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DEEPTONE_'));
    this.process = spawn(process.execPath, [command, 'serve', ...args], {
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.process;
    if (!stdout || !stderr) throw new Error('The worker has no output.');
    createInterface(stdout).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.#look();
    });
    stderr.on('data', (text: Buffer) => {
      this.#said += text.toString();
      this.#look();
    });
    this.process.on('close', () => {
      this.#look();
    });
  }

  /** What it has said on standard error. */
  get said(): string {
    return this.#said;
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Waits for something to be so; looks each time that the worker says something. */
  async until<T>(what: string, look: (worker: this) => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look(this);
        if (found !== undefined && found !== false)
          finish(() => {
            resolve(found);
          });
        else if (this.hasEnded)
          finish(() => {
            reject(
              new Error(`The worker ended (${String(this.process.exitCode)}) before ${what}: ${this.said}`),
            );
          });
      };
      const limit = setTimeout(() => {
        finish(() => {
          reject(new Error(`${what} did not come: ${this.said}\n${JSON.stringify(this.lines.slice(-5))}`));
        });
      }, WITHIN_MS);
      const finish = (end: () => void): void => {
        clearTimeout(limit);
        this.#waiting.delete(check);
        end();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** It has been let in by the broker. */
  async listening(): Promise<this> {
    await this.until('the connection', ({ said }) => said.includes('Listening to '));
    return this;
  }

  /** Where monitors ask. */
  url(): Promise<string> {
    return this.until(
      'the address for monitors',
      ({ said }) => /answered at (http:\/\/\S+)\.\n/.exec(said)?.[1],
    );
  }

  /** Ends it as a supervisor does. @returns its exit code */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.hasEnded) {
      const closed = once(this.process, 'close');
      this.process.kill(signal);
      await closed;
    }
    return this.process.exitCode;
  }

  /** Waits for it to end by itself. @returns its exit code */
  async ended(): Promise<number | null> {
    const limit = setTimeout(() => this.process.kill('SIGKILL'), WITHIN_MS);
    if (!this.hasEnded) await once(this.process, 'close');
    clearTimeout(limit);
    return this.process.exitCode;
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
