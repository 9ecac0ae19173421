/** Sound for simulated devices: any file that ffmpeg reads, or a spoken text. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEVICE_RATE } from './frames';

const run = promisify(execFile);
const LARGEST_OUTPUT_BYTES = 512 * 1_024 * 1_024;

/** Signed 16-bit samples, 16 kHz mono, of an audio file. */
export async function readSound(filename: string): Promise<Int16Array> {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', filename, '-f', 's16le', '-ar', String(DEVICE_RATE), '-ac', '1', '-'],
    { encoding: 'buffer', maxBuffer: LARGEST_OUTPUT_BYTES },
  );
  return new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + (stdout.length & ~1)));
}

/** The text spoken by espeak-ng, with a second of silence after it. */
export async function speak(text: string, voice = 'en-us'): Promise<Int16Array> {
  const folder = await mkdtemp(join(tmpdir(), 'deeptone-speak-'));
  try {
    const file = join(folder, 'speech.wav');
    await run('espeak-ng', ['-v', voice, '-w', file, text]);
    const spoken = await readSound(file);
    const sound = new Int16Array(spoken.length + DEVICE_RATE);
    sound.set(spoken);
    return sound;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A pure tone: the same for every call, never silent. */
export function tone(durationMs: number, hertz = 440): Int16Array {
  const samples = Math.round((durationMs * DEVICE_RATE) / 1_000);
  return Int16Array.from({ length: samples }, (_, n) =>
    Math.round(8_000 * Math.sin((2 * Math.PI * hertz * n) / DEVICE_RATE)),
  );
}
