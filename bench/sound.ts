/** Sound for the benches: voices, pauses and noise, made by espeak-ng and in code. */
import { writeFileSync, openSync, writeSync, closeSync } from 'node:fs';
import * as path from 'node:path';
import { encodeSamples, joined, makeWavOfBytes, noise, speak, temporaryFolder } from '../test/tools/audio';
import { SAMPLE_RATE } from '../src/clock';

const SENTENCES = [
  {
    text: 'Good morning. The train to the coast leaves at a quarter past nine from platform four.',
    voice: 'en',
    pitch: 50,
  },
  {
    text: 'Guten Morgen. Der Zug an die Küste fährt um Viertel nach neun von Gleis vier.',
    voice: 'de',
    pitch: 30,
  },
  {
    text: 'Buenos días. El tren a la costa sale a las nueve y cuarto del andén cuatro.',
    voice: 'es',
    pitch: 70,
  },
  {
    text: 'Bonjour. Le train pour la côte part à neuf heures et quart du quai quatre.',
    voice: 'fr',
    pitch: 60,
  },
  {
    text: 'Buongiorno. Il treno per la costa parte alle nove e un quarto dal binario quattro.',
    voice: 'it',
    pitch: 40,
  },
] as const;
const PAUSE_SECONDS = 0.7;

/** About half a minute: five voices with pauses, a quarter of a minute of it over quiet noise. */
export async function conversation(): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (const { text, voice, pitch } of SENTENCES) {
    parts.push(await speak(text, { voice, pitch }), new Float32Array(PAUSE_SECONDS * SAMPLE_RATE));
  }
  const sound = joined(parts);
  const hiss = noise(15, SAMPLE_RATE, 0.01);
  return sound.map((sample, n) => sample + (hiss[n] ?? 0));
}

/** A 16 kHz mono 16-bit WAV of the given length in a folder that is gone when the process ends; gives its name. */
export async function soundFile(seconds: number): Promise<string> {
  const file = path.join(temporaryFolder(), `${seconds}s.wav`);
  const piece = encodeSamples([await conversation()], 's16le');
  const total = Math.round(seconds * SAMPLE_RATE) * Int16Array.BYTES_PER_ELEMENT;
  const empty = makeWavOfBytes(new Uint8Array(0), 1, { encoding: 's16le', rate: SAMPLE_RATE });
  // The header is that of an empty file with the two sizes put right: hours of sound are not held in memory.
  empty.writeUInt32LE(empty.readUInt32LE(4) + total, 4);
  empty.writeUInt32LE(total, empty.length - 4);
  writeFileSync(file, empty);
  const descriptor = openSync(file, 'a');
  for (let written = 0; written < total; written += piece.length) {
    writeSync(descriptor, piece.subarray(0, Math.min(piece.length, total - written)));
  }
  closeSync(descriptor);
  return file;
}
