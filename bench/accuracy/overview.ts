/** The table in `models/README.md`: a line a figure, a column a set of weights. */
import { cells } from './report';
import type { ModelTable } from './rows';

const SETS: readonly string[] = ['standard', 'open'];

/**
 * Puts new figures into the table. Its lines say which: `| model | measured on | figure | standard | open |`; what was not measured
 * this time stays as it is.
 */
export function withFigures(readme: string, set: string, tables: readonly ModelTable[]): string {
  const found = new Map<string, string>();
  for (const { model, rows } of tables) {
    for (const row of rows) {
      if (row.figures === null) continue;
      const [, , value = '', interval = ''] = cells(row);
      found.set(`\`${model}\`|${row.what}`, interval === '' ? value : `${value} (${interval})`);
    }
  }
  const lines = readme.split('\n').map((line) => {
    const columns = line.split('|').map((column) => column.trim());
    const [, model = '', what = '', ...rest] = columns;
    const value = found.get(`${model}|${what}`);
    if (value === undefined || rest.length !== 4) return line;
    rest[1 + SETS.indexOf(set)] = value;
    return `| ${[model, what, ...rest.slice(0, 3)].join(' | ')} |`;
  });
  return lines.join('\n');
}
