import {
  detectContainer,
  isWavContainer,
  PcmDecoder,
  readPayload,
  samplesToFloat32,
  WavStreamReader,
  type SampleArray,
  type SampleFormat,
} from '.';
import { BadAudioError } from '../errors';
import { TrailingChunks } from './wav/trailing-chunks';

/** Bytes that tell a WAV, and every other container with a name at its start, from raw samples. */
const HEAD_BYTES = 12;

const NO_BYTES = new Uint8Array(0);
const NO_SAMPLES = new Float32Array(0);

/** What the bytes of the stream are at this point. */
type Phase =
  | { readonly is: 'undecided'; readonly head: Uint8Array }
  /** `format`: of the WAV header that went before; otherwise what the messages declare. */
  | { readonly is: 'raw'; readonly format?: SampleFormat }
  | { readonly is: 'wav'; readonly reader: WavStreamReader }
  | { readonly is: 'after-wav'; readonly chunks: TrailingChunks; readonly format: SampleFormat };

/**
 * The audio of one stream's messages as 16 kHz mono samples. Bytes may be raw or WAV, with a header in every message
 * (as the Hermes protocol of Snips and Rhasspy has it), at the start only, or none; they may be cut anywhere, down to single
 * bytes, except that a header after the first must not be cut within its first 12 bytes. A header's format rules over a
 * declared one; what it says about lengths is not trusted.
 */
export class StreamIntake {
  readonly #channel: number | undefined;
  #phase: Phase = { is: 'undecided', head: NO_BYTES };
  #decoder: { readonly format: SampleFormat; readonly pcm: PcmDecoder } | undefined;
  #declared: SampleFormat | undefined;
  #nonFiniteBefore = 0;

  /** @param channel the one to hear of several, counted from 0; by default they are averaged (decision 19) */
  constructor(channel?: number) {
    this.#channel = channel;
  }

  /** Samples so far that were no finite number and became 0 (decision 17). */
  get nonFiniteSamples(): number {
    return this.#nonFiniteBefore + (this.#decoder?.pcm.nonFiniteSamples ?? 0);
  }

  /** Hz of what was heard last; undefined before there was anything. */
  get sampleRate(): number | undefined {
    return this.#decoder?.format.sampleRate;
  }

