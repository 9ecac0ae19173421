/**
 * ONNX Runtime, loaded when it is first needed: the native one where there is one, else the WebAssembly build that comes with
 * this package, and one plain sentence where neither can be had.
 */
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { env, InferenceSession, Tensor } from 'onnxruntime-common';
import { InvalidArgumentError, RuntimeUnavailableError } from '../../errors';
import { say, sentenceOf } from '../../sentence';
import { describeHost, type Host } from './host';
import { explainUnavailable, NATIVE_PACKAGE, remedy } from './runtime-advice';

/** Which runtime: `auto` is the native one where it works, else WebAssembly. */
export type RuntimeChoice = 'auto' | 'native' | 'wasm';
export const RUNTIME_CHOICES = ['auto', 'native', 'wasm'] as const satisfies readonly RuntimeChoice[];

/** What both runtimes offer. */
interface OnnxApi {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
  readonly env: typeof env;
}

/** A runtime that is loaded, and how it differs from the other one. */
export interface OnnxRuntime {
  readonly kind: 'native' | 'wasm';
  /** The package that it comes from. */
  readonly name: 'onnxruntime-node' | 'onnxruntime-web';
  readonly version: string;
  readonly api: OnnxApi;
  /** Its name for the processor. */
  readonly provider: 'cpu' | 'wasm';
  /** Whether it writes into tensors that it is given for outputs. Where it does not, they keep what they held. */
  readonly fillsOutputs: boolean;
  /** Whether the event loop turns while a run is awaited. Where it does not, whoever awaits many runs has to let it. */
  readonly letsLoopTurn: boolean;
  /** Why it is not the native one, where that was asked for first: words that can stand in a sentence. */
  readonly insteadOfNative?: string;
}

/** dist/src/inference/onnx -> what `scripts/copy-assets.mjs` put beside the code. */
const WASM_FILE = path.join(__dirname, '..', '..', '..', 'wasm', 'ort.node.min.js');
/** Bytes of code that a function runs before it is optimised, about; V8's own is 1.8 million in Node.js 20. */
const TIERING_BUDGET = 30_000_000;
/** The smallest module with an instruction on vectors: what the WebAssembly build consists of. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253],
  ...[98, 11],
);

/**
 * Keeps ONNX Runtime from reporting to its maker: its builds for Linux do so from 1.30 on unless this variable is in the environment when
 * the library is loaded, and older ones pass it over. A worker's environment is a copy that native code does not see, so the main
 * thread calls this before it starts one.
 */
export function switchOffTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
}

/**
 * The runtime to use where nobody chose one: that of the environment variable `DEEPTONE_RUNTIME`, else `auto`.
 *
 * @throws InvalidArgumentError
 */
export function defaultRuntime(): RuntimeChoice {
  const named = process.env['DEEPTONE_RUNTIME'] ?? '';
  if (named === '') return 'auto';
  const choice = RUNTIME_CHOICES.find((each) => each === named);
  if (choice) return choice;
  throw new InvalidArgumentError(
    say`The environment variable DEEPTONE_RUNTIME is ${JSON.stringify(named)}: "auto", "native" or "wasm" is accepted.`,
  );
}

/**
 * Loads a runtime and does what shows whether it works. Where the choice is open and the native one loads but then fails,
 * the same is done on WebAssembly.
 *
 * @param use loads models and runs them once
 * @throws RuntimeUnavailableError that says in one sentence what this machine is and what to do; what `use` throws
 */
export async function withRuntime<T>(
  choice: RuntimeChoice,
  use: (runtime: OnnxRuntime) => Promise<T>,
): Promise<T> {
  const runtime = loadOnnxRuntime(choice);
  try {
    return await use(runtime);
  } catch (failure) {
    if (choice !== 'auto' || runtime.kind !== 'native') throw failure;
    const words = (failure instanceof Error ? failure.message : String(failure)).replace(/\.$/, '');
    const reason = `${NATIVE_PACKAGE} ${runtime.version} loads here but failed its first run (${words}); install it again, and if that does not help report it with what "deeptone doctor" prints`;
    try {
      return await use(loadWasm(reason));
    } catch {
      // It was not the runtime's fault.
      throw failure;
    }
  }
}

