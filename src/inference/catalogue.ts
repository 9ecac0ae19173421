/**
 * Which models there are: the shipped set and the users' folders, read and checked without the runtime, so that a
 * list of models can be had on any machine. A broken entry is named and left out; the rest works.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { ModelInvalidError } from '../errors';
import { say } from '../sentence';
import {
  CATALOGUE_CHECKS,
  type BuiltInEntry,
  type BuiltInSource,
  type Calibration,
  type GateEntry,
  type TrunkEntry,
  type UserEntry,
  type UserFolderHeader,
} from './catalogue-schema';
import { gateOf } from './catalogue-gate';
import type { BrokenModel, ModelDescription, VoiceGate } from './prediction-engine';

/** The shipped sets: trained on all data, or on openly licensed data alone. */
export type ModelSet = 'standard' | 'open';

/** Which models to list. */
export interface CatalogueOptions {
  /** `standard` (default): trained on all data; `open`: trained on open-licensed data alone. */
  readonly modelSet?: ModelSet;
  /** Folders with users' own models, each with a `catalogue.json`. */
  readonly modelFolders?: readonly string[];
  /** Folder of the shipped sets; by default `models/` of this package. */
  readonly shippedFolder?: string;
}

/** Where the scores of a model come from; file names are absolute. */
export type ModelSource =
  | BuiltInSource
  | { readonly kind: 'head'; readonly file: string; readonly tap: string; readonly channels: number }
  | { readonly kind: 'pcm'; readonly file: string; readonly stateSize: number };

/** A model that can be used: what callers see of it, and what the worker needs to run it. */
export interface CatalogueModel {
  /** What callers see of it. */
  readonly description: ModelDescription;
  /** Where its scores come from. */
  readonly source: ModelSource;
  /** How its scores become probabilities that hold what they promise. */
  readonly calibration: Calibration;
  /** Numbers per frame: classes, or the size of the embedding. */
  readonly width: number;
  /** Scores behind those of the classes that share in the softmax and are not given out: of sounds that are none of the classes. */
  readonly rejected?: number;
}

/** The gate of a shipped set: how it is read, and how the worker runs it. */
export interface CatalogueGate extends VoiceGate {
  /** Runs as any other model does, but nobody asks for it. */
  readonly model: CatalogueModel;
}

/** What there is to run. */
export interface Catalogue {
  /** Name of the shipped set. */
  readonly set: string;
  /** The trunk; `file` is absolute. */
  readonly trunk: TrunkEntry;
  /** What decides whether somebody speaks, where the set has a gate of its own. */
  readonly gate?: CatalogueGate;
  /** In the order of the files: the shipped set first. */
  readonly models: readonly CatalogueModel[];
  /** Models that cannot be used, and why. */
  readonly broken: readonly BrokenModel[];
}

/** dist/src/inference -> the package. */
const PACKAGE_ROOT = path.resolve(__dirname, '..', '..', '..');
/** Name of the file that lists the models of a folder. */
export const CATALOGUE_FILE = 'catalogue.json';

/**
 * Reads the shipped set and the users' folders. Synchronous, and without the runtime.
 *
 * @throws ModelInvalidError when the shipped set itself cannot be read; a user's folder or a single model that is
 * broken is listed in `broken` instead.
 */
export function loadCatalogue(options: CatalogueOptions = {}): Catalogue {
  const shipped = options.shippedFolder ?? path.join(PACKAGE_ROOT, 'models');
  const folder = options.modelSet === 'open' ? path.join(shipped, 'open') : shipped;
  const set = readSet(folder);
  const found = new Found(set.title);
  for (const [index, entry] of set.models.entries())
    found.add(entry, index, (e) => builtInModel(e, set.trunk));
  for (const userFolder of options.modelFolders ?? [])
    addUserFolder(found, path.resolve(userFolder), set.trunk);
  const gate = set.gate && gateOf(set.gate, set.trunk);
  return {
    set: set.set,
    trunk: set.trunk,
    ...(gate ? { gate } : {}),
    models: found.models,
    broken: found.broken,
  };
}

/** What stands beside the models in a summary (decision 28), so that no model can have this name. */
export const RESERVED_NAME = 'level';

/** Collects models; the first of a name wins, so that a user's model cannot take the place of a built-in one. */
class Found {
  readonly models: CatalogueModel[] = [];
  readonly broken: BrokenModel[] = [];
  private readonly owners = new Map<string, string>();