  /** Whether the audio so far ends within a sample. */
  get endsWithinSample(): boolean {
    return (this.#decoder?.pcm.danglingBytes ?? 0) > 0;
  }

  /**
   * Takes what one message brought.
   *
   * @param declared the format of raw samples; of samples in arrays its rate and channels
   * @throws BadAudioError when it is no audio, InvalidArgumentError for a format or channel that is not accepted;
   *   the next message is taken as if the bad one had not been
   */
  push(payload: unknown, declared: SampleFormat): Float32Array {
    this.#declared = declared;
    const audio = readPayload(payload);
    if (audio.kind === 'bytes') return this.#bytes(audio.bytes, declared);
    const { samples } = audio;
    const isFloat = samples instanceof Float32Array || samples instanceof Float64Array;
    // Floats that are not finite are for the decoder to count, not an error as in a clip (decision 17).
    const floats = isFloat ? Float32Array.from(samples) : samplesToFloat32(this.#finite(samples));
    return this.#decode(bytesOf(floats), { ...declared, encoding: 'f32le' });
  }

  /** The end of the audio: what is still held back. A last, incomplete sample is dropped. */
  flush(): Float32Array {
    const held =
      this.#phase.is === 'undecided' && this.#phase.head.length > 0 && this.#declared
        ? this.#decode(this.#phase.head, this.#declared)
        : NO_SAMPLES;
    return concatenate(held, this.#retireDecoder());
  }

  #bytes(bytes: Uint8Array, declared: SampleFormat): Float32Array {
    if (this.#phase.is !== 'undecided' && startsWithWav(bytes)) {
      this.#phase = { is: 'wav', reader: new WavStreamReader() };
      this.#decoder?.pcm.dropIncomplete(); // The samples of a WAV begin at its header, however the one before ended.
    }
    const phase = this.#phase;
    switch (phase.is) {
      case 'undecided': {
        const head = phase.head.length === 0 ? bytes : Buffer.concat([phase.head, bytes]);
        if (head.length < HEAD_BYTES) {
          this.#phase = { is: 'undecided', head: head.slice() };
          return NO_SAMPLES;
        }
        this.#phase = begin(head);
        return this.#orForget(() => this.#bytes(head, declared));
      }
      case 'raw':
        return this.#decode(bytes, phase.format ?? declared);
      case 'wav':
        return this.#orForget(() => this.#wav(phase.reader, bytes, declared));
      case 'after-wav': {
        const audio = phase.chunks.push(bytes);
        if (!audio) return NO_SAMPLES;
        this.#phase = { is: 'raw', format: phase.format };
        return this.#decode(audio, phase.format);
      }
    }
  }

  #wav(reader: WavStreamReader, bytes: Uint8Array, declared: SampleFormat): Float32Array {
    const audio = reader.push(bytes);
    const { format } = reader;
    if (!format) return NO_SAMPLES;
    const samples = this.#decode(audio, format);
    if (reader.promisedBytes === null || reader.dataBytes < reader.promisedBytes) return samples;
    const end = audio.length === 0 ? 0 : audio.byteOffset - bytes.byteOffset + audio.length;
    const rest = bytes.subarray(end);
    if (rest.length === 0) return samples;
    this.#phase = { is: 'after-wav', chunks: new TrailingChunks(), format };
    return concatenate(samples, this.#bytes(rest, declared));
  }

  #decode(bytes: Uint8Array, format: SampleFormat): Float32Array {
    let before: Float32Array = NO_SAMPLES;
    if (!this.#decoder || !sameFormat(this.#decoder.format, format)) {
      const options = this.#channel === undefined ? { mix: true } : { channel: this.#channel };
      const pcm = new PcmDecoder(format, options);
      before = this.#retireDecoder();
      this.#decoder = { format, pcm };
    }
    return concatenate(before, this.#decoder.pcm.push(bytes)[0] ?? NO_SAMPLES);
  }

  #retireDecoder(): Float32Array {
    const pcm = this.#decoder?.pcm;
    if (!pcm) return NO_SAMPLES;
    this.#decoder = undefined;
    this.#nonFiniteBefore += pcm.nonFiniteSamples;
    return pcm.flush()[0] ?? NO_SAMPLES;
  }

  /** After a bad start, the next message may make a good one. */
  #orForget(read: () => Float32Array): Float32Array {
    try {
      return read();
    } catch (error) {
      this.#phase = { is: 'undecided', head: NO_BYTES };
      throw error;
    }
  }

  #finite<Samples extends SampleArray>(samples: Samples): Samples | readonly number[] {
    if (!Array.isArray(samples)) return samples;
    const numbers: readonly number[] = samples;
    const bad = numbers.reduce((count, value) => (Number.isFinite(value) ? count : count + 1), 0);
    if (bad === 0) return numbers;
    this.#nonFiniteBefore += bad;
    return numbers.map((value) => (Number.isFinite(value) ? value : 0));
  }
}

function begin(head: Uint8Array): Phase {
  const container = detectContainer(head);
  if (container === undefined) return { is: 'raw' };
  if (isWavContainer(container)) return { is: 'wav', reader: new WavStreamReader() };
  throw new BadAudioError(
    `The stream begins as ${container}: raw samples and WAV are accepted here. ` +
      'Let an ffmpeg source decode other formats, or send a whole clip to the bytes node.',
  );
}

/** Whether a message begins with a WAV header of its own. */
export function startsWithWav(bytes: Uint8Array): boolean {
  return bytes.length >= HEAD_BYTES && isWavContainer(detectContainer(bytes.subarray(0, HEAD_BYTES)));
}

function sameFormat(a: SampleFormat, b: SampleFormat): boolean {
  return a.encoding === b.encoding && a.sampleRate === b.sampleRate && a.channels === b.channels;
}

/** Floats in the machine's order; every platform of Node.js that is supported is little-endian. */
function bytesOf(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

function concatenate(a: Float32Array, b: Float32Array): Float32Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const joined = new Float32Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
