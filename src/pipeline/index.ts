/** The pipeline room: one stream through the rooms, and what a caller may ask of it. */
export { AnalysisStream } from './analysis-stream';
export { ChunkMemory } from './chunk-memory';
export { Deeptone } from './deeptone';
export { ENGINE_RULES, MODEL_SETS, type DeeptoneOptions } from './engine-options';
export type { SpeakerSample } from './enrolment';
export type { LostAudio } from './lasting-stream';
export { DEFAULT_LIMITS, type Limits } from './limits';
export {
  checkOptions,
  DEFAULT_VOLUME_THRESHOLD,
  optionEntries,
  optionNames,
  OPTIONS,
  checkDecisions,
  selectModels,
  type AnalysisCommand,
  type AnalysisOptions,
  type BytesOptions,
  type ChunkOptions,
  type FileOptions,
  type FlaggedName,
  type LiveOptions,
  type OnWarning,
  type OpenOptions,
  type OptionName,
  type SoundOptions,
  type StreamOptions,
  type ValueOf,
  type WarningOptions,
  type WayIn,
  type WholeOptions,
} from './options';
export { DEFAULT_SEGMENTS } from './segment-cutter';
export { DEFAULT_SPEAKER_DELAY } from './held-frames';
