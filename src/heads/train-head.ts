/** From a folder of recordings to a model of one's own. */
import { throwIfAborted } from '../audio';
import { InvalidArgumentError } from '../errors';
import { loadCatalogue, RESERVED_NAME, TapReader, type Catalogue, type ModelSet } from '../inference';
import { calibrate } from './calibration';
import { hear, type Hearing } from './hearing';
import { judgeHeldOut } from './held-out';
import { trainLinearHead } from './linear-head';
import { ModelFolder } from './model-folder';
import { onnxOf } from './onnx-file';
import { seededRandom } from './random';
import { findRecordings, readRecording, type ClassRecordings } from './recordings';
import { judge, type HeadReport } from './report';

/** How a head is trained, and where it is put. */
export interface TrainHeadOptions {
  /** Name of the model: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** What people call it, in lists of models: up to 64 characters. Default: the name. */
  readonly title?: string;
  /** Folder of models that the head is put into; made if it is not there. */
  readonly out: string;
  /** Tap of the trunk that the head sits on. Default `tap_medium`, which hears about a second. */
  readonly tap?: string;
  /** Take the place of a model of the same name in `out`. Default false. */
  readonly replace?: boolean;
  /** The set whose trunk hears; the head works with this set only. Default `standard`. */
  readonly modelSet?: ModelSet;
  /** Where ffmpeg is; by default it is looked for. WAV never needs it. */
  readonly ffmpegPath?: string;
  /** Aborts the training; it then fails with AbortedError. */
  readonly signal?: AbortSignal;
  /** Called before each recording with the share of recordings heard. */
  readonly onProgress?: (file: string, fraction: number) => void;
}

/** Hears about a second: long enough for the course of a sound, short enough to notice soon that it has begun. */
export const TAP_OF_HEADS = 'tap_medium';
/** Decides on changes of the recordings and on orders: the same recordings give the same head. */
const SEED = 1;
/** As in a catalogue entry. */
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LONGEST_NAME = 64;

/**
 * Trains a head on recordings of new sounds and puts it into a folder of models. The figures in the report come from
 * recordings held out in turn; the head that is written has learned from all of them.
 *
 * @param folder has a sub-folder with recordings for each class
 * @throws InvalidArgumentError, AudioFileError, BadAudioError, FfmpegError, ModelInvalidError,
 *   RuntimeUnavailableError, AbortedError
 */
export async function trainHead(folder: string, options: TrainHeadOptions): Promise<HeadReport> {
  const { name, out, tap = TAP_OF_HEADS, replace = false, title = name } = options;
  const catalogue = loadCatalogue({ modelSet: options.modelSet });
  checkName(name, catalogue);
  checkTitle(title);
  const classes = await findRecordings(folder);
  const target = await ModelFolder.open(out, name, replace);
  const reader = await TapReader.open(catalogue, tap);
  try {
    const random = seededRandom(SEED);
    const hearings = await hearAll(reader, classes, random, options);
    const heldOut = judgeHeldOut(hearings, reader.channels, random);
    const head = trainLinearHead(hearings, reader.channels, random);
    const temperature = calibrate(heldOut, classes.length);
    const names = classes.map((each) => each.name);
    const files = await target.put(
      onnxOf(head, name),
      {
        title,
        description: `A head of your own on ${tap}: ${names.join(', ')}.`,
        classes: names,
        activation: 'softmax',
        calibration: { temperature },
        gate: 'volume',
        unknownBelow: null,
      },
      { tap, trunkSha256: catalogue.trunk.sha256 },
    );
    return {
      name,
      tap,
      receptiveFieldMs: reader.receptiveFieldMs,
      classes: names,
      heldOut: judge(heldOut, classes),
      temperature,
      files,
    };
  } finally {
    await reader.release();
  }
}

function checkTitle(title: string): void {
  if (title.trim() !== '' && title.length <= LONGEST_NAME && !/\p{C}/u.test(title)) return;
  throw new InvalidArgumentError(
    `A model cannot be called ${JSON.stringify(title)}: up to ${LONGEST_NAME} characters are accepted, without control characters.`,
  );
}

async function hearAll(
  reader: TapReader,
  classes: readonly ClassRecordings[],
  random: () => number,
  { ffmpegPath, signal, onProgress }: TrainHeadOptions,
): Promise<readonly (readonly Hearing[])[]> {
  const count = classes.reduce((sum, { files }) => sum + files.length, 0);
  let done = 0;
  const heard: Hearing[][] = [];
  for (const { files } of classes) {
    const hearings: Hearing[] = [];
    for (const [recording, file] of files.entries()) {
      throwIfAborted(`"${file}"`, signal);
      onProgress?.(file, done / count);
      const samples = await readRecording(file, { ffmpegPath, signal });
      hearings.push(...(await hear(reader, samples, { file, recording, random })));
      done += 1;
    }
    heard.push(hearings);
  }
  return heard;
}

function checkName(name: string, catalogue: Catalogue): void {
  if (!NAME.test(name) || name.length > LONGEST_NAME) {
    throw new InvalidArgumentError(
      `A model cannot be named "${name}": up to ${LONGEST_NAME} lower-case letters, digits and single hyphens between them are accepted, such as "doorbell" or "kitchen-sounds".`,
    );
  }
  if (name === RESERVED_NAME) {
    throw new InvalidArgumentError(
      `A model cannot be named "${name}": that is the level of the sound in every summary; take another name.`,
    );
  }
  const taken = catalogue.models.map(({ description }) => description.name);
  if (taken.includes(name)) {
    throw new InvalidArgumentError(
      `"${name}" is the name of a model that ships with DeepTone; take one that is not among ${taken.join(', ')}.`,
    );
  }
}
