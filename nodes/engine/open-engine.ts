import { Deeptone, type DeeptoneOptions, type Limits } from '../../src';
import { OnnxPredictionEngine } from '../../src/inference';
import { MeteredEngine, type EngineMeter, type OpenEngine } from '../../src/supervision';
import { ownEngine, type EngineMaker } from './own-engine';

export interface EngineSettings extends Omit<
  DeeptoneOptions,
  'predictionEngine' | 'allowInactiveLicense' | keyof Limits
> {
  readonly limits?: Limits;
  /** An engine of one's own: the name of its module, or what makes it. */
  readonly own?: { readonly choice: string | EngineMaker; readonly userDir: string } | undefined;
}

/**
 * Opens an engine; nothing is loaded until it is started.
 *
 * @param licenseKey undefined or empty for the evaluation license
 * @param meter counts and times its answers
 * @throws LicenseManagerError, ModelInvalidError, InvalidArgumentError
 */
export function openEngine(settings: EngineSettings, licenseKey?: string, meter?: EngineMeter): OpenEngine {
  const {
    ffmpegPath,
    licensePublicKeys,
    folders,
    knownVoices,
    voiceStrictness,
    limits,
    own,
    onEngineEvent,
    ...runtimeSettings
  } = settings;
  const { maxMessageBytes, maxDuration, maxChannels, maxAnswerValues } = limits ?? {};
  const { modelSet, modelFolders, workers, threads } = runtimeSettings;
  const runtime = own
    ? ownEngine(own.choice, { modelSet, modelFolders, workers, threads }, own.userDir)
    : new OnnxPredictionEngine({ ...runtimeSettings, onEvent: onEngineEvent });
  const deeptone = new Deeptone(licenseKey ?? null, {
    predictionEngine: meter ? new MeteredEngine(runtime, meter) : runtime,
    ffmpegPath,
    licensePublicKeys,
    folders,
    knownVoices,
    voiceStrictness,
    ...{ maxMessageBytes, maxDuration, maxChannels, maxAnswerValues },
    allowInactiveLicense: true,
  });
  return { deeptone, runtime, ffmpegPath };
}
