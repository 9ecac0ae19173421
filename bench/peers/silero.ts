/** Silero VAD v5 or v6 (MIT): one probability per 32 ms, with a recurrent state that runs through the sound. */
import * as path from 'node:path';
import { SAMPLE_RATE } from '../../src/clock';
import { runtime } from '../networks';
import { openPeer, type Peer } from './peer';

const WINDOW = 512;
/** Samples before the window that are heard again. */
const CONTEXT = 64;
const STATE = [2, 1, 128] as const;

export async function silero(file: string): Promise<Peer> {
  const session = await openPeer(file, 'Silero VAD v5 or v6', {
    inputs: ['input', 'state', 'sr'],
    outputs: ['output', 'stateN'],
  });
  const { Tensor } = runtime();
  const sr = new Tensor('int64', BigInt64Array.of(BigInt(SAMPLE_RATE)), [1]);
  const hear = async (pcm: Float32Array): Promise<Float32Array> => {
    const answer = new Float32Array(Math.floor(pcm.length / WINDOW));
    let state = new Tensor('float32', new Float32Array(2 * 128), [...STATE]);
    for (let frame = 0; frame < answer.length; frame++) {
      const samples = new Float32Array(CONTEXT + WINDOW);
      const at = frame * WINDOW;
      samples.set(pcm.subarray(Math.max(0, at - CONTEXT), at + WINDOW), frame === 0 ? CONTEXT : 0);
      const input = new Tensor('float32', samples, [1, samples.length]);
      const { output, stateN } = await session.run({ input, state, sr });
      state = stateN as typeof state;
      answer[frame] = (output?.data as Float32Array)[0] ?? 0;
    }
    return answer;
  };
  const version = /v\d+/u.exec(path.basename(file))?.[0];
  const title = version === undefined ? 'Silero VAD' : `Silero VAD ${version}`;
  return { name: 'silero', title, columns: ['speech'], hopMs: 32, centreMs: 16, hear };
}
