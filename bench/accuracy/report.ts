/** Tables of figures as a person reads them. */
import type { ModelTable, Row } from './rows';

/** What stands in the place of a value where the corpus has nothing to measure it by. */
export const NOT_MEASURED = 'not measured';

/** One model's table in Markdown, under a heading that names the set of weights. */
export function markdownTable({ model, rows }: ModelTable, set: string): string {
  const lines = rows.map((row) => `| ${cells(row).join(' | ')} |`);
  return [
    `### ${model}, set "${set}"`,
    '',
    '| measured on | figure | value | 95 % interval | windows or frames | voices | calibration error |',
    '|---|---|---|---|---|---|---|',
    ...lines,
    ...confusionLines(rows),
    '',
  ].join('\n');
}

/** Columns of a row: measured on, figure, value, interval, windows or frames, voices, calibration error. */
export function cells(row: Row): readonly string[] {
  if (row.figures === null) return [row.what, figureOf(row), NOT_MEASURED, '', '', '', ''];
  switch (row.kind) {
    case 'classes': {
      const { macroRecall, interval, windows, voices, calibrationError, macroF1 } = row.figures;
      return [
        row.what,
        figureOf(row),
        isOfEvents(row) ? `${percent(macroRecall)} (${percent(macroF1)})` : percent(macroRecall),
        range(interval),
        String(windows),
        String(voices),
        calibrationError === null ? '' : percent(calibrationError),
      ];
    }
    case 'detection': {
      const { value, interval, items, voices } = row.figures;
      return [
        row.what,
        figureOf(row),
        value.toFixed(4),
        `${interval[0].toFixed(4)} to ${interval[1].toFixed(4)}`,
        String(items),
        String(voices),
        '',
      ];
    }
    case 'share': {
      const { value, interval, items, voices } = row.figures;
      return [row.what, figureOf(row), percent(value), range(interval), String(items), String(voices), ''];
    }
    case 'rate': {
      const { value, interval, items, voices } = row.figures;
      const [low, high] = interval.map((bound) => bound.toFixed(0));
      return [
        row.what,
        figureOf(row),
        value.toFixed(0),
        `${low} to ${high}`,
        String(items),
        String(voices),
        '',
      ];
    }
    case 'diarization': {
      const { errorRate, interval, missed, falseAlarm, confused, conversations, speakers, countRight } =
        row.figures;
      const parts = `missed ${percent(missed)}, false ${percent(falseAlarm)}, confused ${percent(confused)}, count right ${percent(countRight)}`;
      return [
        `${row.what} (${parts})`,
        figureOf(row),
        percent(errorRate),
        range(interval),
        `${conversations} conversations`,
        String(speakers),
        '',
      ];
    }
  }
}

/** What the value of a row is called. */
function figureOf(row: Row): string {
  switch (row.kind) {
    case 'classes':
      return isOfEvents(row) ? 'macro recall (macro F1)' : 'macro recall';
    case 'detection':
      return row.figure;
    case 'share':
      return row.figure ?? 'share';
    case 'rate':
      return 'times an hour';
    case 'diarization':
      return 'diarization error';
  }
}

/** Whether a row is of the many classes of sounds, of which some are rare. */
function isOfEvents({ classes }: { readonly classes: readonly string[] }): boolean {
  return classes.length > 5;
}

/** The confusion table of the first row of classes, which is the clean one where that was asked for. */
function confusionLines(rows: readonly Row[]): readonly string[] {
  const row = rows.find((candidate) => candidate.kind === 'classes');
  if (row?.kind !== 'classes' || row.figures === null) return [];
  const { classes, figures } = row;
  const unanswered = figures.confusion.some((counts) => (counts[classes.length] ?? 0) > 0);
  const columns = unanswered ? [...classes, 'no answer'] : classes;
  return [
    '',
    `Confusion, ${row.what} (rows: truth; columns: answer):`,
    '',
    `| | ${columns.join(' | ')} | recall | F1 |`,
    `|---|${'---|'.repeat(columns.length + 2)}`,
    ...figures.confusion.map((counts, index) => {
      const recall = figures.recalls[index];
      const f1 = figures.f1[index];
      return `| ${classes[index] ?? ''} | ${counts.slice(0, columns.length).join(' | ')} | ${recall == null ? '' : percent(recall)} | ${f1 == null ? '' : percent(f1)} |`;
    }),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function range([low, high]: readonly [number, number]): string {
  return `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %`;
}
