/** Where the files that flows name are. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InvalidArgumentError } from '../../src';
import { filePath } from '../../src/audio';
import type { NodeAPI } from './node-red';
import { say } from '../../src/sentence';

/** The folder of the sounds that ship with the package, for examples and first steps. */
export const EXAMPLE_SOUNDS = resolve(__dirname, '../../../resources/sounds');

/** Names of the sounds that ship with the package. */
export function exampleSounds(): readonly string[] {
  return readdirSync(EXAMPLE_SOUNDS)
    .filter((name) => name.endsWith('.wav'))
    .sort();
}

/**
 * The absolute path of a sound that ships with the package.
 *
 * @throws InvalidArgumentError when there is none of that name
 */
export function exampleSoundPath(name: string): string {
  const names = exampleSounds();
  if (!names.includes(name)) {
    throw new InvalidArgumentError(say`There is no example sound "${name}". There are: ${names.join(', ')}.`);
  }
  return join(EXAMPLE_SOUNDS, name);
}

/** Before the name of a sound that ships with the package, where a message names the file. */
const EXAMPLE = /^\s*example:(.*?)\s*$/su;

/**
 * The absolute path of a file that a flow names, by a path, a file:// address, or `example:` and the name of a sound that ships
 * with the package. Relative paths count from `fileWorkingDirectory` of the settings, as for the core file nodes, and without that
 * from the working directory.
 *
 * @param filename text, or bytes as an exec node gives them
 * @throws InvalidArgumentError when it names no file of this machine
 */
export async function namedFile(filename: unknown, workingDirectory: unknown): Promise<string> {
  const isBlank = typeof filename === 'string' && filename.trim() === '';
  if (filename === undefined || filename === null || isBlank) {
    const given = isBlank ? JSON.stringify(filename) : 'missing';
    throw new InvalidArgumentError(
      say`The file name is ${given}: set it in the node, or send it in msg.filename as text.`,
    );
  }
  const example = typeof filename === 'string' ? EXAMPLE.exec(filename)?.[1] : undefined;
  if (example !== undefined) return exampleSoundPath(example.trim());
  return filePath(filename, typeof workingDirectory === 'string' ? workingDirectory : undefined);
}

/**
 * Where what people tell us lies: in the folder of Node-RED, so that it is saved with it.
 *
 * @returns `models`: a folder of taught models for each set of models; `voices`: a file
 */
export function ownFolders({ settings }: Pick<NodeAPI, 'settings'>): {
  readonly lessons: string;
  readonly models: string;
  readonly voices: string;
} {
  const { userDir } = settings as { readonly userDir?: string };
  const folder = join(userDir ?? process.cwd(), 'deeptone');
  return {
    lessons: join(folder, 'taught'),
    models: join(folder, 'models'),
    voices: join(folder, 'voices.json'),
  };
}

/** Where sounds lie that browsers send to pages of Dashboard, while this Node-RED runs. */
export const UPLOADS = join(tmpdir(), `deeptone-uploads-${process.pid}`);
