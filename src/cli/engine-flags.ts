import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { type Deeptone, type DeeptoneOptions, MODEL_SETS } from '../pipeline';
import { ISOLATIONS, RUNTIME_CHOICES, type Isolation, type RuntimeChoice } from '../inference';
import { collect, wholeNumber } from './option-values';
import { UsageError } from './report';
import type { Terminal } from './terminal';

/** Flags that say which models there are. */
export interface ModelFlags {
  readonly modelSet?: 'standard' | 'open';
  readonly modelFolder?: readonly string[];
}

/** Flags that say which license holds, and who may have signed it. */
export interface LicenseFlags {
  readonly licenseFile?: string;
  readonly publicKey?: readonly string[];
}

/** Flags of every command that works with an engine. */
export interface EngineFlags extends ModelFlags, LicenseFlags {
  readonly ffmpeg?: string;
  readonly workers?: number;
  readonly threads?: number;
  readonly isolation?: Isolation;
  readonly runtime?: RuntimeChoice;
  /** Milliseconds. */
  readonly maxDuration?: number;
  readonly maxChannels?: number;
  readonly maxAnswerValues?: number;
}

/** @param command gets the flags of {@link ModelFlags} */
export function addModelFlags(command: Command): Command {
  return command
    .addOption(modelSetOption())
    .option('--model-folder <folder>', 'folder with models of your own (may be repeated)', collect);
}

/** Which of the shipped sets of models is meant. */
export function modelSetOption(): Option {
  return new Option(
    '--model-set <set>',
    'models trained on all data, or on openly licensed data only',
  ).choices(MODEL_SETS);
}

/** Where ffmpeg is. */
export function ffmpegOption(): Option {
  return new Option('--ffmpeg <path>', 'where ffmpeg is, for everything but WAV (default: looked for)');
}

/** @param command gets the flags of {@link EngineFlags} */
export function addEngineFlags(command: Command): Command {
  return addPublicKeyFlag(
    addModelFlags(command).option(
      '--license-file <file>',
      'file with the license key (default: DEEPTONE_LICENSE_KEY, then evaluation)',
    ),
  )
    .addOption(ffmpegOption())
    .option('--workers <count>', 'workers that run files and channels side by side (default: 1)', wholeNumber)
    .option(
      '--threads <count>',
      'threads within one run of the native model runtime (default: 1)',
      wholeNumber,
    )
    .addOption(
      new Option(
        '--isolation <where>',
        'run the models in a thread, or in a process of their own, whose crash is not that of the command',
      ).choices(ISOLATIONS),
    )
    .addOption(
      new Option(
        '--runtime <runtime>',
        'what runs the models (default: DEEPTONE_RUNTIME, then auto: native, else WebAssembly)',
      ).choices(RUNTIME_CHOICES),
    )
    .option('--max-duration <ms>', 'milliseconds of the longest sound (default: a day)', wholeNumber)
    .option('--max-channels <count>', 'channels that are analysed at most (default: 64)', wholeNumber)
    .option('--max-answer-values <count>', 'values in one answer at most (default: 20 million)', wholeNumber);
}

/** @param command gets the flag for the keys that the administrator trusts */
export function addPublicKeyFlag(command: Command): Command {
  return command.option(
    '--public-key <file>',
    'file with a public key that licenses may be signed with (may be repeated)',
    collect,
  );
}

/** Makes the engine that the flags describe; the caller closes it. */
export async function createEngine(flags: EngineFlags): Promise<Deeptone> {
  const [{ Deeptone }, { licenseKey, options }] = await Promise.all([
    import('../pipeline/deeptone.js'),
    engineOptions(flags),
  ]);
  return new Deeptone(licenseKey, options);
}

/** What the flags say of an engine, with the files that they name read. */
export async function engineOptions(
  flags: EngineFlags,
): Promise<{ readonly licenseKey: string | undefined; readonly options: DeeptoneOptions }> {
  const [licenseKey, licensePublicKeys] = await Promise.all([
    readLicenseKey(flags.licenseFile),
    readPublicKeys(flags.publicKey),
  ]);
  return {
    licenseKey,
    options: {
      modelSet: flags.modelSet,
      modelFolders: flags.modelFolder,
      ffmpegPath: flags.ffmpeg,
      workers: flags.workers,
      threads: flags.threads,
      isolation: flags.isolation,
      maxDuration: flags.maxDuration,
      maxChannels: flags.maxChannels,
      maxAnswerValues: flags.maxAnswerValues,
      runtime: flags.runtime,
      licensePublicKeys,
    },
  };
}

/**
 * Says which models were left out, and why; some show only once the engine has started.
 *
 * @param told names that need no telling any more
 * @returns the names that have been told by now
 */
export function sayBrokenModels(
  engine: Deeptone,
  terminal: Terminal,
  told: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const broken = engine.brokenModels.filter(({ name }) => !told.has(name));
  for (const { name, reason } of broken) terminal.say(`deeptone: The model ${name} is left out: ${reason}`);
  return new Set([...told, ...broken.map(({ name }) => name)]);
}

/** The license key in a file; undefined without a file, so that the environment or the evaluation license holds. */
export async function readLicenseKey(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  if (/^\s*eyJ/.test(file)) {
    throw new UsageError(
      'A license key was given where its file is expected. Put the key into a file: other users of this machine can see the command line.',
    );
  }
  const text = (await readText(file, 'license')).trim();
  // Falling back to another license in silence would hide the mistake.
  if (text === '') throw new UsageError(`The license file ${file} is empty.`);
  return text;
}

/** The texts of files with public keys. */
export async function readPublicKeys(files: readonly string[] = []): Promise<readonly string[]> {
  return Promise.all(files.map((file) => readText(file, 'public key')));
}

/** @param kind what the file holds, for the message */
export async function readText(file: string, kind: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`The ${kind} file ${file} cannot be read (${reason}).`, { cause: error });
  }
}
