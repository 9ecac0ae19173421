/** The phases of an answer, for formats that write them one by one. */
import { NO_SPEECH, SILENCE, UNKNOWN, type FileAnalysis } from '../../insight';

/** One phase of one model of one channel. Times are milliseconds. */
export interface Phase {
  readonly channel: string;
  readonly model: string;
  readonly result: string;
  readonly confidence: number;
  readonly start: number;
  readonly end: number;
}

/** Nothing was heard, or nothing that can be said. */
const NOTHING: ReadonlySet<string> = new Set([SILENCE, NO_SPEECH, UNKNOWN]);

export function saysSomething({ result }: Pick<Phase, 'result'>): boolean {
  return !NOTHING.has(result);
}

/** All phases, in the order of channels and models. @param analysis with transitions */
export function phasesOf(analysis: FileAnalysis): readonly Phase[] {
  return Object.entries(analysis.channels).flatMap(([channel, { transitions = {} }]) =>
    Object.entries(transitions).flatMap(([model, runs]) =>
      runs.map(({ timestamp_start: start, timestamp_end: end, result, confidence }): Phase => {
        return { channel, model, result, confidence, start, end };
      }),
    ),
  );
}

/** The phases in the order of their beginnings, then of their ends. */
export function byTime(phases: readonly Phase[]): readonly Phase[] {
  return [...phases].sort((one, other) => one.start - other.start || one.end - other.end);
}

/** What a phase is called: its result, after channel and model where an answer has several: `0 gender: female`. */
export function nameIn(analysis: FileAnalysis): (phase: Phase) => string {
  const channels = Object.values(analysis.channels);
  const models = new Set(channels.flatMap(({ transitions = {} }) => Object.keys(transitions)));
  return ({ channel, model, result }) => {
    const names = [...(channels.length > 1 ? [channel] : []), ...(models.size > 1 ? [model] : [])];
    return names.length === 0 ? result : `${names.join(' ')}: ${result}`;
  };
}

/** Milliseconds of the longest channel. */
export function lengthOf(phases: readonly Phase[]): number {
  return phases.reduce((end, phase) => Math.max(end, phase.end), 0);
}
