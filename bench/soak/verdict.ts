/** Samples of a process over hours, as a table, and whether what it holds grows. */
import type { Vitals } from '../../test/tools/vitals';
import { keepsTarget, median, type Measurement } from '../report';

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
const BOUNDS: readonly {
  readonly what: string;
  readonly unit?: string;
  readonly atMost: number;
  readonly of: (sample: Sample) => number;
}[] = [
  { what: 'memory (RSS)', unit: 'MB', atMost: 20, of: ({ rss }) => rss / MEGABYTE },
  { what: 'the heap', unit: 'MB', atMost: 10, of: ({ heapUsed }) => heapUsed / MEGABYTE },
  { what: 'external memory', unit: 'MB', atMost: 20, of: ({ external }) => external / MEGABYTE },
  { what: 'handles', atMost: 4, of: ({ handles }) => handles },
  { what: 'threads', atMost: 2, of: ({ threads }) => threads },
  { what: 'listeners', atMost: 2, of: ({ listeners }) => listeners },
  { what: 'child processes', atMost: 1, of: ({ children }) => children },
];

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

/** Growth of everything that was seen, after the first quarter, each with its bound; NaN after too few samples. */
export function growth(samples: readonly Sample[]): readonly Measurement[] {
  const later = samples.slice(Math.floor(samples.length / 4));
  const isEnough = later.length >= LEAST_SAMPLES;
  return BOUNDS.filter(({ of }) => later.every((sample) => Number.isFinite(of(sample)))).map(
    ({ what, unit, atMost, of }) => ({
      measure: `growth of ${what} after the first quarter`,
      value: isEnough ? slope(later, of) * span(later) : Number.NaN,
      ...(unit === undefined ? {} : { unit }),
      target: { atMost },
    }),
  );
}

/** One line: whether anything grew, and what. */
export function verdict(measurements: readonly Measurement[]): string {
  if (measurements.some(({ value }) => Number.isNaN(value))) return 'verdict: too short to tell';
  const grown = measurements.filter((each) => keepsTarget(each) === false);
  const [memory] = measurements;
  if (grown.length === 0) return `verdict: ok (memory ${Number(memory?.value).toFixed(1)} MB)`;
  return `verdict: grows (${grown.map(({ measure }) => measure).join(', ')})`;
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
