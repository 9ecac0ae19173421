/** Networks alone, without what a product has around them: the trunk of the standard set, and Silero VAD as a measure that others know. */
import * as path from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { FRAME_SAMPLES } from '../src/clock';
import { defaultRuntime, loadCatalogue } from '../src/inference';

interface Runtime {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
  readonly env: { readonly wasm: { numThreads?: number }; logLevel?: unknown };
}

/** Runs a network for the next 64 ms of each of its streams. */
export interface NetworkRun {
  /** @param pcm [streams x 1024] */
  step(pcm: Float32Array): Promise<void>;
  release(): Promise<void>;
}

/** Silero VAD at 16 kHz: 512 samples at a time, behind the last 64 of those before. */
const SILERO_WINDOW = 512;
const SILERO_CONTEXT = 64;
const SILERO_STATE = 2 * 128;
const SILERO_MODEL = '@ricky0123/vad-web/dist/silero_vad_v6.onnx';

/** The runtime that the engine uses here, with the settings that it gives it. */
export function runtime(): Runtime {
  const isWasm = defaultRuntime() === 'wasm';
  const module = isWasm ? path.resolve(__dirname, '../wasm/ort.node.min.js') : 'onnxruntime-node';
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- which one is known only now
  const api = require(module) as Runtime;
  if (isWasm) api.env.wasm.numThreads = 1;
  return api;
}

/** Opens a network on one thread, as the engine does. */
export function openNetwork(api: Runtime, file: string): Promise<InferenceSession> {
  return api.InferenceSession.create(file, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
}

/**
 * The trunk with the heads and the gate, asked for what the nine models need.
 *
 * @param folder of the models, for those of another version; the shipped ones without it
 */
export async function trunkAlone(streams: number, folder?: string): Promise<NetworkRun> {
  const api = runtime();
  const { trunk } = loadCatalogue({ shippedFolder: folder });
  const session = await openNetwork(api, trunk.file);
  let state = new api.Tensor('float32', new Float32Array(streams * trunk.stateSize), [
    streams,
    trunk.stateSize,
  ]);
  return {
    step: async (pcm) => {
      const samples = new api.Tensor('float32', pcm, [streams, FRAME_SAMPLES]);
      const outputs = await session.run({ pcm: samples, state }, ['scores', 'embedding', 'state_out']);
      state = outputs['state_out'] as typeof state;
    },
    release: () => session.release(),
  };
}

/** Silero VAD, version 6, for one stream: whether somebody speaks, twice in 64 ms. */
export async function sileroAlone(): Promise<NetworkRun> {
  const api = runtime();
  const session = await openNetwork(api, require.resolve(SILERO_MODEL));
  const sr = new api.Tensor('int64', BigInt64Array.of(16_000n), []);
  let state = new api.Tensor('float32', new Float32Array(SILERO_STATE), [2, 1, 128]);
  let context = new Float32Array(SILERO_CONTEXT);
  return {
    step: async (pcm) => {
      for (let at = 0; at < FRAME_SAMPLES; at += SILERO_WINDOW) {
        const input = new Float32Array(SILERO_CONTEXT + SILERO_WINDOW);
        input.set(context);
        input.set(pcm.subarray(at, at + SILERO_WINDOW), SILERO_CONTEXT);
        context = input.slice(-SILERO_CONTEXT);
        const outputs = await session.run({
          input: new api.Tensor('float32', input, [1, input.length]),
          state,
          sr,
        });
        state = outputs['stateN'] as typeof state;
      }
    },
    release: () => session.release(),
  };
}
