/** Good bytes to begin with. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { ENCODINGS } from '../../src/audio';
import { encodeSamples, makeWav, noise, run, temporaryFolder, tone } from '../tools/audio';

const SOUND = tone(300, 0.05).map((sample, n) => 0.5 * sample + 0.1 * (noise(0.05)[n] ?? 0));
const PCM = Buffer.from(encodeSamples([SOUND], 's16le'));
const TITLE = { id: 'LIST', content: Buffer.from('INFOINAM\x05\0\0\0song\0\0') };

/** WAVs of every kind, raw samples, and texts that hold them. */
export function plainSeeds(): readonly Buffer[] {
  const containers = ['wav', 'rifx', 'rf64', 'bw64', 'w64'] as const;
  const wavs = containers.map((container) =>
    makeWav([SOUND], { container, before: [TITLE], after: [TITLE] }),
  );
  const encodings = ENCODINGS.filter(
    (one) => !one.endsWith('be') && !one.startsWith('s8') && !/^u\d\d/u.test(one),
  );
  const encoded = encodings.map((encoding) =>
    makeWav([SOUND, SOUND], { encoding, extensible: true, rate: 48_000 }),
  );
  const [wav = PCM] = wavs;
  const numbers = [...new Int16Array(Uint8Array.from(PCM).buffer)].slice(0, 600);
  const texts = [
    wav.toString('base64'),
    PCM.toString('base64'),
    `data:audio/wav;base64,${wav.toString('base64')}`,
    JSON.stringify(numbers),
    JSON.stringify({ id: 7, audio: PCM.toString('base64'), rate: 16_000, encoding: 'pcm16' }),
    JSON.stringify(PCM.subarray(0, 1_200)),
    JSON.stringify(Float32Array.from(numbers.slice(0, 200), (one) => one / 32_768)),
    JSON.stringify({ event: 'media', media: { payload: PCM.toString('base64') } }),
  ];
  return [...wavs, ...encoded, Buffer.concat([wav, wav]), PCM, ...texts.map((text) => Buffer.from(text))];
}

/** Compressed sound of common kinds. */
export async function compressedSeeds(): Promise<readonly Buffer[]> {
  const folder = temporaryFolder();
  const wav = makeWav([SOUND]);
  const kinds = ['mp3', 'flac', 'ogg', 'm4a', 'webm', 'aac', 'aiff', 'mka'];
  const seeds: Buffer[] = [];
  for (const kind of kinds) {
    const file = path.join(folder, `seed.${kind}`);
    await run('ffmpeg', ['-v', 'error', '-y', '-i', 'pipe:0', file], wav);
    seeds.push(readFileSync(file));
  }
  return seeds;
}
