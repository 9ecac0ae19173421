import { BadAudioError, FfmpegError } from '../../errors';
import { describeContent } from '../sniff';
import type { AudioBytes } from '../decoded-audio';
import type { FfmpegProcess } from './ffmpeg-process';
import type { SampleFormat } from '../pcm/sample-format';
import { WavStreamReader } from '../wav/wav-stream-reader';

/** What is known of ffmpeg's input. */
export interface FfmpegSource {
  /** For error messages. */
  readonly name: string;
  /** Undefined when only ffmpeg may know it. */
  readonly container: string | undefined;
  /** Its first bytes. */
  readonly head: Uint8Array;
  /** Its size. */
  readonly bytes: number;
}

/**
 * Reads ffmpeg's WAV up to the first audio, so that rate and channels are known.
 *
 * @throws BadAudioError when there is no audio in the input, or when it is of no known kind and ffmpeg does not know it either;
 *   FfmpegError, AbortedError. ffmpeg is then gone
 */
export async function openFfmpegOutput(ffmpeg: FfmpegProcess, source: FfmpegSource): Promise<AudioBytes> {
  const reader = new WavStreamReader();
  const output = ffmpeg.bytes();
  try {
    const { format, first } = await firstAudio(reader, output, source);
    const { sampleRate, channels } = format;
    const durationMs = await ffmpeg.durationMs();
    const info = {
      container: source.container ?? 'unknown',
      sampleRate,
      channels,
      durationMs,
      bytes: source.bytes,
    };
    const bytes = restOfAudio(reader, output, first);
    return { info, format, bytes, name: source.name, close: () => ffmpeg.stop() };
  } catch (error) {
    await ffmpeg.stop();
    if (source.container === undefined && (error instanceof FfmpegError || error instanceof BadAudioError)) {
      throw new BadAudioError(
        `${source.name} is not audio: it is ${describeContent(source.head)}. ${error.message}`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

async function firstAudio(
  reader: WavStreamReader,
  output: AsyncGenerator<Uint8Array>,
  source: FfmpegSource,
): Promise<{ readonly format: SampleFormat; readonly first: Uint8Array }> {
  for (;;) {
    const next = await output.next();
    if (next.done === true) {
      throw new BadAudioError(`There is no sound in ${source.name}: ffmpeg found no sample in it.`);
    }
    const first = reader.push(next.value);
    const { format } = reader;
    if (format !== undefined) return { format, first };
  }
}

async function* restOfAudio(
  reader: WavStreamReader,
  output: AsyncGenerator<Uint8Array>,
  first: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  for await (const bytes of output) yield reader.push(bytes);
}
