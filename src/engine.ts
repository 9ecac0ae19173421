/**
 * What the author of an engine needs: the contract, the models that ship and users' own as plain data, and the engine that
 * runs them by default. This is `@deeptone/node-red/engine`.
 */
export {
  CATALOGUE_FILE,
  describeEngine,
  loadCatalogue,
  OnnxPredictionEngine,
  writeProbabilities,
  type Activation,
  type BrokenModel,
  type BuiltInSource,
  type Calibrated,
  type Calibration,
  type Catalogue,
  type CatalogueModel,
  type CatalogueOptions,
  type ClusteringSettings,
  type EngineEvent,
  type EngineInfo,
  type FramePredictions,
  type Gate,
  type Isolation,
  type ModelDescription,
  type ModelSet,
  type ModelSource,
  type OnnxEngineInfo,
  type OnnxEngineOptions,
  type PredictionEngine,
  type PredictionStream,
  type Rows,
  type RuntimeChoice,
  type Tap,
  type TrunkEntry,
  type WorkerStats,
} from './inference';
export type { EngineLoss } from './errors';
