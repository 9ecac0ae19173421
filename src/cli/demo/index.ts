/** `deeptone demo`: a Node-RED on this machine alone, with a page that shows what is in bundled sounds. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode } from '../exit-codes';
import type { Terminal } from '../terminal';
import { prepare, refuseForeign } from './folder';
import { install, nodeRedFor } from './installation';
import { HOST, portIn, portToUse } from './port';

export interface DemoFlags {
  readonly folder: string;
  readonly port?: number;
}

const POLL_MS = 200;

/** Runs until it is stopped. */
export async function demo(flags: DemoFlags, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const folder = resolve(flags.folder);
  const port = await portToUse(flags.port ?? portIn(process.env['PORT']));
  await refuseForeign(folder);
  await mkdir(folder, { recursive: true });
  let nodeRed = nodeRedFor(folder);
  if (nodeRed === undefined) {
    terminal.say(`Node-RED 4 and Dashboard 2 are put into ${folder}: some 250 MB, once.`);
    if (!(await install(folder, signal))) {
      if (signal.aborted) return ExitCode.Interrupted;
      terminal.say('deeptone: npm could not install them; what it said stands above.');
      return ExitCode.CannotRun;
    }
    nodeRed = nodeRedFor(folder);
    if (nodeRed === undefined) throw new Error(`Node-RED is not where npm has installed it: ${folder}`);
  }
  await prepare(folder, port);
  const settings = join(folder, 'settings.js');
  const child = spawn(process.execPath, [nodeRed, '--userDir', folder, '--settings', settings], {
    ...{ stdio: ['ignore', 'inherit', 'inherit'], cwd: folder },
  });
  return watch(child, `http://${HOST}:${port}`, terminal, signal);
}

async function watch(
  child: ChildProcess,
  origin: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const ended = once(child, 'exit') as Promise<[code: number | null]>;
  const stop = (): void => {
    child.kill();
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const isShown = async (): Promise<boolean> => {
    while (child.exitCode === null && child.signalCode === null) {
      if (await isUp(`${origin}/dashboard/deeptone`)) return true;
      await sleep(POLL_MS);
    }
    return false;
  };
  if (await isShown()) {
    await terminal.write(`
DeepTone is listening to its example sounds.

  Dashboard   ${origin}/dashboard/deeptone
  Editor      ${origin}/

Only this machine can open them. Stop with Ctrl+C.
`);
  }
  const [code] = await ended;
  if (signal.aborted) return ExitCode.Ok;
  terminal.say(`deeptone: Node-RED has ended (${String(code)}).`);
  return ExitCode.CannotRun;
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
