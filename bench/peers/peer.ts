/** Networks of others that do a job of ours: what they share. */
import { existsSync } from 'node:fs';
import type { InferenceSession } from 'onnxruntime-common';
import { FRAME_MS } from '../../src/clock';
import { openNetwork, runtime } from '../networks';
import { UsageError } from '../report';

/** A network that hears a sound from its beginning, at 16 kHz and full scale 1. */
export interface Peer {
  /** What its files are called in training. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** What a frame holds, or how many values. */
  readonly columns: readonly string[] | number;
  /** Milliseconds from frame to frame, and to the middle of the first. */
  readonly hopMs: number;
  readonly centreMs: number;
  /** Probabilities [frames x columns]. */
  hear(pcm: Float32Array): Promise<Float32Array>;
}

/**
 * Opens a network and looks whether it is the one that is meant.
 *
 * @throws UsageError where it is another, or none
 */
export async function openPeer(
  file: string,
  what: string,
  { inputs, outputs }: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): Promise<InferenceSession> {
  if (!existsSync(file)) throw new UsageError(`There is no ${file}, which should be ${what}.`);
  const session = await openNetwork(runtime(), file).catch((error: unknown) => {
    const [reason = ''] = (error as Error).message.split('\n');
    throw new UsageError(`${file} cannot be opened as ${what}: ${reason}`);
  });
  const missing = [
    ...inputs.filter((name) => !session.inputNames.includes(name)).map((name) => `input "${name}"`),
    ...outputs.filter((name) => !session.outputNames.includes(name)).map((name) => `output "${name}"`),
  ];
  if (missing.length > 0) throw new UsageError(`${file} is not ${what}: it has no ${missing.join(', no ')}.`);
  return session;
}

/**
 * One value per 64 ms: the mean over the frames of a peer whose middle lies there; where there is none, as at the end, that of the
 * frame before.
 *
 * @param values a value per frame of the peer
 * @param count how many frames of 64 ms there are
 */
export function perFrame(
  values: readonly number[],
  count: number,
  { hopMs, centreMs }: Pick<Peer, 'hopMs' | 'centreMs'>,
): readonly number[] {
  const sums = new Float64Array(count);
  const counts = new Uint32Array(count);
  values.forEach((value, index) => {
    const frame = Math.floor((centreMs + index * hopMs) / FRAME_MS);
    if (frame >= count) return;
    sums[frame] = (sums[frame] ?? 0) + value;
    counts[frame] = (counts[frame] ?? 0) + 1;
  });
  let last = 0;
  return Array.from(sums, (sum, frame) => {
    const heard = counts[frame] ?? 0;
    if (heard > 0) last = sum / heard;
    return last;
  });
}