/** Whether a runtime loads here, for a check before any work. */
export function checkOnnxRuntime(choice: RuntimeChoice = defaultRuntime()):
  | {
      readonly available: true;
      readonly kind: OnnxRuntime['kind'];
      readonly version: string;
      readonly host: Host;
    }
  | { readonly available: false; readonly message: string; readonly host: Host } {
  const host = describeHost();
  try {
    const { kind, version } = loadOnnxRuntime(choice);
    return { available: true, kind, version, host };
  } catch (error) {
    return { available: false, message: error instanceof Error ? error.message : String(error), host };
  }
}

/** @throws RuntimeUnavailableError */
function loadOnnxRuntime(choice: RuntimeChoice): OnnxRuntime {
  if (choice === 'wasm') return loadWasm(undefined);
  switchOffTelemetry();
  try {
    return loadNative();
  } catch (cause) {
    const host = describeHost();
    const sentence = explainUnavailable(cause, host);
    if (choice === 'native') throw new RuntimeUnavailableError(sentence, { cause });
    try {
      return loadWasm(String(remedy(cause, host)));
    } catch (second) {
      const why = second instanceof Error ? sentenceOf(second) : String(second);
      throw new RuntimeUnavailableError(say`${sentence} ${why}`, { cause });
    }
  }
}

function loadNative(): OnnxRuntime {
  // Loaded by name at run time: the package is optional, and everything works without it, if slower.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const api = quiet(require(NATIVE_PACKAGE) as OnnxApi);
  return {
    kind: 'native',
    name: NATIVE_PACKAGE,
    version: api.env.versions.node ?? 'of unknown version',
    api,
    provider: 'cpu',
    fillsOutputs: true,
    letsLoopTurn: true,
  };
}

/** @throws RuntimeUnavailableError */
function loadWasm(insteadOfNative: string | undefined): OnnxRuntime {
  if (!WebAssembly.validate(SIMD_MODULE)) {
    throw new RuntimeUnavailableError(
      say`The WebAssembly runtime cannot run here: this processor has no instructions on vectors (SIMD); a 64-bit ARM processor, or x64 with SSE 4.1, has them.`,
    );
  }
  let api: OnnxApi;
  optimiseLater();
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- only where it is needed
    api = quiet(require(WASM_FILE) as OnnxApi);
  } catch (cause) {
    const words = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';
    throw new RuntimeUnavailableError(
      say`The WebAssembly runtime, which is part of this package, does not load (${words}); install the package again.`,
      { cause },
    );
  }
  // More threads would be workers of a worker, and shared memory that this page of a process has no use for.
  api.env.wasm.numThreads = 1;
  return {
    kind: 'wasm',
    name: 'onnxruntime-web',
    version: api.env.versions.web ?? 'of unknown version',
    api,
    provider: 'wasm',
    fillsOutputs: false,
    letsLoopTurn: false,
    ...(insteadOfNative === undefined ? {} : { insteadOfNative }),
  };
}

/**
 * Lets V8 optimise functions of WebAssembly that have run for longer. With its own measure it spends two to three seconds of CPU on those that
 * load the models and are not needed again; with this one half a second, and what runs the models is optimised all the same, some seconds of
 * sound later. It holds for all WebAssembly of the process, and for what is loaded from now on.
 */
function optimiseLater(): void {
  try {
    setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
  } catch {
    // Another engine than V8: it has its own ways.
  }
}

/** Users are told of failures by our own errors; the runtime's warnings about graphs are not for them. */
function quiet(api: OnnxApi): OnnxApi {
  api.env.logLevel = 'error';
  return api;
}
