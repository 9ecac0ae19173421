/** The folders that files may be read from, where somebody has set any. Links, `..` and files that are exchanged do not lead out. */
import { constants } from 'node:fs';
import { open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import * as path from 'node:path';
import { AudioFileError } from '../errors';
import { say } from '../sentence';

/** Windows has none of these flags, and neither named pipes among its files. */
const {
  O_RDONLY,
  O_NONBLOCK = 0,
  O_NOFOLLOW = 0,
} = constants as Partial<typeof constants> & {
  readonly O_RDONLY: number;
};

/** A file that was opened within the folders. */
export interface AllowedFile {
  readonly handle: FileHandle;
  /** Where it is, without links. */
  readonly path: string;
}

/**
 * Opens a file that is in one of the folders, or below it. What is opened is looked at again, by the system's own account of it: who
 * exchanges a name or a link meanwhile gets the same refusal.
 *
 * @throws AudioFileError (`DEEPTONE_FILE_NOT_ALLOWED`) for every other file, whether it is there or not; what opening a file throws
 */
export async function openAllowed(filename: string, folders: readonly string[]): Promise<AllowedFile> {
  const found = await allowedPath(filename, folders);
  const handle = await open(found, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const opened = await openedPath(handle, found);
    if (opened === undefined || !(await isInAny(opened, folders))) throw notAllowed(filename);
    return { handle, path: opened };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Where a file in one of the folders really is.
 *
 * @throws as {@link openAllowed}
 */
export async function allowedPath(filename: string, folders: readonly string[]): Promise<string> {
  const named = path.resolve(filename);
  let found: string;
  try {
    found = await realpath(named);
  } catch (error) {
    // What is not there is told only where it could be.
    if (await isInAny(await realFolder(path.dirname(named)), folders, true)) throw error;
    throw notAllowed(filename);
  }
  if (await isInAny(found, folders)) return found;
  throw notAllowed(filename);
}

/** A name under which another process finds the same file, whatever its name leads to by now; where the system has such. */
export function sameFilePath({ handle, path: found }: AllowedFile): string {
  return process.platform === 'linux' ? `/proc/${process.pid}/fd/${handle.fd}` : found;
}

/** The path of an open file; undefined where its name leads to another by now. */
async function openedPath(handle: FileHandle, found: string): Promise<string | undefined> {
  if (process.platform === 'linux') return readlink(`/proc/self/fd/${handle.fd}`);
  const [opened, named] = await Promise.all([handle.stat({ bigint: true }), stat(found, { bigint: true })]);
  return opened.ino === named.ino && opened.dev === named.dev ? realpath(found) : undefined;
}

async function isInAny(file: string, folders: readonly string[], orIsIt = false): Promise<boolean> {
  const real = await Promise.all(folders.map(realFolder));
  return real.some((folder) => isInside(folder, file) || (orIsIt && folder === file));
}

async function realFolder(folder: string): Promise<string> {
  return realpath(folder).catch(() => path.resolve(folder));
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return (
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative)
  );
}

function notAllowed(filename: string): AudioFileError {
  return new AudioFileError(
    'DEEPTONE_FILE_NOT_ALLOWED',
    say`"${filename}" is not in a folder that sound may be read from. Put it into one, or have the administrator add its folder.`,
  );
}
