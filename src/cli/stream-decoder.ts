import { isEncoding, ENCODINGS, PcmDecoder, type SampleFormat, WavStreamReader } from '../audio';
import { SAMPLE_RATE } from '../clock';
import { BadAudioError } from '../errors';
import { UsageError } from './report';

/** Turns the bytes of standard input into 16 kHz mono samples. */
export interface InputDecoder {
  push(bytes: Uint8Array): Float32Array;
  /** @throws BadAudioError when the sound ended before it began */
  end(): Float32Array;
  readonly nonFiniteSamples: number;
}

export interface InputFlags {
  readonly format?: string;
  readonly rate?: number;
  readonly channels?: number;
  readonly channel?: number;
}

const NOTHING = new Float32Array(0);

/**
 * A decoder for raw samples when their encoding is given, else for WAV with its header.
 *
 * @throws UsageError, InvalidArgumentError for flags that are not accepted
 */
export function createInputDecoder(flags: InputFlags): InputDecoder {
  if (flags.format === undefined) {
    if (flags.rate !== undefined || flags.channels !== undefined) {
      throw new UsageError(
        '--rate and --channels describe raw samples: add --format, such as --format s16le.',
      );
    }
    return new WavInput(flags.channel);
  }
  if (!isEncoding(flags.format)) {
    throw new UsageError(`--format is "${flags.format}": accepted are ${ENCODINGS.join(', ')}.`);
  }
  const format = {
    encoding: flags.format,
    sampleRate: flags.rate ?? SAMPLE_RATE,
    channels: flags.channels ?? 1,
  };
  return new RawInput(format, flags.channel);
}

/** Raw samples of one format; one channel, or the average of all. */
class RawInput implements InputDecoder {
  readonly #decoder: PcmDecoder;

  constructor(format: SampleFormat, channel: number | undefined) {
    this.#decoder = new PcmDecoder(format, channel === undefined ? { mix: true } : { channel });
  }

  get nonFiniteSamples(): number {
    return this.#decoder.nonFiniteSamples;
  }

  push(bytes: Uint8Array): Float32Array {
    return this.#decoder.push(bytes)[0] ?? NOTHING;
  }

  end(): Float32Array {
    return this.#decoder.flush()[0] ?? NOTHING;
  }
}

/** A WAV whose header says how the samples are written. */
class WavInput implements InputDecoder {
  readonly #reader = new WavStreamReader();
  readonly #channel: number | undefined;
  #samples: RawInput | undefined;

  constructor(channel: number | undefined) {
    this.#channel = channel;
  }

  get nonFiniteSamples(): number {
    return this.#samples?.nonFiniteSamples ?? 0;
  }

  push(bytes: Uint8Array): Float32Array {
    const audio = this.#read(bytes);
    const { format } = this.#reader;
    if (format === undefined) return NOTHING;
    this.#samples ??= new RawInput(format, this.#channel);
    return this.#samples.push(audio);
  }

  end(): Float32Array {
    this.#reader.end();
    return this.#samples?.end() ?? NOTHING;
  }

  #read(bytes: Uint8Array): Uint8Array {
    try {
      return this.#reader.push(bytes);
    } catch (cause) {
      if (!(cause instanceof BadAudioError)) throw cause;
      throw new BadAudioError(
        `${cause.message} For raw samples add --format, such as --format s16le; pipe everything else through ffmpeg: ffmpeg -i INPUT -f wav - | deeptone stream ...`,
        { cause },
      );
    }
  }
}
