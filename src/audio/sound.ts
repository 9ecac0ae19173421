/** Sound that ends: a file, a clip, samples in memory. One door for all of them. */
import { AbortedError, BadAudioError, FfmpegError, InvalidArgumentError } from '../errors';
import { phrase, say, sentenceOf } from '../sentence';
import { atOnce, gently, inTurns, type Steps } from '../steps';
import { throwIfAborted } from './abort';
import { clipBytes, fileBytes, openRegularFile, readAt, type AudioBytes, type OpenFile } from './audio-bytes';
import { detectContainer, HEAD_BYTES } from './containers';
import type { AudioWarning } from './decoder-warning';
import { ffmpegClipBytes, ffmpegFileBytes, type FfmpegBytes } from './ffmpeg/ffmpeg-bytes';
import { findFfmpeg, requireFfmpeg } from './ffmpeg/find-ffmpeg';
import { describeContent } from './not-audio';
import { joinedBytes, type FoundAudio } from './json-audio';
import { concatenate } from './pcm/concatenate';
import { finiteSamples, type SampleArray } from './pcm/sample-array';
import { blockBytes, type Encoding } from './pcm/sample-format';
import { inSeconds, type DecodedChannels } from './sample-sink';
import { judge, type Verdict } from './sniff';
import { DEFAULT_FORMAT, SoundDecoder, type Declared, type SoundDecoderOptions } from './sound-decoder';
import { textAudio } from './text-audio';
import type { TextKind } from './text-kind';
import { UnsupportedWavCodecError } from './wav/wav-format';

/** Bytes of a text that are read in one step. */
const STEP_BYTES = 65_536;

/** A sound that ends. */
export type Sound =
  | { readonly file: string }
  /** Raw samples, or a container of any kind. */
  | { readonly bytes: Uint8Array }
  | { readonly samples: SampleArray };

/** How a sound is opened. */
export interface OpenSoundOptions extends SoundDecoderOptions {
  /** What raw samples are. */
  readonly declared?: Declared;
  /** Told of the warnings of a sound that is read as a whole. */
  readonly onWarnings?: (warnings: readonly AudioWarning[]) => void;
  /** Folders that a file has to be in, or below; any file otherwise. */
  readonly folders?: readonly string[];
}

/** What is known of audio before it is decoded. */
export interface AudioInfo {
  /** `wav`, `rf64`, `mp3`, ...; see `detectContainer`. `raw` for samples, `unknown` for a file that only ffmpeg may know. */
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
  readonly pieces: AsyncIterable<DecodedChannels>;
  /** NaN and infinite samples so far that were replaced by 0 (decision 17). */
  readonly nonFiniteSamples: number;
  /** Position of the first of them in its channel, at the audio's own rate; Infinity while there is none. */
  readonly firstNonFiniteSample: number;
  /** Warnings since they were last taken; all are there when the pieces have ended. */
  takeWarnings(): readonly AudioWarning[];
  /** Lets go of the file or ffmpeg without iterating; harmless afterwards. */
  close(): Promise<void>;
}

/**
 * Opens a sound that ends; its content decides what it is, not its name (decision 15). WAV is read here, compressed audio by ffmpeg.
 * Memory does not grow with the length of a file.
 *
 * @throws AudioFileError when a file is missing, a directory or not readable; BadAudioError when there is no audio, which says what
 *   there is instead; InvalidArgumentError for a channel or format that is not there; FfmpegError when ffmpeg is needed and missing,
 *   or fails; AbortedError
 */
export async function openSound(sound: Sound, options: OpenSoundOptions = {}): Promise<DecodedAudio> {
  throwIfAborted(phrase`the sound`, options.signal);
  if ('file' in sound) return openFile(sound.file, options);
  if ('bytes' in sound) return openClip(sound.bytes, options);
  return openSamples(sound.samples, options);
}

