import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The compiled command, as `bin` names it. */
export const COMMAND = join(__dirname, '..', '..', 'src', 'cli', 'main.js');

/** What a command came to. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the command reads from standard input. */
  readonly input?: string | Uint8Array;
}

/** Runs `deeptone` in a process of its own, without the license settings of whoever runs the tests. */
export async function deeptone(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = start(args, options);
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** Starts `deeptone`, or another copy of it, and leaves its streams to the test. */
export function start(
  args: readonly string[],
  options: RunOptions = {},
  command = COMMAND,
): ChildProcessWithoutNullStreams {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (name.startsWith('DEEPTONE_')) env[name] = undefined;
  return spawn(process.execPath, [command, ...args], { cwd: options.cwd, env: { ...env, ...options.env } });
}

/** Lines of NDJSON as objects. */
export function jsonLines(output: string): readonly unknown[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

/** A folder that is gone after the test file's last test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'deeptone-test-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
