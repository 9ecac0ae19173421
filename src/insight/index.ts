/** The insight room: frame probabilities in, answers out. Pure functions and state machines; see docs/decisions.md. */
export { Analysis, type AnalysisEvents, type AnalysisSettings } from './analysis';
export { checkDecision, isBackground, type Decision, type Decisions, type PeriodRule } from './choice';
export { needsSpeechGate, speechGateOf, type SpeechGate } from './gate';
export { frameLevels, type FrameLevels, type Level } from './level';
export { GATE_LABELS, NO_SPEECH, SILENCE, UNKNOWN } from './labels';
export { LOUDNESS, LOUDNESS_LABELS } from './loudness-track';
export type { AnalysisWarning } from './quiet-speech';
export type * from './results';
export type { SegmentSettings, SoundSegment } from './sound-segment';
export { TransitionFilter, type TransitionEvents, type TransitionFilterSettings } from './transition-filter';
export type { TransitionEvent } from './transitions';
export { frameVolumes } from './volume';
export { ENGLISH, type Vocabulary } from './vocabulary';
export {
  heardInShort,
  heardNow,
  meanShares,
  saidLabels,
  type SaidLabel,
  seriesText,
  sharesOfSummary,
  type SharesByModel,
  stepText,
  summaryText,
  transitionsText,
  transitionText,
} from './words';
export {
  checkSampleLength,
  VOICE_SAMPLE_LIMITS,
  voicePrintOf,
  type VoiceSampleFrames,
} from './speakers/voice-sample';
export { speakerSettings } from './speakers/clustering-settings';
export { commonNumbers, relabelled, type ChannelSpeaker } from './speakers/common-numbers';
export {
  checkSpeakerId,
  decodeVoiceSignature,
  isVoiceOf,
  encodeVoiceSignature,
  extendVoicePrint,
  type VoicePrint,
  type VoiceSignature,
  type VoiceSignatures,
} from './speakers/voice-signature';
