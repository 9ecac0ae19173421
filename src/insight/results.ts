import type { Level } from './level';
import type { AnalysisWarning } from './quiet-speech';
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

/** Share of the frames of the period per label, 4 decimals that sum to 1; labels without a frame are left out (decision 9). */
export type LabelShares = Readonly<Record<string, number>>;

/** One output period. */
export interface TimeSeriesStep {
  /** Start of the window (decision 2). */
  readonly timestamp: number;
  readonly results: ModelResults;
  /** What there was beside the result of each model: a word in a second of silence is here, and in no result. */
  readonly shares: Readonly<Record<string, LabelShares>>;
  /** How loud the period was (decision 28). */
  readonly level: Level;
  readonly raw?: Readonly<Record<string, RawValues>>;
}

/** `<class>_fraction` per label, gate classes included, summing to 1; speaker-map adds `speaker_count`. */
export type ModelSummary = Readonly<Record<string, number>>;
/** A {@link ModelSummary} per model, and the level of the whole (decisions 10 and 28). No model can be named `level`. */
export interface Summary extends Readonly<Record<string, ModelSummary>> {
  readonly level: Level;
}

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
  /** What one should know before one believes the rest; left out where there is nothing (decision 29). */
  readonly warnings?: readonly AnalysisWarning[];
}

export interface FileAnalysis {
  readonly channels: Readonly<Record<string, ChannelAnalysis>>;
}

/** One answer for a whole chunk: a step without a timestamp. */
export interface ChunkAnalysis {
  readonly results: ModelResults;
  readonly shares: Readonly<Record<string, LabelShares>>;
  readonly level: Level;
  readonly raw?: Readonly<Record<string, RawValues>>;
  /** As of a {@link ChannelAnalysis}. */
  readonly warnings?: readonly AnalysisWarning[];
}
