/**
 * What callers may ask for, and the way to all that is known of it: each name stands once more, with its rule, in the table of
 * options, and the compiler compares them.
 */
import type { AudioWarningCode, SampleFormat } from '../audio';
import type { AnalysisWarning, Decisions, SegmentSettings, SoundSegment, VoiceSignatures } from '../insight';
import type { ChunkMemory } from './chunk-memory';
import type { LostAudio } from './lasting-stream';

/** Options that every way in understands. */
export interface AnalysisOptions {
  /** Names of the models to run, at least one. A model named twice runs once. */
  readonly models: readonly string[];
  /** Milliseconds between answers: a positive multiple of 64. */
  readonly outputPeriod: number;
  /** Give every class's probability beside the winner. Default false. */
  readonly includeRawValues?: boolean;
  /** Root mean square, full scale 1.0, below which a frame is silence; 0 to 1. Default 0.005 (decision 5). */
  readonly volumeThreshold?: number;
  /** Voices that speaker-map knows by name, see `createVoiceSignatures`. Other models do not look at them. */
  readonly voiceSignatures?: VoiceSignatures;
  /** How answers are chosen, by names of models: possible classes, thresholds, what stands for a period (decision 31). */
  readonly decisions?: Decisions;
  /** dBFS, -120 to 0, from which on a frame is loud; with it, every answer has `loudness`: loud, quiet or silence (decision 32). */
  readonly loudAbove?: number;
}

/** Options of a stream that the caller feeds. */
export interface OpenOptions extends AnalysisOptions {
  /**
   * Milliseconds that answers are late where speaker-map is among the models, so that it has heard more of a voice before it says whose it is: 0 to
   * 2,048, a multiple of 64; 0 answers at once. Default 512 (decision 14).
   */
  readonly speakerDelay?: number;
  /**
   * Told of audio that was lost with what runs the models (decision 30). The stream then goes on, with silence in the place of that
   * audio; without it, the loss ends the stream.
   */
  readonly onEngineLost?: (lost: LostAudio) => void;
  /** Cut out the sound of phases: answers then hold `segments` (decision 33). */
  readonly segments?: SegmentSettings;
}

/** Options of answers that have an end. */
export interface WholeOptions extends AnalysisOptions {
  /** Add the share of time per class. Default false. */
  readonly includeSummary?: boolean;
  /** Add the phases of equal prediction. Default false. */
  readonly includeTransitions?: boolean;
  /** Add signatures of the speakers that speaker-map heard, by their labels. Default false. */
  readonly includeVoiceSignatures?: boolean;
  /** Cut out the sound of phases, and tell it to {@link WholeOptions.onSegment} (decision 33). */
  readonly segments?: SegmentSettings;
  /** Told of each segment as it is found, with the number of its channel. */
  readonly onSegment?: (segment: SoundSegment, channel: number) => void;
  /** Kept for the API reference's sake: memory is bounded with and without it (decision 13). */
  readonly useChunking?: boolean;
  /** Called now and then with the share done (null where the length is unknown) and the milliseconds analysed. */
  readonly onProgress?: (fraction: number | null, analysedMs: number) => void;
  /** Aborts the analysis; it then fails with AbortedError. */
  readonly signal?: AbortSignal;
}

/** Told of what is wrong with audio that is heard all the same: a sentence, and a stable code for programs. */
export type OnWarning = (message: string, code: AudioWarningCode | AnalysisWarning['code']) => void;

/** Options of whoever wants to hear of warnings. */
export interface WarningOptions {
  /**
   * Told of each kind of warning once: a truncated file, samples that are not finite (by default process warnings), much of the
   * speech below the volume threshold (decision 29), ...
   */
  readonly onWarning?: OnWarning;
}

export interface FileOptions extends WholeOptions, WarningOptions {
  /** The channel to analyse, counted from 0. Default: every channel on its own (decision 16). */
  readonly channel?: number;
  /** Number the speakers over all channels, not anew in each; voices that are alike are one speaker (decision 35). Default false. */
  readonly commonSpeakers?: boolean;
}

