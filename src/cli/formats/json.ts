import type { AnswerWriterOptions, AnswerWriter, OutputFormat } from './output-format';

/** The object of `processFile` as it is; of several files one line each. */
export const json: OutputFormat = {
  writer: (options) => (options.manyFiles ? lineWriter(options) : documentWriter(options)),
};

/** One object per line and file, with the file's name. */
export const ndjson: OutputFormat = { writer: lineWriter };

function documentWriter({ terminal }: AnswerWriterOptions): AnswerWriter {
  return {
    answer: (_filename, analysis) => terminal.write(`${JSON.stringify(analysis, null, 2)}\n`),
    failure: (filename, error) => terminal.write(`${JSON.stringify({ filename, error })}\n`),
  };
}

function lineWriter({ terminal }: AnswerWriterOptions): AnswerWriter {
  return {
    answer: (filename, analysis) => terminal.write(`${JSON.stringify({ filename, ...analysis })}\n`),
    failure: (filename, error) => terminal.write(`${JSON.stringify({ filename, error })}\n`),
  };
}
