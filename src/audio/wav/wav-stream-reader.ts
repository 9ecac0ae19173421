import { BadAudioError } from '../../errors';
import { say } from '../../sentence';
import type { SampleFormat } from '../pcm/sample-format';
import { describeContent } from '../not-audio';
import { findWavHeader, mayBeginWavHeader } from './header-scan';
import {
  ascii,
  CHUNK_NAME,
  containerOf,
  KNOWN_CHUNKS,
  MARKERS,
  sizeOrOpen32,
  sizeOrOpen64,
  toNumber,
  W64_CHUNK_HEADER_BYTES,
  W64_HEADER_BYTES,
  type WavContainer,
} from './wav-chunks';
import { parseWavFormat } from './wav-format';

/** A header longer than this is damaged; cover art and edit lists before the audio stay far below. */
const MAX_HEADER_BYTES = 64 * 1024 * 1024;
/** What is kept of a chunk that is read: an extensible format has 40 bytes, the sizes of `ds64` 24. */
const KEPT_CHUNK_BYTES = 64;

const NOTHING = new Uint8Array(0);

type State =
  | { readonly at: 'start' }
  /** `padding`: whether a byte of padding may stand before it. */
  | { readonly at: 'chunk-header'; readonly padding: boolean }
  | { readonly at: 'chunk-kept'; readonly id: string; readonly keep: number; readonly size: number }
  | { readonly at: 'skip'; readonly id: string; left: number; readonly padding: boolean }
  /** A data chunk of size 0 has begun: audio up to the end, or none. */
  | { readonly at: 'empty-data' }
  | { readonly at: 'data' };

/** Bytes of audio of one format. */
export interface AudioRun {
  readonly format: SampleFormat;
  readonly audio: Uint8Array;
  /** A sample begins here, however the bytes before ended. */
  readonly begins: boolean;
}

/** What was found about lengths, once the bytes have ended. */
export interface WavLengths {
  /** Bytes of audio that headers promise and that never came. */
  readonly missing: number;
  /** Bytes of audio behind what a header promises. */
  readonly beyond: number;
  /** WAVs that began after the first. */
  readonly joined: number;
}

/**
 * Reads uncompressed audio from pieces of bytes of any size (decision 15): a WAV of any kind, one after the other, or raw samples
 * in which a WAV may begin. What headers say about lengths is not trusted: audio behind the promised is audio, unless it is a
 * chunk, and another header begins another WAV wherever it stands. It allocates nothing by a size that a header claims,
 * keeps no more than a few bytes, and hands the audio through as views of the bytes that came in.
 */
export class WavStreamReader {
  #state: State;
  #container: WavContainer = 'wav';
  #format: SampleFormat | undefined;
  /** Bytes of a header whose rest has not come yet. */
  readonly #partial = new Uint8Array(KEPT_CHUNK_BYTES);
  #partialBytes = 0;
  /** Audio in whose bytes a header may begin. */
  #held: Uint8Array = NOTHING;
  #headerBytes = 0;
  #promised: number | null = null;
  #dataBytes = 0;
  #ds64DataBytes: number | null = null;
  /** Whether this WAV's audio has begun, so that what follows may be audio without being announced. */
  #hasBegun: boolean;
  #isRaw: boolean;
  /** The next run begins a sample. */
  #begins = true;
  #missing = 0;
  #beyond = 0;
  #isBeyond = false;
  #wavs = 0;

  /** @param raw the bytes begin with raw samples of the format that is declared with them */
  constructor(raw = false) {
    this.#isRaw = raw;
    this.#hasBegun = raw;
    this.#state = raw ? { at: 'data' } : { at: 'start' };
  }

  /** How the samples of the last WAV are written; undefined until its audio begins, and for raw samples. */
  get format(): SampleFormat | undefined {
    return this.#hasBegun ? this.#format : undefined;
  }

  get container(): WavContainer {
    return this.#container;
  }

  /** Bytes before the first audio; complete when {@link format} is there. */
  get headerBytes(): number {
    return this.#headerBytes;
  }

  /** Size of the audio by the last header; null when the header leaves it open, as a streamed file does. */
  get promisedBytes(): number | null {
    return this.#promised;
  }