  constructor(private owner: string) {}

  enter(owner: string): void {
    this.owner = owner;
  }

  add(entry: unknown, index: number, read: (entry: unknown) => CatalogueModel): void {
    const name = entryName(entry, index);
    try {
      if (name === RESERVED_NAME) {
        throw new ModelInvalidError(
          say`the name "${name}" belongs to the level of the sound in every summary`,
        );
      }
      const owner = this.owners.get(name);
      if (owner !== undefined) throw new ModelInvalidError(say`the name is taken by a model of ${owner}`);
      const model = read(entry);
      this.owners.set(name, this.owner);
      this.models.push(model);
    } catch (error) {
      this.broken.push({ name, reason: `${reasonOf(error)} (in ${this.owner})` });
    }
  }
}

function readSet(folder: string): {
  set: string;
  title: string;
  trunk: TrunkEntry;
  gate: GateEntry | undefined;
  models: readonly unknown[];
} {
  const header = CATALOGUE_CHECKS.setHeader(readCatalogueFile(folder));
  if (!header.ok) {
    throw new ModelInvalidError(
      say`The shipped model catalogue in ${folder} cannot be used: ${header.reason}.`,
    );
  }
  const { set, title, trunk, gate, models } = header.value;
  return {
    set,
    title: `the shipped set "${title}"`,
    trunk: { ...trunk, file: fileInside(folder, trunk.file) },
    gate,
    models,
  };
}

/**
 * The entries of a user's folder as they stand in its catalogue, not yet checked one by one.
 *
 * @throws ModelInvalidError when there is no catalogue that can be read
 */
export function readUserFolder(folder: string): UserFolderHeader {
  return checked(CATALOGUE_CHECKS.userFolderHeader(readCatalogueFile(folder)));
}

function addUserFolder(found: Found, folder: string, trunk: TrunkEntry): void {
  try {
    const header = readUserFolder(folder);
    found.enter(folder);
    for (const [index, entry] of header.models.entries()) {
      found.add(entry, index, (e) => userModel(e, folder, trunk));
    }
  } catch (error) {
    found.broken.push({ name: folder, reason: reasonOf(error) });
  }
}

function builtInModel(value: unknown, trunk: TrunkEntry): CatalogueModel {
  const entry = checked(CATALOGUE_CHECKS.builtIn(value));
  const isEmbedding = entry.source.output === 'embedding';
  if (isEmbedding !== (entry.activation === 'embedding')) {
    throw new ModelInvalidError(say`activation "embedding" and the trunk output "embedding" go together`);
  }
  if (!isEmbedding) checkClasses(entry);
  else if (entry.pooling ?? entry.baseline)
    throw new ModelInvalidError(say`pooling and baseline are for softmax models`);
  if (entry.reject !== undefined && entry.activation !== 'softmax') {
    throw new ModelInvalidError(say`reject is for softmax models`);
  }
  if (entry.reject !== undefined && entry.baseline) {
    throw new ModelInvalidError(say`a model that rejects has no baseline`);
  }
  const rejected = entry.reject === undefined ? 0 : 1;
  const scores = entry.classes.length + rejected;
  if (entry.source.output === 'scores' && entry.source.offset + scores > trunk.scoresSize) {
    throw new ModelInvalidError(
      say`offset ${entry.source.offset} and ${scores} classes reach beyond the ${trunk.scoresSize} scores of the trunk`,
    );
  }
  return {
    description: {
      ...described(entry),
      receptiveFieldMs: entry.receptiveFieldMs,
      license: entry.license ?? '',
      trainingData: entry.trainingData,
      ...(entry.clustering ? { clustering: entry.clustering } : {}),
      ...(isEmbedding ? { embeddingId: trunk.sha256 } : {}),
    },
    source: entry.source,
    calibration: entry.calibration ?? { temperature: 1 },
    width: isEmbedding ? trunk.embeddingSize : entry.classes.length,
    ...(rejected ? { rejected } : {}),
  };
}

function userModel(value: unknown, folder: string, trunk: TrunkEntry): CatalogueModel {
  const entry = checked(CATALOGUE_CHECKS.user(value));
  checkClasses(entry);
  const file = fileInside(folder, entry.source.file);
  const { source, receptiveFieldMs } = userSource(entry, file, trunk);
  return {
    description: {
      ...described(entry),
      receptiveFieldMs,
      license: entry.license ?? 'not stated',
      trainingData: 'user',
    },
    source,
    calibration: entry.calibration ?? { temperature: 1 },
    width: entry.classes.length,
  };
}

