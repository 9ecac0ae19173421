/** Networks alone, without what a product has around them. */
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
