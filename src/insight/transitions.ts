/** Runs of equal frame labels (decision 11). */
import { FRAME_MS } from '../clock';
import { round4 } from './rounding';

/** A phase of one model that begins or has ended. */
export interface TransitionEvent {
  readonly model: string;
  readonly result: string;
  /** Result of the phase before; null for the first phase. */
  readonly previous: string | null;
  /** Mean over the frames of the phase so far, 4 decimals. */
  readonly confidence: number;
  /** Milliseconds from the start of the audio. */
  readonly timestamp_start: number;
  /** Milliseconds; null while the phase lasts. */
  readonly timestamp_end: number | null;
}

/** Where transitions go as they happen. */
export interface TransitionSink {
  begun(event: TransitionEvent): void;
  ended(event: TransitionEvent): void;
}

/** Turns the frame labels of one model into contiguous phases from 0 to the end of the audio. */
export class RunTracker {
  private label = -1;
  private name = '';
  private previous: string | null = null;
  private startMs = 0;
  private frames = 0;
  private confidenceSum = 0;

  constructor(private readonly model: string) {}

  /**
   * @param frame Number of the frame in the stream.
   * @param nameOf Asked only where a phase begins.
   */
  add(
    frame: number,
    label: number,
    confidence: number,
    nameOf: (label: number) => string,
    sink: TransitionSink,
  ): void {
    if (label === this.label) {
      this.frames += 1;
      this.confidenceSum += confidence;
      return;
    }
    const startMs = frame * FRAME_MS;
    this.finish(startMs, sink);
    this.previous = this.frames === 0 ? null : this.name;
    this.label = label;
    this.name = nameOf(label);
    this.startMs = startMs;
    this.frames = 1;
    this.confidenceSum = confidence;
    sink.begun({ ...this.phase(), timestamp_end: null });
  }

  /** Ends the last phase at the true end of the audio, in milliseconds. */
  finish(endMs: number, sink: TransitionSink): void {
    if (this.frames > 0) sink.ended({ ...this.phase(), timestamp_end: endMs });
  }

  private phase(): Omit<TransitionEvent, 'timestamp_end'> {
    return {
      model: this.model,
      result: this.name,
      previous: this.previous,
      confidence: round4(this.confidenceSum / this.frames),
      timestamp_start: this.startMs,
    };
  }
}
