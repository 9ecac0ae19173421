/** What was cut out of a sound: plain data, made by the pipeline. */

/** Which phases are cut out of the sound (decision 33). Times are milliseconds. */
export interface SegmentSettings {
  /** The model whose phases they are: one that is asked for, or `loudness`. */
  readonly model: string;
  /** Results whose phases are cut out. Default: all that are no background (decision 31). */
  readonly results?: readonly string[];
  /** Sound before a phase that is cut out with it, at most 10 s. Default 300. */
  readonly before?: number;
  /** Sound after it, at most 10 s. Default 300. */
  readonly after?: number;
  /** A phase that does not last so long is not cut out. Default 200. */
  readonly minimum?: number;
  /** An interruption that does not last so long does not end a phase, at most 10 s. Default 600. */
  readonly hold?: number;
  /** A segment that would be longer is cut into several, 1 s to 10 min. Default 30 s. */
  readonly longest?: number;
}

/** The sound of one phase, or of a part of a long one. Times are milliseconds from the start of the audio. */
export interface SoundSegment {
  readonly model: string;
  readonly result: string;
  /** Of the phase, as in its transition; of a phase that goes on, that of its first frame. */
  readonly confidence: number;
  /** Where the sound begins, with what was before the phase. */
  readonly timestamp_start: number;
  /** Where it ends, with what came after. */
  readonly timestamp_end: number;
  readonly phase_start: number;
  /** Null where the phase goes on in the next part. */
  readonly phase_end: number | null;
  /** Number of this part of the phase, counted from 1. */
  readonly part: number;
  /** The sound as it was analysed: a WAV, 16-bit mono at 16 kHz. */
  readonly wav: Uint8Array;
}
