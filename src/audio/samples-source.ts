import { SAMPLE_RATE } from '../clock';
import { BadAudioError, InvalidArgumentError } from '../errors';
import {
  bytesPerSample,
  detectContainer,
  openAudioContainer,
  openAudioFile,
  PcmDecoder,
  Resampler,
  samplesToFloat32,
  type SampleArray,
  type SampleFormat,
} from '.';

/**
 * Audio in memory: typed arrays and number arrays are samples; a Buffer is bytes, raw or of a container. A plain
 * Uint8Array is 8-bit samples, or bytes where a `format` says what they hold.
 */
export type AudioData = SampleArray | Buffer;

export interface DataFormat {
  readonly rateIn?: number;
  readonly channels?: number;
  readonly channel?: number;
  readonly format?: SampleFormat;
  readonly ffmpegPath?: string;
  readonly signal?: AbortSignal;
}

/** Samples handed on at a time: 4 s at 16 kHz, so that a long array never holds the event loop for long. */
const PIECE_SAMPLES = 65_536;

/** What raw bytes hold when nothing else is said: the format of `process_stream` in the API reference. */
export function defaultByteFormat(rateIn = SAMPLE_RATE, channels = 1): SampleFormat {
  return { encoding: 's16le', sampleRate: rateIn, channels };
}

/**
 * Mono 16 kHz pieces of audio in memory (decisions 17 to 19).
 *
 * @throws BadAudioError for no samples, non-finite samples (naming the first) or bytes that cannot be decoded,
 *   InvalidArgumentError for a channel that is not there or data of another type
 */
export async function* readSamples(data: AudioData, how: DataFormat): AsyncGenerator<Float32Array> {
  if (data instanceof Uint8Array && (Buffer.isBuffer(data) || how.format)) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    yield* detectContainer(bytes) ? readContainer(bytes, how) : readRawBytes(bytes, how);
  } else if (how.format) {
    throw new InvalidArgumentError(
      'format says what bytes hold, and the data are samples whose type says it: leave format out; rateIn and channels are accepted.',
    );
  } else {
    yield* readArray(data, how);
  }
}

/**
 * All samples of a chunk at once, 16 kHz mono; for data small enough to be one answer. Bytes are 16-bit little-endian
 * at 16 kHz, or a container.
 *
 * @throws as {@link readSamples}
 */
export async function chunkSamples(data: AudioData, ffmpegPath?: string): Promise<Float32Array> {
  if (!Buffer.isBuffer(data)) return samplesToFloat32(data);
  return gathered(readSamples(data, { ffmpegPath }));
}

/** Longest sample that is read whole: a minute, so that a wrong path to a long recording costs nothing. */
const SAMPLE_LIMIT = 60 * SAMPLE_RATE;

/**
 * All of a short recording, 16 kHz mono: channels are averaged. What is longer than a minute is cut there.
 *
 * @param audio path of a file, or audio in memory at 16 kHz
 * @throws AudioFileError, FfmpegError, BadAudioError
 */
export async function readSample(audio: string | AudioData, ffmpegPath?: string): Promise<Float32Array> {
  const pieces =
    typeof audio === 'string' ? readFilePieces(audio, ffmpegPath) : readSamples(audio, { ffmpegPath });
  return gathered(pieces, SAMPLE_LIMIT);
}

/** Pieces one after the other; no more are asked for once there are more samples than `limit`. */
async function gathered(pieces: AsyncIterable<Float32Array>, limit = Infinity): Promise<Float32Array> {
  const kept: Float32Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    kept.push(piece);
    length += piece.length;
    if (length > limit) break;
  }
  const samples = new Float32Array(length);
  let offset = 0;
  for (const piece of kept) {
    samples.set(piece, offset);
    offset += piece.length;
  }
  return samples;
}

async function* readFilePieces(filename: string, ffmpegPath: string | undefined) {
  const audio = await openAudioFile(filename, { ffmpegPath });
  try {
    for await (const piece of audio.pieces) yield average(piece);
  } finally {
    await audio.close();
  }
}

async function* readContainer(bytes: Buffer, { channel, ffmpegPath, signal }: DataFormat) {
  const audio = await openAudioContainer(bytes, { channel, ffmpegPath, signal });
  for await (const piece of audio.pieces) {
    refuseNonFinite(audio);
    yield average(piece);
  }
}

async function* readRawBytes(bytes: Buffer, how: DataFormat) {
  const format = how.format ?? defaultByteFormat(how.rateIn, how.channels);
  const pick = how.channel === undefined ? { mix: true } : { channel: how.channel };
  const decoder = new PcmDecoder(format, pick);
  const step = PIECE_SAMPLES * bytesPerSample(format.encoding) * format.channels;
  for (let start = 0; start < bytes.length; start += step) {
    const [samples] = decoder.push(bytes.subarray(start, start + step));
    refuseNonFinite(decoder);
    if (samples?.length) yield samples;
    await breathe();
  }
  const [rest] = decoder.flush();
  if (rest?.length) yield rest;
}

/** @throws BadAudioError naming the first sample that is not finite (decision 17) */
function refuseNonFinite({
  firstNonFiniteSample: position,
}: {
  readonly firstNonFiniteSample: number;
}): void {
  if (position === Infinity) return;
  throw new BadAudioError(
    `Sample ${position} is not a finite number: finite numbers at full scale 1.0 are accepted.`,
  );
}

async function* readArray(data: SampleArray, how: DataFormat) {
  const channels = how.channels ?? 1;
  checkChannel(how.channel, channels);
  const samples = samplesToFloat32(data);
  if (samples.length % channels !== 0) {
    throw new InvalidArgumentError(
      `channels is ${channels}, but ${samples.length} samples cannot be shared out among so many channels.`,
    );
  }
  const resampler = new Resampler(how.rateIn ?? SAMPLE_RATE);
  const step = PIECE_SAMPLES * channels;
  for (let start = 0; start < samples.length; start += step) {
    const mono = toMono(samples.subarray(start, start + step), channels, how.channel);
    const piece = resampler.push(mono);
    if (piece.length) yield piece;
    await breathe();
  }
  const rest = resampler.flush();
  if (rest.length) yield rest;
}

function checkChannel(channel: number | undefined, channels: number): void {
  if (channel !== undefined && channel >= channels) {
    throw new InvalidArgumentError(
      `channel is ${channel}, but the audio has ${channels} channel(s): 0 to ${channels - 1} is accepted.`,
    );
  }
}

function toMono(interleaved: Float32Array, channels: number, channel: number | undefined): Float32Array {
  if (channels === 1) return interleaved;
  return Float32Array.from({ length: interleaved.length / channels }, (_, frame) => {
    const first = frame * channels;
    if (channel !== undefined) return interleaved[first + channel] ?? 0;
    let sum = 0;
    for (let index = first; index < first + channels; index++) sum += interleaved[index] ?? 0;
    return sum / channels;
  });
}

function average(channels: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array(0), ...others] = channels;
  if (others.length === 0) return first;
  return first.map(
    (sample, n) => others.reduce((sum, other) => sum + (other[n] ?? 0), sample) / channels.length,
  );
}

/** Lets the event loop serve others. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
