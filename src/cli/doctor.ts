import type { EngineFlags } from './engine-flags';
import { examine, type Finding } from './doctor-checks';
import { ExitCode } from './exit-codes';
import type { Terminal } from './terminal';

export interface DoctorFlags extends EngineFlags {
  readonly json?: boolean;
}

const MARKS = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

/** Says what would keep DeepTone from running here, and what to do about each. */
export async function doctor(flags: DoctorFlags, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const findings: Finding[] = [];
  for await (const finding of examine(flags)) {
    if (signal.aborted) return ExitCode.Interrupted;
    findings.push(finding);
    if (!flags.json) await terminal.print(describe(finding));
  }
  const healthy = findings.every(({ state }) => state !== 'problem');
  if (flags.json) await terminal.write(`${JSON.stringify({ healthy, findings }, null, 2)}\n`);
  else await terminal.write(healthy ? '\nDeepTone runs here.\n' : '\nDeepTone cannot run here yet.\n');
  return healthy ? ExitCode.Ok : ExitCode.CannotRun;
}

function describe({ subject, state, found, advice }: Finding): string {
  const line = `${MARKS[state]}  ${subject}: ${found}\n`;
  return advice === undefined ? line : `${line}         what to do: ${advice}\n`;
}
