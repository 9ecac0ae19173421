/** Writes a WAV. */
import { endianness } from 'node:os';

const HEADER_BYTES = 44;

/**
 * A WAV of 16-bit mono samples.
 *
 * @param parts samples, one after the other
 * @param sampleRate Hz
 */
export function wavFile(parts: readonly Int16Array[], sampleRate: number): Uint8Array {
  const size = 2 * parts.reduce((sum, part) => sum + part.length, 0);
  const file = Buffer.alloc(HEADER_BYTES + size);
  file.write('RIFF', 0);
  file.writeUInt32LE(HEADER_BYTES - 8 + size, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // Integers.
  file.writeUInt16LE(1, 22); // One channel.
  file.writeUInt32LE(sampleRate, 24);
  file.writeUInt32LE(2 * sampleRate, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(size, 40);
  let at = HEADER_BYTES;
  for (const { buffer, byteOffset, byteLength } of parts) {
    at += Buffer.from(buffer, byteOffset, byteLength).copy(file, at);
  }
  if (endianness() === 'BE') file.subarray(HEADER_BYTES).swap16();
  return file;
}
