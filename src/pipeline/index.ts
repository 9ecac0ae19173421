/** The pipeline room: one stream through the rooms, and what a caller may ask of it. */
export { AnalysisStream } from './analysis-stream';
export { Deeptone } from './deeptone';
export { ENGINE_RULES, MODEL_SETS, type DeeptoneOptions } from './engine-options';
export type { SpeakerSample } from './enrolment';
export {
  checkOptions,
  DEFAULT_VOLUME_THRESHOLD,
  optionEntries,
  optionNames,
  OPTIONS,
  selectModels,
  type AnalysisCommand,
  type AnalysisOptions,
  type BytesOptions,
  type ChunkOptions,
  type FileOptions,
  type FlaggedName,
  type LiveOptions,
  type OptionName,
  type StreamOptions,
  type ValueOf,
  type WayIn,
  type WholeOptions,
} from './options';
