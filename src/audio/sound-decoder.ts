import { SAMPLE_RATE } from '../clock';
import { BadAudioError } from '../errors';
import { type Sentence, phrase, say } from '../sentence';
import type { Steps } from '../steps';
import { CompressedSound } from './compressed-sound';
import { checkAttached } from './detached';
import { HEAD_BYTES, mayBeginContainer } from './containers';
import type { AudioWarning } from './decoder-warning';
import type { FoundAudio, StatedBeside } from './json-audio';
import { isAllText, looksWritten, textKind } from './text-kind';
import { SampleSink, type Channels, type DecodedChannels } from './sample-sink';
import { OrderWatch } from './sample-order';
import { FEW_BYTES, judge, type Verdict } from './sniff';
import { isWordsAmong, textAudio, type TextAudio } from './text-audio';
import { blockBytes, type SampleFormat } from './pcm/sample-format';
import { samplesToFloat32, scaledNumbers, type SampleArray } from './pcm/sample-array';
import { UnsupportedWavCodecError } from './wav/wav-format';
import { checkWavSamples } from './wav/wav-samples';
import { WavStreamReader, type AudioRun } from './wav/wav-stream-reader';

/** How sound that comes in pieces is decoded. Each is a difference between ways in that is wanted (decision 15). */
export interface SoundDecoderOptions {
  /** Which channels to give: their average (the default), each on its own, or one, counted from 0 (decisions 16, 19). */
  readonly channels?: Channels;
  /** What becomes of samples that are no finite numbers: silence (the default) or an error (decision 17). */
  readonly nonFinite?: 'silence' | 'refuse';
  /** Whether bytes of no known kind are raw samples; otherwise they are refused, as in a file. Default true. */
  readonly takesRaw?: boolean;
  /** The bytes are known to be a WAV, as those are that ffmpeg gives. Default false. */
  readonly isWav?: boolean;
  /** A WAV whose samples are in a codec is refused, for who has all of it and can give it to ffmpeg whole. Default false: it goes through a pipe. */
  readonly refusesWavCodecs?: boolean;
  /** Pieces are messages: text among samples is passed over. Default false. */
  readonly isMessages?: boolean;
  /** The ffmpeg program for compressed audio; searched for otherwise. */
  readonly ffmpegPath?: string;
  readonly signal?: AbortSignal;
  /** What else is to be told, by whoever made the bytes. */
  readonly moreWarnings?: () => readonly AudioWarning[];
  /** The audio in error messages, as the subject of a sentence. Default "The audio". */
  readonly name?: string;
}

/** What raw samples are. */
export interface Declared {
  readonly format: SampleFormat;
  /** Whoever sent the piece says so itself, so that bytes are samples even where they look like something else. */
  readonly isStated?: boolean;
}

/** What raw samples are where nobody says anything: the stream format of the API reference. */
export const DEFAULT_FORMAT: SampleFormat = { encoding: 's16le', sampleRate: SAMPLE_RATE, channels: 1 };
const DEFAULT: Declared = { format: DEFAULT_FORMAT };

/** Bytes of a WAV header that are kept until it is known whether its samples are in a codec: all but of those with pictures. */
const LONGEST_HEADER = 65_536;

/** Letters of a message, fewer of which are told from samples by their number alone. */
const SHORTEST_TEXT = 4;

const NO_BYTES = Buffer.alloc(0);

/** Bytes and samples that are decoded in one step: of 8-bit sound at 4 kHz, about 3 ms. */
const STEP_BYTES = 8_192;
const STEP_SAMPLES = 16_384;
/** A longer message is no words: what is told of it is told by its beginning. */
const LONGEST_WORDS = 65_536;

/** Samples of one piece of sound, step by step. */
export type Parts = Generator<DecodedChannels, void, undefined>;

/** What the bytes of the sound are at this point. */
type Phase =
  | { readonly is: 'open'; readonly head: Buffer }
  /** `header`: what came of a WAV whose header is not whole yet. */
  | { readonly is: 'pcm'; readonly reader: WavStreamReader; header?: Buffer }
  | { readonly is: 'compressed'; readonly sound: CompressedSound }
  /** It was refused: what follows is of the same kind and passed over, until something else begins. */
  | { readonly is: 'refused' };

/**
 * Sound in pieces of any size, down to single bytes, to 16 kHz samples. The one decoder of all ways in: what the bytes are is decided
 * by looking at the first of them, before they are taken for samples, and kept until the sound ends; the samples are the same for
 * every split (decision 13).
 *
 * Bytes may be raw, WAV (with a header at the start, in every message, or one after the other), text that holds audio (base64,
 * data URL, JSON), or a compressed container, which one ffmpeg decodes: its samples come later, from {@link late}.
 */
