import { BadAudioError } from '../../errors';
import { describeContent } from '../sniff';
import type { SampleFormat } from '../pcm/sample-format';
import { parseWavFormat } from './wav-format';

/** The kinds of WAV: RIFF, big-endian RIFX, 64-bit RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088), Sony Wave64. */
export type WavContainer = 'wav' | 'rifx' | 'rf64' | 'bw64' | 'w64';

/** A header longer than this is damaged; cover art and edit lists before the audio stay far below. */
const MAX_HEADER_BYTES = 64 * 1024 * 1024;
/** What is kept of a chunk that is read: an extensible format has 40 bytes, the sizes of `ds64` 24. */
const KEPT_CHUNK_BYTES = 64;

/** Chunk names of Sony Wave64 are GUIDs that begin with the four letters of RIFF; these are the rest of them. */
const W64_RIFF_TAIL = '2e91cf11a5d628db04c10000';
const W64_WAVE_TAIL = 'f3acd3118cd100c04f8edb8a';
const W64_HEADER_BYTES = 40;
const W64_CHUNK_HEADER_BYTES = 24;

const MARKERS: Readonly<Record<string, WavContainer>> = {
  RIFF: 'wav',
  RIFX: 'rifx',
  RF64: 'rf64',
  BW64: 'bw64',
};

const NOTHING = new Uint8Array(0);

type State =
  | { readonly at: 'start' }
  | { readonly at: 'chunk-header'; readonly maybePadded: boolean }
  | { readonly at: 'chunk-kept'; readonly id: string; readonly keep: number; readonly size: number }
  | { readonly at: 'skip'; readonly id: string; left: number; readonly maybePadded: boolean }
  | { readonly at: 'data' }
  | { readonly at: 'after' };

/**
 * Reads a WAV of any kind from pieces of bytes of any size (decision 15). It allocates nothing by a size that a header
 * claims, keeps no more than a few bytes, and hands the audio through as views of the bytes that came in.
 *
 * `format` and `container` are there as soon as the data chunk begins, which is before the first audio byte is given.
 */
export class WavStreamReader {
  #state: State = { at: 'start' };
  #container: WavContainer = 'wav';
  #format: SampleFormat | undefined;
  /** Bytes of a header whose rest has not come yet. */
  readonly #partial = new Uint8Array(KEPT_CHUNK_BYTES);
  #partialBytes = 0;
  #headerBytes = 0;
  #promised: number | null = null;
  #dataBytes = 0;
  #ds64DataBytes: number | null = null;

  /** How the samples are written; undefined until the data chunk begins. */
  get format(): SampleFormat | undefined {
    return this.#state.at === 'data' || this.#state.at === 'after' ? this.#format : undefined;
  }

  get container(): WavContainer {
    return this.#container;
  }

  /** Bytes before the audio; complete when {@link format} is there. */
  get headerBytes(): number {
    return this.#headerBytes;
  }

  /** Size of the audio by the header; null when the header leaves it open, as a streamed file does. */
  get promisedBytes(): number | null {
    return this.#promised;
  }

