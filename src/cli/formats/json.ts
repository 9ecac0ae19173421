import type { AnswerWriterOptions, AnswerWriter, OutputFormat } from './output-format';

/** The object of `processFile` as it is; of several files one line each. */
export const json: OutputFormat = {
  extension: 'json',
  writer: (options) => (options.manyFiles ? lineWriter(options) : documentWriter(options)),
};

/** One object per line and file, with the file's name. */
export const ndjson: OutputFormat = { extension: 'ndjson', writer: lineWriter };

function documentWriter({ output }: AnswerWriterOptions): AnswerWriter {
  return {
    answer: (_filename, analysis) => output.write(`${JSON.stringify(analysis, null, 2)}\n`),
    failure: (filename, error) => output.write(`${JSON.stringify({ filename, error })}\n`),
  };
}

function lineWriter({ output }: AnswerWriterOptions): AnswerWriter {
  return {
    answer: (filename, analysis) => output.write(`${JSON.stringify({ filename, ...analysis })}\n`),
    failure: (filename, error) => output.write(`${JSON.stringify({ filename, error })}\n`),
  };
}
