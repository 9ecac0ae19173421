/** Where `deeptone analyze` puts its answers: standard output, one file, or a folder with a file for each sound. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import * as path from 'node:path';
import { AudioFileError } from '../errors';
import type { FileAnalysis } from '../insight';
import type { AnswerWriter, Output, OutputFormat } from './formats';
import type { Input } from './inputs';
import { UsageError, type ErrorLine } from './report';

/** Flags that say where answers go. */
export interface DestinationFlags {
  readonly output?: string;
  readonly outputDir?: string;
}

/** Gives each sound the writer of its answers. */
export interface Destination {
  /** @throws AudioFileError where nothing can be written */
  answer(input: Input, analysis: FileAnalysis): Promise<void>;
  failure(input: Input, error: ErrorLine): Promise<void>;
  /** All answers are written. */
  complete(): Promise<void>;
  /** Nothing is left of what is not complete. */
  discard(): Promise<void>;
}

/**
 * @param writerTo makes a writer that writes there; `manyFiles`: the answers of several sounds
 * @throws UsageError where a format has no place for several sounds
 */
export function destinationOf(
  format: OutputFormat,
  flags: DestinationFlags,
  inputs: readonly Input[],
  standardOutput: Output,
  writerTo: (output: Output, manyFiles: boolean) => AnswerWriter,
): Destination {
  const { output: filename, outputDir: folder } = flags;
  if (filename !== undefined && folder !== undefined) {
    throw new UsageError(
      '--output is one file and --output-dir a folder with a file for each sound: say one of them.',
    );
  }
  if (folder !== undefined)
    return new FolderOfAnswers(folder, format.extension, (output) => writerTo(output, false));
  const manyFiles = inputs.length > 1;
  if (manyFiles && format.isOfOneSound) {
    throw new UsageError(
      'This format holds one sound, and there are several: name a folder with --output-dir, which then gets a file for each.',
    );
  }
  if (filename !== undefined && filename !== '-')
    return new OneFile(filename, (output) => writerTo(output, manyFiles));
  const writer = writerTo(standardOutput, manyFiles);
  return {
    answer: ({ name }, analysis) => writer.answer(name, analysis),
    failure: ({ name }, error) => writer.failure(name, error),
    complete: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

/** One file for all answers. It takes the place of one that is there only when all is written. */
class OneFile implements Destination {
  readonly #filename: string;
  readonly #writerTo: (output: Output) => AnswerWriter;
  #file: NewFile | undefined;
  #writer: AnswerWriter | undefined;

  constructor(filename: string, writerTo: (output: Output) => AnswerWriter) {
    this.#filename = filename;
    this.#writerTo = writerTo;
  }

  async answer({ name }: Input, analysis: FileAnalysis): Promise<void> {
    await (await this.#opened()).answer(name, analysis);
  }

  async failure({ name }: Input, error: ErrorLine): Promise<void> {
    await (await this.#opened()).failure(name, error);
  }

  async #opened(): Promise<AnswerWriter> {
    this.#file ??= await NewFile.open(this.#filename);
    this.#writer ??= this.#writerTo(this.#file);
    return this.#writer;
  }

  async complete(): Promise<void> {
    await this.#file?.complete();
  }

  async discard(): Promise<void> {
    await this.#file?.discard();
  }
}

/** A file for each sound. */
class FolderOfAnswers implements Destination {
  readonly #folder: string;
  readonly #extension: string;
  readonly #writerTo: (output: Output) => AnswerWriter;
  readonly #taken = new Set<string>();

  constructor(folder: string, extension: string, writerTo: (output: Output) => AnswerWriter) {
    this.#folder = folder;
    this.#extension = extension;
    this.#writerTo = writerTo;
  }

  async answer(input: Input, analysis: FileAnalysis): Promise<void> {
    const filename = path.join(this.#folder, this.#nameFor(input));
    await mkdir(path.dirname(filename), { recursive: true }).catch((error: unknown) => {
      throw cannotWrite(path.dirname(filename), error);
    });
    const file = await NewFile.open(filename);
    try {
      await this.#writerTo(file).answer(input.name, analysis);
      await file.complete();
    } finally {
      await file.discard();
    }
  }

  failure(): Promise<void> {
    return Promise.resolve(); // A sound without answers has no file; standard error tells why.
  }

  complete(): Promise<void> {
    return Promise.resolve();
  }

  discard(): Promise<void> {
    return Promise.resolve();
  }

  /** Two sounds of one name do not share a file: `talk.json`, then `talk.mp3.json`, then `talk-2.json`. */
  #nameFor({ name, stem }: Input): string {
    const inside = path.normalize(stem).replace(/^(?:\.\.(?:[\\/]|$))+/u, '');
    const candidates = [inside, `${inside}${path.extname(name)}`];
    for (let number = 2; ; number += 1) {
      const candidate = candidates.shift() ?? `${inside}-${number}`;
      if (this.#taken.has(candidate)) continue;
      this.#taken.add(candidate);
      return `${candidate}.${this.#extension}`;
    }
  }
}

/** A file that is written beside its place, and put there when it is complete; a device or a pipe is written to as it is. */
class NewFile implements Output {
  readonly #filename: string;
  readonly #part: string;
  readonly #handle: FileHandle;
  #isOpen = true;

  private constructor(filename: string, part: string, handle: FileHandle) {
    this.#filename = filename;
    this.#part = part;
    this.#handle = handle;
  }

  /** @throws AudioFileError */
  static async open(filename: string): Promise<NewFile> {
    try {
      const real = await realpath(filename).catch(() => filename);
      const status = await stat(real).catch(() => undefined);
      const isDevice = status !== undefined && !status.isFile();
      const part = isDevice ? real : `${real}.${randomUUID()}.part`;
      return new NewFile(real, part, await open(part, isDevice ? 'w' : 'wx'));
    } catch (error) {
      throw cannotWrite(filename, error);
    }
  }

  async write(text: string): Promise<void> {
    try {
      await this.#handle.writeFile(text);
    } catch (error) {
      throw cannotWrite(this.#filename, error);
    }
  }

  /** Puts it in its place. */
  async complete(): Promise<void> {
    await this.#close();
    if (this.#part === this.#filename) return;
    await rename(this.#part, this.#filename).catch((error: unknown) => {
      throw cannotWrite(this.#filename, error);
    });
  }

  /** Removes it, unless it is complete. */
  async discard(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#close();
    if (this.#part !== this.#filename) await rm(this.#part, { force: true });
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    await this.#handle.close();
  }
}

function cannotWrite(filename: string, cause: unknown): AudioFileError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AudioFileError('DEEPTONE_FILE_UNREADABLE', `"${filename}" cannot be written: ${reason}.`, {
    cause,
  });
}
