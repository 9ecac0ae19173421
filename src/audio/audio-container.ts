import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { BadAudioError } from '../errors';
import { describeContent, detectContainer, HEAD_BYTES, isWavContainer } from './sniff';
import { decodeAudio, type AudioBytes, type DecodedAudio } from './decoded-audio';
import { fileArguments, FfmpegProcess } from './ffmpeg/ffmpeg-process';
import { openFfmpegOutput } from './ffmpeg/ffmpeg-output';
import { requireFfmpeg } from './ffmpeg/find-ffmpeg';
import type { OpenAudioOptions } from './open-audio-options';
import { UnsupportedWavCodecError } from './wav/wav-format';
import { wavInfo } from './wav/wav-info';
import { WavStreamReader } from './wav/wav-stream-reader';

const NAME = 'the audio clip';
/** Bytes of a clip that are decoded in one step. */
const STEP_BYTES = 256 * 1024;

/**
 * Opens a whole clip that is in memory, in a container that its content tells: WAV is read here (one that is shorter
 * than its header says gives what is there), everything else by ffmpeg.
 *
 * @throws BadAudioError when it is empty or in no known container; InvalidArgumentError when `channel` is not there;
 *   FfmpegError when ffmpeg is needed and missing, or fails; AbortedError
 */
export async function openAudioContainer(
  bytes: Uint8Array,
  options: OpenAudioOptions = {},
): Promise<DecodedAudio> {
  if (bytes.length === 0) {
    throw new BadAudioError('The audio clip is empty (0 bytes).');
  }
  const head = bytes.subarray(0, HEAD_BYTES);
  const container = detectContainer(head);
  if (container === undefined) {
    throw new BadAudioError(
      `The audio clip is in no known container: it is ${describeContent(head)}. Raw samples need a declared format.`,
    );
  }
  if (isWavContainer(container)) {
    try {
      return await decodeAudio(openWav(bytes), options);
    } catch (error) {
      if (!(error instanceof UnsupportedWavCodecError)) throw error;
    }
  }
  const ffmpegPath = await requireFfmpeg(options.ffmpegPath, `To decode ${container} audio`);
  return decodeAudio(await openByFfmpeg(bytes, container, ffmpegPath, options.signal), options);
}

/**
 * ffmpeg reads the clip from a temporary file, not from its standard input: it cannot go back in a pipe, so it would refuse MP4
 * whose index is at the end, and give an MP3 another length than the same MP3 in a file.
 */
async function openByFfmpeg(
  bytes: Uint8Array,
  container: string,
  ffmpegPath: string,
  signal: AbortSignal | undefined,
): Promise<AudioBytes> {
  const folder = await mkdtemp(path.join(tmpdir(), 'deeptone-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const filename = path.join(folder, 'clip');
    await writeFile(filename, bytes, { mode: 0o600 });
    const ffmpeg = new FfmpegProcess(ffmpegPath, fileArguments(filename), NAME, signal);
    const head = bytes.subarray(0, HEAD_BYTES);
    const source = await openFfmpegOutput(ffmpeg, { name: NAME, container, head, bytes: bytes.length });
    return { ...source, close: () => source.close().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

function openWav(clip: Uint8Array): AudioBytes {
  const reader = new WavStreamReader();
  const audio = reader.push(clip);
  reader.end();
  const { format } = reader;
  if (format === undefined) {
    throw new BadAudioError('The WAV holds no audio.');
  }
  const { info } = wavInfo(reader, format, clip.length);
  return { info, format, bytes: steps(audio), name: NAME, close: () => Promise.resolve() };
}

// eslint-disable-next-line @typescript-eslint/require-await -- the same shape as a file, which does wait
async function* steps(audio: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < audio.length; at += STEP_BYTES) yield audio.subarray(at, at + STEP_BYTES);
}