/**
 * All of a short sound as one signal.
 *
 * @param limit samples at 16 kHz after which no more are read; there may be up to a second more
 * @returns 16 kHz mono samples, full scale 1.0
 * @throws as {@link openSound}
 */
export async function readSound(
  sound: Sound,
  options: OpenSoundOptions = {},
  limit = Infinity,
): Promise<Float32Array> {
  const audio = await openSound(sound, { ...options, channels: options.channels ?? 'mix' });
  const parts: Float32Array[] = [];
  let length = 0;
  for await (const [samples] of audio.pieces) {
    if (!samples) continue;
    parts.push(samples);
    length += samples.length;
    if (length > limit) break;
  }
  options.onWarnings?.(audio.takeWarnings());
  return concatenate(parts);
}

async function openFile(filename: string, options: OpenSoundOptions): Promise<DecodedAudio> {
  const file = await openRegularFile(filename, options.folders);
  const name = `"${filename}"`;
  const how = { ...options, name };
  try {
    const head = await readAt(file, 0, HEAD_BYTES);
    const verdict = judgeAll(head, file.size <= HEAD_BYTES, options);
    const isUnknown = verdict.is === 'raw' && options.takesRaw === false;
    const program = isUnknown ? await findFfmpeg(options.ffmpegPath) : undefined;
    if (verdict.is === 'compressed' || program !== undefined) {
      const container = verdict.is === 'compressed' ? verdict.container : undefined;
      return await openFileByFfmpeg(file, head, container, how);
    }
    const source = { size: file.size, ...fileBytes(file) };
    return await orByFfmpeg(decoded(source, how), () => openFileByFfmpeg(file, head, 'wav', how));
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

async function openClip(bytes: Uint8Array, options: OpenSoundOptions): Promise<DecodedAudio> {
  const how = { ...options, name: options.name ?? phrase`The audio clip` };
  if (bytes.length === 0) throw new BadAudioError(say`${how.name} is empty (0 bytes).`);
  const head = bytes.subarray(0, HEAD_BYTES);
  const verdict = judgeAll(head, bytes.length <= HEAD_BYTES, options);
  const byFfmpeg = async (container: string): Promise<DecodedAudio> => {
    const ffmpegPath = await requireFfmpeg(options.ffmpegPath, say`To decode ${container} audio`);
    const input = { ffmpegPath, container, name: phrase`the audio clip`, signal: options.signal };
    return decodedByFfmpeg(await ffmpegClipBytes(bytes, input), { head, size: bytes.length, container }, how);
  };
  if (verdict.is === 'compressed') return byFfmpeg(verdict.container);
  if (verdict.is === 'text') {
    const found = await inTurns(audioInText(bytes, verdict.kind));
    // A container within text may need all of itself at hand, as MP4 does.
    if (found?.kind === 'bytes' && isCompressed(found.bytes)) return openClip(found.bytes, options);
  }
  return orByFfmpeg(decoded({ size: bytes.length, ...clipBytes(bytes) }, how), () => byFfmpeg('wav'));
}

/** The one audio in a text; undefined where there are several, or none. */
function* audioInText(text: Uint8Array, kind: TextKind): Steps<FoundAudio | undefined> {
  const reader = textAudio(kind);
  const parts: FoundAudio[] = [];
  for (let at = 0; at < text.length; at += STEP_BYTES) {
    if (at > 0) yield;
    parts.push(...(yield* reader.push(text.subarray(at, at + STEP_BYTES))));
  }
  parts.push(...(yield* reader.end()));
  const [first, ...others] = parts.filter((part) => part.kind === 'samples' || part.bytes.length > 0);
  if (kind === 'json' || first?.kind !== 'bytes') return others.length === 0 ? first : undefined;
  return { ...first, bytes: yield* joinedBytes(parts) };
}

/** Whether bytes are a container of any kind, a text that holds one included, and not raw samples. */
export function isContainer(bytes: Uint8Array, declared: Declared): boolean {
  const verdict = judgeAll(bytes.subarray(0, HEAD_BYTES), bytes.length <= HEAD_BYTES, { declared });
  if (verdict.is !== 'text') return verdict.is === 'wav' || verdict.is === 'compressed';
  if (verdict.kind === 'json') return false;
  const [found] = atOnce(textAudio(verdict.kind).push(bytes.subarray(0, 2 * HEAD_BYTES)));
  return found?.kind === 'bytes' && detectContainer(found.bytes.subarray(0, HEAD_BYTES)) !== undefined;
}

function isCompressed(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, HEAD_BYTES);
  return judgeAll(head, bytes.length <= HEAD_BYTES, {}).is === 'compressed';
}

function judgeAll(head: Uint8Array, isAll: boolean, { declared, takesRaw }: OpenSoundOptions): Verdict {
  const { format = DEFAULT_FORMAT, isStated = false } = declared ?? {};
  return judge(head, { isAll, format, isStated, takesRaw });
}

/** A WAV whose samples are in a codec is whole all the same. */
async function orByFfmpeg(
  opening: Promise<DecodedAudio>,
  byFfmpeg: () => Promise<DecodedAudio>,
): Promise<DecodedAudio> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof UnsupportedWavCodecError) return byFfmpeg();
    throw error;
  }
}

