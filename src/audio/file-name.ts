/**
 * Names of files as they come from people and programs: with the line feed that a command ends its output with, in the
 * quotes of "Copy as path", as file:// addresses. A name that names a file as it stands is never read otherwise.
 */
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AudioFileError, InvalidArgumentError } from '../errors';
import { type Word, phrase, say } from '../sentence';

/** Characters of a name that a message repeats. */
const MOST_SHOWN = 200;

/**
 * The absolute path of the file that a name means: the name as it stands where there is such a file, else the first reading of
 * it that there is. A name of which no reading is there comes back as its likeliest path, for whoever opens it to miss.
 *
 * @param name text, or its UTF-8 bytes, as programs print it
 * @param folder what relative names count from; default: the working directory
 * @throws InvalidArgumentError for what names no file of this machine: no text, several lines, the address of something else
 */
export async function filePath(name: unknown, folder = ''): Promise<string> {
  const text = nameText(name);
  const lines = namesIn(text);
  // A file may really be called so; only a zero byte can be in no name.
  if (!text.includes('\0') && (await isThere(resolve(folder, text)))) return resolve(folder, text);
  const cleaned = onlyName(lines);
  const readings = readingsOf(cleaned).map((reading) => resolve(folder, reading));
  for (const reading of readings) if (await isThere(reading)) return reading;
  refuseAddress(cleaned);
  refuseShellWords(cleaned);
  return readings[0] ?? resolve(folder, cleaned);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function nameText(name: unknown): string {
  if (typeof name === 'string') return name;
  if (!(name instanceof Uint8Array)) {
    throw new InvalidArgumentError(
      say`The file name is ${kindOf(name)}: the path of a file is accepted, as text.`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
  } catch (cause) {
    throw new InvalidArgumentError(
      say`The file name is ${name.length} bytes that are no text: the path of a file is accepted, not what is in it.`,
      { cause },
    );
  }
}

function kindOf(value: unknown): Word {
  if (value === undefined || value === null) return 'missing';
  if (Array.isArray(value)) return say`a list of ${value.length}`;
  return typeof value === 'object' ? phrase`an object` : say`${JSON.stringify(value)}, a ${typeof value}`;
}

/**
 * Names without what programs put around them: white space and line ends, a byte order mark, a closing zero byte, colours of a
 * terminal, quotes.
 *
 * @throws InvalidArgumentError where there is none
 */
function namesIn(text: string): readonly string[] {
  // eslint-disable-next-line no-control-regex -- the sequences that colour a terminal (ECMA-48, 8.3.117)
  const plain = text.replace(/\u001b\[[0-9;]*[mK]/gu, '');
  const names = plain
    .split(/[\r\n\0\u2028\u2029]+/u)
    .map((line) => unquoted(line.trim()))
    .filter((line) => line !== '');
  if (names.length === 0) {
    throw new InvalidArgumentError(say`The file name is ${shown(text)}: the path of a file is accepted.`);
  }
  return names;
}

/** @throws InvalidArgumentError where there is another */
function onlyName(names: readonly string[]): string {
  const [first = '', second] = names;
  if (second !== undefined) {
    throw new InvalidArgumentError(
      say`The file name has ${names.length} lines, ${shown(first)} and ${shown(second)} among them: one name at a time is accepted.`,
    );
  }
  return first;
}

const QUOTES = ['""', "''", '``', '“”', '‘’', '„“', '«»', '<>'];

function unquoted(name: string): string {
  const isQuoted = name.length > 2 && QUOTES.includes(`${name.at(0) ?? ''}${name.at(-1) ?? ''}`);
  return isQuoted ? name.slice(1, -1) : name;
}

/** What a name may mean, the likeliest first; each a path, relative or absolute. */
function readingsOf(name: string): readonly string[] {
  if (/^file:/iu.test(name)) return fileAddress(name);
  if (/^~[/\\]/u.test(name)) return [join(homedir(), name.slice(2)), name];
  return [
    name,
    ...(name.includes('%') ? decoded(name) : []),
    // As a shell escapes spaces, and as Windows writes folders.
    ...(name.includes('\\') ? [name.replace(/\\(?=[^A-Za-z0-9])/gu, ''), name.replaceAll('\\', '/')] : []),
    // One accented letter, or the letter and its accent: file systems differ.
    name.normalize('NFC'),
    name.normalize('NFD'),
  ];
}

/** The paths that a file: address may mean: read by the rules of addresses, and as a path with "file://" before it. */
function fileAddress(address: string): readonly string[] {
  const glued = address.replace(/^file:(\/\/(localhost(?=\/))?)?/iu, '');
  // `file:///C:/a.wav`, also where nobody wrote the third slash.
  const path = /^\/[A-Za-z]:[/\\]/u.test(glued) && process.platform === 'win32' ? glued.slice(1) : glued;
  return [...byTheRules(address), ...decoded(path), path];
}

function byTheRules(address: string): readonly string[] {
  try {
    // `file:a.wav` has no root in anybody's mind; the rules give it one.
    return /^file:\//iu.test(address) ? [fileURLToPath(address)] : [];
  } catch {
    return [];
  }
}

/** Without percent signs, if they are those of an address. */
function decoded(name: string): readonly string[] {
  try {
    return [decodeURIComponent(name)];
  } catch {
    return [];
  }
}

/** @throws InvalidArgumentError for what is no path of this machine */
function refuseAddress(name: string): void {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//iu.exec(name)?.[1]?.toLowerCase();
  const host = /^file:\/\/(?!localhost\/)([^/\\]+)[/\\]/iu.exec(name)?.[1];
  if (host !== undefined && process.platform !== 'win32' && !/^[A-Za-z]:$/u.test(host)) {
    throw new InvalidArgumentError(
      say`The file name ${shown(name)} is an address on the machine "${host}": a file of this machine is accepted, as in file:///sounds/a.wav.`,
    );
  }
  if (scheme !== undefined && scheme !== 'file') {
    throw new InvalidArgumentError(
      say`The file name ${shown(name)} is an address (${scheme}://), not a file of this machine: fetch it first, or open it as a live source.`,
    );
  }
  if (/^(data|blob):/iu.test(name)) {
    throw new InvalidArgumentError(
      say`The file name ${shown(name)} is ${/^data/iu.test(name) ? say`the content of a file` : say`an address inside a browser`}: the path of a file is accepted.`,
    );
  }
  if (process.platform !== 'win32' && /^(file:\/*)?([A-Za-z]:[\\/]|\\\\)/u.test(name)) {
    throw new InvalidArgumentError(
      say`The file name ${shown(name)} is a path of Windows, and this machine (${process.platform}) has no such drives.`,
    );
  }
}

/** @throws AudioFileError for what a shell would have replaced */
function refuseShellWords(name: string): void {
  const words: readonly (readonly [RegExp, string])[] = [
    [/[*?]|\[[^\]]+\]/u, phrase`names are taken as they are, without wildcards`],
    [/\$\{?\w|^%\w+%/u, phrase`names are taken as they are, without variables`],
    [/^~[^/\\]/u, phrase`of the names with ~ only ~/ is known, the folder of the user that this runs as`],
  ];
  const reason = words.find(([pattern]) => pattern.test(name))?.[1];
  if (reason !== undefined) {
    throw new AudioFileError('DEEPTONE_FILE_NOT_FOUND', say`There is no file ${shown(name)}: ${reason}.`);
  }
}

/** A name in quotes, what is invisible in it written out. */
function shown(name: string): string {
  return JSON.stringify(name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}...` : name);
}
