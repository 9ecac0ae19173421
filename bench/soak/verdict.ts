/** Samples of a process over hours, as a table, and whether what it holds grows. */
import type { Vitals } from '../../test/tools/vitals';
import { median, type Measurement } from '../report';

export interface Sample extends Vitals {
  /** Hours since the start, simulated ones where time is. */
  readonly hour: number;
  /** What was done to it before. */
  readonly fault: string;
  /** Streams that gave a step since the last sample. */
  readonly streams: number;
  /** Since the start. */
  readonly steps: number;
  readonly gaps: number;
  readonly errors: Readonly<Record<string, number>>;
}

const MEGABYTE = 1_048_576;
/** Fewer samples than this after the first quarter tell nothing of growth. */
const LEAST_SAMPLES = 3;
/** What one run may grow by, from the end of its first quarter to its end; less is the breath of the garbage collector. */
const MOST_GROWTH = {
  memoryMb: 20,
  heapMb: 10,
  handles: 4,
  threads: 2,
  listeners: 2,
  children: 1,
} as const;

/** One line per sample. */
export function sampleTable(samples: readonly Sample[]): string {
  const head = ['hour', 'before', 'RSS MB', 'heap MB', 'external MB', 'handles', 'threads', 'listeners'];
  const rows = samples.map((sample) => [
    sample.hour.toFixed(3),
    sample.fault,
    ...[sample.rss, sample.heapUsed, sample.external].map((bytes) => (bytes / MEGABYTE).toFixed(1)),
    ...[sample.handles, sample.threads, sample.listeners, sample.children].map(String),
    ...[sample.streams, sample.steps, sample.gaps].map(String),
    Object.entries(sample.errors)
      .map(([code, count]) => `${code} ${count}`)
      .join(', '),
  ]);
  const table = [[...head, 'children', 'streams', 'steps', 'gaps', 'errors'], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Growth of everything after the first quarter, each with its bound. */
export function verdict(samples: readonly Sample[]): readonly Measurement[] {
  const later = samples.slice(Math.floor(samples.length / 4));
  const growth = (
    measure: string,
    unit: string | undefined,
    atMost: number,
    of: (sample: Sample) => number,
  ) => ({
    measure: `growth of ${measure} after the first quarter`,
    value: later.length < LEAST_SAMPLES ? Number.NaN : slope(later, of) * span(later),
    ...(unit === undefined ? {} : { unit }),
    target: { atMost },
  });
  return [
    growth('memory (RSS)', 'MB', MOST_GROWTH.memoryMb, ({ rss }) => rss / MEGABYTE),
    growth('the heap', 'MB', MOST_GROWTH.heapMb, ({ heapUsed }) => heapUsed / MEGABYTE),
    growth('handles', undefined, MOST_GROWTH.handles, ({ handles }) => handles),
    growth('threads', undefined, MOST_GROWTH.threads, ({ threads }) => threads),
    growth('listeners', undefined, MOST_GROWTH.listeners, ({ listeners }) => listeners),
    growth('child processes', undefined, MOST_GROWTH.children, ({ children }) => children),
  ];
}

function span(samples: readonly Sample[]): number {
  return (samples.at(-1)?.hour ?? 0) - (samples[0]?.hour ?? 0);
}

/** Per hour: the median of the slopes between any two samples (Theil and Sen), which a single peak does not move. */
function slope(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return median(
    samples.flatMap((first, n) =>
      samples.slice(n + 1).map((second) => (of(second) - of(first)) / (second.hour - first.hour)),
    ),
  );
}
