/// <reference types="node" preserve="true" />
/** @deeptone/node-red: the DeepTone audio-insight engine. This is all that the package exports. */
export { Deeptone } from './pipeline/deeptone';
export type { DeeptoneOptions } from './pipeline/engine-options';
export { AnalysisStream } from './pipeline/analysis-stream';
export type {
  AnalysisOptions,
  BytesOptions,
  ChunkOptions,
  FileOptions,
  OnWarning,
  SoundOptions,
  StreamOptions,
  WarningOptions,
  WholeOptions,
} from './pipeline/options';
export type {
  AudioData,
  AudioWarning,
  AudioWarningCode,
  Encoding,
  FormatSource,
  FormatStatements,
  FormatTrust,
  SampleArray,
  SampleFormat,
  StreamInput,
} from './audio';
export type {
  Activation,
  BrokenModel,
  ClusteringSettings,
  FramePredictions,
  Gate,
  ModelDescription,
  PredictionEngine,
  PredictionStream,
} from './inference';
export type {
  AnalysisEvents,
  AnalysisWarning,
  ChannelAnalysis,
  ChunkAnalysis,
  ClassResult,
  FileAnalysis,
  LabelShares,
  Level,
  ModelResult,
  ModelResults,
  ModelSummary,
  RawValues,
  SpeakerResult,
  Summary,
  TimeSeriesStep,
  Transition,
  TransitionEvent,
  Transitions,
  VoiceSignature,
  VoiceSignatures,
} from './insight';
export { ChunkMemory } from './pipeline/chunk-memory';
export type { SpeakerSample } from './pipeline/enrolment';
export type { LicenseState, LicenseStatus } from './license';
export {
  StreamHub,
  type About,
  type Delivery,
  type EndReason,
  type GapAction,
  type GapEvidence,
  type GapRemedy,
  type HubSetup,
  type HubStatistics,
  type Listener,
  type LiveEvent,
  type LiveEventKind,
  type LiveOptions,
  type LiveSettings,
  type PartialLiveSettings,
  type StreamAudio,
  type StreamFacts,
  type WarningCode,
  type WhenFull,
} from './streams';
export * from './errors';
