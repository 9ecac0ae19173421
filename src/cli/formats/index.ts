import type { ModelDescription } from '../../inference/prediction-engine';
import type { FileAnalysis } from '../../insight/results';
import type { ErrorLine } from '../report';
import type { Terminal } from '../terminal';
import { audacityLabels } from './audacity';
import { CsvTable } from './csv';

export const ANSWER_FORMATS = ['json', 'ndjson', 'csv', 'audacity'] as const;
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];

/** Writes the answers of files to standard output in one format. */
export interface AnswerWriter {
  answer(filename: string, analysis: FileAnalysis): Promise<void>;
  failure(filename: string, error: ErrorLine): Promise<void>;
}

export interface AnswerWriterOptions {
  /** The models asked for, in the order asked, each once. */
  readonly models: readonly ModelDescription[];
  readonly includeRawValues: boolean;
  /** Whether the command was given more than one file. */
  readonly manyFiles: boolean;
  readonly terminal: Terminal;
}

export function createAnswerWriter(format: AnswerFormat, options: AnswerWriterOptions): AnswerWriter {
  switch (format) {
    case 'json':
      return options.manyFiles ? lineWriter(options) : documentWriter(options);
    case 'ndjson':
      return lineWriter(options);
    case 'csv':
      return tableWriter(options);
    case 'audacity':
      return {
        answer: (_filename, analysis) => options.terminal.write(audacityLabels(analysis)),
        failure: () => Promise.resolve(),
      };
  }
}

/** The object of `processFile` as it is. */
function documentWriter({ terminal }: AnswerWriterOptions): AnswerWriter {
  return {
    answer: (_filename, analysis) => terminal.write(`${JSON.stringify(analysis, null, 2)}\n`),
    failure: (filename, error) => terminal.write(`${JSON.stringify({ filename, error })}\n`),
  };
}

/** One object per line and file, with the file's name. */
function lineWriter({ terminal }: AnswerWriterOptions): AnswerWriter {
  return {
    answer: (filename, analysis) => terminal.write(`${JSON.stringify({ filename, ...analysis })}\n`),
    failure: (filename, error) => terminal.write(`${JSON.stringify({ filename, error })}\n`),
  };
}

/** One table for all files; those that failed are not in it. */
function tableWriter({ terminal, models, includeRawValues }: AnswerWriterOptions): AnswerWriter {
  const table = new CsvTable(models, includeRawValues);
  let header = table.header();
  return {
    async answer(filename, analysis) {
      await terminal.write(header + table.rows(filename, analysis));
      header = '';
    },
    failure: () => Promise.resolve(),
  };
}
