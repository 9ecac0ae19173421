/** YAMNet (Apache-2.0): 521 kinds of sound per 0.975 s. */
import { runtime } from '../networks';
import { openPeer, type Peer } from './peer';

/** Samples of a window. */
export const YAMNET_WINDOW = 15_600;
export const YAMNET_CLASSES = 521;
const BATCH = 16;

export async function yamnet(file: string): Promise<Peer> {
  const session = await openPeer(file, 'YAMNet', { inputs: ['pcm'], outputs: ['scores'] });
  const { Tensor } = runtime();
  const hear = async (pcm: Float32Array): Promise<Float32Array> => {
    const frames = Math.max(1, Math.ceil(pcm.length / YAMNET_WINDOW));
    const answer = new Float32Array(frames * YAMNET_CLASSES);
    for (let from = 0; from < frames; from += BATCH) {
      const count = Math.min(BATCH, frames - from);
      const part = new Float32Array(count * YAMNET_WINDOW);
      part.set(pcm.subarray(from * YAMNET_WINDOW, (from + count) * YAMNET_WINDOW));
      const { scores } = await session.run({ pcm: new Tensor('float32', part, [count, YAMNET_WINDOW]) }, [
        'scores',
      ]);
      answer.set(scores?.data as Float32Array, from * YAMNET_CLASSES);
    }
    return answer;
  };
  return { name: 'yamnet', title: 'YAMNet', columns: YAMNET_CLASSES, hopMs: 975, centreMs: 487.5, hear };
}
