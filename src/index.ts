/** @deeptone/node-red: the DeepTone audio-insight engine. This is all that the package exports. */
export { Deeptone } from './deeptone';
export type { DeeptoneOptions } from './engine-options';
export { AnalysisStream } from './analysis-stream';
export type {
  AnalysisOptions,
  BytesOptions,
  ChunkOptions,
  FileOptions,
  StreamOptions,
  WholeOptions,
} from './options';
export type { AudioData } from './samples-source';
export type { SampleFormat, Encoding, FormatSource, FormatTrust } from './audio';
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
  ChannelAnalysis,
  ChunkAnalysis,
  ClassResult,
  FileAnalysis,
  ModelResult,
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
export type { SpeakerSample } from './voice-signatures';
export type { LicenseState, LicenseStatus } from './license';
export {
  StreamHub,
  type EndReason,
  type GapAction,
  type HubSetup,
  type HubStatistics,
  type LiveEvent,
  type LiveEventKind,
  type LiveOptions,
  type LiveSettings,
  type PartialLiveSettings,
  type StreamAudio,
  type StreamFacts,
  type WhenFull,
} from './live';
export * from './errors';
