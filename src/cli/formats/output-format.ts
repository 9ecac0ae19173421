/** What an output format of `deeptone analyze` says of itself. */
import type { ModelDescription } from '../../inference';
import type { FileAnalysis } from '../../insight';
import type { ErrorLine } from '../report';
import type { Style } from '../style';

/** What has answers, and how those look. */
export type AnsweredModel = Pick<ModelDescription, 'name' | 'classes' | 'activation'>;

/** Where answers are written. */
export interface Output {
  /** As it is. Waits while the reader is slower. */
  write(text: string): Promise<void>;
}

/** Writes the answers of files. */
export interface AnswerWriter {
  answer(filename: string, analysis: FileAnalysis): Promise<void>;
  failure(filename: string, error: ErrorLine): Promise<void>;
}

export interface AnswerWriterOptions {
  /** The models asked for, in the order asked, each once. */
  readonly models: readonly AnsweredModel[];
  readonly includeRawValues: boolean;
  /** Whether the output gets the answers of more than one file. */
  readonly manyFiles: boolean;
  readonly output: Output;
  readonly style: Style;
}

/** What the command was asked for that not every format has a place for. */
export interface Asked {
  readonly summary?: boolean;
  readonly transitions?: boolean;
  readonly raw?: boolean;
}

export interface OutputFormat {
  /** A sentence about what it has no place for: it refuses that rather than leaving it out. Undefined where all is well. */
  refusal?(asked: Asked): string | undefined;
  /** What it needs although nobody asked for it. */
  readonly needs?: {
    readonly includeTransitions?: true;
    readonly includeSummary?: true;
    /** The model whose answers it writes. */
    readonly model?: string;
  };
  /** Ending of its files, without the dot. */
  readonly extension: string;
  /** It has a place for one sound only: several need a folder. */
  readonly isOfOneSound?: true;
  writer(options: AnswerWriterOptions): AnswerWriter;
}

/** For formats that have no place for files that failed: standard error tells them. */
export function nothing(): Promise<void> {
  return Promise.resolve();
}
