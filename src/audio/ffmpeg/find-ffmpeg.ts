import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { FfmpegError } from '../../errors';
import { type Word, phrase, say } from '../../sentence';

/** Environment variable that names the ffmpeg program. */
export const FFMPEG_VARIABLE = 'DEEPTONE_FFMPEG';

/** Optional: a name that the compiler does not resolve. */
const BUNDLED_PACKAGE: string = 'ffmpeg-static';

const found = new Map<string, string>();

/**
 * Finds the ffmpeg program: the `setting`, then the environment variable `DEEPTONE_FFMPEG`, then the optional package `ffmpeg-static`,
 * then the PATH. A setting or variable is a path, or a plain name that is looked up in the PATH. What was found is remembered;
 * what was not is looked for again, so that an ffmpeg installed meanwhile is seen.
 *
 * @returns its path; undefined when nothing is set and none is installed
 * @throws FfmpegError (`DEEPTONE_FFMPEG_NOT_FOUND`) when the setting or the variable names a program that is not there
 */
export async function findFfmpeg(setting?: string): Promise<string | undefined> {
  const variable = process.env[FFMPEG_VARIABLE];
  const key = JSON.stringify([setting, variable, process.env['PATH']]);
  const known = found.get(key);
  if (known !== undefined && (await isProgram(known))) {
    return known;
  }
  const program = await search(setting, variable);
  if (program !== undefined) {
    found.set(key, program);
  }
  return program;
}

/**
 * As {@link findFfmpeg}, where there is no way without it.
 *
 * @param purpose what needs it, as the subject of a sentence: "To decode mp3 audio"
 * @throws FfmpegError (`DEEPTONE_FFMPEG_NOT_FOUND`) that says what to do
 */
export async function requireFfmpeg(setting: string | undefined, purpose: Word): Promise<string> {
  const program = await findFfmpeg(setting);
  if (program === undefined) {
    throw new FfmpegError(
      'DEEPTONE_FFMPEG_NOT_FOUND',
      say`${purpose} takes ffmpeg, and none was found. Install it (Debian, Ubuntu: apt install ffmpeg; Alpine: apk add ffmpeg; macOS: brew install ffmpeg; Windows: winget install ffmpeg), or give its path as the ffmpeg setting or in the environment variable ${FFMPEG_VARIABLE}. WAV needs no ffmpeg.`,
    );
  }
  return program;
}

async function search(
  setting: string | undefined,
  variable: string | undefined,
): Promise<string | undefined> {
  if (setting !== undefined && setting !== '') {
    return named(setting, phrase`The ffmpeg setting`);
  }
  if (variable !== undefined && variable !== '') {
    return named(variable, say`The environment variable ${FFMPEG_VARIABLE}`);
  }
  return (await bundled()) ?? (await inPath('ffmpeg'));
}

async function named(name: string, source: Word): Promise<string> {
  const isPath = path.basename(name) !== name;
  const program = isPath ? path.resolve(name) : await inPath(name);
  if (program === undefined || !(await isProgram(program))) {
    throw new FfmpegError(
      'DEEPTONE_FFMPEG_NOT_FOUND',
      say`${source} says "${name}", which is not a program ${isPath ? say`that can be run` : say`in the PATH`}. Correct it, or leave it empty to search.`,
    );
  }
  return program;
}

/** The binary of `ffmpeg-static`; the package may be absent, or there without it where install scripts are blocked. */
async function bundled(): Promise<string | undefined> {
  try {
    const loaded: unknown = await import(BUNDLED_PACKAGE);
    const program = (loaded as { default?: unknown }).default;
    return typeof program === 'string' && (await isProgram(program)) ? program : undefined;
  } catch {
    return undefined;
  }
}

async function inPath(name: string): Promise<string | undefined> {
  const endings = process.platform === 'win32' ? ['.exe', ''] : [''];
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    for (const ending of folder === '' ? [] : endings) {
      const program = path.join(folder, name + ending);
      if (await isProgram(program)) return program;
    }
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
