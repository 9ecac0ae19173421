import { readFileSync } from 'node:fs';
import { PcmDecoder, WavStreamReader } from '../../src/audio';

/** Length and loudest sample of a WAV. */
export function probeFile(path: string): { readonly seconds: number; readonly peak: number } {
  const [run] = new WavStreamReader().push(readFileSync(path));
  if (!run) throw new Error(`${path} holds no sound`);
  const [samples = new Float32Array()] = new PcmDecoder(run.format).push(run.audio);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return { seconds: samples.length / run.format.sampleRate, peak };
}
