/** What {@link Analysis} asks of a model, whatever kind it is. */
import type { Steps } from '../steps';
import type { FrameGate } from './gate';
import type { LabelShares, ModelResult, ModelSummary, RawValues } from './results';
import type { TransitionSink } from './transitions';
import type { VoiceSignature } from './speakers/voice-signature';

/** Frames [from, to) of one push; frame `from` of the push is frame `firstFrame` of the stream. */
export interface FrameSlice {
  readonly gate: FrameGate;
  /** Of each frame of the push (decision 5). */
  readonly volumes: Float32Array;
  /** Row-major [frames of the push x width]. */
  readonly values: Float32Array;
  /** Values per frame. */
  readonly width: number;
  readonly from: number;
  readonly to: number;
  readonly firstFrame: number;
}

/** Frames of a chunk's context, which are heard and not answered. */
export type FramesBefore = Pick<FrameSlice, 'gate' | 'values'>;

/** What one model says about one period. */
export interface PeriodAnswer {
  readonly result: ModelResult;
  readonly shares: LabelShares;
  readonly raw: RawValues | undefined;
}

/** One model of one stream: from frames to period results, phases and a summary. */
export interface ModelTrack {
  readonly name: string;
  /** Values per frame; null where the engine decides. */
  readonly width: number | null;
  /** Of a model that answers over what was said lately: hears frames before the first that is consumed. */
  remember?(frames: FramesBefore, frameCount: number): void;
  /** Of a speaker map that looks ahead: hears frames before they are consumed, with the gate's states of them. */
  hearAhead?(states: Uint8Array, values: Float32Array, frameCount: number): void;
  /** Decides what was heard ahead as far as that waits for more. */
  settle?(): Steps<void>;
  consume(slice: FrameSlice, sink: TransitionSink): void;
  /** The answer for the frames since the last call. */
  closePeriod(): PeriodAnswer;
  /** Ends the last phase. */
  finish(endMs: number, sink: TransitionSink): void;
  summary(): ModelSummary;
  /** Of a speaker map: label and signature of the speakers heard so far. */
  voiceSignatures?(): [string, VoiceSignature][];
  /** Of a speaker map: the voices of the speakers that it has numbered. */
  numberedVoices?(): ReadonlyMap<string, Float32Array | undefined>;
}