export class SoundDecoder {
  readonly #options: SoundDecoderOptions;
  readonly #sink: SampleSink;
  #phase: Phase = { is: 'open', head: NO_BYTES };
  #text: TextAudio | undefined;
  #declared: Declared = DEFAULT;
  /** What the envelope of the audio says about its format. */
  #beside: StatedBeside | undefined;
  #sawWav = false;
  /** Of raw samples whose format nobody stated with them. */
  #watch: OrderWatch | undefined;
  /** Whether every message so far held whole samples. */
  #isAligned = true;
  #lastMessageBytes = 0;
  /** Whether it was of letters alone, so that the next may be and is sound all the same. */
  #lastWasText = false;

  constructor(options: SoundDecoderOptions = {}) {
    this.#options = options;
    this.#sink = new SampleSink(options);
  }

  /** Numbers of the channels that are given; undefined before that is known. */
  get channels(): readonly number[] | undefined {
    return this.#sink.channels;
  }

  /** The format of what was heard last; undefined before there was anything. */
  get format(): SampleFormat | undefined {
    return this.#sink.format;
  }

  /** The WAV that is being read; undefined for everything else. */
  get wav(): WavStreamReader | undefined {
    return this.#phase.is === 'pcm' && this.#sawWav ? this.#phase.reader : undefined;
  }

  /** Samples so far that were no finite numbers and became 0. */
  get nonFiniteSamples(): number {
    return this.#sink.nonFiniteSamples;
  }

  /** Position of the first of them in its channel, at the sound's own rate; Infinity while there is none. */
  get firstNonFiniteSample(): number {
    return this.#sink.firstNonFiniteSample;
  }

  /** Whether the sound so far ends within a sample. */
  get endsWithinSample(): boolean {
    return this.#sink.danglingBytes > 0 || (!this.#text && this.heldBytes % blockBytes(this.#format()) > 0);
  }

  /** Bytes that wait until it is known what they are. */
  get heldBytes(): number {
    return this.#phase.is === 'open' ? this.#phase.head.length : 0;
  }

  /** Whether the audio is in text, so that its bytes are others than those that came. */
  get isWrapped(): boolean {
    return this.#text !== undefined;
  }

  /** Whether the sound is compressed, so that samples come from {@link late}. */
  get isCompressed(): boolean {
    return this.#phase.is === 'compressed';
  }

  /** Number of audio tracks in the container, where there are more than the one that is heard. */
  hasTracks(count: number): void {
    if (count > 1) this.#sink.warnings.tracks(count);
  }

