/** Where the files that flows name are. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InvalidArgumentError } from '../../src';

/** The folder of the sounds that ship with the package, for examples and first steps. */
export const EXAMPLE_SOUNDS = resolve(__dirname, '../../../examples/sounds');

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
    throw new InvalidArgumentError(`There is no example sound "${name}". There are: ${names.join(', ')}.`);
  }
  return join(EXAMPLE_SOUNDS, name);
}

/**
 * The absolute path of a file that a flow names: relative ones count from `fileWorkingDirectory` of the settings, as for
 * the core file nodes, and without that from the working directory.
 *
 * @throws InvalidArgumentError when it is no name
 */
export function absolutePath(filename: unknown, workingDirectory: unknown): string {
  if (typeof filename !== 'string' || filename.trim() === '') {
    const given = filename === undefined ? 'missing' : JSON.stringify(filename);
    throw new InvalidArgumentError(
      `The file name is ${given}: set it in the node, or send it in msg.filename as text.`,
    );
  }
  return resolve(typeof workingDirectory === 'string' ? workingDirectory : '', filename);
}
