import { checkDecisions, checkOptions, type Deeptone, type FileOptions, selectModels } from '../pipeline';
import { DeeptoneError, InferenceError, LicenseManagerError } from '../errors';
import { LOUDNESS, type FileAnalysis } from '../insight';
import { createEngine, sayBrokenModels, type EngineFlags } from './engine-flags';
import { ExitCode, exitCodeFor } from './exit-codes';
import { outputFormat, type AnsweredModel, type OutputFormatName } from './formats';
import { flaggedOptions, type OptionFlags } from './option-flags';
import { errorLine, UsageError } from './report';
import type { Terminal } from './terminal';

/** Flags of `deeptone analyze`. */
export interface AnalyzeFlags extends EngineFlags, OptionFlags<'analyze'> {
  readonly format: OutputFormatName;
}

/**
 * Analyses files one after the other. A file that fails is told and left behind; what keeps every file from being
 * analysed ends the command.
 */
export async function analyze(
  files: readonly string[],
  flags: AnalyzeFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const format = outputFormat(flags.format);
  const manyFiles = files.length > 1;
  const refusal = format.refusal?.({ ...flags, manyFiles });
  if (refusal !== undefined) throw new UsageError(refusal);
  const engine = await createEngine(flags);
  const told = sayBrokenModels(engine, terminal);
  try {
    const { options, models } = checkedOptions(engine, flags, signal);
    const writer = format.writer({
      models,
      includeRawValues: flags.raw ?? false,
      manyFiles,
      terminal,
    });
    let exitCode: ExitCode = ExitCode.Ok;
    for (const [index, file] of files.entries()) {
      const label = manyFiles ? `${index + 1}/${files.length} ${file}` : file;
      const answer = await analyzeFile(engine, file, {
        ...options,
        onProgress: (fraction, analysedMs) => {
          terminal.progress(label, fraction, analysedMs);
        },
        onWarning: (message) => {
          terminal.say(`deeptone: ${file}: ${message}`);
        },
      });
      terminal.done();
      if (signal.aborted) return ExitCode.Interrupted;
      if ('channels' in answer) {
        await writer.answer(file, answer);
      } else {
        exitCode = ExitCode.InputFailed;
        terminal.say(`deeptone: ${file}: ${errorLine(answer.error).message}`);
        await writer.failure(file, errorLine(answer.error));
      }
    }
    return exitCode;
  } finally {
    terminal.done();
    sayBrokenModels(engine, terminal, told);
    await engine.close();
  }
}

async function analyzeFile(
  engine: Deeptone,
  file: string,
  options: FileOptions,
): Promise<FileAnalysis | { readonly error: unknown }> {
  try {
    return await engine.processFile(file, options);
  } catch (error) {
    if (isFatal(error)) throw error;
    return { error };
  }
}

/** Whether the next file would fail in the same way. Arguments were checked before, so one that is wrong is wrong for this file. */
function isFatal(error: unknown): boolean {
  if (!(error instanceof DeeptoneError)) return false;
  // A model fails for what it heard; streams run out for a file of many channels.
  if (error instanceof InferenceError) return false;
  if (error instanceof LicenseManagerError && error.problem === 'too-many-streams') return false;
  const exitCode = exitCodeFor(error.code);
  return exitCode === ExitCode.CannotRun || exitCode === ExitCode.Interrupted;
}

/** What loudness looks like among the answers of models; it has no probabilities. */
const LOUD_OR_QUIET: AnsweredModel = { name: LOUDNESS, classes: [], activation: 'softmax' };

/** Checks the options before any file is opened, so that a mistake in them is not told once per file. */
function checkedOptions(
  engine: Deeptone,
  flags: AnalyzeFlags,
  signal: AbortSignal,
): { options: FileOptions; models: readonly AnsweredModel[] } {
  const options: unknown = {
    ...flaggedOptions('analyze', flags),
    ...outputFormat(flags.format).needs,
    signal,
  };
  checkOptions('file', options);
  checkDecisions(options.decisions, engine.describeModels(), engine.brokenModels);
  const models = selectModels(options.models, engine.describeModels(), engine.brokenModels);
  return { options, models: options.loudAbove === undefined ? models : [...models, LOUD_OR_QUIET] };
}
