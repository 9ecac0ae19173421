import type { FileAnalysis } from '../../insight';
import { nothing, type OutputFormat } from './output-format';

/**
 * A format that holds the phases of one sound, and nothing else.
 *
 * @param name as `--format` takes it; also the ending of its files, unless there is another
 */
export function labelFormat(
  name: string,
  write: (analysis: FileAnalysis, filename: string) => string,
  extension = name,
): OutputFormat {
  return {
    needs: { includeTransitions: true },
    extension,
    isOfOneSound: true,
    refusal: ({ summary, raw }) =>
      summary || raw
        ? `${name} holds the transitions; use --format json or ndjson for --summary and --raw.`
        : undefined,
    writer: ({ output }) => ({
      answer: (filename, analysis) => output.write(write(analysis, filename)),
      failure: nothing,
    }),
  };
}
