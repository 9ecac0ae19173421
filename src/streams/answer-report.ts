import { FRAME_MS } from '../clock';
import {
  TransitionFilter,
  type AnalysisEvents,
  type AnalysisWarning,
  type Summary,
  type TransitionEvent,
  type TransitionEvents,
  type TransitionFilterSettings,
} from '../insight';
import type { PumpEvent } from './answer-pump';
import type { EndReason, Told } from './events';
import type { Segment } from './gap-tracker';
import type { LiveOptions, LiveSettings } from './settings';

/** What the pump of one stream has done, as what there is to tell of it. */
export class AnswerReport {
  readonly #options: Pick<LiveOptions, 'includeSummary' | 'includeTransitions'>;
  readonly #alsoRaw: boolean;
  readonly #filterSettings: TransitionFilterSettings;
  #filter: TransitionFilter;
  readonly #warned = new Set<string>();
  #isOpen = false;

  constructor(
    options: Pick<LiveOptions, 'includeSummary' | 'includeTransitions'>,
    { minimumMs, holdMs, alsoRaw }: LiveSettings['transitions'],
  ) {
    this.#options = options;
    this.#alsoRaw = alsoRaw;
    this.#filterSettings = { minimumMs, holdMs };
    this.#filter = new TransitionFilter(this.#filterSettings);
  }

  /** In the order in which it is to be told. */
  of(event: PumpEvent): readonly Told[] {
    switch (event.did) {
      case 'open':
        this.#isOpen = true;
        this.#filter = new TransitionFilter(this.#filterSettings);
        return [{ kind: 'opened' }];
      case 'answer': {
        const { events, segment, answeredMs, summary, warnings } = event;
        // Of the audio that was answered, whole frames were analysed.
        const nowMs = Math.floor(answeredMs / FRAME_MS) * FRAME_MS;
        const told = [
          ...this.#answers(events, this.#filter.push(events, nowMs), segment),
          ...this.#newWarnings(warnings),
        ];
        return summary ? [...told, summaryOf(summary.cause, summary.summary, warnings)] : told;
      }
      case 'finish': {
        const { events, segment, endMs, summary, warnings, reason } = event;
        const told = this.#answers(events, this.#filter.finish(events, endMs), segment);
        return [
          ...told,
          ...this.#newWarnings(warnings),
          ...(this.#options.includeSummary === false ? [] : [summaryOf('end', summary, warnings)]),
          ...this.closed(reason, undefined),
        ];
      }
      case 'nothing':
      case 'end':
      case 'lose':
        return [];
      case 'fail':
        return this.closed('failed', event.error);
    }
  }

  /** The stream is no longer in the engine; not told of one that never was, unless it failed to get there. */
  closed(reason: EndReason, error: Error | undefined): readonly Told[] {
    if (!this.#isOpen && reason !== 'failed') return [];
    this.#isOpen = false;
    return [error === undefined ? { kind: 'closed', reason } : { kind: 'closed', reason, error }];
  }

  /** Each kind of warning is told once in the life of the stream. */
  #newWarnings(warnings: readonly AnalysisWarning[]): readonly Told[] {
    const fresh = warnings.filter(({ code }) => !this.#warned.has(code));
    for (const { code } of fresh) this.#warned.add(code);
    return fresh.map(({ code, message }) => ({ kind: 'warning', code, message }));
  }

  #answers(raw: AnalysisEvents, steady: TransitionEvents, segment: Segment): readonly Told[] {
    const steps = raw.steps.map((step): Told => {
      return { kind: 'step', step, time: Math.round(segment.startTime + step.timestamp) };
    });
    const sounds = (raw.segments ?? []).map((sound): Told => {
      return {
        kind: 'segment',
        segment: sound,
        time: Math.round(segment.startTime + sound.timestamp_start),
      };
    });
    if (this.#options.includeTransitions === false) return [...steps, ...sounds];
    return [
      ...steps,
      ...(this.#alsoRaw ? transitions(raw, segment, false) : []),
      ...transitions(steady, segment, true),
      ...sounds,
    ];
  }
}

function summaryOf(
  cause: 'interval' | 'request' | 'end',
  summary: Summary,
  warnings: readonly AnalysisWarning[],
): Told {
  return { kind: 'summary', cause, summary, ...(warnings.length > 0 ? { warnings } : {}) };
}

function transitions(
  { begun, ended }: TransitionEvents,
  { startTime }: Segment,
  isSteady: boolean,
): readonly Told[] {
  const told =
    (phase: 'begun' | 'ended') =>
    (transition: TransitionEvent): Told => {
      const time = Math.round(startTime + transition.timestamp_start);
      return { kind: 'transition', phase, transition, time, isSteady };
    };
  return [...ended.map(told('ended')), ...begun.map(told('begun'))];
}
