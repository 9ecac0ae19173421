/** The formats that `deeptone analyze` writes, by the name that `--format` takes. */
import { audacity } from './audacity';
import { csv } from './csv';
import { json, ndjson } from './json';
import type { OutputFormat } from './output-format';

export const OUTPUT_FORMATS = { json, ndjson, csv, audacity } satisfies Readonly<
  Record<string, OutputFormat>
>;
export type OutputFormatName = keyof typeof OUTPUT_FORMATS;

export function outputFormat(name: OutputFormatName): OutputFormat {
  return OUTPUT_FORMATS[name];
}

export type { AnsweredModel } from './output-format';
