import { open, stat, type FileHandle } from 'node:fs/promises';
import * as path from 'node:path';
import { AudioFileError, BadAudioError, DeeptoneError } from '../errors';
import { describeContent, detectContainer, HEAD_BYTES, isWavContainer, looksLikeText } from './sniff';
import { decodeAudio, throwIfAborted, type AudioBytes, type DecodedAudio } from './decoded-audio';
import { fileArguments, FfmpegProcess } from './ffmpeg/ffmpeg-process';
import { openFfmpegOutput } from './ffmpeg/ffmpeg-output';
import { findFfmpeg, requireFfmpeg } from './ffmpeg/find-ffmpeg';
import type { OpenAudioOptions } from './open-audio-options';
import { UnsupportedWavCodecError } from './wav/wav-format';
import { WavStreamReader } from './wav/wav-stream-reader';
import { wavInfo } from './wav/wav-info';

/** Bytes per read, about 2 s of 16-bit mono: the calls cost nothing, memory stays flat, and no turn of the event loop is long. */
const READ_BYTES = 64 * 1024;

/**
 * Opens an audio file of any kind; its content decides, not its name (decision 15). WAV is read here, everything else by ffmpeg.
 * Memory does not grow with the length of the file.
 *
 * @throws AudioFileError when it is missing, a directory or not readable; BadAudioError when it is empty, text, truncated (a WAV
 *   whose header promises more than there is) or not audio; InvalidArgumentError when `channel` is not there; FfmpegError when ffmpeg is
 *   needed and missing, or fails; AbortedError
 */
export async function openAudioFile(filename: string, options: OpenAudioOptions = {}): Promise<DecodedAudio> {
  throwIfAborted(`"${filename}"`, options.signal);
  const { handle, size } = await openRegularFile(filename);
  let source: AudioBytes;
  try {
    source = await openContent({ filename, handle, size }, options);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return decodeAudio(source, options);
}

interface OpenFile {
  readonly filename: string;
  readonly handle: FileHandle;
  readonly size: number;
}

async function openRegularFile(filename: string): Promise<{ handle: FileHandle; size: number }> {
  try {
    // Looked at before it is opened: opening a named pipe waits until somebody writes to it.
    const status = await stat(filename);
    if (!status.isFile()) {
      const kind = status.isDirectory() ? 'a directory' : 'not a regular file';
      throw new AudioFileError(
        'DEEPTONE_FILE_UNREADABLE',
        `"${filename}" is ${kind}; an audio file is needed.`,
      );
    }
    if (status.size === 0) {
      throw new BadAudioError(`The file "${filename}" is empty (0 bytes).`);
    }
    return { handle: await open(filename, 'r'), size: status.size };
  } catch (error) {
    throw error instanceof DeeptoneError ? error : fileError(filename, error);
  }
}

function fileError(filename: string, cause: unknown): AudioFileError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new AudioFileError('DEEPTONE_FILE_NOT_FOUND', `There is no file "${filename}".`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new AudioFileError('DEEPTONE_FILE_UNREADABLE', `No permission to read "${filename}".`, {
        cause,
      });
    case 'EISDIR':
      return new AudioFileError(
        'DEEPTONE_FILE_UNREADABLE',
        `"${filename}" is a directory; an audio file is needed.`,
        { cause },
      );
    default: {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new AudioFileError('DEEPTONE_FILE_UNREADABLE', `"${filename}" cannot be read: ${reason}.`, {
        cause,
      });
    }
  }
}

async function openContent(file: OpenFile, options: OpenAudioOptions): Promise<AudioBytes> {
  const head = await readAt(file, 0, HEAD_BYTES);
  const container = detectContainer(head);
  if (isWavContainer(container)) {
    try {
      return await openWavFile(file);
    } catch (error) {
      if (!(error instanceof UnsupportedWavCodecError)) throw error;
    }
  }
  if (
    container === undefined &&
    (looksLikeText(head) || (await findFfmpeg(options.ffmpegPath)) === undefined)
  ) {
    throw new BadAudioError(`"${file.filename}" is not audio: it is ${describeContent(head)}.`);
  }
  const name = `"${file.filename}"`;
  const ffmpegPath = await requireFfmpeg(options.ffmpegPath, `To decode ${container ?? 'unknown'} audio`);
  await file.handle.close();
  const ffmpeg = new FfmpegProcess(
    ffmpegPath,
    fileArguments(path.resolve(file.filename)),
    name,
    options.signal,
  );
  return openFfmpegOutput(ffmpeg, { name, container, head, bytes: file.size });
}

async function openWavFile(file: OpenFile): Promise<AudioBytes> {
  const reader = new WavStreamReader();
  let position = 0;
  let audio: Uint8Array = new Uint8Array(0);
  while (reader.format === undefined) {
    const bytes = await readAt(file, position, READ_BYTES);
    if (bytes.length === 0) break;
    position += bytes.length;
    audio = reader.push(bytes);
  }
  const { format } = reader;
  if (format === undefined) {
    reader.end();
    throw new BadAudioError(`The WAV "${file.filename}" holds no audio.`);
  }
  const present = file.size - reader.headerBytes;
  const info = wavInfo(reader, format, file.size);
  const promised = reader.promisedBytes;
  // Less than one block missing is a writer that rounds otherwise, not a file that was cut.
  if (promised !== null && promised - present >= info.blockBytes) {
    throw new BadAudioError(
      `The WAV "${file.filename}" is truncated: its header promises ${promised} bytes of audio, ${present} are there.`,
    );
  }
  const bytes = wavFileBytes(file, reader, audio, position);
  return { info: info.info, format, bytes, name: `"${file.filename}"`, close: () => file.handle.close() };
}

async function* wavFileBytes(
  file: OpenFile,
  reader: WavStreamReader,
  first: Uint8Array,
  from: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  const buffer = new Uint8Array(READ_BYTES);
  for (let position = from; ;) {
    const bytes = await readAt(file, position, READ_BYTES, buffer);
    const audio = reader.push(bytes);
    if (audio.length === 0) return;
    position += bytes.length;
    yield audio;
  }
}

async function readAt(
  file: OpenFile,
  position: number,
  length: number,
  buffer = new Uint8Array(length),
): Promise<Uint8Array> {
  try {
    const { bytesRead } = await file.handle.read(buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw fileError(file.filename, error);
  }
}
