import { InvalidArgumentError } from '../../errors';
import { phrase, say } from '../../sentence';

/** How one sample is written: signed, unsigned or float, its width in bits and its byte order; or a G.711 law. */
export type Encoding =
  | 's8'
  | 'u8'
  | 's16le'
  | 's16be'
  | 'u16le'
  | 'u16be'
  | 's24le'
  | 's24be'
  | 's24in32le'
  | 's24in32be'
  | 's32le'
  | 's32be'
  | 'u32le'
  | 'u32be'
  | 'f32le'
  | 'f32be'
  | 'f64le'
  | 'f64be'
  | 'alaw'
  | 'mulaw';

/** Bytes of one sample in each encoding; `24in32` is 24 bits in the low three of four bytes (ALSA's S24_LE). */
const ENCODING_BYTES: Readonly<Record<Encoding, number>> = {
  s8: 1,
  u8: 1,
  s16le: 2,
  s16be: 2,
  u16le: 2,
  u16be: 2,
  s24le: 3,
  s24be: 3,
  s24in32le: 4,
  s24in32be: 4,
  s32le: 4,
  s32be: 4,
  u32le: 4,
  u32be: 4,
  f32le: 4,
  f32be: 4,
  f64le: 8,
  f64be: 8,
  alaw: 1,
  mulaw: 1,
};

/** Every encoding that {@link SampleFormat} may name. */
export const ENCODINGS = Object.keys(ENCODING_BYTES) as readonly Encoding[];

/** Hz; the range of sample rates that are resampled to 16 kHz (decision 18). */
export const MIN_SAMPLE_RATE = 4_000;
/** Hz; see {@link MIN_SAMPLE_RATE}. */
export const MAX_SAMPLE_RATE = 384_000;
/** No known source interleaves more; a header that says so is damaged. */
export const MAX_CHANNELS = 255;

/** Raw, interleaved samples: what must be known to read them. */
export interface SampleFormat {
  /** How one sample is written. */
  readonly encoding: Encoding;
  /** Hz, an integer from 4,000 to 384,000. */
  readonly sampleRate: number;
  /** 1 to 255. */
  readonly channels: number;
}

/** Whether `name` is an encoding that can be decoded. */
export function isEncoding(name: string): name is Encoding {
  return Object.hasOwn(ENCODING_BYTES, name);
}

/** Bytes of one sample of one channel. */
export function bytesPerSample(encoding: Encoding): number {
  return ENCODING_BYTES[encoding];
}

/** Bytes of one sample of every channel. */
export function blockBytes({ encoding, channels }: SampleFormat): number {
  return bytesPerSample(encoding) * channels;
}

/** Whether two formats say the same. */
export function sameFormat(a: SampleFormat, b: SampleFormat): boolean {
  return a.encoding === b.encoding && a.sampleRate === b.sampleRate && a.channels === b.channels;
}

/** @throws InvalidArgumentError naming the value when `rate` is not an integer from 4,000 to 384,000 Hz. */
export function checkSampleRate(rate: number): void {
  if (!Number.isInteger(rate) || rate < MIN_SAMPLE_RATE || rate > MAX_SAMPLE_RATE) {
    throw new InvalidArgumentError(
      say`Sample rate ${String(rate)} Hz is not accepted: it must be an integer from ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE} Hz.`,
    );
  }
}

/** @throws InvalidArgumentError naming the first value of `format` that is not accepted. */
export function checkSampleFormat(format: SampleFormat): void {
  if (!isEncoding(format.encoding)) {
    throw new InvalidArgumentError(
      say`Encoding "${String(format.encoding)}" is not known. Known encodings: ${ENCODINGS.join(', ')}.`,
    );
  }
  checkSampleRate(format.sampleRate);
  const { channels } = format;
  if (!Number.isInteger(channels) || channels < 1 || channels > MAX_CHANNELS) {
    throw new InvalidArgumentError(
      say`${String(channels)} channels are not accepted: the number must be an integer from 1 to ${MAX_CHANNELS}.`,
    );
  }
}

/**
 * The numbers of the channels that are given for a choice of `channel` (decision 16).
 *
 * @throws InvalidArgumentError naming the channels there are when `channel` is not one of them.
 */
export function selectChannels(channels: number, channel?: number): readonly number[] {
  if (channel === undefined) {
    return Array.from({ length: channels }, (_, index) => index);
  }
  if (!Number.isInteger(channel) || channel < 0 || channel >= channels) {
    const there = channels === 1 ? phrase`only channel 0` : say`channels 0 to ${channels - 1}`;
    throw new InvalidArgumentError(say`There is no channel ${String(channel)}: this audio has ${there}.`);
  }
  return [channel];
}