function userSource(
  entry: UserEntry,
  file: string,
  trunk: TrunkEntry,
): { source: ModelSource; receptiveFieldMs: number } {
  const { source } = entry;
  switch (source.kind) {
    case 'head': {
      const tap = trunk.taps[source.tap];
      if (!tap) {
        const names = Object.keys(trunk.taps).join(', ');
        throw new ModelInvalidError(say`there is no tap "${source.tap}"; the trunk has ${names}`);
      }
      if (source.trunkSha256 !== undefined && source.trunkSha256 !== trunk.sha256) {
        throw new ModelInvalidError(
          say`the head was trained on another trunk than this one; train it again on this one`,
        );
      }
      return {
        source: { kind: 'head', file, tap: source.tap, channels: tap.channels },
        receptiveFieldMs: entry.receptiveFieldMs ?? tap.receptiveFieldMs,
      };
    }
    case 'pcm':
      if (entry.receptiveFieldMs === undefined) {
        throw new ModelInvalidError(say`a model of kind "pcm" must state its receptiveFieldMs`);
      }
      return {
        source: { kind: 'pcm', file, stateSize: source.stateSize },
        receptiveFieldMs: entry.receptiveFieldMs,
      };
  }
}

function described(
  entry: BuiltInEntry | UserEntry,
): Omit<ModelDescription, 'receptiveFieldMs' | 'license' | 'trainingData' | 'clustering' | 'embeddingId'> {
  return {
    name: entry.name,
    title: entry.title ?? entry.name,
    description: entry.description ?? '',
    classes: entry.classes,
    activation: entry.activation,
    gate: entry.gate ?? 'volume',
    unknownBelow: entry.unknownBelow ?? null,
    ...(entry.pooling ? { pooling: entry.pooling } : {}),
    ...(entry.baseline ? { baseline: entry.baseline } : {}),
  };
}

function checkClasses(entry: BuiltInEntry | UserEntry): void {
  if ((entry.pooling ?? entry.baseline) && entry.activation !== 'softmax') {
    throw new ModelInvalidError(say`pooling and baseline are for softmax models`);
  }
  if (entry.baseline && entry.baseline.logProbabilities.length !== entry.classes.length) {
    throw new ModelInvalidError(say`baseline.logProbabilities has one number per class`);
  }
  if (entry.baseline && entry.pooling) {
    throw new ModelInvalidError(say`a model has pooling or a baseline, not both`);
  }
  const fewest = entry.activation === 'softmax' ? 2 : 1;
  if (entry.classes.length < fewest) {
    throw new ModelInvalidError(say`a ${entry.activation} model needs ${fewest} or more classes`);
  }
  const bias = entry.calibration?.bias;
  if (bias && (entry.activation !== 'sigmoid' || bias.length !== entry.classes.length)) {
    throw new ModelInvalidError(say`calibration.bias is for sigmoid models and has one number per class`);
  }
}

function checked<T>(check: { ok: true; value: T } | { ok: false; reason: string }): T {
  if (!check.ok) throw new ModelInvalidError(check.reason);
  return check.value;
}

function readCatalogueFile(folder: string): unknown {
  const file = path.join(folder, CATALOGUE_FILE);
  let json: string;
  try {
    json = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ModelInvalidError(say`The model catalogue ${file} cannot be read: ${reasonOf(cause)}.`, {
      cause,
    });
  }
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw new ModelInvalidError(say`The model catalogue ${file} is not JSON: ${reasonOf(cause)}.`, { cause });
  }
}

/** The absolute name of a file that a catalogue names; it may not lead out of the catalogue's folder. */
function fileInside(folder: string, name: string): string {
  const file = path.resolve(folder, name);
  if (path.isAbsolute(name) || !isInside(folder, file)) {
    throw new ModelInvalidError(say`the file name "${name}" leads out of the model folder`);
  }
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new ModelInvalidError(say`the file "${name}" is not there`);
  }
  if (!isInside(realpathSync(folder), realpathSync(file))) {
    throw new ModelInvalidError(say`the file name "${name}" is a link that leads out of the model folder`);
  }
  return file;
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

function entryName(entry: unknown, index: number): string {
  const name = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : undefined;
  return typeof name === 'string' && name !== '' ? name : `entry ${index + 1}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}
