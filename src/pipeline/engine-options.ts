/** How an engine is set up, and the one place that checks it. */
import {
  ISOLATIONS,
  MOST_WORKERS,
  RUNTIME_CHOICES,
  type EngineEvent,
  type Isolation,
  type PredictionEngine,
  type RuntimeChoice,
} from '../inference';
import type { VoiceSignatures } from '../insight';
import { LIMIT_RULES, type Limits } from './limits';
import { checkNamedOptions, type RulesFor } from '../rules';
import { phrase, say } from '../sentence';

/** How an engine is set up. */
export interface DeeptoneOptions extends Limits {
  /** Runs the models; the default is ONNX Runtime in a worker thread (decision 26). */
  readonly predictionEngine?: PredictionEngine;
  /** Which of the shipped sets of models: trained on all data, or only on openly licensed data. Default `standard`. */
  readonly modelSet?: 'standard' | 'open';
  /** Folders with models of your own. */
  readonly modelFolders?: readonly string[];
  /** Where ffmpeg is; by default it is looked for. WAV never needs it. */
  readonly ffmpegPath?: string;
  /** Folders that sound files, and recordings of speakers, are read from; by default any. Links do not lead out of them. */
  readonly folders?: readonly string[];
  /**
   * Voices that `speaker-map` knows by name where a caller names none (`voiceSignatures`); asked for whenever a sound or a stream begins.
   * It is told the identity of the network (`ModelDescription.embeddingId`); voices of another one are passed over.
   */
  readonly knownVoices?: (embeddingId: string) => VoiceSignatures;
  /**
   * How alike a voice must be to get the name of a voice that is known (`knownVoices`, `voiceSignatures`): added to the likeness that the
   * models ask for, a cosine of 0.6 in the set `standard` and 0.5 in `open`. From -0.3 to 0.3: above 0 fewer strangers get a name, and its
   * owner is missed more often; below 0 the other way round. Default 0.
   */
  readonly voiceStrictness?: number;
  /**
   * What runs the models: `native` or `wasm`, that or nothing; `auto`, the native runtime where it works, else WebAssembly, about 2 times
   * slower. Default: the environment variable `DEEPTONE_RUNTIME`, else `auto`.
   */
  readonly runtime?: RuntimeChoice;
  /**
   * Workers: threads, or with `isolation: 'process'` processes, that run the models of different streams, files and channels side by side;
   * each loads the models for itself. A stream stays on its worker. Default 1; more than there are cores is of no use.
   */
  readonly workers?: number;
  /** Threads of the native runtime within one run of the models. Default 1, which is best for most; see `workers` for many streams. */
  readonly threads?: number;
  /**
   * Where the models run (decision 30): in a thread of this process, or in a process of their own, whose crash, lack of memory or
   * hang is not the end of this one. Default `thread`.
   */
  readonly isolation?: Isolation;
  /** Told when what runs the models is lost, and when it runs again; not of a `predictionEngine` of your own. */
  readonly onEngineEvent?: (event: EngineEvent) => void;
  /** Public keys, beside the shipped ones, that licenses may be signed with (decision 22). */
  readonly licensePublicKeys?: readonly string[];
  /**
   * Open although the license has expired or is not valid yet, so that a host can show its state; work is refused all the same.
   * Default false.
   */
  readonly allowInactiveLicense?: boolean;
}

/** The sets of models that ship with the package. */
export const MODEL_SETS = ['standard', 'open'] as const satisfies readonly DeeptoneOptions['modelSet'][];

const A_TEXT = { type: 'text', accepted: say`a text is accepted` } as const;

const ABSOLUTE_PATHS = phrase`a list of absolute paths of folders is accepted`;

/** What each of them accepts. */
export const ENGINE_RULES = {
  predictionEngine: {
    type: 'judged',
    holds: (value) =>
      typeof value === 'object' && value !== null && 'models' in value && 'openStream' in value,
    accepted: say`an object with models, start, openStream and close is accepted`,
  },
  modelSet: { type: 'choice', choices: MODEL_SETS, accepted: say`"standard" or "open" is accepted` },
  modelFolders: { type: 'list', of: A_TEXT, accepted: say`a list of paths of folders is accepted` },
  ffmpegPath: { type: 'text', accepted: say`the path of a program is accepted` },
  runtime: {
    type: 'choice',
    choices: RUNTIME_CHOICES,
    accepted: say`"auto", "native" or "wasm" is accepted`,
  },
  folders: {
    type: 'list',
    of: { type: 'text', pattern: /^(?:\/|[A-Za-z]:[\\/]|\\\\)/u, accepted: ABSOLUTE_PATHS },
    accepted: ABSOLUTE_PATHS,
  },
  threads: {
    type: 'number',
    whole: true,
    minimum: 1,
    accepted: say`a whole number of at least 1 is accepted`,
  },
  workers: {
    type: 'number',
    whole: true,
    minimum: 1,
    maximum: MOST_WORKERS,
    accepted: say`a whole number from 1 to ${MOST_WORKERS} is accepted`,
  },
  knownVoices: { type: 'function', accepted: say`a function is accepted` },
  voiceStrictness: {
    type: 'number',
    minimum: -0.3,
    maximum: 0.3,
    accepted: say`a number from -0.3 (generous) to 0.3 (strict) is accepted`,
  },
  isolation: { type: 'choice', choices: ISOLATIONS, accepted: say`"thread" or "process" is accepted` },
  onEngineEvent: { type: 'function', accepted: say`a function is accepted` },
  licensePublicKeys: {
    type: 'list',
    of: { ...A_TEXT, isSecret: true },
    accepted: say`a list of public keys as texts is accepted`,
    isSecret: true,
  },
  allowInactiveLicense: { type: 'boolean', accepted: say`true or false is accepted` },
  ...LIMIT_RULES,
} as const satisfies RulesFor<DeeptoneOptions>;

/**
 * Checks how an engine is to be set up; unknown names are rejected, not ignored (decision 21).
 *
 * @throws InvalidArgumentError naming the option, its value and what is accepted
 */
export function checkEngineOptions(options: unknown): void {
  checkNamedOptions(options, ENGINE_RULES);
}
