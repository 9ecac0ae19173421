/** Bytes and samples of known formats, as they follow each other in one sound, to 16 kHz channels. */
import { SAMPLE_RATE } from '../clock';
import { BadAudioError } from '../errors';
import { phrase, say } from '../sentence';
import { DecoderWarnings } from './decoder-warnings';
import { concatenateChannels } from './pcm/concatenate';
import { PcmDecoder } from './pcm/pcm-decoder';
import { sameFormat, type SampleFormat } from './pcm/sample-format';

/** Samples at 16 kHz, full scale 1.0: one array per channel that is given, of equal lengths. */
export type DecodedChannels = readonly Float32Array[];

/** The average of all channels, each on its own, or one, counted from 0. */
export type Channels = 'mix' | 'each' | number;

export const NO_SAMPLES = new Float32Array(0);

/** Samples in pieces of at most a second; nothing where there are none. */
export function* inSeconds(samples: DecodedChannels): Generator<DecodedChannels, void, undefined> {
  const length = samples[0]?.length ?? 0;
  for (let at = 0; at < length; at += SAMPLE_RATE) {
    yield length <= SAMPLE_RATE ? samples : samples.map((channel) => channel.subarray(at, at + SAMPLE_RATE));
  }
}

export interface SampleSinkOptions {
  readonly channels?: Channels;
  readonly nonFinite?: 'silence' | 'refuse';
  readonly name?: string;
}

/** Decodes what follows each other in one sound; where the format changes, what was held back comes first. */
export class SampleSink {
  readonly warnings: DecoderWarnings;
  readonly #options: SampleSinkOptions;
  #decoder: { readonly format: SampleFormat; readonly pcm: PcmDecoder } | undefined;
  #channels: readonly number[] | undefined;
  #format: SampleFormat | undefined;
  #nonFiniteBefore = 0;
  #firstNonFinite = Infinity;

  readonly #found = () => ({ count: this.nonFiniteSamples, first: this.firstNonFiniteSample });

  constructor(options: SampleSinkOptions) {
    this.#options = options;
    this.warnings = new DecoderWarnings(options.name ?? phrase`The audio`);
  }

  get channels(): readonly number[] | undefined {
    return this.#channels;
  }

  get format(): SampleFormat | undefined {
    return this.#format;
  }

  get nonFiniteSamples(): number {
    return this.#nonFiniteBefore + (this.#decoder?.pcm.nonFiniteSamples ?? 0);
  }

  get firstNonFiniteSample(): number {
    return Math.min(this.#firstNonFinite, this.#decoder?.pcm.firstNonFiniteSample ?? Infinity);
  }

  get danglingBytes(): number {
    return this.#decoder?.pcm.danglingBytes ?? 0;
  }

  /** No samples, of each channel. */
  get nothing(): DecodedChannels {
    return (this.#channels ?? [0]).map(() => NO_SAMPLES);
  }

  /** @throws InvalidArgumentError for a format or channel that is not accepted, BadAudioError for what is not finite where that is refused */
  bytes(bytes: Uint8Array, format: SampleFormat): DecodedChannels {
    if (this.#isOther(format)) return this.nothing;
    const [before, pcm] = this.#decoderOf(format);
    return this.#told(this.joined([before, pcm.push(bytes)]), pcm);
  }

  /** @param samples interleaved, full scale 1.0 */
  samples(samples: Float32Array, format: SampleFormat): DecodedChannels {
    if (this.#isOther(format)) return this.nothing;
    const [before, pcm] = this.#decoderOf(format);
    return this.#told(this.joined([before, pcm.pushSamples(samples)]), pcm);
  }

  /** Forgets the beginning of a sample whose rest will not come. */
  dropIncomplete(): void {
    this.#decoder?.pcm.dropIncomplete();
  }

  /** What is held back; another format may begin afterwards. */
  flush(): DecodedChannels {
    const pcm = this.#decoder?.pcm;
    if (!pcm) return this.nothing;
    if (pcm.danglingBytes > 0) this.warnings.incompleteSample();
    this.#firstNonFinite = this.firstNonFiniteSample;
    this.#nonFiniteBefore += pcm.nonFiniteSamples;
    this.#decoder = undefined;
    return pcm.flush();
  }

  joined(pieces: readonly DecodedChannels[]): DecodedChannels {
    return pieces.length === 0 ? this.nothing : concatenateChannels(pieces);
  }

  /** Whether audio has other channels than that before it, of which those that are given are missing: then it is not heard, and that is told. */
  #isOther({ channels }: SampleFormat): boolean {
    const before = this.#format?.channels;
    const { channels: given } = this.#options;
    const isMissing = given === 'each' ? before !== channels : typeof given === 'number' && given >= channels;
    if (before === undefined || !isMissing) return false;
    this.warnings.otherChannels(before, channels);
    return true;
  }

  #decoderOf(format: SampleFormat): readonly [before: DecodedChannels, pcm: PcmDecoder] {
    if (this.#decoder && sameFormat(this.#decoder.format, format)) return [this.nothing, this.#decoder.pcm];
    const { channels = 'mix' } = this.#options;
    const pick = channels === 'mix' ? { mix: true } : channels === 'each' ? {} : { channel: channels };
    const pcm = new PcmDecoder(format, pick);
    const before = this.#decoder ? this.flush() : pcm.channels.map(() => NO_SAMPLES);
    this.#decoder = { format, pcm };
    this.#channels = pcm.channels;
    this.#format = format;
    return [before, pcm];
  }

  #told(samples: DecodedChannels, pcm: PcmDecoder): DecodedChannels {
    if (pcm.nonFiniteSamples > 0) {
      if (this.#options.nonFinite === 'refuse') {
        throw new BadAudioError(
          say`Sample ${pcm.firstNonFiniteSample} is not a finite number: finite numbers at full scale 1.0 are accepted.`,
        );
      }
      this.warnings.nonFinite(this.#found);
    }
    if (pcm.hasCancelled) this.warnings.channelsCancel();
    this.warnings.scale(pcm.peak);
    return samples;
  }
}