  /** What is wrong with lengths so far; complete after {@link end}. */
  get lengths(): WavLengths {
    return { missing: this.#missing, beyond: this.#beyond, joined: Math.max(0, this.#wavs - 1) };
  }

  /**
   * Takes the next bytes; gives those of them that are audio.
   *
   * @param declared what raw samples are; not asked for once a header has said it
   * @throws BadAudioError when the bytes are not a WAV or its header is damaged;
   *   UnsupportedWavCodecError when it is whole but takes ffmpeg
   */
  push(bytes: Uint8Array, declared?: SampleFormat): readonly AudioRun[] {
    const runs: AudioRun[] = [];
    this.#feed(bytes, declared, runs);
    return runs;
  }

  /**
   * The bytes have ended.
   *
   * @returns the last audio
   * @throws BadAudioError when they ended before any audio began
   */
  end(declared?: SampleFormat): readonly AudioRun[] {
    const runs: AudioRun[] = [];
    if (!this.#hasBegun && this.#wavs <= 1) this.#failWithoutAudio();
    if (this.#state.at === 'empty-data') {
      this.#hasBegun = true;
      this.#give(this.#partial.slice(0, this.#partialBytes), declared, runs);
    }
    this.#give(this.#held, declared, runs);
    this.#held = NOTHING;
    this.#closeData();
    return runs;
  }

  #failWithoutAudio(): void {
    const state = this.#state;
    switch (state.at) {
      case 'skip':
        throw new BadAudioError(
          say`The WAV holds no audio: it ends ${state.left} bytes before the end of its "${state.id}" chunk.`,
        );
      case 'start':
      case 'chunk-header':
      case 'chunk-kept':
        throw new BadAudioError(
          say`The WAV holds no audio: it ends after ${this.#headerBytes} bytes, within its header.`,
        );
      case 'empty-data':
      case 'data':
        return;
    }
  }

  /** @param isAgain they were looked at before */
  #feed(bytes: Uint8Array, declared: SampleFormat | undefined, runs: AudioRun[], isAgain = false): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#state.at === 'data') {
        rest = this.#audio(rest, declared, runs);
        continue;
      }
      const isFirstHeader = !this.#hasBegun && this.#wavs <= 1;
      const used = this.#readHeader(rest, declared, runs);
      rest = rest.subarray(used);
      if (isFirstHeader && !isAgain) this.#headerBytes += used;
      if (this.#headerBytes > MAX_HEADER_BYTES) {
        throw new BadAudioError(
          say`The WAV header is damaged: no audio in its first ${MAX_HEADER_BYTES} bytes.`,
        );
      }
    }
  }

  /** Gives audio up to its promised end or another header; returns the bytes after that. */
  #audio(bytes: Uint8Array, declared: SampleFormat | undefined, runs: AudioRun[]): Uint8Array {
    const all = joined(this.#held, bytes);
    this.#held = NOTHING;
    const left = this.#promised === null ? Infinity : this.#promised - this.#dataBytes;
    const header = findWavHeader(all);
    if (header >= 0 && header < left) {
      this.#give(all.subarray(0, header), declared, runs);
      this.#closeData();
      this.#beginWav();
      return all.subarray(header);
    }
    const maybe = header >= 0 ? all.length : mayBeginWavHeader(all);
    if (left <= maybe) {
      this.#give(all.subarray(0, left), declared, runs);
      this.#state = { at: 'chunk-header', padding: !this.#w64 && this.#dataBytes % 2 === 1 };
      return all.subarray(left);
    }
    this.#give(all.subarray(0, maybe), declared, runs);
    this.#held = Uint8Array.prototype.slice.call(all, maybe);
    return NOTHING;
  }

  #give(audio: Uint8Array, declared: SampleFormat | undefined, runs: AudioRun[]): void {
    const format = this.#isRaw ? declared : this.#format;
    if (audio.length === 0 || !format) return;
    this.#dataBytes += audio.length;
    if (this.#isBeyond) this.#beyond += audio.length;
    runs.push({ format, audio, begins: this.#begins });
    this.#begins = false;
  }

  /** The present audio is at its end, by its length or by another header. */
  #closeData(): void {
    if (this.#promised !== null) this.#missing += Math.max(0, this.#promised - this.#dataBytes);
    this.#promised = null;
    this.#dataBytes = 0;
  }

  #beginWav(): void {
    this.#state = { at: 'start' };
    this.#isRaw = false;
    this.#hasBegun = false;
    this.#isBeyond = false;
    this.#format = undefined;
    this.#ds64DataBytes = null;
    this.#partialBytes = 0;
    if (this.#wavs === 0) this.#wavs = 1; // What went before was raw samples.
  }

  /** What stands here is no chunk: it is audio, and all that follows. */
  #goOnBeyond(bytes: Uint8Array, declared: SampleFormat | undefined, runs: AudioRun[]): void {
    this.#promised = null;
    this.#isBeyond = true;
    this.#state = { at: 'data' };
    this.#feed(bytes, declared, runs, true);
  }

  /** Moves the header forward by at least one byte; returns the bytes used. */
  #readHeader(bytes: Uint8Array, declared: SampleFormat | undefined, runs: AudioRun[]): number {
    const state = this.#state;
    switch (state.at) {
      case 'start':
        return this.#readStart(bytes);
      case 'chunk-header': {
        const size = (this.#w64 ? W64_CHUNK_HEADER_BYTES : 8) + (state.padding ? 1 : 0);
        return this.#collect(bytes, size, (header) => {
          this.#readChunkHeader(header.slice(), state.padding, declared, runs);
        });
      }
      case 'empty-data':
        return this.#collect(bytes, 8, (first) => {
          this.#state = { at: 'data' };
          const isChunk = KNOWN_CHUNKS.has(ascii(first, 0));
          if (isChunk) this.#state = { at: 'chunk-header', padding: false };
          else this.#hasBegun = true;
          if (!isChunk) this.#headerBytes -= first.length;
          this.#feed(first.slice(), declared, runs, true);
        });
      case 'chunk-kept':
        return this.#collect(bytes, state.keep, (kept) => {
          this.#readChunk(state.id, kept);
          this.#skip(state.id, state.size - state.keep, state.size);
        });
      case 'skip': {
        const used = Math.min(state.left, bytes.length);
        state.left -= used;
        if (state.left === 0) this.#state = { at: 'chunk-header', padding: state.padding };
        return used;
      }
      case 'data':
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
          throw new BadAudioError(say`This is not a WAV: it is ${describeContent(start)}.`);
        }
        return;
      }
      this.#container = containerOf(start);
      this.#wavs++;
      this.#begins = true;
      this.#state = { at: 'chunk-header', padding: false };
    });
  }

  /** Chunks of odd size are padded by a byte, which sox and ffmpeg pass over whatever it is; some writers forget it. */
  #readChunkHeader(
    bytes: Uint8Array,
    padding: boolean,
    declared: SampleFormat | undefined,
    runs: AudioRun[],
  ): void {
    const at = padding && !(KNOWN_CHUNKS.has(ascii(bytes, 0)) && !KNOWN_CHUNKS.has(ascii(bytes, 1))) ? 1 : 0;
    const header = bytes.subarray(at);
    const id = ascii(header, 0);
    if (this.#hasBegun && (MARKERS[id] !== undefined || id === 'riff')) {
      this.#closeData();
      this.#beginWav();
      this.#feed(header, declared, runs, true);
      return;
    }
    if (this.#hasBegun && !KNOWN_CHUNKS.has(id) && !CHUNK_NAME.test(id)) {
      this.#goOnBeyond(bytes, declared, runs);
      return;
    }
    const width = this.#w64 ? W64_CHUNK_HEADER_BYTES : 8;
    this.#beginChunk(header.subarray(0, width));
    this.#feed(header.subarray(width), declared, runs, true);
  }

  #beginChunk(header: Uint8Array): void {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const id = ascii(header, 0);
    const size = this.#w64
      ? Math.max(0, toNumber(view.getBigUint64(16, true)) - W64_CHUNK_HEADER_BYTES)
      : view.getUint32(4, this.#littleEndian);
    if (id === 'data') {
      this.#beginData(size);
    } else if ((id === 'fmt ' || id === 'ds64') && size > 0 && !this.#hasBegun) {
      this.#state = { at: 'chunk-kept', id, keep: Math.min(size, KEPT_CHUNK_BYTES), size };
    } else {
      this.#skip(id, size, size);
    }
  }

  #beginData(size: number): void {
    if (this.#format === undefined) {
      throw new BadAudioError(
        say`The WAV header is damaged: its audio begins before the "fmt " chunk that describes it.`,
      );
    }
    this.#closeData();
    this.#begins = true;
    if (size === 0) {
      this.#state = { at: 'empty-data' };
      return;
    }
    this.#promised = this.#w64 ? sizeOrOpen64(size) : (this.#ds64Size(size) ?? sizeOrOpen32(size));
    this.#hasBegun = true;
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
    const align = this.#w64 ? (8 - (size % 8)) % 8 : 0;
    const padding = !this.#w64 && size % 2 === 1;
    this.#state =
      left + align > 0 ? { at: 'skip', id, left: left + align, padding } : { at: 'chunk-header', padding };
  }
}

function joined(held: Uint8Array, bytes: Uint8Array): Buffer {
  if (held.length > 0) return Buffer.concat([held, bytes]);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