  /** Warnings since they were last taken; each kind at most once. */
  takeWarnings(): readonly AudioWarning[] {
    const compressed = this.#phase.is === 'compressed' ? this.#phase.sound.takeWarnings(this.#name) : [];
    return [...this.#sink.warnings.take(), ...compressed, ...(this.#options.moreWarnings?.() ?? [])];
  }

  /**
   * Takes the next bytes.
   *
   * @param declared what raw samples are; a header rules over it
   * @returns the samples that are known by now, one array per channel, of equal lengths; they may be empty
   * @throws BadAudioError when it is no audio, or another kind than what went before; InvalidArgumentError for a format or channel
   *   that is not accepted; the next piece is taken as if the bad one had not been
   */
  push(bytes: Uint8Array, declared: Declared = DEFAULT): DecodedChannels {
    return this.#sink.joined([...this.partsOfBytes(bytes, declared)]);
  }

  /**
   * Takes samples in the place of bytes.
   *
   * @param samples interleaved; typed arrays tell their scale (decision 17)
   * @param declared its rate and channels
   * @throws as {@link push}
   */
  pushSamples(samples: SampleArray, declared: Declared = DEFAULT): DecodedChannels {
    return this.#sink.joined([...this.partsOfSamples(samples, declared)]);
  }

  /** Takes audio with what its envelope says about its format, in the same way. */
  pushFound(found: FoundAudio, declared: Declared = DEFAULT): DecodedChannels {
    return this.#sink.joined([...this.partsOf(found, declared)]);
  }

  /** As {@link pushFound}, in steps of a few milliseconds at most; nothing else is to be taken before all are done. */
  partsOf(found: FoundAudio, declared: Declared = DEFAULT): Parts {
    const beside = withBeside(declared, found.stated);
    return found.kind === 'bytes'
      ? this.partsOfBytes(found.bytes, beside)
      : this.partsOfSamples(found.samples, beside);
  }

  /** As {@link push}, in steps of a few milliseconds at most. */
  *partsOfBytes(bytes: Uint8Array, declared: Declared = DEFAULT): Parts {
    checkAttached(bytes);
    this.#declared = declared;
    const piece = asBuffer(bytes);
    if (this.#options.isMessages === true && this.#isStrayText(piece)) return;
    for (let at = 0; at === 0 || at < piece.length; at += STEP_BYTES) {
      const step = piece.subarray(at, at + STEP_BYTES);
      yield* this.#orForget(this.#text ? this.#unwrap(this.#text.push(step)) : this.#bytes(step));
    }
    this.#isAligned &&= !this.endsWithinSample;
    this.#lastMessageBytes = piece.length;
    if (this.#options.isMessages === true) this.#lastWasText = isAllText(piece.subarray(0, LONGEST_WORDS));
  }

  /** As {@link pushSamples}, in steps of a few milliseconds at most. */
  *partsOfSamples(samples: SampleArray, declared: Declared = DEFAULT): Parts {
    checkAttached(samples);
    const { sampleRate, channels } = declared.format;
    const format: SampleFormat = { encoding: 'f32le', sampleRate, channels };
    const typed = isPlain(samples) ? yield* this.#scaled(samples) : samples;
    if (!ArrayBuffer.isView(typed)) samplesToFloat32(typed); // Says what it is instead.
    for (let at = 0; at === 0 || at < typed.length; at += STEP_SAMPLES) {
      yield this.#sink.samples(floats(typed.subarray(at, at + STEP_SAMPLES)), format);
    }
  }

  /** Resolves when ffmpeg has taken what was pushed; at once where none is needed. @throws FfmpegError */
  async accepted(): Promise<void> {
    if (this.#phase.is === 'compressed') await this.#phase.sound.accepted();
  }

  /**
   * Samples of compressed sound as they are decoded; ends when all are. To be iterated once {@link isCompressed} is true.
   *
   * @throws FfmpegError, BadAudioError, AbortedError
   */
  async *late(): AsyncGenerator<DecodedChannels, void, undefined> {
    if (this.#phase.is !== 'compressed') return;
    const reader = new WavStreamReader();
    for await (const bytes of this.#phase.sound.wavBytes()) yield this.#heard(reader.push(bytes));
    if (reader.format) yield this.#heard(reader.end());
  }

  /**
   * The sound has ended.
   *
   * @returns the last samples; those of compressed sound come from {@link late}, and what is still held back from a second call
   *   after it
   * @throws BadAudioError where it ended before any audio began
   */
  finish(): DecodedChannels {
    const parts: DecodedChannels[] = [];
    if (this.#text) parts.push(...this.#unwrap(this.#text.end()));
    if (this.#phase.is === 'open' && this.#phase.head.length > 0) parts.push(...this.#decide(true));
    if (this.#phase.is === 'compressed') {
      this.#phase.sound.end();
      return this.#sink.joined(parts);
    }
    if (this.#phase.is === 'pcm') {
      const { reader } = this.#phase;
      parts.push(this.#heard(reader.end(this.#format())));
      if (this.#sawWav) this.#sink.warnings.lengths(reader, this.#sink.format);
    }
    parts.push(this.#sink.flush());
    return this.#sink.joined(parts);
  }

  /** What the resampler still holds, after {@link late} has ended. */
  flush(): DecodedChannels {
    return this.#sink.flush();
  }

  /** What began here cannot be heard: what follows is passed over until something else begins. */
  giveUp(): void {
    void this.close();
    this.#phase = { is: 'refused' };
  }

  /** Lets go of ffmpeg. */
  async close(): Promise<void> {
    if (this.#phase.is === 'compressed') await this.#phase.sound.stop();
  }

  #format(): SampleFormat {
    return withBeside(this.#declared, this.#beside).format;
  }

  /** Of audio in text. */
  *#unwrap(reading: Steps<readonly FoundAudio[]>): Parts {
    let next = reading.next();
    for (; next.done !== true; next = reading.next()) yield this.#sink.nothing;
    if (next.value.length === 0) yield this.#sink.nothing;
    for (const audio of next.value) {
      this.#beside = audio.stated;
      if (audio.kind === 'samples') yield* this.partsOfSamples(audio.samples, { format: this.#format() });
      else {
        const bytes = asBuffer(audio.bytes);
        for (let at = 0; at === 0 || at < bytes.length; at += STEP_BYTES) {
          yield* this.#bytes(bytes.subarray(at, at + STEP_BYTES));
        }
      }
    }
  }

  /** Numbers with a scale of their own. */
  *#scaled(numbers: readonly number[]): Generator<DecodedChannels, Float32Array, undefined> {
    const reading = scaledNumbers(numbers);
    let next = reading.next();
    for (; next.done !== true; next = reading.next()) yield this.#sink.nothing;
    return next.value;
  }

  *#bytes(piece: Buffer): Parts {
    const phase = this.#phase;
    switch (phase.is) {
      case 'open':
        this.#phase = {
          is: 'open',
          head: phase.head.length === 0 ? piece : Buffer.concat([phase.head, piece]),
        };
        yield* this.#decide(false);
        return;
      case 'pcm':
        yield phase.header ? this.#wav(phase.reader, piece) : this.#pcm(phase.reader, piece);
        return;
      case 'compressed':
        phase.sound.write(piece);
        yield this.#sink.nothing;
        return;
      case 'refused':
        if (judge(piece, this.#judgement(true)).is !== 'wav') {
          yield this.#sink.nothing;
          return;
        }
        this.#phase = { is: 'open', head: piece };
        yield* this.#decide(false);
    }
  }

  #judgement(isAll: boolean): Parameters<typeof judge>[1] {
    const isStated = this.#declared.isStated === true || this.#beside?.encoding !== undefined;
    return { isAll, format: this.#format(), isStated, takesRaw: this.#options.takesRaw };
  }

  /** Looks at the head, and begins where it is known what it is. */
  *#decide(isAll: boolean): Parts {
    if (this.#phase.is !== 'open') return;
    const { head } = this.#phase;
    if (this.#options.isWav === true) {
      yield* this.#begin({ is: 'wav' }, head);
      return;
    }
    const verdict = judge(head.subarray(0, HEAD_BYTES), this.#judgement(isAll));
    // Only a little is kept: more than that decides.
    if (verdict.is === 'open') this.#phase = { is: 'open', head: Buffer.from(head) };
    else yield* this.#begin(verdict, head);
  }

  *#begin(verdict: Exclude<Verdict, { is: 'open' }>, head: Buffer): Parts {
    switch (verdict.is) {
      case 'wav': {
        this.#sawWav = true;
        const reader = new WavStreamReader();
        this.#phase = { is: 'pcm', reader, header: NO_BYTES };
        yield this.#wav(reader, head);
        return;
      }
      case 'raw': {
        if (this.#options.takesRaw === false) throw new BadAudioError(this.#unknown(head));
        const reader = new WavStreamReader(true);
        this.#phase = { is: 'pcm', reader };
        this.#watch = new OrderWatch(this.#format());
        yield this.#pcm(reader, head);
        return;
      }
      case 'compressed': {
        const sound = new CompressedSound(verdict.container, { ...this.#options, name: this.#name });
        this.#phase = { is: 'compressed', sound };
        sound.write(head);
        return;
      }
      case 'text':
        if (this.#text) throw new BadAudioError(say`${this.#name} is text within text: send bytes.`);
        this.#text = textAudio(verdict.kind);
        this.#phase = { is: 'open', head: NO_BYTES };
        yield* this.#unwrap(this.#text.push(head));
        return;
      case 'refused':
        throw new BadAudioError(say`${this.#name} is not audio: ${verdict.reason}.`);
    }
  }

  /** As long as the header of a WAV is not whole: what it says its samples are decides who decodes them. */
  #wav(reader: WavStreamReader, piece: Buffer): DecodedChannels {
    const { header } = this.#phase as { readonly header?: Buffer };
    const all = header && header.length > 0 ? Buffer.concat([header, piece]) : piece;
    const isWhole = this.#options.isWav === true || all.length > LONGEST_HEADER;
    try {
      const samples = this.#pcm(reader, piece);
      this.#phase =
        isWhole || reader.format ? { is: 'pcm', reader } : { is: 'pcm', reader, header: Buffer.from(all) };
      return samples;
    } catch (error) {
      const isMine = !header || (this.#options.refusesWavCodecs === true && !this.isWrapped);
      if (isMine || !(error instanceof UnsupportedWavCodecError)) throw error;
      const sound = new CompressedSound('wav', { ...this.#options, name: this.#name });
      this.#phase = { is: 'compressed', sound };
      sound.write(all);
      return this.#sink.nothing;
    }
  }

  #pcm(reader: WavStreamReader, piece: Buffer): DecodedChannels {
    const runs = reader.push(piece, this.#format());
    this.#sawWav ||= reader.format !== undefined;
    if (this.#watch && !this.#sawWav && !this.#judgement(true).isStated) this.#look(this.#watch, piece);
    return this.#heard(runs);
  }

  /** @throws BadAudioError where there is something to hear at last, and it is noise because it is something else */
  #look(watch: OrderWatch, piece: Buffer): void {
    const reason = watch.take(piece);
    if (reason === undefined) return;
    this.#phase = { is: 'open', head: NO_BYTES };
    throw new BadAudioError(say`${this.#name} is not audio: ${reason}.`);
  }

  #heard(runs: readonly AudioRun[]): DecodedChannels {
    return this.#sink.joined(
      runs.map((run) => {
        if (run.begins) this.#sink.dropIncomplete();
        if (run.begins && this.#sawWav && this.#options.isWav !== true) checkWavSamples(run);
        return this.#sink.bytes(run.audio, run.format);
      }),
    );
  }

  get #name(): string {
    return this.#options.name ?? phrase`The audio`;
  }

  #unknown(head: Buffer): Sentence {
    const few = head.toString('hex', 0, 8).replace(/../gu, '$& ').trim();
    return say`${this.#name} is not audio: it is data of an unknown kind that begins with the bytes ${few}. Raw samples need a declared format.`;
  }

  /** After a bad start, the next piece may make a good one. */
  *#orForget(parts: Parts): Parts {
    const { is } = this.#phase;
    try {
      yield* parts;
    } catch (error) {
      const isBegun = is === 'pcm' || is === 'compressed';
      if (!isBegun) {
        this.#text = undefined;
        this.#phase = { is: 'open', head: NO_BYTES };
      }
      throw error;
    }
  }

  /**
   * Whether a message is words among samples: a status, an error page. It is so where every message before held whole samples, and
   * this one is all text and no whole number of samples, or of another length.
   */
  #isStrayText(piece: Buffer): boolean {
    const words = piece.subarray(0, LONGEST_WORDS);
    if (this.#text) {
      const mayBe = this.#text.isWhole && piece.length !== this.#lastMessageBytes;
      if (!mayBe || !isAllText(words) || !isWordsAmong(words, this.#text.kind)) return false;
      this.#sink.warnings.text(words);
      return true;
    }
    this.#dropWordsBefore(piece, words);
    if (!isAllText(words)) return false;
    const isBegun = this.#phase.is === 'pcm' || this.heldBytes >= FEW_BYTES;
    if (!isBegun || !this.#isAligned) return false;
    const isOdd = piece.length % blockBytes(this.#sink.format ?? this.#format()) !== 0;
    const isOther = piece.length !== this.#lastMessageBytes;
    if (!isOdd && (!isOther || this.#lastWasText)) return false;
    const isWord = isOdd && piece.length < SHORTEST_TEXT && piece.length < this.#lastMessageBytes;
    if (!isWord && !looksWritten(words, this.#sink.format ?? this.#format())) return false;
    this.#sink.warnings.text(words);
    return true;
  }

  /** A message of words that came before the first audio, such as a status, is no part of it. */
  #dropWordsBefore(piece: Buffer, words: Buffer): void {
    if (this.#phase.is !== 'open' || this.#text) return;
    const { head } = this.#phase;
    const isMessage = head.length > 0 && head.length === this.#lastMessageBytes;
    if (!isMessage || !isAllText(head) || mayBeginContainer(head)) return;
    const format = this.#format();
    if (isAllText(words)) {
      const kind = piece.length === head.length ? undefined : textKind(piece.subarray(0, FEW_BYTES), format);
      if (kind === undefined || !isWordsAmong(head, kind)) return;
    } else if (head.length < SHORTEST_TEXT) {
      if (head.length % blockBytes(format) === 0 || piece.length <= head.length) return;
    } else if (!looksWritten(head, format)) return;
    this.#sink.warnings.text(head);
    this.#isAligned = true;
    this.#phase = { is: 'open', head: NO_BYTES };
  }
}

/** The compiler does not narrow a read-only array by `Array.isArray`. */
function isPlain(samples: SampleArray): samples is readonly number[] {
  return Array.isArray(samples);
}

/** @throws InvalidArgumentError for what is no array of samples */
function floats(samples: Exclude<SampleArray, readonly number[]>): Float32Array {
  if (samples instanceof Float32Array) return samples;
  return samples instanceof Float64Array ? Float32Array.from(samples) : samplesToFloat32(samples);
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The declared format with what an envelope says itself. */
function withBeside(declared: Declared, beside: StatedBeside | undefined): Declared {
  if (!beside) return declared;
  const { encoding, rate, channels } = beside;
  const { format } = declared;
  return {
    isStated: declared.isStated === true || encoding !== undefined,
    format: {
      encoding: encoding ?? format.encoding,
      sampleRate: rate ?? format.sampleRate,
      channels: channels ?? format.channels,
    },
  };
}
