/** A folder of models: where a head is put, and the catalogue that names it. */
import { constants, existsSync } from 'node:fs';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { InvalidArgumentError } from '../errors';
import { CATALOGUE_FILE, readUserFolder, type UserEntry } from '../inference';

/** A folder of models that may not be there yet. */
export class ModelFolder {
  private constructor(
    private readonly folder: string,
    /** The other entries, as they stand. */
    private readonly others: readonly unknown[],
    private readonly name: string,
  ) {}

  /**
   * Makes the folder where it is not there, and looks whether a model of this name can be put into it.
   *
   * @param replace whether it may take the place of a model of the same name
   * @throws ModelInvalidError when there is a catalogue that cannot be read, InvalidArgumentError when there is a
   *   model of this name or nothing can be written there
   */
  static async open(folder: string, name: string, replace: boolean): Promise<ModelFolder> {
    await mkdir(folder, { recursive: true }).catch(cannotWrite(folder));
    await access(folder, constants.W_OK).catch(cannotWrite(folder));
    const hasCatalogue = existsSync(path.join(folder, CATALOGUE_FILE));
    const entries = hasCatalogue ? readUserFolder(folder).models : [];
    const others = entries.filter((entry) => !isNamed(entry, name));
    if (!replace && (others.length < entries.length || existsSync(path.join(folder, graphFile(name))))) {
      throw new InvalidArgumentError(
        `"${folder}" has a model named "${name}" already: take another name, or ask for it to be replaced (--replace).`,
      );
    }
    return new ModelFolder(folder, others, name);
  }

  /**
   * Writes the graph, then the catalogue, each at once: whoever reads meanwhile sees the old file or the new one.
   *
   * @param entry all of the entry but its name and file
   * @returns the files written
   */
  async put(
    graph: Uint8Array,
    entry: Omit<UserEntry, 'name' | 'source'>,
    source: { readonly tap: string; readonly trunkSha256: string },
  ): Promise<readonly string[]> {
    const { name, folder } = this;
    const full: UserEntry = { name, source: { kind: 'head', file: graphFile(name), ...source }, ...entry };
    const catalogue = { version: 1, models: [...this.others, full] };
    return [
      await replaceFile(path.join(folder, graphFile(name)), graph),
      await replaceFile(path.join(folder, CATALOGUE_FILE), `${JSON.stringify(catalogue, null, 2)}\n`),
    ];
  }
}

/**
 * Takes a head out of a folder of models; the others stay. Nothing happens where it is not in there.
 *
 * @throws ModelInvalidError when the catalogue cannot be read, InvalidArgumentError when nothing can be written there
 */
export async function forgetHead(folder: string, name: string): Promise<void> {
  if (!existsSync(path.join(folder, CATALOGUE_FILE))) return;
  const { models } = readUserFolder(folder);
  const others = models.filter((entry) => !isNamed(entry, name));
  if (others.length === models.length) return;
  const catalogue = { version: 1, models: others };
  await replaceFile(path.join(folder, CATALOGUE_FILE), `${JSON.stringify(catalogue, null, 2)}\n`);
  await rm(path.join(folder, graphFile(name)), { force: true });
}

async function replaceFile(file: string, content: string | Uint8Array): Promise<string> {
  const unfinished = `${file}.new`;
  await writeFile(unfinished, content).catch(cannotWrite(file));
  await rename(unfinished, file).catch(cannotWrite(file));
  return file;
}

function cannotWrite(file: string): (cause: unknown) => never {
  return (cause) => {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new InvalidArgumentError(
      `"${file}" cannot be written (${reason}): name a folder that you may write to.`,
      { cause },
    );
  };
}

function graphFile(name: string): string {
  return `${name}.onnx`;
}

function isNamed(entry: unknown, name: string): boolean {
  return typeof entry === 'object' && entry !== null && 'name' in entry && entry.name === name;
}