type Named = OpenSoundOptions & { readonly name: string };

async function openFileByFfmpeg(
  file: OpenFile,
  head: Uint8Array,
  container: string | undefined,
  options: Named,
): Promise<DecodedAudio> {
  const { name, signal } = options;
  const ffmpegPath = await requireFfmpeg(options.ffmpegPath, say`To decode ${container ?? 'unknown'} audio`);
  const source = await ffmpegFileBytes(file, { ffmpegPath, container, name, signal });
  return decodedByFfmpeg(source, { head, size: file.size, container }, options);
}

interface FfmpegSource {
  readonly head: Uint8Array;
  readonly size: number;
  readonly container: string | undefined;
}

async function decodedByFfmpeg(
  source: FfmpegBytes,
  { head, size, container }: FfmpegSource,
  options: Named,
): Promise<DecodedAudio> {
  try {
    const moreWarnings = () => source.ffmpeg.takeWarnings(options.name);
    const how = { ...options, isWav: true, moreWarnings };
    const audio = await decoded({ size, ...source }, how, async (decoder) => {
      const { durationMs, audioTracks } = await source.ffmpeg.description();
      decoder.hasTracks(audioTracks);
      const { sampleRate, channels } = decoder.format ?? DEFAULT_FORMAT;
      return { container: container ?? 'unknown', sampleRate, channels, durationMs, bytes: size };
    });
    return audio;
  } catch (error) {
    await source.close();
    if (container === undefined && (error instanceof FfmpegError || error instanceof BadAudioError)) {
      throw new BadAudioError(
        say`${options.name} is not audio: it is ${describeContent(head)}. ${sentenceOf(error)}`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Reads up to the first samples, so that rate and channels are known; the rest as it is asked for. */
async function decoded(
  source: AudioBytes & { readonly size: number },
  options: Named,
  describe: (decoder: SoundDecoder) => Promise<AudioInfo> | AudioInfo = (decoder) =>
    infoOf(decoder, source.size),
): Promise<DecodedAudio> {
  const decoder = new SoundDecoder({ ...options, refusesWavCodecs: true });
  const pieces = decodeBytes(source.bytes, decoder, options);
  try {
    const first = await pieces.next();
    if (first.done === true) {
      throw new BadAudioError(say`There is no sound in ${within(options.name)}: it holds no sample.`);
    }
    const info = await describe(decoder);
    return decodedAudio(info, decoder, from(first.value, pieces), close);
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    await decoder.close();
    await source.close();
  }
}

/** Samples as they are decoded, none of them empty, at most a second at a time. */
async function* decodeBytes(
  bytes: AsyncIterable<Uint8Array>,
  decoder: SoundDecoder,
  { declared, name, signal }: Named,
): AsyncGenerator<DecodedChannels, void, undefined> {
  for await (const piece of bytes) {
    throwIfAborted(within(name), signal);
    for await (const part of gently(decoder.partsOfBytes(piece, declared))) yield* inSeconds(part);
    await decoder.accepted();
  }
  yield* inSeconds(decoder.finish());
  for await (const late of decoder.late()) yield* inSeconds(late);
  yield* inSeconds(decoder.flush());
}

async function* from<T>(
  first: T,
  rest: AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}

function decodedAudio(
  info: AudioInfo,
  decoder: SoundDecoder,
  pieces: AsyncGenerator<DecodedChannels, void, undefined>,
  close: () => Promise<void>,
): DecodedAudio {
  let begun = false;
  return {
    info,
    channels: decoder.channels ?? [0],
    pieces: {
      [Symbol.asyncIterator]() {
        if (begun)
          throw new InvalidArgumentError(say`The pieces of decoded audio can be iterated only once.`);
        begun = true;
        return closing(pieces, close);
      },
    },
    get nonFiniteSamples() {
      return decoder.nonFiniteSamples;
    },
    get firstNonFiniteSample() {
      return decoder.firstNonFiniteSample;
    },
    takeWarnings: () => decoder.takeWarnings(),
    close,
  };
}

async function* closing<T>(
  pieces: AsyncGenerator<T, void, undefined>,
  close: () => Promise<void>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* pieces;
  } finally {
    await close();
  }
}

function infoOf(decoder: SoundDecoder, bytes: number | null): AudioInfo {
  const format = decoder.format ?? DEFAULT_FORMAT;
  const { encoding, sampleRate, channels } = format;
  const { wav } = decoder;
  const present = bytes === null ? null : Math.max(0, bytes - (wav?.headerBytes ?? 0));
  const isWrapped = decoder.isWrapped; // Then the bytes are letters, not samples.
  const audioBytes = present === null ? null : Math.min(wav?.promisedBytes ?? present, present);
  const known = audioBytes === null || isWrapped ? null : Math.floor(audioBytes / blockBytes(format));
  const durationMs = known === null ? null : Math.round((known * 1_000) / sampleRate);
  return { container: wav?.container ?? 'raw', sampleRate, channels, encoding, durationMs, bytes };
}

async function openSamples(data: SampleArray, options: OpenSoundOptions): Promise<DecodedAudio> {
  const { format } = options.declared ?? { format: DEFAULT_FORMAT };
  const samples = await inTurns(finiteSamples(data)); // All of them at once: they tell together what scale they have.
  if (data.length % format.channels !== 0) {
    throw new InvalidArgumentError(
      say`channels is ${format.channels}, but ${data.length} samples cannot be shared out among so many channels.`,
    );
  }
  const decoder = new SoundDecoder({ ...options, name: options.name ?? phrase`The audio` });
  const { sampleRate, channels } = format;
  const info = {
    ...{ container: 'raw', sampleRate, channels, bytes: null },
    durationMs: Math.round((data.length / channels / sampleRate) * 1_000),
  };
  // Also says at once whether the channel that is asked for is there.
  decoder.pushSamples(new Float32Array(0), options.declared);
  return decodedAudio(info, decoder, decodeSamples(samples, decoder, options), () => Promise.resolve());
}

async function* decodeSamples(
  samples: Float32Array,
  decoder: SoundDecoder,
  { declared, signal }: OpenSoundOptions,
): AsyncGenerator<DecodedChannels, void, undefined> {
  for await (const part of gently(decoder.partsOfSamples(samples, declared))) {
    if (signal?.aborted) throw new AbortedError(say`Decoding was aborted.`, { cause: signal.reason });
    yield* inSeconds(part);
  }
  yield* inSeconds(decoder.finish());
}

/** A name within a sentence. */
function within(name: string): string {
  return name.replace(/^The /u, 'the ');
}
