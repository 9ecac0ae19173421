/** The counts of engines as metrics. Labels are engines, states, codes and bounds: there are never more than a few hundred values. */
import { exposition, type Family, type Labels, type Sample } from './exposition';
import type { Health } from './health';
import type { Counts, Histogram } from './meter';

/** One engine at the moment of the question. */
export interface MeasuredEngine {
  readonly id: string;
  readonly name: string;
  readonly health: Health;
  readonly counts: Counts;
  /** Words about what runs the models; none before it is loaded. */
  readonly runtime: Labels;
  /** Days until the license ends; undefined where it is not known yet. */
  readonly licenseDaysLeft: number | undefined;
}

const STATUSES = [
  'initialising',
  'ready',
  'degraded',
  'failed',
] as const satisfies readonly Health['status'][];

/**
 * Metrics of engines in the text format of Prometheus.
 *
 * @param more what else there is to measure
 */
export function metricsText(engines: readonly MeasuredEngine[], more: readonly Family[] = []): string {
  return exposition([...families(engines), ...more]);
}

function families(engines: readonly MeasuredEngine[]): readonly Family[] {
  const of = (samples: (engine: MeasuredEngine, labels: Labels) => readonly Sample[]): readonly Sample[] =>
    engines.flatMap((engine) => samples(engine, { engine: engine.id }));
  const one =
    (type: 'counter' | 'gauge') =>
    (name: string, help: string, value: (counts: Counts) => number): Family => ({
      name: `deeptone_${name}`,
      help,
      type,
      samples: of(({ counts }, labels) => [{ labels, value: value(counts) }]),
    });
  const gauge = one('gauge');
  const counter = one('counter');
  return [
    {
      ...{ name: 'deeptone_engine_info', type: 'gauge', help: 'What an engine is; always 1.' },
      samples: of(({ name, runtime }, labels) => [{ labels: { ...labels, name, ...runtime }, value: 1 }]),
    },
    {
      ...{
        name: 'deeptone_engine_status',
        type: 'gauge',
        help: 'Whether an engine is in this state: 1 or 0.',
      },
      samples: of(({ health }, labels) =>
        STATUSES.map((status) => ({
          labels: { ...labels, status },
          value: Number(health.status === status),
        })),
      ),
    },
    {
      ...{ name: 'deeptone_license_days_left', type: 'gauge', help: 'Days until the license ends.' },
      samples: of(({ licenseDaysLeft }, labels) =>
        licenseDaysLeft === undefined ? [] : [{ labels, value: licenseDaysLeft }],
      ),
    },
    gauge('nodes', 'Nodes that use an engine.', ({ users }) => users),
    gauge('streams', 'Live streams that are open.', ({ streams }) => streams),
    gauge('queue_messages', 'Messages that wait for their turn.', (counts) => counts.waitingMessages),
    gauge('queue_seconds', 'Audio that waits.', ({ waitingMs }) => waitingMs / 1_000),
    gauge('queue_bytes', 'Memory of audio that waits.', ({ waitingBytes }) => waitingBytes),
    counter('frames_total', 'Frames of 64 ms that models were asked about.', ({ frames }) => frames),
    counter('dropped_seconds_total', 'Audio that was dropped.', ({ droppedMs }) => droppedMs / 1_000),
    counter('gaps_total', 'Places where audio never came.', ({ gaps }) => gaps),
    counter('gap_seconds_total', 'Audio that never came, as far as known.', ({ gapMs }) => gapMs / 1_000),
    counter('refused_messages_total', 'Messages beyond the cap on live streams.', ({ refused }) => refused),
    counter('engine_losses_total', 'Times that what runs the models was lost.', ({ losses }) => losses),
    {
      ...{ name: 'deeptone_errors_total', type: 'counter', help: 'Failures by code.' },
      samples: of(({ counts }, labels) =>
        [...counts.errors].map(([code, value]) => ({ labels: { ...labels, code }, value })),
      ),
    },
    {
      name: 'deeptone_inference_seconds',
      help: 'Time from a question to the models to their answer, with up to 15 ms of waiting for others.',
      type: 'histogram',
      samples: of(({ counts }, labels) => histogram(counts.inference, labels)),
    },
  ];
}

function histogram({ bounds, cumulative, sum }: Histogram, labels: Labels): readonly Sample[] {
  const all = cumulative.at(-1) ?? 0;
  return [
    ...cumulative.map((value, n) => ({
      suffix: '_bucket' as const,
      labels: { ...labels, le: bounds[n] === undefined ? '+Inf' : String(bounds[n]) },
      value,
    })),
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: all },
  ];
}