/** What audio in memory holds. */
export interface SoundOptions {
  /** Hz of the samples, 4,000 to 384,000. Default 16,000. */
  readonly rateIn?: number;
  /** Number of interleaved channels. Default 1. */
  readonly channels?: number;
  /** Which of several channels to analyse; by default they are averaged (decision 19). */
  readonly channel?: number;
  /** What a Buffer or Uint8Array of raw bytes holds. Default for a Buffer: 16-bit little-endian at `rateIn`. */
  readonly format?: SampleFormat;
  /** Refuse bytes that are plainly no samples, such as text or an image. Default: true, unless `format` says what they are. */
  readonly checkContent?: boolean;
}

export interface BytesOptions extends WholeOptions, SoundOptions, WarningOptions {}

export interface ChunkOptions extends SoundOptions, WarningOptions {
  readonly models: readonly string[];
  readonly includeRawValues?: boolean;
  readonly volumeThreshold?: number;
  /** Leading samples, at 16 kHz, that only warm the models up; 0 to less than the chunk's length (decision 12). Default 0. */
  readonly contextSamples?: number;
  readonly voiceSignatures?: VoiceSignatures;
  readonly decisions?: Decisions;
  readonly loudAbove?: number;
  /** Remembers what a stream of chunks said last, in the place of `contextSamples`. */
  readonly memory?: ChunkMemory;
  /** The stream of chunks that this one belongs to, for `memory`. Default: one for all. */
  readonly topic?: string;
  /** Called once with 1 and the milliseconds of the chunk. */
  readonly onProgress?: (fraction: number | null, analysedMs: number) => void;
  readonly signal?: AbortSignal;
}

export interface StreamOptions extends AnalysisOptions, WarningOptions {
  /**
   * Milliseconds that answers are late where speaker-map is among the models, so that it has heard more of a voice before it says whose it is: 0 to
   * 2,048, a multiple of 64; 0 answers at once. Default 512 (decision 14).
   */
  readonly speakerDelay?: number;
  /** Hz of the samples. Default 16,000. */
  readonly rateIn?: number;
  /** What raw bytes hold. Default: 16-bit little-endian mono at `rateIn`. A header in the bytes rules over it. */
  readonly format?: SampleFormat;
  /** The channel to hear of several, counted from 0; by default they are averaged (decision 19). */
  readonly channel?: number;
  /** Refuse bytes that are plainly no samples, such as text or an image. Default: true, unless `format` says what they are. */
  readonly checkContent?: boolean;
}

/** How one of many live streams is analysed. */
export interface LiveOptions extends AnalysisOptions {
  /**
   * Milliseconds that answers are late where speaker-map is among the models, so that it has heard more of a voice before it says whose it is: 0 to
   * 2,048, a multiple of 64; 0 answers at once. Default 512 (decision 14).
   */
  readonly speakerDelay?: number;
  /** The channel to hear of several, counted from 0; by default they are averaged (decision 19). */
  readonly channel?: number;
  /** Tell running summaries. Default true. */
  readonly includeSummary?: boolean;
  /** Tell transitions. Default true. */
  readonly includeTransitions?: boolean;
  /** Cut out the sound of phases, and tell it (decision 33). */
  readonly segments?: SegmentSettings;
}

/** The options of each way in. */
export interface OptionsOf {
  readonly file: FileOptions;
  readonly bytes: BytesOptions;
  readonly chunk: ChunkOptions;
  readonly stream: StreamOptions;
  /** A stream that the caller feeds with samples. */
  readonly open: OpenOptions;
  /** One of the streams of a hub. */
  readonly live: LiveOptions;
}
export type WayIn = keyof OptionsOf;

export { checkOptions } from './check-options';
export {
  DEFAULT_VOLUME_THRESHOLD,
  optionEntries,
  optionNames,
  OPTIONS,
  type AnalysisCommand,
  type FlaggedName,
  type OptionName,
  type ValueOf,
} from './option-table';
export { checkDecisions, selectModels } from './select-models';
