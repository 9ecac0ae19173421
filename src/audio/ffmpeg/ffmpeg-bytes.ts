/** Files and clips through ffmpeg. */

import { access, lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { AudioFileError, DeeptoneError } from '../../errors';
import { say } from '../../sentence';
import { openRegularFile, readAt, type AudioBytes, type OpenFile } from '../audio-bytes';
import { fileArguments } from './ffmpeg-arguments';
import { FfmpegProcess } from './ffmpeg-process';
import { patience } from './patience';
import { containerEnd, END_BYTES } from './container-end';

/** Clips of processes that were killed are removed when they are so many milliseconds old: a day. */
const LEFT_BEHIND_MS = 24 * 3_600_000;
const CLIP_FOLDER = 'deeptone-clip-';
const CLIP_NAME = 'clip';

/** A sound that ffmpeg decodes. */
export interface FfmpegBytes extends AudioBytes {
  readonly ffmpeg: FfmpegProcess;
  /** The file has to stay where it is while it is read. */
  readonly needsName: boolean;
}

export interface FfmpegInput {
  readonly ffmpegPath: string;
  /** What it was recognised as; ffmpeg looks itself where that is undefined. */
  readonly container: string | undefined;
  /** For error messages. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

/** A file through ffmpeg: the bytes of a WAV. The file is closed. @throws FfmpegError, AudioFileError */
export async function ffmpegFileBytes(file: OpenFile, input: FfmpegInput): Promise<FfmpegBytes> {
  const { ffmpegPath, container, name, signal } = input;
  try {
    const { samePath, filename, handle } = file;
    // A name may tell what bytes do not; where it must not be looked for by its name, it is not.
    const isNamed = container === undefined && samePath === undefined;
    const descriptor = !isNamed && (await canPass(file)) ? handle.fd : undefined;
    const isWhole = await hasEnd(file, container);
    const ffmpeg = new FfmpegProcess({
      ...{ program: ffmpegPath, name, signal, descriptor, fillsHoles: true, ...patience() },
      isUnfinished: () => !isWhole,
      args: fileArguments(descriptor === undefined ? path.resolve(samePath ?? filename) : PASSED, container),
    });
    const needsName = descriptor === undefined;
    return { ffmpeg, bytes: ffmpeg.bytes(), needsName, close: () => ffmpeg.stop() };
  } finally {
    await file.handle.close();
  }
}

/**
 * A clip through ffmpeg, which reads it from a temporary file, not from its standard input: it cannot go back in a pipe, so it
 * would refuse MP4 whose index is at the end, and give an MP3 another length than the same MP3 in a file. Where the system can hand
 * it over open, the file has no name any more when it is read.
 */
export async function ffmpegClipBytes(clip: Uint8Array, input: FfmpegInput): Promise<FfmpegBytes> {
  const folder = await temporaryFolder();
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const filename = path.join(folder, CLIP_NAME);
    await writeFile(filename, clip, { mode: 0o600 });
    const file = await openRegularFile(filename);
    const source = await ffmpegFileBytes(file, input);
    if (!source.needsName) await remove();
    return { ...source, close: () => source.close().finally(remove) };
  } catch (error) {
    await remove();
    throw error instanceof DeeptoneError ? error : temporaryError(error);
  }
}

/** What the system calls the file that ffmpeg gets. */
const PASSED = '/dev/fd/3';

/** Whether ffmpeg can open what is open here: then it reads what was looked at, whatever stands under the name by now. */
async function canPass({ handle }: OpenFile): Promise<boolean> {
  if (process.platform === 'win32') return false;
  return access(`/dev/fd/${handle.fd}`).then(
    () => true,
    () => false,
  );
}

/** Whether a file ends as its container does, as far as that can be told. */
async function hasEnd(file: OpenFile, container: string | undefined): Promise<boolean> {
  const end = containerEnd(container);
  if (!end) return true;
  const from = Math.max(0, file.size - END_BYTES);
  end.push(await readAt(file, from, file.size - from));
  return end.isThere;
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
    say`The clip cannot be put into a temporary file for ffmpeg in "${tmpdir()}": ${reason}. Make room there, or set TMPDIR to a folder that can be written to.`,
    { cause },
  );
}
