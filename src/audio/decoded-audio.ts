import { AbortedError, BadAudioError, InvalidArgumentError } from '../errors';
import type { OpenAudioOptions } from './open-audio-options';
import { PcmDecoder } from './pcm/pcm-decoder';
import { bytesPerSample, type Encoding, type SampleFormat } from './pcm/sample-format';

/** What is known of audio before it is decoded. */
export interface AudioInfo {
  /** `wav`, `rf64`, `mp3`, ...; see `detectContainer`. `unknown` for a file that only ffmpeg may know. */
  readonly container: string;
  /** Hz, of the audio itself; the samples are given at 16 kHz. */
  readonly sampleRate: number;
  /** Channels there are, given or not. */
  readonly channels: number;
  /** How samples are written; absent for compressed audio. */
  readonly encoding?: Encoding;
  /** Milliseconds; exact for WAV, by the container's account (which may be an estimate) otherwise; null when unknown. */
  readonly durationMs: number | null;
  /** Size of the file or clip. */
  readonly bytes: number | null;
}

/** Audio that is being decoded to 16 kHz samples, channel by channel. */
export interface DecodedAudio {
  readonly info: AudioInfo;
  /** Numbers of the channels that are given, in the order of the arrays of a piece: `[0, 1]` or `[1]` (decision 16). */
  readonly channels: readonly number[];
  /**
   * Pieces of at most one second: one array per given channel, of equal lengths, 16 kHz, full scale 1.0, all finite. To be
   * iterated once; leaving the iteration early closes the file or ends ffmpeg. Throws BadAudioError, FfmpegError or AbortedError.
   */
  readonly pieces: AsyncIterable<readonly Float32Array[]>;
  /** NaN and infinite samples so far that were replaced by 0 (decision 17). */
  readonly nonFiniteSamples: number;
  /** Position of the first of them in its channel, at the audio's own rate; Infinity while there is none. */
  readonly firstNonFiniteSample: number;
  /** Lets go of the file or ffmpeg without iterating; harmless afterwards. */
  close(): Promise<void>;
}

/** Undecoded audio: bytes in a format, and how to let go of where they come from. */
export interface AudioBytes {
  readonly info: AudioInfo;
  readonly format: SampleFormat;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** For error messages. */
  readonly name: string;
  close(): Promise<void>;
}

/**
 * Decodes and resamples as the pieces are asked for; nothing is read ahead but what the operating system does.
 *
 * @throws InvalidArgumentError when `channel` is not there; the source is then closed
 */
export async function decodeAudio(source: AudioBytes, options: OpenAudioOptions): Promise<DecodedAudio> {
  let decoder: PcmDecoder;
  try {
    decoder = new PcmDecoder(source.format, { channel: options.channel });
  } catch (error) {
    await source.close();
    throw error;
  }
  let begun = false;
  return {
    info: source.info,
    channels: decoder.channels,
    pieces: {
      [Symbol.asyncIterator]() {
        if (begun) throw new InvalidArgumentError('The pieces of decoded audio can be iterated only once.');
        begun = true;
        return decodedPieces(source, decoder, options.signal);
      },
    },
    get nonFiniteSamples() {
      return decoder.nonFiniteSamples;
    },
    get firstNonFiniteSample() {
      return decoder.firstNonFiniteSample;
    },
    close: () => source.close(),
  };
}

async function* decodedPieces(
  source: AudioBytes,
  decoder: PcmDecoder,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Float32Array[], void, undefined> {
  const { encoding, sampleRate, channels } = source.format;
  const secondBytes = bytesPerSample(encoding) * channels * sampleRate;
  let samples = 0;
  try {
    for await (const bytes of source.bytes) {
      for (let at = 0; at < bytes.length; at += secondBytes) {
        throwIfAborted(source.name, signal);
        const piece = decoder.push(bytes.subarray(at, at + secondBytes));
        samples += piece[0]?.length ?? 0;
        if (piece[0]?.length !== 0) yield piece;
      }
    }
    const rest = decoder.flush();
    samples += rest[0]?.length ?? 0;
    if (samples === 0) {
      throw new BadAudioError(`There is no sound in ${source.name}: it holds no sample.`);
    }
    if (rest[0]?.length !== 0) yield rest;
  } finally {
    await source.close();
  }
}

/** @throws AbortedError when the caller has aborted */
export function throwIfAborted(name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new AbortedError(`Decoding of ${name} was aborted.`, { cause: signal.reason });
  }
}
