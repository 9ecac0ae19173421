/** Where the bytes of a sound come from: memory, a file, ffmpeg. */
import { constants, type Stats } from 'node:fs';
import { lstat, open, mkdtemp, readdir, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { AudioFileError, BadAudioError, DeeptoneError } from '../errors';
import { allowedPath, openAllowed, sameFilePath } from './allowed-folders';
import { fileArguments } from './ffmpeg/ffmpeg-arguments';
import { FfmpegProcess } from './ffmpeg/ffmpeg-process';

/** Bytes per read, about 2 s of 16-bit mono: the calls cost nothing, memory stays flat, and no turn of the event loop is long. */
const READ_BYTES = 64 * 1024;

/** Windows has no such flag, and no named pipes among its files. */
const OPEN_FLAGS = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

/** Milliseconds for which ffmpeg may give nothing of a file or clip: a disk that has to start takes some seconds. */
const SILENCE_MS = 30_000;
/** Clips of processes that were killed are removed when they are so many milliseconds old: a day. */
const LEFT_BEHIND_MS = 24 * 3_600_000;
const CLIP_FOLDER = 'deeptone-clip-';
const CLIP_NAME = 'clip';

/** Bytes of a sound, and how to let go of where they come from. */
export interface AudioBytes {
  readonly bytes: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** A file that is open for reading. */
export interface OpenFile {
  readonly filename: string;
  /** Where another process finds the very same file as long as it is open here; where it is not to be looked for by its name. */
  readonly samePath?: string;
  readonly handle: FileHandle;
  readonly size: number;
}

/**
 * @param folders that it has to be in, where that is limited
 * @throws AudioFileError when it is missing, not allowed, no regular file or not readable; BadAudioError when it is empty
 */
export async function openRegularFile(filename: string, folders?: readonly string[]): Promise<OpenFile> {
  try {
    // Looked at before it is opened: opening a device may do something.
    checkRegular(filename, await stat(folders ? await allowedPath(filename, folders) : filename));
    // And afterwards, since another may stand there by now: opened like this, a named pipe without a writer is no trap.
    const allowed = folders && (await openAllowed(filename, folders));
    const handle = allowed?.handle ?? (await open(filename, OPEN_FLAGS));
    try {
      const status = await handle.stat();
      checkRegular(filename, status);
      const file = { filename, handle, size: status.size };
      return allowed ? { ...file, samePath: sameFilePath(allowed) } : file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw error instanceof DeeptoneError ? error : fileError(filename, error);
  }
}

function checkRegular(filename: string, status: Stats): void {
  if (!status.isFile()) {
    const kind = status.isDirectory() ? 'a directory' : 'not a regular file';
    throw new AudioFileError(
      'DEEPTONE_FILE_UNREADABLE',
      `"${filename}" is ${kind}; an audio file is needed.`,
    );
  }
  if (status.size === 0) throw new BadAudioError(`The file "${filename}" is empty (0 bytes).`);
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

/** @throws AudioFileError */
export async function readAt(
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

/**
 * The bytes of a file from its start; iterating throws BadAudioError where it has become shorter since it was opened, AudioFileError. A piece is to be used before the next is asked for: they
 * share their memory.
 */
export function fileBytes(file: OpenFile): AudioBytes {
  return { bytes: readFrom(file), close: () => file.handle.close() };
}

async function* readFrom(file: OpenFile): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(READ_BYTES);
  for (let position = 0; ;) {
    const bytes = await readAt(file, position, READ_BYTES, buffer);
    if (bytes.length === 0) {
      if (position >= file.size) return;
      throw new BadAudioError(
        `The file "${file.filename}" became shorter while it was read: ${file.size} bytes when it was opened, ${position} at the end. Analyse it again when nobody writes to it.`,
      );
    }
    position += bytes.length;
    yield bytes;
  }
}

/** The bytes of a clip, a little at a time. */
export function clipBytes(clip: Uint8Array): AudioBytes {
  return { bytes: inSteps(clip), close: () => Promise.resolve() };
}

async function* inSteps(clip: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < clip.length; at += READ_BYTES) {
    yield clip.subarray(at, at + READ_BYTES);
    await breathe();
  }
}

/** Lets the event loop serve others. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A sound that ffmpeg decodes. */
export interface FfmpegBytes extends AudioBytes {
  readonly ffmpeg: FfmpegProcess;
}

export interface FfmpegInput {
  readonly ffmpegPath: string;
  /** What it was recognised as; ffmpeg looks itself where that is undefined. */
  readonly container: string | undefined;
  /** For error messages. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

/** A file through ffmpeg: the bytes of a WAV. */
export function ffmpegFileBytes(filename: string, input: FfmpegInput): FfmpegBytes {
  const { ffmpegPath, container, name, signal } = input;
  const args = fileArguments(path.resolve(filename), container);
  const ffmpeg = new FfmpegProcess({ program: ffmpegPath, args, name, signal, silenceMs: SILENCE_MS });
  return { ffmpeg, bytes: ffmpeg.bytes(), close: () => ffmpeg.stop() };
}

/**
 * A clip through ffmpeg, which reads it from a temporary file, not from its standard input: it cannot go back in a pipe, so it
 * would refuse MP4 whose index is at the end, and give an MP3 another length than the same MP3 in a file.
 */
export async function ffmpegClipBytes(clip: Uint8Array, input: FfmpegInput): Promise<FfmpegBytes> {
  const folder = await temporaryFolder();
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const filename = path.join(folder, CLIP_NAME);
    await writeFile(filename, clip, { mode: 0o600 });
    const source = ffmpegFileBytes(filename, input);
    return { ...source, close: () => source.close().finally(remove) };
  } catch (error) {
    await remove();
    throw error instanceof DeeptoneError ? error : temporaryError(error);
  }
}

async function temporaryFolder(): Promise<string> {
  try {
    const parent = tmpdir();
    if (!swept.has(parent)) {
      swept.add(parent);
      await sweep(parent).catch(() => undefined); // What cannot be removed is no reason to answer nothing.
    }
    return await mkdtemp(path.join(parent, CLIP_FOLDER));
  } catch (error) {
    throw temporaryError(error);
  }
}

/** Temporary folders that were looked through. */
const swept = new Set<string>();

/** Removes old clips of processes that were killed: folders of ours that hold nothing else. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(CLIP_FOLDER)) continue;
    const folder = path.join(parent, name);
    const status = await lstat(folder);
    const isOurs = status.isDirectory() && status.uid === (process.getuid?.() ?? status.uid);
    if (!isOurs || Date.now() - status.mtimeMs < LEFT_BEHIND_MS) continue;
    const held = await readdir(folder);
    if (held.every((one) => one === CLIP_NAME)) await rm(folder, { recursive: true, force: true });
  }
}

function temporaryError(cause: unknown): AudioFileError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AudioFileError(
    'DEEPTONE_FILE_UNREADABLE',
    `The clip cannot be put into a temporary file for ffmpeg in "${tmpdir()}": ${reason}. Make room there, or set TMPDIR to a folder that can be written to.`,
    { cause },
  );
}
