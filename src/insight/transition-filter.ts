/**
 * Steady transitions: hysteresis in time, so that a flow can switch a light without flicker.
 *
 * A label counts once it has lasted for the minimum duration, and the one before is given up once it has been absent
 * for the hold time (the "redemption" of voice-activity detectors). A phase that is too short to count belongs to the
 * phase before. Timestamps stay those of the raw transitions: a phase begins where its label began, not where that
 * was decided, so steady phases are as contiguous as raw ones.
 */
import { FRAME_MS } from '../clock';
import { InvalidArgumentError } from '../errors';
import { say } from '../sentence';
import { round4 } from './rounding';
import type { TransitionEvent } from './transitions';

export interface TransitionFilterSettings {
  /** Milliseconds that a label must last before it counts; 0 = at once. */
  readonly minimumMs: number;
  /** Milliseconds that the present label must be absent before it is given up; 0 = at once. */
  readonly holdMs: number;
  /** Whether a label is held at all. Default: every label is. */
  readonly isHeld?: (result: string) => boolean;
}

/** Transitions that began and ended, in order of time. */
export interface TransitionEvents {
  readonly begun: readonly TransitionEvent[];
  readonly ended: readonly TransitionEvent[];
}

/** Filters the transitions of one stream, each model on its own. With 0 and 0 it gives what it gets. */
export class TransitionFilter {
  private readonly models = new Map<string, SteadyPhases>();

  /** @throws InvalidArgumentError A time is negative or not a number. */
  constructor(private readonly settings: TransitionFilterSettings) {
    const { minimumMs, holdMs } = settings;
    for (const [name, value] of Object.entries({ minimumMs, holdMs })) {
      if (!(Number.isFinite(value) && value >= 0)) {
        throw new InvalidArgumentError(say`${name} is ${value}; it must be 0 or more milliseconds.`);
      }
    }
  }

  /**
   * Takes the raw transitions of one push of an analysis.
   *
   * @param nowMs End of the audio that was analysed so far, in milliseconds; a label may come to count without an event.
   */
  push(raw: TransitionEvents, nowMs: number): TransitionEvents {
    const steady = new Collected();
    for (const event of inOrder(raw)) this.phasesOf(event.model).take(event, steady);
    for (const phases of this.models.values()) phases.decide(nowMs, steady);
    return steady.inOrder();
  }

  /** Takes what the end of an analysis gives, and ends the last phases there. */
  finish(raw: TransitionEvents, endMs: number): TransitionEvents {
    const steady = new Collected();
    for (const event of inOrder(raw)) this.phasesOf(event.model).take(event, steady);
    for (const phases of this.models.values()) phases.finish(endMs, steady);
    this.models.clear();
    return steady.inOrder();
  }

  private phasesOf(model: string): SteadyPhases {
    const existing = this.models.get(model);
    if (existing) return existing;
    const created = new SteadyPhases(this.settings);
    this.models.set(model, created);
    return created;
  }
}

/** A steady phase that lasts. */
interface Phase {
  /** The raw event with which it began. */
  readonly begin: TransitionEvent;
  readonly previous: string | null;
  /** Frames that have its label, and the sum of their confidences. */
  frames: number;
  confidenceSum: number;
}

/** The steady phases of one model. */
class SteadyPhases {
  private steady: Phase | undefined;
  /** The raw phase that waits to count. */
  private waiting: TransitionEvent | undefined;
  /** Where the steady label was last left. */
  private absentSince = -Infinity;

  constructor(private readonly settings: TransitionFilterSettings) {}

  take(event: TransitionEvent, out: Collected): void {
    if (event.timestamp_end === null) this.begin(event, out);
    else this.end(event, event.timestamp_end, out);
  }

  /** Lets the label that waits count if it has lasted long enough by now. */
  decide(nowMs: number, out: Collected): void {
    const { waiting, steady } = this;
    if (!waiting) return;
    const { minimumMs, holdMs, isHeld } = this.settings;
    const held = steady && isHeld?.(steady.begin.result) === false ? 0 : holdMs;
    const due = Math.max(waiting.timestamp_start + minimumMs, this.absentSince + held);
    if (due > nowMs) return;
    if (steady) out.ended.push(ended(steady, waiting.timestamp_start));
    const previous = steady?.begin.result ?? null;
    out.begun.push({ ...waiting, previous });
    this.steady = { begin: waiting, previous, frames: 0, confidenceSum: 0 };
    this.waiting = undefined;
  }

  finish(endMs: number, out: Collected): void {
    this.decide(endMs, out);
    if (this.steady) out.ended.push(ended(this.steady, endMs));
  }

  private begin(event: TransitionEvent, out: Collected): void {
    this.waiting = event.result === this.steady?.begin.result ? undefined : event;
    this.decide(event.timestamp_start, out);
  }

  private end(event: TransitionEvent, endMs: number, out: Collected): void {
    this.decide(endMs, out);
    this.waiting = undefined;
    if (event.result !== this.steady?.begin.result) return;
    const frames = Math.ceil((endMs - event.timestamp_start) / FRAME_MS);
    this.steady.frames += frames;
    this.steady.confidenceSum += frames * event.confidence;
    this.absentSince = endMs;
  }
}

/** The confidence is the mean over the frames that have the phase's label. */
function ended({ begin, previous, frames, confidenceSum }: Phase, endMs: number): TransitionEvent {
  const confidence = frames === 0 ? begin.confidence : round4(confidenceSum / frames);
  return { ...begin, previous, confidence, timestamp_end: endMs };
}

/** All events in order of time; where a phase ends and the next begins at once, the end comes first. */
function inOrder({ begun, ended: endedEvents }: TransitionEvents): TransitionEvent[] {
  return [...endedEvents, ...begun].sort((a, b) => timeOf(a) - timeOf(b));
}

function timeOf(event: TransitionEvent): number {
  return event.timestamp_end ?? event.timestamp_start;
}

class Collected {
  readonly begun: TransitionEvent[] = [];
  readonly ended: TransitionEvent[] = [];

  inOrder(): TransitionEvents {
    this.begun.sort((a, b) => timeOf(a) - timeOf(b));
    this.ended.sort((a, b) => timeOf(a) - timeOf(b));
    return { begun: this.begun, ended: this.ended };
  }
}
