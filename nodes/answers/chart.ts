import type { ClassResult, ModelResult, SpeakerResult, TimeSeriesStep } from '../../src';

/** One point of a line chart, as Dashboard's chart reads it with its keys set to `x`, `y` and `series`. */
export interface ChartPoint {
  /** Milliseconds: start of the step. */
  readonly x: number;
  /** 0 to 1: probability of the class over the step, 0 where the step is silence or has no speech. */
  readonly y: number;
  /** `model/class` */
  readonly series: string;
}

/** What a chart shows of a step. */
export type ChartedStep = Pick<TimeSeriesStep, 'timestamp' | 'results' | 'raw'>;

/**
 * The points of a time series that was made with raw values: one line per class of each model, and for speaker-map
 * one per speaker that is 1 while the speaker talks.
 */
export function chartPoints(steps: readonly ChartedStep[]): ChartPoint[] {
  const speakers = new Set<string>();
  for (const step of steps) {
    for (const result of Object.values(step.results)) if (isSpeaker(result)) addSpeaker(speakers, result);
  }
  return steps.flatMap((step) => stepPoints(step, step.timestamp, speakers));
}

/** The points of one step. `speakers` are the voices known so far; for a live stream the set grows. */
export function stepPoints(step: ChartedStep, x: number, speakers: Set<string>): ChartPoint[] {
  return Object.entries(step.results).flatMap(([model, result]) => {
    if (isSpeaker(result)) {
      addSpeaker(speakers, result);
      return [...speakers].map((speaker) => ({
        x,
        y: speaker === result.speaker_top ? 1 : 0,
        series: `${model}/${speaker}`,
      }));
    }
    const gated = isGated(result);
    return Object.entries(step.raw?.[model] ?? {}).map(([name, probability]) => ({
      x,
      y: gated ? 0 : probability,
      series: `${model}/${name}`,
    }));
  });
}

function isSpeaker(result: ModelResult): result is SpeakerResult {
  return 'speaker_top' in result;
}

/** The gate's classes are no voices. */
function addSpeaker(speakers: Set<string>, { speaker_top: top }: SpeakerResult): void {
  if (top !== 'silence' && top !== 'no_speech' && top !== 'unknown') speakers.add(top);
}

/** What a model computes where the gate is shut means nothing (decision 6). */
function isGated({ result }: ClassResult): boolean {
  return result === 'silence' || result === 'no_speech';
}
