/** An engine of somebody else's, in the place of the one that comes with the package (decision 26). */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { InvalidArgumentError, type PredictionEngine } from '../../src';
import { phrase, say } from '../../src/sentence';

/** What an engine of one's own may look at, of the settings of the engine node. */
export interface OwnEngineSettings {
  readonly modelSet?: 'standard' | 'open' | undefined;
  readonly modelFolders?: readonly string[] | undefined;
  readonly workers?: number | undefined;
  readonly threads?: number | undefined;
}

/** Makes an engine; what the module exports as `createPredictionEngine`. It is not ours, so what it gives is looked at. */
export type EngineMaker = (settings: OwnEngineSettings) => unknown;

/** A package, with or without a path in it. Paths of files are not accepted: flows are to run on other machines, too. */
const MODULE = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/[\w-][\w.-]*)*$/i;

/**
 * The engine that somebody has chosen.
 *
 * @param choice a function of settings.js that makes it, or the name of a module with one
 * @param userDir the folder of Node-RED, where its modules are installed
 * @throws InvalidArgumentError that names the module and what is accepted; what making the engine throws
 */
export function ownEngine(
  choice: string | EngineMaker,
  settings: OwnEngineSettings,
  userDir: string,
): PredictionEngine {
  const make = typeof choice === 'function' ? choice : makerOf(choice, userDir);
  const engine = make(settings);
  if (isEngine(engine)) return engine;
  throw new InvalidArgumentError(
    say`The prediction engine ${nameOf(choice)} gave no engine: an object with models, start, openStream and close is accepted.`,
  );
}

function makerOf(name: string, userDir: string): EngineMaker {
  if (!MODULE.test(name)) {
    throw new InvalidArgumentError(
      say`The prediction engine is ${JSON.stringify(name)}: the name of a module that is installed in the folder of Node-RED is accepted.`,
    );
  }
  const module: unknown = load(name, userDir);
  const isObject = (typeof module === 'object' && module !== null) || typeof module === 'function';
  const make: unknown =
    isObject && 'createPredictionEngine' in module ? module.createPredictionEngine : undefined;
  if (typeof make === 'function') return make as EngineMaker;
  throw new InvalidArgumentError(
    say`The module "${name}" is no prediction engine: it has to export a function createPredictionEngine.`,
  );
}

function load(name: string, userDir: string): unknown {
  try {
    return createRequire(join(userDir, 'package.json'))(name);
  } catch (cause) {
    const words = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';
    throw new InvalidArgumentError(
      say`The prediction engine "${name}" cannot be loaded (${words}): install it in the folder of Node-RED (${userDir}), as a CommonJS module.`,
      { cause },
    );
  }
}

function isEngine(engine: unknown): engine is PredictionEngine {
  const needed = ['models', 'start', 'openStream', 'close'];
  return typeof engine === 'object' && engine !== null && needed.every((name) => name in engine);
}

function nameOf(choice: string | EngineMaker): string {
  return typeof choice === 'string' ? `"${choice}"` : phrase`of settings.js`;
}
