/** `deeptone demo`: a Node-RED on this machine alone, with a page that shows what is in bundled sounds. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { ExitCode } from '../exit-codes';
import type { Terminal } from '../terminal';
import { addressesOf } from './addresses';
import { claim, FLOWS, make, namingFolder, prepare, SETTINGS } from './folder';
import { HOST } from './host';
import { install, nodeRedFor } from './installation';
import { hold } from './lock';
import { portIn, portToUse } from './port';

export interface DemoFlags {
  readonly folder: string;
  readonly port?: number;
}

/** Runs until it is stopped. */
export async function demo(flags: DemoFlags, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const folder = resolve(flags.folder);
  const port = await portToUse(flags.port ?? portIn(process.env['PORT']));
  try {
    await make(folder);
    await hold(folder);
    await claim(folder);
    return await run(folder, port, terminal, signal);
  } catch (error) {
    throw namingFolder(folder, error);
  }
}

async function run(folder: string, port: number, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  let nodeRed = await nodeRedFor(folder);
  if (nodeRed === undefined) {
    terminal.say(`Node-RED 4 and Dashboard 2 are put into ${folder}: some 250 MB, once.`);
    nodeRed = await install(folder, signal);
    if (signal.aborted) return ExitCode.Interrupted;
    if (nodeRed === undefined) {
      terminal.say('deeptone: npm could not install them; what it said stands above.');
      return ExitCode.CannotRun;
    }
  }
  await prepare(folder);
  const command = [join(__dirname, 'child.js'), nodeRed, ...argumentsFor(folder, port)];
  const child = spawn(process.execPath, command, {
    ...{ stdio: ['ignore', 'inherit', 'inherit', 'ipc'], cwd: folder },
  });
  return watch(child, terminal, signal, (isRunning) => announce(folder, port, terminal, isRunning));
}

function argumentsFor(folder: string, port: number): readonly string[] {
  const files = ['--userDir', folder, '--settings', join(folder, SETTINGS)];
  return [...files, '--port', String(port), '-D', `uiHost=${HOST}`];
}

/** Says where it can be opened, or what to look at where it cannot. */
async function announce(
  folder: string,
  port: number,
  terminal: Terminal,
  isRunning: () => boolean,
): Promise<void> {
  const origin = `http://${HOST}:${port}`;
  const { dashboard, editor } = await addressesOf(origin, join(folder, FLOWS), isRunning);
  if (!isRunning()) return;
  if (dashboard === undefined && editor === undefined) {
    terminal.say(
      `deeptone: Node-RED runs, but nothing answers at ${origin}/: look at what it says above, and at https, httpAdminRoot and httpNodeRoot in ${join(folder, SETTINGS)}. Stop with Ctrl+C.`,
    );
    return;
  }
  await terminal.write(`
${dashboard === undefined ? 'Node-RED runs; its flow has no page that answers.' : 'DeepTone is listening to its example sounds.'}

${dashboard === undefined ? '' : `  Dashboard   ${dashboard}\n`}${editor === undefined ? '' : `  Editor      ${editor}\n`}
Only this machine can open them: all its users, without a login. Stop with Ctrl+C.
`);
}

async function watch(
  child: ChildProcess,
  terminal: Terminal,
  signal: AbortSignal,
  announced: (isRunning: () => boolean) => Promise<void>,
): Promise<ExitCode> {
  const ended = once(child, 'exit') as Promise<[code: number | null]>;
  const stop = (): void => {
    child.kill();
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  await announced(() => child.exitCode === null && child.signalCode === null);
  const [code] = await ended;
  if (signal.aborted) return ExitCode.Ok;
  terminal.say(`deeptone: Node-RED has ended (${String(code)}).`);
  return ExitCode.CannotRun;
}
