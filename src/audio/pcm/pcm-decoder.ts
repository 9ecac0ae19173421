import { InvalidArgumentError } from '../../errors';
import { Resampler } from './resampler';
import { decodeChannel } from './sample-codec';
import { bytesPerSample, checkSampleFormat, selectChannels, type SampleFormat } from './sample-format';

export interface PcmDecoderOptions {
  /** Give this channel alone, counted from 0. */
  readonly channel?: number;
  /** Give one channel, the average of all. Not together with `channel`. */
  readonly mix?: boolean;
}

/**
 * Raw interleaved bytes of a declared format in, 16 kHz samples per channel out. State carries from piece to piece, so pieces
 * may be of any size, down to single bytes: the output is bit-identical for every split.
 */
export class PcmDecoder {
  /** Numbers of the channels that are given, in the order of the arrays; `[0]` for a mix. */
  readonly channels: readonly number[];
  readonly #format: SampleFormat;
  readonly #mix: boolean;
  readonly #sampleBytes: number;
  readonly #blockBytes: number;
  readonly #resamplers: readonly Resampler[];
  /** The beginning of a block whose rest has not come yet. */
  readonly #carry: Uint8Array;
  #carried = 0;
  #nonFinite = 0;
  #firstNonFinite = Infinity;
  #blocks = 0;
  #flushed = false;

  /** @throws InvalidArgumentError for a format that is not accepted or a channel that is not there */
  constructor(format: SampleFormat, options: PcmDecoderOptions = {}) {
    checkSampleFormat(format);
    if (options.mix === true && options.channel !== undefined) {
      throw new InvalidArgumentError(
        'Either one channel is picked or all are mixed: give "channel" or "mix", not both.',
      );
    }
    this.#format = format;
    this.#mix = options.mix === true && format.channels > 1;
    this.channels = options.mix === true ? [0] : selectChannels(format.channels, options.channel);
    this.#sampleBytes = bytesPerSample(format.encoding);
    this.#blockBytes = this.#sampleBytes * format.channels;
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

  /** Bytes of a last, incomplete sample: dropped when the stream ends here. */
  get danglingBytes(): number {
    return this.#carried;
  }

  /** Takes the next bytes; gives one array per channel, of equal lengths, at full scale 1.0. They may be empty. */
  push(bytes: Uint8Array): readonly Float32Array[] {
    if (this.#flushed) {
      throw new Error('push() after flush()');
    }
    let rest = bytes;
    const head: Float32Array[] = [];
    if (this.#carried > 0) {
      const missing = Math.min(this.#blockBytes - this.#carried, bytes.length);
      this.#carry.set(bytes.subarray(0, missing), this.#carried);
      this.#carried += missing;
      rest = bytes.subarray(missing);
      if (this.#carried < this.#blockBytes) {
        return this.channels.map(() => new Float32Array(0));
      }
      this.#carried = 0;
      head.push(...this.#decode(this.#carry, 1));
    }
    const blocks = Math.floor(rest.length / this.#blockBytes);
    const tail = rest.subarray(blocks * this.#blockBytes);
    this.#carry.set(tail);
    this.#carried = tail.length;
    const body = this.#decode(rest, blocks);
    return head.length === 0 ? body : body.map((samples, index) => concatenated(head[index], samples));
  }

  /** Forgets the beginning of a sample whose rest will not come. */
  dropIncomplete(): void {
    this.#carried = 0;
  }

  /** Gives what the resampler still holds and ends the stream; a last, incomplete sample is dropped. */
  flush(): readonly Float32Array[] {
    this.#flushed = true;
    return this.#resamplers.map((resampler) => resampler.flush());
  }

  #decode(bytes: Uint8Array, blocks: number): readonly Float32Array[] {
    const channels = this.#mix
      ? [this.#average(bytes, blocks)]
      : this.channels.map((channel) => this.#decodeChannel(bytes, blocks, channel));
    this.#blocks += blocks;
    return this.#resampled(channels);
  }

  #decodeChannel(bytes: Uint8Array, blocks: number, channel: number): Float32Array {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out = new Float32Array(blocks);
    const offset = channel * this.#sampleBytes;
    const found = decodeChannel(this.#format.encoding, view, offset, this.#blockBytes, out);
    this.#nonFinite += found;
    if (found > 0 && this.#firstNonFinite >= this.#blocks) {
      const first = this.#blocks + this.#firstBad(view, offset);
      this.#firstNonFinite = Math.min(this.#firstNonFinite, first);
    }
    return out;
  }

  /** Number of the first sample of a channel that is not finite; there is one. */
  #firstBad(view: DataView, offset: number): number {
    const one = new Float32Array(1);
    for (let i = 0; ; i++) {
      const at = offset + i * this.#blockBytes;
      if (decodeChannel(this.#format.encoding, view, at, this.#blockBytes, one) > 0) return i;
    }
  }

  #average(bytes: Uint8Array, blocks: number): Float32Array {
    const sum = new Float64Array(blocks);
    for (let channel = 0; channel < this.#format.channels; channel++) {
      const samples = this.#decodeChannel(bytes, blocks, channel);
      for (let i = 0; i < blocks; i++) sum[i] = (sum[i] ?? 0) + (samples[i] ?? 0);
    }
    return Float32Array.from(sum, (value) => value / this.#format.channels);
  }

  #resampled(channels: readonly Float32Array[]): readonly Float32Array[] {
    return this.#resamplers.map((resampler, index) => resampler.push(channels[index] ?? new Float32Array(0)));
  }
}

function concatenated(first: Float32Array | undefined, second: Float32Array): Float32Array {
  if (first === undefined || first.length === 0) return second;
  const out = new Float32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
