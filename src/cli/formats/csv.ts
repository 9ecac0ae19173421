import type { FileAnalysis, ModelResult, TimeSeriesStep } from '../../insight';
import { nothing, type AnsweredModel, type OutputFormat } from './output-format';

/** One table for all files; those that failed are not in it. */
export const csv: OutputFormat = {
  extension: 'csv',
  refusal: ({ summary, transitions }) =>
    summary || transitions
      ? 'csv holds the time series; use --format json or ndjson for --summary and --transitions.'
      : undefined,
  writer({ output, models, includeRawValues }) {
    const table = new CsvTable(models, includeRawValues);
    let header = table.header();
    return {
      async answer(filename, analysis) {
        await output.write(header + table.rows(filename, analysis));
        header = '';
      },
      failure: nothing,
    };
  },
};

/** A column of a model: its name, and what a step has there. */
interface Column {
  readonly name: string;
  readonly value: (step: TimeSeriesStep) => string | number | undefined;
}

/** Columns of the level, in dBFS. */
const LEVELS = ['level', 'level_peak'] as const;

/**
 * The time series as a wide table, one row per step: `filename,channel,timestamp`, then per model its result and
 * confidence (speaker-map: its number of speakers) and, with raw values, one column per class. A speaker map's raw values
 * have no columns, because the number of speakers is not known when the header is written. The level comes last.
 */
class CsvTable {
  readonly #columns: readonly Column[];

  constructor(models: readonly AnsweredModel[], includeRawValues: boolean) {
    this.#columns = models.flatMap((model) => modelColumns(model, includeRawValues));
  }

  header(): string {
    return row(['filename', 'channel', 'timestamp', ...this.#columns.map(({ name }) => name), ...LEVELS]);
  }

  rows(filename: string, analysis: FileAnalysis): string {
    return Object.entries(analysis.channels)
      .flatMap(([channel, { time_series: steps }]) =>
        steps.map((step) => {
          const values = this.#columns.map((column) => column.value(step));
          return row([filename, channel, step.timestamp, ...values, step.level.mean, step.level.peak]);
        }),
      )
      .join('');
  }
}

function modelColumns(model: AnsweredModel, includeRawValues: boolean): readonly Column[] {
  const { name, classes } = model;
  if (model.activation === 'embedding') {
    return [
      { name, value: (step) => speaker(step.results[name])?.speaker_top },
      { name: `${name}_count`, value: (step) => speaker(step.results[name])?.speaker_count },
    ];
  }
  const raw = includeRawValues ? classes : [];
  return [
    { name, value: (step) => classification(step.results[name])?.result },
    { name: `${name}_confidence`, value: (step) => classification(step.results[name])?.confidence },
    ...raw.map((label) => ({
      name: `${name}_${label}`,
      value: (step: TimeSeriesStep) => step.raw?.[name]?.[label],
    })),
  ];
}

function classification(
  result: ModelResult | undefined,
): Extract<ModelResult, { result: string }> | undefined {
  return result !== undefined && 'result' in result ? result : undefined;
}

function speaker(result: ModelResult | undefined): Extract<ModelResult, { speaker_top: string }> | undefined {
  return result !== undefined && 'speaker_top' in result ? result : undefined;
}

/** A text that a spreadsheet would take for a formula, after blanks too, begins with one of these; an apostrophe before it keeps it a text. */
const FORMULA = /^\s*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/u;

/** One line, quoted by RFC 4180, with the line end of Unix tools. */
function row(fields: readonly (string | number | undefined)[]): string {
  return `${fields.map(quote).join(',')}\n`;
}

function quote(field: string | number | undefined): string {
  const text = typeof field === 'string' && FORMULA.test(field) ? `'${field}` : String(field ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
