import { InvalidArgumentError } from '../../errors';
import { say } from '../../sentence';
import { ChannelMix } from './channel-mix';
import { concatenate, concatenateChannels } from './concatenate';
import { Resampler } from './resampler';
import { decodeChannel, LARGEST_SAMPLE } from './sample-codec';
import {
  blockBytes,
  bytesPerSample,
  checkSampleFormat,
  selectChannels,
  type SampleFormat,
} from './sample-format';

export interface PcmDecoderOptions {
  /** Give this channel alone, counted from 0. */
  readonly channel?: number;
  /** Give one channel, the average of all, or the loudest while they cancel each other out. Not together with `channel`. */
  readonly mix?: boolean;
}

/** No array of samples. */
const NONE = new Float32Array(0);

/**
 * Raw interleaved bytes of a declared format in, or samples, 16 kHz samples per channel out. State carries from piece to piece, so pieces
 * may be of any size, down to single bytes: the output is bit-identical for every split.
 */
export class PcmDecoder {
  /** Numbers of the channels that are given, in the order of the arrays; `[0]` for a mix. */
  readonly channels: readonly number[];
  readonly #format: SampleFormat;
  readonly #mix: ChannelMix | undefined;
  readonly #sampleBytes: number;
  readonly #blockBytes: number;
  readonly #resamplers: readonly Resampler[];
  /** The beginning of a block whose rest has not come yet. */
  readonly #carry: Uint8Array;
  #carried = 0;
  /** The same, of samples that came as such. */
  #carriedSamples: Float32Array = NONE;
  #nonFinite = 0;
  #firstNonFinite = Infinity;
  #blocks = 0;
  #peak = 0;
  #flushed = false;

  /** @throws InvalidArgumentError for a format that is not accepted or a channel that is not there */
  constructor(format: SampleFormat, options: PcmDecoderOptions = {}) {
    checkSampleFormat(format);
    if (options.mix === true && options.channel !== undefined) {
      throw new InvalidArgumentError(
        say`Either one channel is picked or all are mixed: give "channel" or "mix", not both.`,
      );
    }
    this.#format = format;
    this.#mix = options.mix === true && format.channels > 1 ? new ChannelMix(format.channels) : undefined;
    this.channels = options.mix === true ? [0] : selectChannels(format.channels, options.channel);
    this.#sampleBytes = bytesPerSample(format.encoding);
    this.#blockBytes = blockBytes(format);
    this.#resamplers = this.channels.map(() => new Resampler(format.sampleRate));
    this.#carry = new Uint8Array(this.#blockBytes);
  }

  /** NaN, infinite and absurdly large float samples so far, in the channels that are given; each became 0 (decision 17). */
  get nonFiniteSamples(): number {
    return this.#nonFinite;
  }

  /** Position of the first of them: samples of its channel before it, at the format's own rate. Infinity while there is none. */
  get firstNonFiniteSample(): number {
    return this.#firstNonFinite;
  }

  /** Samples per channel so far, at the format's own rate. */
  get inputSamples(): number {
    return this.#blocks;
  }

  /** Largest magnitude of the samples of floats so far, full scale 1.0; 0 for other encodings. */
  get peak(): number {
    return this.#peak;
  }

  /** Whether channels that are mixed have cancelled each other out, so that the loudest was given (decision 19). */
  get hasCancelled(): boolean {
    return this.#mix?.hasCancelled ?? false;
  }

  /** Bytes of a last, incomplete sample: dropped when the stream ends here. */
  get danglingBytes(): number {
    return this.#carried;
  }

