/**
 * Sound for tests: synthesised in code, spoken by espeak-ng, or converted by sox and ffmpeg. Nothing is stored.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Encoding } from '../../src/audio';
import { seededRandom } from './random';

const folders: string[] = [];

/** A folder that is gone when the process ends. */
export function temporaryFolder(): string {
  if (folders.length === 0) {
    process.once('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'deeptone-test-'));
  folders.push(folder);
  return folder;
}

/**
 * Child processes of this process, and the files in temporary folders and pipes that it holds open (Linux). Compare two
 * of these by {@link leftBehind}.
 */
export function openResources(): readonly string[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ');
  const files = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return '';
    }
  });
  const own = files.filter((file) => file.startsWith(tmpdir()) || file.startsWith('pipe:'));
  return [...children.filter((child) => child !== '').map((child) => `process ${child}`), ...own];
}

/** What is open now and was not `before`. What others closed meanwhile does not matter. */
export function leftBehind(before: readonly string[]): readonly string[] {
  return openResources().filter((one) => !before.includes(one));
}

/** Runs a program to its end; gives its standard output. Throws with what it said when it fails. */
export function run(program: string, args: readonly string[], input?: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(`${program} ${args.join(' ')} failed (${String(code)}): ${said.slice(-500)}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

export { seededRandom };

/** A sine at `hz`, `seconds` long, at `rate` Hz. */
export function tone(hz: number, seconds: number, rate = 16_000, amplitude = 0.5): Float32Array {
  const step = (2 * Math.PI * hz) / rate;
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, n) => amplitude * Math.sin(step * n));
}

/** White noise, the same for the same seed. */
export function noise(seconds: number, rate = 16_000, amplitude = 0.5, seed = 1): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: Math.round(seconds * rate) }, () => amplitude * (2 * random() - 1));
}

export interface Voice {
  /** An espeak-ng voice: `en`, `en+f3`, `de+m2`, ... */
  readonly voice?: string;
  /** Words a minute. */
  readonly speed?: number;
  /** 0 to 99. */
  readonly pitch?: number;
}

/** Speech by espeak-ng: mono samples at `rate` Hz. */
export async function speak(text: string, voice: Voice = {}, rate = 16_000): Promise<Float32Array> {
  const { voice: name = 'en', speed = 160, pitch = 50 } = voice;
  const spoken = await run('espeak-ng', [
    '-v',
    name,
    '-s',
    String(speed),
    '-p',
    String(pitch),
    '--stdout',
    text,
  ]);
  const raw = await run(
    'sox',
    ['-D', '-t', 'wav', '-', '-r', String(rate), '-c', '1', '-t', 'f32', '-'],
    spoken,
  );
  return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
}

/** Samples one after another. */
export function concatenated(...parts: readonly Float32Array[]): Float32Array {
  return joined(parts);
}

/** As {@link concatenated}, for any number of parts. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function writeInteger(bytes: DataView, at: number, width: number, value: number, little: boolean): void {
  for (let i = 0; i < width; i++) {
    const shift = little ? i : width - 1 - i;
    bytes.setUint8(at + i, Math.floor(value / 2 ** (8 * shift)) & 0xff);
  }
}

/** G.711 by search for the nearest value: slow, and independent of the decoder's tables. */
function nearestLaw(encoding: 'alaw' | 'mulaw', sample: number): number {
  let best = 0;
  let distance = Number.POSITIVE_INFINITY;
  for (let code = 0; code < 256; code++) {
    const error = Math.abs(lawValue(encoding, code) - sample);
    if (error < distance) {
      best = code;
      distance = error;
    }
  }
  return best;
}

function lawValue(encoding: 'alaw' | 'mulaw', code: number): number {
  const flipped = encoding === 'alaw' ? code ^ 0x55 : ~code & 0xff;
  const positive = encoding === 'alaw' ? flipped >= 128 : flipped < 128;
  const exponent = (flipped >> 4) & 7;
  const mantissa = flipped & 15;
  const magnitude =
    encoding === 'alaw'
      ? (exponent === 0 ? 2 * mantissa + 1 : (2 * mantissa + 33) * 2 ** (exponent - 1)) / 4096
      : ((2 * mantissa + 33) * 2 ** exponent - 33) / 8192;
  return positive ? magnitude : -magnitude;
}

const WIDTHS: Readonly<Record<string, number>> = {
  s8: 1,
  u8: 1,
  alaw: 1,
  mulaw: 1,
  s24in32le: 4,
  s24in32be: 4,
};

/** Bytes of one sample. */
export function encodingBytes(encoding: Encoding): number {
  return WIDTHS[encoding] ?? Number(/\d+/u.exec(encoding)?.[0]) / 8;
}

/** Interleaves channels of equal lengths and writes them in `encoding`; samples outside [-1, 1) are clipped in integers. */
export function encodeSamples(channels: readonly Float32Array[], encoding: Encoding): Uint8Array {
  const width = encodingBytes(encoding);
  const frames = channels[0]?.length ?? 0;
  const out = new Uint8Array(frames * channels.length * width);
  const view = new DataView(out.buffer);
  const little = !encoding.endsWith('be');
  for (let frame = 0; frame < frames; frame++) {
    channels.forEach((samples, channel) => {
      const at = (frame * channels.length + channel) * width;
      const sample = samples[frame] ?? 0;
      if (encoding === 'alaw' || encoding === 'mulaw') out[at] = nearestLaw(encoding, sample);
      else if (encoding.startsWith('f32')) view.setFloat32(at, sample, little);
      else if (encoding.startsWith('f64')) view.setFloat64(at, sample, little);
      else {
        const bits = encoding.startsWith('s24') ? 24 : 8 * width;
        const half = 2 ** (bits - 1);
        const value = Math.max(-half, Math.min(half - 1, Math.round(sample * half)));
        writeInteger(view, at, width, encoding.startsWith('u') ? value + half : value, little);
      }
    });
  }
  return out;
}

/** A chunk of a WAV: a name of four letters and its content. */
export interface Chunk {
  readonly id: string;
  readonly content: Uint8Array;
}

export interface WavOptions {
  readonly rate?: number;
  readonly encoding?: Encoding;
  readonly container?: 'wav' | 'rifx' | 'rf64' | 'bw64' | 'w64';
  /** Write WAVE_FORMAT_EXTENSIBLE with a sub-format. */
  readonly extensible?: boolean;
  /** Chunks before `fmt `, between it and the audio, and after the audio. */
  readonly before?: readonly Chunk[];
  readonly between?: readonly Chunk[];
  readonly after?: readonly Chunk[];
  /** What the header says of the audio's size, instead of the truth. */
  readonly dataSize?: number;
  /** Leave out the byte that pads chunks of odd size, as careless writers do. */
  readonly unpadded?: boolean;
  /** Other values for the format's fields. */
  readonly fields?: {
    readonly tag?: number;
    readonly channels?: number;
    readonly rate?: number;
    readonly blockAlign?: number;
    readonly bits?: number;
    readonly validBits?: number;
  };
}

/** A WAV of any kind. RIFX takes a big-endian encoding, all others a little-endian one. */
export function makeWav(channels: readonly Float32Array[], options: WavOptions = {}): Buffer {
  const { container = 'wav', encoding = container === 'rifx' ? 's16be' : 's16le', rate = 16_000 } = options;
  return makeWavOfBytes(encodeSamples(channels, encoding), channels.length, {
    ...options,
    container,
    encoding,
    rate,
  });
}

/** As {@link makeWav}, around audio that is encoded already. */
export function makeWavOfBytes(audio: Uint8Array, channels: number, options: WavOptions = {}): Buffer {
  const { container = 'wav', dataSize = audio.length } = options;
  const little = container !== 'rifx';
  const is64 = container === 'rf64' || container === 'bw64';
  const chunk = (part: Chunk): Buffer =>
    container === 'w64' ? w64Chunk(part) : riffChunk(part, little, options.unpadded === true);
  const format = chunk({ id: 'fmt ', content: formatChunk(channels, options, little) });
  const data =
    container === 'w64'
      ? w64Chunk({ id: 'data', content: audio }, dataSize === 0 ? 0 : dataSize + 24)
      : riffChunk(
          { id: 'data', content: audio },
          little,
          options.unpadded === true,
          is64 ? 0xffff_ffff : dataSize,
        );
  const body = Buffer.concat([
    ...(is64 ? [riffChunk({ id: 'ds64', content: ds64(dataSize) }, true, false)] : []),
    ...(options.before ?? []).map(chunk),
    format,
    ...(options.between ?? []).map(chunk),
    data,
    ...(options.after ?? []).map(chunk),
  ]);
  if (container === 'w64') {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(body.length + 40));
    return Buffer.concat([w64Name('riff'), size, w64Name('wave'), body]);
  }
  const size = Buffer.alloc(4);
  const riffSize = is64 ? 0xffff_ffff : body.length + 4;
  if (little) size.writeUInt32LE(riffSize);
  else size.writeUInt32BE(riffSize);
  const names = { wav: 'RIFF', rifx: 'RIFX', rf64: 'RF64', bw64: 'BW64' } as const;
  return Buffer.concat([Buffer.from(names[container]), size, Buffer.from('WAVE'), body]);
}

function formatChunk(channels: number, options: WavOptions, little: boolean): Uint8Array {
  const { encoding = 's16le', rate = 16_000, extensible = false, fields = {} } = options;
  const width = encodingBytes(encoding);
  const plainTag = encoding === 'alaw' ? 6 : encoding === 'mulaw' ? 7 : encoding.startsWith('f') ? 3 : 1;
  const bits = fields.bits ?? (encoding.startsWith('s24') ? 24 : 8 * width);
  const bytes = new DataView(new ArrayBuffer(extensible ? 40 : 16));
  bytes.setUint16(0, extensible ? 0xfffe : (fields.tag ?? plainTag), little);
  bytes.setUint16(2, fields.channels ?? channels, little);
  bytes.setUint32(4, fields.rate ?? rate, little);
  bytes.setUint32(8, rate * channels * width, little);
  bytes.setUint16(12, fields.blockAlign ?? channels * width, little);
  bytes.setUint16(14, bits, little);
  if (extensible) {
    bytes.setUint16(16, 22, little);
    bytes.setUint16(18, fields.validBits ?? bits, little);
    bytes.setUint32(20, channels === 1 ? 4 : 3, little);
    bytes.setUint32(24, fields.tag ?? plainTag, little);
    bytes.setUint16(28, 0, little);
    bytes.setUint16(30, 0x10, little);
    Buffer.from('800000aa00389b71', 'hex').forEach((byte, i) => {
      bytes.setUint8(32 + i, byte);
    });
  }
  return new Uint8Array(bytes.buffer);
}

function ds64(dataSize: number): Uint8Array {
  const bytes = Buffer.alloc(28);
  bytes.writeBigUInt64LE(BigInt(dataSize + 72), 0);
  bytes.writeBigUInt64LE(BigInt(dataSize), 8);
  return bytes;
}

function riffChunk(
  { id, content }: Chunk,
  little: boolean,
  unpadded: boolean,
  size = content.length,
): Buffer {
  const header = Buffer.alloc(8);
  header.write(id, 'latin1');
  if (little) header.writeUInt32LE(size, 4);
  else header.writeUInt32BE(size, 4);
  return Buffer.concat([header, content, Buffer.alloc(unpadded ? 0 : content.length % 2)]);
}

function w64Name(id: string): Buffer {
  const tail = id === 'riff' ? '2e91cf11a5d628db04c10000' : 'f3acd3118cd100c04f8edb8a';
  return Buffer.concat([Buffer.from(id), Buffer.from(tail, 'hex')]);
}

function w64Chunk({ id, content }: Chunk, size = content.length + 24): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(size));
  return Buffer.concat([w64Name(id), length, content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
}
