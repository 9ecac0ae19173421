/** Where the bytes of a sound come from: memory, a file. */
import { constants, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { AudioFileError, BadAudioError, DeeptoneError } from '../errors';
import { phrase, say } from '../sentence';
import { breathe } from '../steps';
import { allowedPath, openAllowed, sameFilePath } from './allowed-folders';

/** Bytes per read, about 2 s of 16-bit mono: the calls cost nothing, memory stays flat, and no turn of the event loop is long. */
const READ_BYTES = 64 * 1024;

/** Windows has no such flag, and no named pipes among its files. */
const OPEN_FLAGS = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

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
    const kind = status.isDirectory() ? 'a directory' : phrase`not a regular file`;
    throw new AudioFileError(
      'DEEPTONE_FILE_UNREADABLE',
      say`"${filename}" is ${kind}; an audio file is needed.`,
    );
  }
  if (status.size === 0) throw new BadAudioError(say`The file "${filename}" is empty (0 bytes).`);
}

function fileError(filename: string, cause: unknown): AudioFileError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new AudioFileError('DEEPTONE_FILE_NOT_FOUND', say`There is no file "${filename}".`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new AudioFileError('DEEPTONE_FILE_UNREADABLE', say`No permission to read "${filename}".`, {
        cause,
      });
    case 'EISDIR':
      return new AudioFileError(
        'DEEPTONE_FILE_UNREADABLE',
        say`"${filename}" is a directory; an audio file is needed.`,
        { cause },
      );
    default: {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new AudioFileError('DEEPTONE_FILE_UNREADABLE', say`"${filename}" cannot be read: ${reason}.`, {
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
        say`The file "${file.filename}" became shorter while it was read: ${file.size} bytes when it was opened, ${position} at the end. Analyse it again when nobody writes to it.`,
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
