/** The inference room: PCM in, frame probabilities out. */
export type {
  Activation,
  BrokenModel,
  ClusteringSettings,
  EngineInfo,
  FramePredictions,
  Gate,
  ModelDescription,
  OwnModel,
  Baseline,
  Pooling,
  PredictionEngine,
  PredictionStream,
  VoiceGate,
} from './prediction-engine';
export {
  CATALOGUE_FILE,
  loadCatalogue,
  readUserFolder,
  RESERVED_NAME,
  type Catalogue,
  type CatalogueGate,
  type CatalogueModel,
  type CatalogueOptions,
  type ModelSet,
  type ModelSource,
} from './catalogue';
export { OnnxPredictionEngine, type OnnxEngineInfo, type OnnxEngineOptions } from './onnx/onnx-engine';
export type { EngineEvent } from './onnx/worker-keeper';
export { ISOLATIONS, type Isolation } from './onnx/worker-link';
export { hasNativeBuild, INSTALL_LINE, INSTALL_LINE_WINDOWS, NATIVE_PACKAGE } from './onnx/runtime-advice';
export { describeHost, hostName, type Host } from './onnx/host';
export { checkOnnxRuntime, defaultRuntime, RUNTIME_CHOICES, type RuntimeChoice } from './onnx/onnx-runtime';
export type { EngineStats, WorkerStats } from './onnx/worker-messages';
export type { BuiltInSource, Calibration, Tap, TrunkEntry, UserEntry } from './catalogue-schema';
export { describeEngine } from './describe-engine';
export { writeProbabilities, type Calibrated, type Rows } from './onnx/probabilities';
export { MOST_WORKERS } from './onnx/worker-pool';
export { TapReader } from './tap-reader';
