/** Silero VAD v5 or v6 (MIT): one probability per 32 ms, with a recurrent state that runs through the sound. */
import * as path from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { FRAME_SAMPLES, SAMPLE_RATE } from '../../src/clock';
import { runtime, type NetworkRun } from '../networks';
import { openPeer, type Peer } from './peer';

const WINDOW = 512;
/** Samples before the window that are heard again. */
const CONTEXT = 64;
const STATE = [2, 1, 128] as const;
/** The one that a checkout has. */
const VERSION_6 = '@ricky0123/vad-web/dist/silero_vad_v6.onnx';

/** @param file the network */
export async function silero(file: string): Promise<Peer> {
  const session = await openSilero(file);
  const hear = async (pcm: Float32Array): Promise<Float32Array> => {
    const ear = new Ear(session);
    const answer = new Float32Array(Math.floor(pcm.length / WINDOW));
    for (let frame = 0; frame < answer.length; frame++)
      answer[frame] = await ear.hear(pcm.subarray(frame * WINDOW, (frame + 1) * WINDOW));
    return answer;
  };
  const version = /v\d+/u.exec(path.basename(file))?.[0];
  const title = version === undefined ? 'Silero VAD' : `Silero VAD ${version}`;
  return { name: 'silero', title, columns: ['speech'], hopMs: 32, centreMs: 16, hear };
}

/** Silero VAD, version 6, for one stream: whether somebody speaks, twice in 64 ms. */
export async function sileroAlone(): Promise<NetworkRun> {
  const session = await openSilero(require.resolve(VERSION_6));
  const ear = new Ear(session);
  return {
    step: async (pcm) => {
      for (let at = 0; at < FRAME_SAMPLES; at += WINDOW) await ear.hear(pcm.subarray(at, at + WINDOW));
    },
    release: () => session.release(),
  };
}

function openSilero(file: string): Promise<InferenceSession> {
  return openPeer(file, 'Silero VAD v5 or v6', {
    inputs: ['input', 'state', 'sr'],
    outputs: ['output', 'stateN'],
  });
}

/** What the network remembers of one sound. */
class Ear {
  readonly #tensor = runtime().Tensor;
  readonly #rate = new this.#tensor('int64', BigInt64Array.of(BigInt(SAMPLE_RATE)), [1]);
  #state: Tensor = new this.#tensor('float32', new Float32Array(2 * 128), [...STATE]);
  #context = new Float32Array(CONTEXT);

  constructor(private readonly session: InferenceSession) {}

  /**
   * @param window the next 512 samples
   * @returns p(speech)
   */
  async hear(window: Float32Array): Promise<number> {
    const samples = new Float32Array(CONTEXT + WINDOW);
    samples.set(this.#context);
    samples.set(window, CONTEXT);
    this.#context = samples.slice(-CONTEXT);
    const input = new this.#tensor('float32', samples, [1, samples.length]);
    const { output, stateN } = await this.session.run({ input, state: this.#state, sr: this.#rate });
    this.#state = stateN as Tensor;
    return (output?.data as Float32Array)[0] ?? 0;
  }
}
