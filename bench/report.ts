/** What a bench gives, as a table for a person and as JSON for a program. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import * as path from 'node:path';

/** Bad input to a bench, as one sentence for whoever typed it. */
export { UsageError } from '../src/cli';

/** One number that was measured, and what it should be where there is a target. */
export interface Measurement {
  readonly measure: string;
  readonly value: number | string;
  readonly unit?: string;
  /** The bound to keep; absent where the number is only of interest. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
}

/** A bench: takes its own command-line arguments. */
export type Bench = (argv: readonly string[]) => Promise<readonly Measurement[]>;

/** dist/bench -> the package. */
const RESULTS = path.resolve(__dirname, '..', '..', 'bench', 'results');

/** True when the measurement keeps its bound; undefined without one. */
export function keepsTarget({ value, target }: Measurement): boolean | undefined {
  if (!target) return undefined;
  if (typeof value !== 'number') return false;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}

/** A table with one line per measurement. */
export function formatTable(measurements: readonly Measurement[]): string {
  const rows = measurements.map((each) => [
    each.measure,
    formatValue(each.value),
    each.unit ?? '',
    formatTarget(each),
  ]);
  const table = [['measured', 'value', 'unit', 'target'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return table
    .map((row) =>
      row
        .map((cell, column) =>
          column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Writes `bench/results/NAME.json`; gives the file name. */
export function writeResults(name: string, measurements: readonly Measurement[]): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = path.join(RESULTS, `${name}.json`);
  const machine = {
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
  };
  const results = measurements.map((each) => ({ ...each, kept: keepsTarget(each) }));
  writeFileSync(
    file,
    `${JSON.stringify({ name, at: new Date().toISOString(), machine, results }, null, 2)}\n`,
  );
  return file;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

function formatValue(value: number | string): string {
  if (typeof value === 'string') return value;
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function formatTarget(measurement: Measurement): string {
  const { target } = measurement;
  if (!target) return '';
  const bound = 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
  return `${bound}  ${keepsTarget(measurement) ? 'kept' : 'MISSED'}`;
}
