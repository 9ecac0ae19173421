/** Installs the native runtime beside this package, for who asks in the dialog of an engine. */
import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DeeptoneError, InvalidArgumentError, RuntimeUnavailableError } from '../../src';
import {
  describeHost,
  hasNativeBuild,
  hostName,
  NATIVE_PACKAGE,
  OnnxPredictionEngine,
} from '../../src/inference';
import { NPM_INSTALL } from '../../src/npm';
import { nativeRuntimeVersion } from '../../src/version';
import { toError } from '../shared/failure';
import { spokenError } from '../shared/language';
import { say, sentenceOf } from '../../src/sentence';

/** How far an installation is. */
export type InstallState =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly seconds: number; readonly line: string }
  | { readonly state: 'done'; readonly runtime: string }
  | { readonly state: 'failed'; readonly message: string };

/** A download of 100 MB over a slow line, and what npm tries in vain first. */
const LONGEST_MS = 20 * 60_000;
/** Characters of npm's last words that are told. */
const LAST_WORDS = 600;

/** One at a time; the last result is kept. */
export class RuntimeInstaller {
  #state: InstallState = { state: 'none' };
  #since = 0;

  get state(): InstallState {
    if (this.#state.state !== 'running') return this.#state;
    return { ...this.#state, seconds: Math.round((performance.now() - this.#since) / 1_000) };
  }

  /**
   * Begins, unless it is under way; never rejects later, see `state`.
   *
   * @throws InvalidArgumentError where there is no native runtime for this machine, or the folder cannot be written to
   */
  async begin(): Promise<InstallState> {
    if (this.#state.state === 'running') return this.state;
    const host = describeHost();
    if (!hasNativeBuild(host)) {
      throw new InvalidArgumentError(say`There is no native runtime for this machine (${hostName(host)}).`);
    }
    const folder = installFolder(__dirname);
    await access(folder, constants.W_OK).catch((cause: unknown) => {
      throw new InvalidArgumentError(
        say`Node-RED has no right to write in ${folder}, where this package is installed; run the command as somebody who has.`,
        { cause },
      );
    });
    this.#since = performance.now();
    this.#state = { state: 'running', seconds: 0, line: '' };
    void this.#run(folder);
    return this.state;
  }

  async #run(folder: string): Promise<void> {
    try {
      await this.#install(folder);
      this.#state = { state: 'done', runtime: await tryNative() };
    } catch (error) {
      this.#state = { state: 'failed', message: spokenError(toError(error)).message };
    }
  }

  #install(folder: string): Promise<void> {
    const { program, args, options } = NPM_INSTALL;
    const wanted = `${NATIVE_PACKAGE}@${nativeRuntimeVersion()}`;
    return new Promise((resolve, reject) => {
      const npm = spawn(program, [...args, '--save', '--save-prefix=~', wanted], {
        cwd: folder,
        env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: LONGEST_MS,
        ...options,
      });
      let said = '';
      const hear = (bytes: Buffer): void => {
        said = (said + bytes.toString()).slice(-LAST_WORDS);
        const line = said.trimEnd().split('\n').at(-1) ?? '';
        if (this.#state.state === 'running') this.#state = { ...this.#state, line };
      };
      npm.stdout.on('data', hear);
      npm.stderr.on('data', hear);
      npm.on('error', (cause) => {
        reject(new RuntimeUnavailableError(say`npm cannot be started (${cause.message}).`));
      });
      npm.on('close', (code) => {
        if (code === 0) resolve();
        else reject(new RuntimeUnavailableError(say`npm ended with ${String(code ?? '?')}: ${said.trim()}`));
      });
    });
  }
}

/** Starts an engine on what was installed; a worker of its own sees it without a restart. Gives its name and version. */
async function tryNative(): Promise<string> {
  const engine = new OnnxPredictionEngine({ runtime: 'native' });
  try {
    await engine.start();
    return `${engine.info.runtime ?? ''} ${engine.info.version ?? ''}`.trim();
  } catch (error) {
    if (!(error instanceof DeeptoneError)) throw error;
    throw new RuntimeUnavailableError(say`It is installed, but does not run: ${sentenceOf(error)}`, {
      cause: error,
    });
  } finally {
    await engine.close();
  }
}

/**
 * The folder in whose `node_modules` a package is.
 *
 * @param inside a folder of the package; dist/nodes/engine of this one
 */
function installFolder(inside: string): string {
  for (let folder = inside; folder !== dirname(folder); folder = dirname(folder)) {
    if (basename(folder) === 'node_modules') return dirname(folder);
  }
  // Where it was linked from its sources, it is its own.
  return join(inside, '..', '..', '..');
}
