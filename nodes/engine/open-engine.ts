import { Deeptone, type DeeptoneOptions } from '../../src';
import { OnnxPredictionEngine } from '../../src/inference';
import type { OpenEngine } from './hub';

export type EngineSettings = Omit<DeeptoneOptions, 'predictionEngine' | 'allowInactiveLicense'>;

/**
 * Opens an engine; nothing is loaded until it is started.
 *
 * @param licenseKey undefined or empty for the evaluation license
 * @throws LicenseManagerError, ModelInvalidError, InvalidArgumentError
 */
export function openEngine(settings: EngineSettings, licenseKey?: string): OpenEngine {
  const { ffmpegPath, licensePublicKeys, folders, ...runtimeSettings } = settings;
  const runtime = new OnnxPredictionEngine(runtimeSettings);
  const deeptone = new Deeptone(licenseKey ?? null, {
    predictionEngine: runtime,
    ffmpegPath,
    licensePublicKeys,
    folders,
    allowInactiveLicense: true,
  });
  return { deeptone, runtime, ffmpegPath };
}
