#!/usr/bin/env node
import { ExitCode } from './exit-codes';
import { runProgram } from './program';
import { reportFailure } from './report';
import { Terminal } from './terminal';

/** What has ended the command from outside, if anything. */
interface Ending {
  interrupted: boolean;
  lostOutput: NodeJS.ErrnoException | undefined;
}

async function main(): Promise<ExitCode> {
  const abort = new AbortController();
  const ending: Ending = { interrupted: false, lostOutput: undefined };
  const terminal = new Terminal(process.stdout, process.stderr, (error) => {
    ending.lostOutput = error;
    abort.abort();
  });
  const interrupt = (): void => {
    // Whoever asks twice does not want to wait for the model to end its step.
    if (ending.interrupted) process.exit(ExitCode.Interrupted);
    ending.interrupted = true;
    abort.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);

  try {
    const exitCode = await runProgram(process.argv, terminal, abort.signal);
    return ending.lostOutput ? lostOutput(ending.lostOutput, terminal) : exitCode;
  } catch (error) {
    if (ending.lostOutput) return lostOutput(ending.lostOutput, terminal);
    if (ending.interrupted) return ExitCode.Interrupted;
    const { message, exitCode } = reportFailure(error);
    if (message !== undefined) terminal.say(`deeptone: ${message}`);
    return exitCode;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** A reader that has seen enough, like `head`, is no failure; a full disk is. */
function lostOutput(error: NodeJS.ErrnoException, terminal: Terminal): ExitCode {
  if (error.code === 'EPIPE') return ExitCode.Ok;
  terminal.say(`deeptone: The results cannot be written: ${error.message}`);
  return ExitCode.InputFailed;
}

void main().then((exitCode) => {
  process.exitCode = exitCode;
});
