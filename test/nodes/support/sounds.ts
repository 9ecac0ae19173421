/** Sound files for tests, made when they are needed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The sounds that ship with the package. */
export const SOUNDS = join(__dirname, '../../../../resources/sounds');
export const RADIO_SHOW = join(SOUNDS, 'radio-show.wav');
export const PHONE_CALL = join(SOUNDS, 'phone-call.wav');

/** The radio show as raw samples, by sox. */
export function rawShow(...format: readonly string[]): Buffer {
  return execFileSync('sox', ['-D', RADIO_SHOW, '-t', 'raw', ...format, '-'], { maxBuffer: 1e8 });
}

/** A folder that is gone after the suite. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'deeptone-nodes-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Seconds after which the tone comes again. */
const PART_SECONDS = 10;

/** Writes a tone that swells as 16-bit mono WAV at 16 kHz; any length. */
export function writeTone(path: string, seconds: number): void {
  const samples = seconds * 16_000;
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(16_000, 24);
  bytes.writeUInt32LE(32_000, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples * 2, 40);
  const part = Buffer.alloc(PART_SECONDS * 32_000);
  for (let i = 0; i < part.length / 2; i++) {
    const level = 8_000 * Math.abs(Math.sin(i / 40_000));
    part.writeInt16LE(Math.round(level * Math.sin((i * 2 * Math.PI * 440) / 16_000)), i * 2);
  }
  bytes.fill(part, 44);
  writeFileSync(path, bytes);
}
