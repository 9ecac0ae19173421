/** The formats that `deeptone analyze` writes, by the name that `--format` takes. */
import { audacity } from './audacity';
import { csv } from './csv';
import { json, ndjson } from './json';
import type { OutputFormat } from './output-format';
import { rttm } from './rttm';
import { srt, vtt } from './subtitles';
import { svg } from './svg';
import { text } from './text';
import { textgrid } from './textgrid';

export const OUTPUT_FORMATS = {
  ...{ text, json, ndjson, csv },
  ...{ audacity, srt, vtt, rttm, textgrid, svg },
} satisfies Readonly<Record<string, OutputFormat>>;
export type OutputFormatName = keyof typeof OUTPUT_FORMATS;

export function outputFormat(name: OutputFormatName): OutputFormat {
  return OUTPUT_FORMATS[name];
}

export type { AnsweredModel, AnswerWriter, Output, OutputFormat } from './output-format';
