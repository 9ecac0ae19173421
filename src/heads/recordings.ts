/** The recordings of a training: a folder with one sub-folder per class. */
import { readdir, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { readSound } from '../audio';
import { SAMPLE_RATE } from '../clock';
import { AudioFileError, BadAudioError, InvalidArgumentError } from '../errors';
import { GATE_LABELS } from '../insight';

/** A class and its recordings. */
export interface ClassRecordings {
  /** Name of the sub-folder. */
  readonly name: string;
  /** Paths of the audio files, in order of name. */
  readonly files: readonly string[];
}

/** Every fourth recording of a class tests the head that learned from the others: with fewer there is no test. */
export const FEWEST_RECORDINGS = 4;
/** A recording is in memory as a whole; half an hour takes 115 MB. */
const LONGEST_RECORDING_MINUTES = 30;
/** As in a catalogue entry. */
const LONGEST_CLASS_NAME = 64;

/**
 * Finds the classes and their recordings, in order of name. Hidden files and folders are left out.
 *
 * @throws AudioFileError when the folder cannot be read, InvalidArgumentError when there are too few classes or
 *   recordings or a class has a name that it cannot have
 */
export async function findRecordings(folder: string): Promise<readonly ClassRecordings[]> {
  const classes: ClassRecordings[] = [];
  for (const name of await names(folder)) {
    const classFolder = path.join(folder, name);
    if (!(await isFolder(classFolder))) continue;
    checkClassName(name);
    classes.push({ name, files: await filesIn(classFolder) });
  }
  if (classes.length < 2) {
    const [only] = classes;
    const found = only ? `one sub-folder, "${only.name}"` : 'no sub-folder';
    throw new InvalidArgumentError(
      `"${folder}" has ${found}: at least two classes are needed, each a sub-folder with its recordings. ` +
        'Give the new sound one, and everything else that is to be heard there another, such as "other".',
    );
  }
  for (const { name, files } of classes) {
    if (files.length < FEWEST_RECORDINGS) {
      throw new InvalidArgumentError(
        `The class "${name}" has ${files.length} recordings: at least ${FEWEST_RECORDINGS} are needed, and 20 or more are better.`,
      );
    }
  }
  return classes;
}

/**
 * Reads a recording as a whole, its channels averaged. WAV as it is, others through ffmpeg.
 *
 * @returns 16 kHz mono samples, full scale 1.0
 * @throws AudioFileError, BadAudioError, FfmpegError, AbortedError
 */
export async function readRecording(
  file: string,
  options: { readonly ffmpegPath?: string; readonly signal?: AbortSignal },
): Promise<Float32Array> {
  const limit = LONGEST_RECORDING_MINUTES * 60 * SAMPLE_RATE;
  const samples = await readSound({ file }, { ...options, takesRaw: false }, limit);
  if (samples.length > limit) {
    throw new BadAudioError(
      `"${file}" is longer than ${LONGEST_RECORDING_MINUTES} minutes: cut it into recordings of seconds to minutes.`,
    );
  }
  return samples;
}

function checkClassName(name: string): void {
  if (GATE_LABELS.includes(name)) {
    throw new InvalidArgumentError(
      `A class cannot be named "${name}": ${GATE_LABELS.join(', ')} are what the engine itself says. Rename the sub-folder, for example to "other".`,
    );
  }
  if (name.length > LONGEST_CLASS_NAME) {
    throw new InvalidArgumentError(
      `The class name "${name}" has ${name.length} characters; at most ${LONGEST_CLASS_NAME} are accepted.`,
    );
  }
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder);
    return entries.filter((name) => !name.startsWith('.')).sort();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    if (code === 'ENOENT') {
      throw new AudioFileError('DEEPTONE_FILE_NOT_FOUND', `There is no folder "${folder}".`, { cause });
    }
    const what = code === 'ENOTDIR' ? 'is a file; a folder is needed' : `cannot be read (${code})`;
    throw new AudioFileError('DEEPTONE_FILE_UNREADABLE', `"${folder}" ${what}.`, { cause });
  }
}

/** All files in the folder and the folders in it. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const name of await names(folder)) {
    const file = path.join(folder, name);
    if (await isFolder(file)) files.push(...(await filesIn(file)));
    else files.push(file);
  }
  return files;
}

/** A link that leads nowhere is no folder; who opens it as a recording is told what is wrong with it. */
async function isFolder(name: string): Promise<boolean> {
  return stat(name).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
