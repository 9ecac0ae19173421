/** How an engine is set up, and the one place that checks it. */
import type { PredictionEngine } from '../inference';
import { checkNamedOptions, type Rule } from './options';

/** How an engine is set up. */
export interface DeeptoneOptions {
  /** Runs the models; the default is ONNX Runtime in a worker thread (decision 26). */
  readonly predictionEngine?: PredictionEngine;
  /** Which of the shipped sets of models: trained on all data, or only on openly licensed data. Default `standard`. */
  readonly modelSet?: 'standard' | 'open';
  /** Folders with models of your own. */
  readonly modelFolders?: readonly string[];
  /** Where ffmpeg is; by default it is looked for. WAV never needs it. */
  readonly ffmpegPath?: string;
  /** Threads of the model runtime. Default 1. */
  readonly threads?: number;
  /** Public keys, beside the shipped ones, that licenses may be signed with (decision 22). */
  readonly licensePublicKeys?: readonly string[];
  /**
   * Open although the license has expired or is not valid yet, so that a host can show its state; work is refused all the same.
   * Default false.
   */
  readonly allowInactiveLicense?: boolean;
}

const RULES: Readonly<Record<keyof DeeptoneOptions, Rule>> = {
  predictionEngine: {
    holds: (value) =>
      typeof value === 'object' && value !== null && 'models' in value && 'openStream' in value,
    accepted: 'an object with models, start, openStream and close is accepted',
  },
  modelSet: {
    holds: (value) => value === 'standard' || value === 'open',
    accepted: '"standard" or "open" is accepted',
  },
  modelFolders: { holds: isTexts, accepted: 'a list of paths of folders is accepted' },
  ffmpegPath: { holds: (value) => typeof value === 'string', accepted: 'the path of a program is accepted' },
  threads: {
    holds: (value) => typeof value === 'number',
    accepted: 'a whole number of at least 1 is accepted',
  },
  licensePublicKeys: {
    holds: isTexts,
    accepted: 'a list of public keys as texts is accepted',
    isSecret: true,
  },
  allowInactiveLicense: {
    holds: (value) => typeof value === 'boolean',
    accepted: 'true or false is accepted',
  },
};

/**
 * Checks how an engine is to be set up; unknown names are rejected, not ignored (decision 21).
 *
 * @throws InvalidArgumentError naming the option, its value and what is accepted
 */
export function checkEngineOptions(options: unknown): void {
  checkNamedOptions(options, RULES);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