  /** Audio bytes given so far. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /**
   * Takes the next bytes; gives those of them that are audio, as a view. Chunks after the audio are not audio.
   *
   * @throws BadAudioError when the bytes are not a WAV or its header is damaged;
   *   UnsupportedWavCodecError when it is whole but takes ffmpeg
   */
  push(bytes: Uint8Array): Uint8Array {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state.at === 'data') {
        return this.#audio(bytes.subarray(at));
      }
      if (this.#state.at === 'after') {
        return NOTHING;
      }
      const used = this.#readHeader(bytes.subarray(at));
      at += used;
      this.#headerBytes += used;
      if (this.#headerBytes > MAX_HEADER_BYTES) {
        throw new BadAudioError(
          `The WAV header is damaged: no audio in its first ${MAX_HEADER_BYTES} bytes.`,
        );
      }
    }
    return NOTHING;
  }

  /**
   * The bytes have ended.
   *
   * @returns bytes of audio that the header promises and that never came; 0 when the header left the size open
   * @throws BadAudioError when they ended before the audio began
   */
  end(): number {
    const state = this.#state;
    switch (state.at) {
      case 'data':
      case 'after':
        return this.#promised === null ? 0 : this.#promised - this.#dataBytes;
      case 'skip':
        throw new BadAudioError(
          `The WAV holds no audio: it ends ${state.left} bytes before the end of its "${state.id}" chunk.`,
        );
      case 'start':
      case 'chunk-header':
      case 'chunk-kept':
        throw new BadAudioError(
          `The WAV holds no audio: it ends after ${this.#headerBytes} bytes, within its header.`,
        );
    }
  }

  #audio(bytes: Uint8Array): Uint8Array {
    const left = this.#promised === null ? bytes.length : this.#promised - this.#dataBytes;
    const audio = bytes.subarray(0, Math.min(left, bytes.length));
    this.#dataBytes += audio.length;
    if (this.#dataBytes === this.#promised) {
      this.#state = { at: 'after' };
    }
    return audio;
  }

  /** Moves the header forward by at least one byte; returns the bytes used. */
  #readHeader(bytes: Uint8Array): number {
    const state = this.#state;
    switch (state.at) {
      case 'start':
        return this.#readStart(bytes);
      case 'chunk-header':
        // Chunks of odd size are padded by a zero byte, except by writers that forget it; no name begins with zero.
        if (state.maybePadded && this.#partialBytes === 0 && bytes[0] === 0) {
          this.#state = { at: 'chunk-header', maybePadded: false };
          return 1;
        }
        return this.#collect(bytes, this.#w64 ? W64_CHUNK_HEADER_BYTES : 8, (header) => {
          this.#beginChunk(header);
        });
      case 'chunk-kept':
        return this.#collect(bytes, state.keep, (kept) => {
          this.#readChunk(state.id, kept);
          this.#skip(state.id, state.size - state.keep, state.size);
        });
      case 'skip': {
        const used = Math.min(state.left, bytes.length);
        state.left -= used;
        if (state.left === 0) {
          this.#state = { at: 'chunk-header', maybePadded: state.maybePadded };
        }
        return used;
      }
      case 'data':
      case 'after':
        return 0;
    }
  }

  get #w64(): boolean {
    return this.#container === 'w64';
  }

  get #littleEndian(): boolean {
    return this.#container !== 'rifx';
  }

  /** Gathers `size` bytes over as many pieces as it takes, then hands them on; returns the bytes used of this piece. */
  #collect(bytes: Uint8Array, size: number, then: (collected: Uint8Array) => void): number {
    const used = Math.min(size - this.#partialBytes, bytes.length);
    this.#partial.set(bytes.subarray(0, used), this.#partialBytes);
    this.#partialBytes += used;
    if (this.#partialBytes === size) {
      this.#partialBytes = 0;
      then(this.#partial.subarray(0, size));
    }
    return used;
  }

  #readStart(bytes: Uint8Array): number {
    const size = this.#partialBytes >= 4 && ascii(this.#partial, 0) === 'riff' ? W64_HEADER_BYTES : 12;
    const first = this.#partialBytes < 4 ? 4 : size;
    return this.#collect(bytes, first, (start) => {
      if (first === 4) {
        this.#partialBytes = 4;
        if (MARKERS[ascii(start, 0)] === undefined && ascii(start, 0) !== 'riff') {
          throw new BadAudioError(`This is not a WAV: it is ${describeContent(start)}.`);
        }
        return;
      }
      this.#container = containerOf(start);
      this.#state = { at: 'chunk-header', maybePadded: false };
    });
  }

  #beginChunk(header: Uint8Array): void {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const id = ascii(header, 0);
    const size = this.#w64
      ? Math.max(0, toNumber(view.getBigUint64(16, true)) - W64_CHUNK_HEADER_BYTES)
      : view.getUint32(4, this.#littleEndian);
    if (id === 'data') {
      this.#beginData(size);
    } else if ((id === 'fmt ' || id === 'ds64') && size > 0) {
      this.#state = { at: 'chunk-kept', id, keep: Math.min(size, KEPT_CHUNK_BYTES), size };
    } else {
      this.#skip(id, size, size);
    }
  }

  #beginData(size: number): void {
    if (this.#format === undefined) {
      throw new BadAudioError(
        'The WAV header is damaged: its audio begins before the "fmt " chunk that describes it.',
      );
    }
    this.#promised = this.#w64 ? sizeOrOpen64(size) : (this.#ds64Size(size) ?? sizeOrOpen32(size));
    this.#state = { at: 'data' };
  }

  #ds64Size(size: number): number | null {
    return size === 0xffff_ffff ? this.#ds64DataBytes : null;
  }

  #readChunk(id: string, kept: Uint8Array): void {
    if (id === 'fmt ') {
      this.#format = parseWavFormat(kept, this.#littleEndian);
    } else if (kept.length >= 16) {
      const view = new DataView(kept.buffer, kept.byteOffset, kept.byteLength);
      this.#ds64DataBytes = sizeOrOpen64(toNumber(view.getBigUint64(8, true)));
    }
  }

  /** Passes over the rest of a chunk. Wave64 aligns chunks to 8 bytes; RIFF pads them to 2. */
  #skip(id: string, left: number, size: number): void {
    const padding = this.#w64 ? (8 - (size % 8)) % 8 : 0;
    const maybePadded = !this.#w64 && size % 2 === 1;
    this.#state =
      left + padding > 0
        ? { at: 'skip', id, left: left + padding, maybePadded }
        : { at: 'chunk-header', maybePadded };
  }
}

function containerOf(start: Uint8Array): WavContainer {
  const marker = ascii(start, 0);
  if (marker === 'riff') {
    const hex = Buffer.from(start).toString('hex');
    if (
      hex.slice(8, 32) === W64_RIFF_TAIL &&
      ascii(start, 24) === 'wave' &&
      hex.slice(56, 80) === W64_WAVE_TAIL
    ) {
      return 'w64';
    }
    throw new BadAudioError('This is not a WAV: it begins like Sony Wave64 and does not go on like it.');
  }
  if (ascii(start, 8) !== 'WAVE') {
    throw new BadAudioError(`This is not a WAV: it is a ${marker} file of the kind "${ascii(start, 8)}".`);
  }
  return MARKERS[marker] ?? 'wav';
}

/**
 * Sizes that mean "not known when the header was written": 0 (GStreamer), 0xFFFFFFFF and just below (ffmpeg, and
 * writers that subtract the header), 2^31 and just below (sox, arecord).
 */
function sizeOrOpen32(size: number): number | null {
  const open = size === 0 || size >= 0xffff_ff00 || (size >= 0x7fff_ef00 && size <= 0x8000_0000);
  return open ? null : size;
}

function sizeOrOpen64(size: number): number | null {
  return size <= 0 || size >= Number.MAX_SAFE_INTEGER ? null : size;
}

function toNumber(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** Four letters. */
function ascii(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}
