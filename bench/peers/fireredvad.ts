/** FireRedVAD (Apache-2.0): speech by two networks, and speech, singing and music side by side. */
import * as path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { runtime } from '../networks';
import { BINS, FilterBanks, type Features } from './filter-banks';
import { openPeer, type Peer } from './peer';

const COLUMNS = ['vad', 'stream', 'speech', 'singing', 'music'] as const;
/** Frames that are heard at a time, and those around them on both sides. */
const MINUTE = 6_000;
const AROUND = 50;
/** Memory of the streaming network: layers, 1, channels, frames. */
const CACHE = [8, 1, 128, 19] as const;

/** @param folder its three networks and cmvn.ark */
export async function fireredvad(folder: string): Promise<Peer> {
  const [speech, stream, kinds] = await Promise.all([
    part(folder, 'vad', ['feat']),
    part(folder, 'stream_vad_with_cache', ['feat', 'caches_in']),
    part(folder, 'aed', ['feat']),
  ]);
  const banks = new FilterBanks(path.join(folder, 'cmvn.ark'));
  const { Tensor } = runtime();
  const hear = async (pcm: Float32Array): Promise<Float32Array> => {
    const sound = banks.features(pcm);
    const answer = new Float32Array(sound.frames * COLUMNS.length);
    for (let from = 0; from < sound.frames; from += MINUTE) {
      const first = Math.max(0, from - AROUND);
      const feat = tensorOf(sound, first, from + MINUTE + AROUND);
      const empty = new Tensor('float32', new Float32Array(8 * 128 * 19), [...CACHE]);
      const whole = await probabilities(speech, { feat });
      const streamed = await probabilities(stream, { feat, caches_in: empty });
      const three = await probabilities(kinds, { feat });
      for (let frame = from; frame < Math.min(sound.frames, from + MINUTE); frame++) {
        const at = frame - first;
        const sides = three.subarray(3 * at, 3 * at + 3);
        answer.set([whole[at] ?? 0, streamed[at] ?? 0, ...sides], frame * COLUMNS.length);
      }
    }
    return answer;
  };
  const tensorOf = ({ features, frames }: Features, first: number, end: number) => {
    const stop = Math.min(frames, end);
    return new Tensor('float32', features.slice(first * BINS, stop * BINS), [1, stop - first, BINS]);
  };
  return { name: 'fireredvad', title: 'FireRedVAD', columns: COLUMNS, hopMs: 10, centreMs: 12.5, hear };
}

/** What FireRedVAD says of speech in a frame: the mean of its three opinions. */
export function speechOfFireredvad(said: Float32Array): readonly number[] {
  const width = COLUMNS.length;
  return Array.from({ length: said.length / width }, (_, frame) => {
    const [vad = 0, stream = 0, speech = 0] = said.subarray(frame * width, frame * width + 3);
    return (vad + stream + speech) / 3;
  });
}

function part(folder: string, name: string, inputs: readonly string[]): Promise<InferenceSession> {
  const file = path.join(folder, `fireredvad_${name}.onnx`);
  return openPeer(file, 'a network of FireRedVAD', { inputs, outputs: ['probs'] });
}

async function probabilities(
  session: InferenceSession,
  feeds: InferenceSession.OnnxValueMapType,
): Promise<Float32Array> {
  return (await session.run(feeds, ['probs']))['probs']?.data as Float32Array;
}
