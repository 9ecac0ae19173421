/** Small folders of recordings for the tests of training. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeWav, noise, temporaryFolder, tone } from '../tools/audio';

/** A low tone and a hiss, each a little different every time. */
export const LOW_TONE = (n: number): Float32Array => tone(200 + 15 * n, 0.6);
export const HISS = (n: number): Float32Array => noise(0.6, 16_000, 0.3, n + 1);

/** A folder with `count` recordings of each class. */
export function recordings(
  classes: Readonly<Record<string, (n: number) => Float32Array>>,
  count = 4,
): string {
  const folder = temporaryFolder();
  for (const [name, sound] of Object.entries(classes)) {
    mkdirSync(join(folder, name));
    for (let n = 0; n < count; n += 1) {
      writeFileSync(join(folder, name, `${String(n).padStart(3, '0')}.wav`), makeWav([sound(n)]));
    }
  }
  return folder;
}