  /** Takes the next bytes; gives one array per channel, of equal lengths, at full scale 1.0. They may be empty. */
  push(bytes: Uint8Array): readonly Float32Array[] {
    this.#checkOpen();
    let rest = bytes;
    const head: (readonly Float32Array[])[] = [];
    if (this.#carried > 0) {
      const missing = Math.min(this.#blockBytes - this.#carried, bytes.length);
      this.#carry.set(bytes.subarray(0, missing), this.#carried);
      this.#carried += missing;
      rest = bytes.subarray(missing);
      if (this.#carried < this.#blockBytes) return this.channels.map(() => NONE);
      this.#carried = 0;
      head.push(this.#decode(this.#carry, 1));
    }
    const blocks = Math.floor(rest.length / this.#blockBytes);
    const tail = rest.subarray(blocks * this.#blockBytes);
    this.#carry.set(tail);
    this.#carried = tail.length;
    return concatenateChannels([...head, this.#decode(rest, blocks)]);
  }

  /**
   * Takes samples of all channels, interleaved, in the place of bytes; otherwise as {@link push}.
   *
   * @param samples full scale 1.0; left as they are
   */
  pushSamples(samples: Float32Array): readonly Float32Array[] {
    this.#checkOpen();
    const count = this.#format.channels;
    const all = concatenate([this.#carriedSamples, samples]);
    const blocks = Math.floor(all.length / count);
    this.#carriedSamples = all.slice(blocks * count);
    return this.#given(blocks, (channel) => {
      const out = new Float32Array(blocks);
      let found = 0;
      for (let i = 0, at = channel; i < blocks; i++, at += count) {
        const sample = all[at] ?? 0;
        if (Math.abs(sample) <= LARGEST_SAMPLE) out[i] = sample;
        else if (found++ === 0) this.#firstNonFinite = Math.min(this.#firstNonFinite, this.#blocks + i);
      }
      this.#nonFinite += found;
      this.#measure(out);
      return out;
    });
  }

  /** Forgets the beginning of a sample whose rest will not come. */
  dropIncomplete(): void {
    this.#carried = 0;
    this.#carriedSamples = NONE;
  }

  /** Gives what the resampler still holds and ends the stream; a last, incomplete sample is dropped. */
  flush(): readonly Float32Array[] {
    this.#flushed = true;
    return this.#resamplers.map((resampler) => resampler.flush());
  }

  #checkOpen(): void {
    if (this.#flushed) throw new Error('push() after flush()');
  }

  #decode(bytes: Uint8Array, blocks: number): readonly Float32Array[] {
    return this.#given(blocks, (channel) => this.#decodeChannel(bytes, blocks, channel));
  }

  /** The channels that are asked for, at 16 kHz. */
  #given(blocks: number, read: (channel: number) => Float32Array): readonly Float32Array[] {
    const all = this.#mix
      ? Array.from({ length: this.#format.channels }, (_, index) => index)
      : this.channels;
    const samples = all.map(read);
    const given = this.#mix ? [this.#mix.mix(samples)] : samples;
    this.#blocks += blocks;
    return this.#resamplers.map((resampler, index) => resampler.push(given[index] ?? NONE));
  }

  #decodeChannel(bytes: Uint8Array, blocks: number, channel: number): Float32Array {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out = new Float32Array(blocks);
    const offset = channel * this.#sampleBytes;
    const { encoding } = this.#format;
    const found = decodeChannel(encoding, view, offset, this.#blockBytes, out);
    this.#nonFinite += found;
    if (found > 0 && this.#firstNonFinite >= this.#blocks) {
      const first = this.#blocks + this.#firstBad(view, offset);
      this.#firstNonFinite = Math.min(this.#firstNonFinite, first);
    }
    if (encoding.startsWith('f')) this.#measure(out);
    return out;
  }

  #measure(samples: Float32Array): void {
    for (const sample of samples) {
      const magnitude = Math.abs(sample);
      if (magnitude > this.#peak) this.#peak = magnitude;
    }
  }

  /** Number of the first sample of a channel that is not finite; there is one. */
  #firstBad(view: DataView, offset: number): number {
    const one = new Float32Array(1);
    for (let i = 0; ; i++) {
      const at = offset + i * this.#blockBytes;
      if (decodeChannel(this.#format.encoding, view, at, this.#blockBytes, one) > 0) return i;
    }
  }
}
