/** The insight room: frame probabilities in, answers out. Pure functions and state machines; see docs/decisions.md. */
export { Analysis, type AnalysisEvents, type AnalysisSettings } from './analysis';
export { GATE_MODEL, needsSpeechGate } from './gate';
export { GATE_LABELS, NO_SPEECH, SILENCE, UNKNOWN } from './labels';
export type * from './results';
export { TransitionFilter, type TransitionEvents, type TransitionFilterSettings } from './transition-filter';
export type { TransitionEvent } from './transitions';
export { frameVolumes } from './volume';
