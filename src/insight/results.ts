import type { VoiceSignature } from './speakers/voice-signature';

/** The answers, with JSON keys exactly as in the API reference. All times are integer milliseconds. */

export interface ClassResult {
  readonly result: string;
  /** 0 to 1, 4 decimals (decision 7). */
  readonly confidence: number;
}

/** A step of speaker-map (decision 14). */
export interface SpeakerResult {
  readonly speaker_top: string;
  readonly speaker_count: number;
}

export type ModelResult = ClassResult | SpeakerResult;

/**
 * Results by model name, in the order asked for. The shipped models are named, so that `results.gender.confidence` is known
 * to be a number; a model of your own is under its own name. Only the models that were asked for are there.
 */
export interface ModelResults {
  readonly 'speech-rt': ClassResult;
  readonly speech: ClassResult;
  readonly gender: ClassResult;
  readonly arousal: ClassResult;
  readonly emotions: ClassResult;
  readonly language: ClassResult;
  readonly 'underage-speaker': ClassResult;
  readonly 'audio-event': ClassResult;
  readonly 'speaker-map': SpeakerResult;
  readonly [model: string]: ModelResult;
}

/** Mean probability per class over all frames of the period; for speaker-map similarity per known speaker. */
export type RawValues = Readonly<Record<string, number>>;

/** One output period. */
export interface TimeSeriesStep {
  /** Start of the window (decision 2). */
  readonly timestamp: number;
  readonly results: ModelResults;
  readonly raw?: Readonly<Record<string, RawValues>>;
}

/** `<class>_fraction` per label, gate classes included, summing to 1; speaker-map adds `speaker_count`. */
export type ModelSummary = Readonly<Record<string, number>>;
export type Summary = Readonly<Record<string, ModelSummary>>;

/** A run of equal frame labels (decision 11). */
export interface Transition {
  readonly timestamp_start: number;
  readonly timestamp_end: number;
  readonly result: string;
  readonly confidence: number;
}
export type Transitions = Readonly<Record<string, readonly Transition[]>>;

/** What one channel of a file, or one array of samples, gives. */
export interface ChannelAnalysis {
  readonly time_series: readonly TimeSeriesStep[];
  readonly summary?: Summary;
  readonly transitions?: Transitions;
  /** Signatures of the speakers that were heard, by their labels in this answer. */
  readonly voice_signatures?: Readonly<Record<string, VoiceSignature>>;
}

export interface FileAnalysis {
  readonly channels: Readonly<Record<string, ChannelAnalysis>>;
}

export interface ChunkAnalysis {
  readonly results: ModelResults;
  readonly raw?: Readonly<Record<string, RawValues>>;
}
