/** What an output format of `deeptone analyze` says of itself. */
import type { ModelDescription } from '../../inference';
import type { FileAnalysis } from '../../insight';
import type { ErrorLine } from '../report';
import type { Terminal } from '../terminal';

/** What has answers, and how those look. */
export type AnsweredModel = Pick<ModelDescription, 'name' | 'classes' | 'activation'>;

/** Writes the answers of files to standard output. */
export interface AnswerWriter {
  answer(filename: string, analysis: FileAnalysis): Promise<void>;
  failure(filename: string, error: ErrorLine): Promise<void>;
}

export interface AnswerWriterOptions {
  /** The models asked for, in the order asked, each once. */
  readonly models: readonly AnsweredModel[];
  readonly includeRawValues: boolean;
  /** Whether the command was given more than one file. */
  readonly manyFiles: boolean;
  readonly terminal: Terminal;
}

/** What the command was asked for that not every format has a place for. */
export interface Asked {
  readonly manyFiles: boolean;
  readonly summary?: boolean;
  readonly transitions?: boolean;
  readonly raw?: boolean;
}

export interface OutputFormat {
  /** A sentence about what it has no place for: it refuses that rather than leaving it out. Undefined where all is well. */
  refusal?(asked: Asked): string | undefined;
  /** Options that it needs although nobody asked for them. */
  readonly needs?: { readonly includeTransitions?: true };
  writer(options: AnswerWriterOptions): AnswerWriter;
}

/** For formats that have no place for files that failed: standard error tells them. */
export function nothing(): Promise<void> {
  return Promise.resolve();
}
