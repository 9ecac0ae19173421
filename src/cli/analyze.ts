import { checkDecisions, checkOptions, type Deeptone, type FileOptions, selectModels } from '../pipeline';
import { DeeptoneError, InferenceError, LicenseManagerError, TooLargeError } from '../errors';
import { LOUDNESS, type FileAnalysis } from '../insight';
import { destinationOf, type Destination, type DestinationFlags } from './destination';
import { createEngine, sayBrokenModels, type EngineFlags } from './engine-flags';
import { ExitCode, exitCodeFor } from './exit-codes';
import { outputFormat, type AnsweredModel, type OutputFormat, type OutputFormatName } from './formats';
import { inputsOf, STANDARD_INPUT, type Input } from './inputs';
import { flaggedOptions, modelsAsked, type OptionFlags } from './option-flags';
import { errorLine, UsageError } from './report';
import { styleOf } from './style';
import type { Terminal } from './terminal';

/** Flags of `deeptone analyze`. */
export interface AnalyzeFlags extends EngineFlags, DestinationFlags, OptionFlags<'analyze'> {
  /** Default: text where a person reads it, else JSON. */
  readonly format?: OutputFormatName;
  readonly quiet?: boolean;
}

/**
 * Analyses files, as many at a time as the engine has workers. A file that fails is told and left behind; what keeps every file from being
 * analysed ends the command.
 */
export async function analyze(
  names: readonly string[],
  flags: AnalyzeFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const formatName = flags.format ?? usualFormat(flags, terminal);
  const format = outputFormat(formatName);
  const refusal = format.refusal?.(flags);
  if (refusal !== undefined) throw new UsageError(refusal);
  if (names.includes(STANDARD_INPUT) && process.stdin.isTTY) {
    throw new UsageError(
      'Standard input is a terminal; pipe a sound into it, as in: deeptone analyze - < talk.wav',
    );
  }
  const inputs = await inputsOf(names);
  const engine = await createEngine(flags);
  const told = sayBrokenModels(engine, terminal);
  try {
    const { options, models } = checkedOptions(engine, flags, format, signal);
    const includeRawValues = flags.raw ?? false;
    const style = styleOf(flags.output === undefined && flags.outputDir === undefined ? terminal.output : {});
    const destination = destinationOf(format, flags, inputs, terminal, (output, manyFiles) =>
      format.writer({ models, includeRawValues, manyFiles, output, style }),
    );
    try {
      const exitCode = await analyzeAll(inputs, { engine, options, destination, terminal, signal, flags });
      if (exitCode !== ExitCode.Interrupted) await destination.complete();
      return exitCode;
    } finally {
      await destination.discard();
    }
  } finally {
    terminal.done();
    sayBrokenModels(engine, terminal, told);
    await engine.close();
  }
}

/** What is written where nobody says it: what a person reads, or what a program does. */
function usualFormat({ output, outputDir, raw }: AnalyzeFlags, terminal: Terminal): OutputFormatName {
  const isForPeople = output === undefined && outputDir === undefined && terminal.output.isTTY === true;
  return isForPeople && raw !== true ? 'text' : 'json';
}

/** All that analysing several inputs takes. */
interface Work {
  readonly engine: Deeptone;
  readonly options: FileOptions;
  readonly destination: Destination;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly flags: AnalyzeFlags;
}

type Answer = FileAnalysis | { readonly error: unknown };

/** Answers are told in the order of the inputs, however many are analysed at a time. */
async function analyzeAll(inputs: readonly Input[], work: Work): Promise<ExitCode> {
  const { destination, terminal, signal } = work;
  const abreast = filesAbreast(work);
  const begun = new Map<number, Promise<Answer>>();
  let next = 0;
  let turn = 0;
  let exitCode: ExitCode = ExitCode.Ok;
  for (const [index, input] of inputs.entries()) {
    turn = index;
    for (; next < Math.min(inputs.length, index + abreast); next += 1) {
      const number = next;
      const name = inputs[number]?.name ?? '';
      const answer = analyzeInput(name, inputs.length, number, work, () => turn === number);
      answer.catch(() => undefined); // It is awaited in its turn, if that comes.
      begun.set(number, answer);
    }
    const answer = await begun.get(index);
    begun.delete(index); // Answers are large, and there may be thousands.
    terminal.done();
    if (signal.aborted || !answer) return ExitCode.Interrupted;
    if ('channels' in answer) {
      await destination.answer(input, answer);
    } else {
      exitCode = ExitCode.InputFailed;
      terminal.say(`deeptone: ${input.name}: ${errorLine(answer.error).message}`);
      await destination.failure(input, errorLine(answer.error));
    }
  }
  return exitCode;
}

/** As many as there are workers, as long as the license has a stream for every channel of them. */
function filesAbreast({ engine, flags: { workers = 1 } }: Work): number {
  const { maxStreams } = engine.license;
  const allowed = maxStreams === null ? workers : Math.floor(maxStreams / engine.limits.maxChannels);
  return Math.max(1, Math.min(workers, allowed));
}

/** @param isShown whether it is the one whose progress is shown */
async function analyzeInput(
  name: string,
  count: number,
  index: number,
  { engine, options, terminal, flags }: Work,
  isShown: () => boolean,
): Promise<Answer> {
  const label = count > 1 ? `${index + 1}/${count} ${name}` : name;
  return answerOf(engine, name, {
    ...options,
    onProgress: (fraction, analysedMs) => {
      if (!flags.quiet && isShown()) terminal.progress(label, fraction, analysedMs);
    },
    onWarning: (message) => {
      if (!flags.quiet) terminal.say(`deeptone: ${name}: ${message}`);
    },
  });
}

async function answerOf(engine: Deeptone, name: string, options: FileOptions): Promise<Answer> {
  try {
    if (name !== STANDARD_INPUT) return await engine.processFile(name, options);
    return await engine.processContainer(await standardInput(engine.limits.maxMessageBytes), options);
  } catch (error) {
    if (isFatal(error)) throw error;
    return { error };
  }
}

/** All of standard input, which is a sound as a file is. @throws TooLargeError */
async function standardInput(most: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > most)
      throw new TooLargeError(`Standard input has more than ${most} bytes: put the sound in a file.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
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
  { needs: { model, ...needs } = {} }: OutputFormat,
  signal: AbortSignal,
): { options: FileOptions; models: readonly AnsweredModel[] } {
  const asked = modelsAsked(engine, flags.models);
  const models = model === undefined ? asked : [...new Set([model, ...asked])];
  const options: unknown = { ...flaggedOptions('analyze', flags), ...needs, models, signal };
  checkOptions('file', options);
  checkDecisions(options.decisions, engine.describeModels(), engine.brokenModels);
  const selected = selectModels(options.models, engine.describeModels(), engine.brokenModels);
  return { options, models: options.loudAbove === undefined ? selected : [...selected, LOUD_OR_QUIET] };
}
