/** `deeptone demo`: a Node-RED on this machine alone, with a page that shows what is in bundled sounds. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode } from './exit-codes';
import { UsageError } from './report';
import type { Terminal } from './terminal';

export interface DemoFlags {
  readonly folder: string;
  readonly port?: number;
}

const HOST = '127.0.0.1';
const USUAL_PORT = 1_880;
const MOST_PORT = 65_535;
const POLL_MS = 200;
/** dist/src/cli -> the package. */
const PACKAGE = join(__dirname, '../../..');
const EXAMPLE = join(PACKAGE, 'examples/dashboard/demo.json');
const NODE_RED = 'node-red';
const DASHBOARD = '@flowfuse/node-red-dashboard';
/** What is installed where there is none; the oldest that serves is 4.1. */
const WANTED = [`${NODE_RED}@4`, `${DASHBOARD}@1`];
const OLDEST = [4, 1] as const;
const FLOWS = 'flows.json';
/** The flow as the package brought it: what differs from it somebody has changed. */
const SHIPPED = 'shipped.json';

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

/** @throws UsageError */
function portIn(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port)) return port;
  throw new UsageError(`PORT is ${JSON.stringify(text)}: a whole number is accepted.`);
}

/**
 * The port that was asked for, or none; else the usual one of Node-RED, or a free one where that is taken.
 *
 * @throws UsageError
 */
async function portToUse(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return (await freePort(USUAL_PORT)) ?? (await freePort(0)) ?? USUAL_PORT;
  if (wanted < 1 || wanted > MOST_PORT)
    throw new UsageError(`The port is ${wanted}: a whole number from 1 to ${MOST_PORT} is accepted.`);
  if ((await freePort(wanted)) !== undefined) return wanted;
  throw new UsageError(`Port ${wanted} is taken: choose another one with --port.`);
}

/** @param wanted 0 for any; undefined comes of one that is taken */
async function freePort(wanted: number): Promise<number | undefined> {
  const server = createServer();
  const port = await new Promise<number | undefined>((done) => {
    server.once('error', () => {
      done(undefined);
    });
    server.listen(wanted, HOST, () => {
      const address = server.address();
      done(typeof address === 'object' && address ? address.port : undefined);
    });
  });
  if (port !== undefined) await new Promise((done) => server.close(done));
  return port;
}

/**
 * What somebody else keeps there must not be written over.
 *
 * @throws UsageError
 */
async function refuseForeign(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new UsageError(`The folder ${folder} cannot be used (${String(code)}).`, { cause: error });
  });
  // An installation that was stopped leaves no more than this.
  const isHalf = names.every((name) => /^(?:package(?:-lock)?\.json|node_modules)$/u.test(name));
  if (!names.includes(SHIPPED) && !isHalf)
    throw new UsageError(`The folder ${folder} holds something else: choose another one with --folder.`);
}

/** The program of Node-RED, where it and Dashboard stand in one folder that can be seen from here; Node-RED finds what lies beside itself. */
function nodeRedFor(folder: string): string | undefined {
  const here = createRequire(join(folder, 'package.json'));
  try {
    const manifest = here.resolve(`${NODE_RED}/package.json`);
    const modules = dirname(dirname(manifest));
    if (!existsSync(join(modules, DASHBOARD, 'package.json'))) return undefined;
    const { version } = here(manifest) as { readonly version: string };
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
    return isNewEnough ? join(dirname(manifest), 'red.js') : undefined;
  } catch {
    return undefined;
  }
}

/** @returns whether npm has done it */
async function install(folder: string, signal: AbortSignal): Promise<boolean> {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) await writeFile(manifest, '{ "name": "deeptone-demo", "private": true }\n');
  const isWindows = process.platform === 'win32';
  const flags = ['--no-audit', '--no-fund', '--no-update-notifier', '--omit=dev', '--ignore-scripts'];
  const how: SpawnOptions = {
    cwd: folder,
    signal,
    // Standard output is for the addresses.
    stdio: ['ignore', process.stderr, process.stderr],
    // Windows starts .cmd files through a shell alone.
    ...(isWindows ? { shell: true, windowsHide: true } : {}),
  };
  const npm = spawn(isWindows ? 'npm.cmd' : 'npm', ['install', ...flags, ...WANTED], how);
  const [code] = (await once(npm, 'exit').catch(() => [null])) as [number | null];
  return code === 0;
}

/** Puts this package, the flow and the settings into the folder. A flow that was changed in the editor is kept. */
async function prepare(folder: string, port: number): Promise<void> {
  const scope = join(folder, 'node_modules/@deeptone');
  await mkdir(scope, { recursive: true });
  await rm(join(scope, 'node-red'), { recursive: true, force: true });
  await symlink(PACKAGE, join(scope, 'node-red'), 'junction');
  const [flow, shipped] = [FLOWS, SHIPPED].map((name) => join(folder, name)) as [string, string];
  const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  if (!existsSync(flow) || (await text(flow)) === (await text(shipped))) {
    await copyFile(EXAMPLE, flow);
    await copyFile(EXAMPLE, shipped);
  }
  const settings = JSON.stringify(settingsFor(folder, port), null, 2);
  await writeFile(join(folder, 'settings.js'), `module.exports = ${settings};\n`);
}

function settingsFor(userDir: string, uiPort: number): object {
  return {
    ...{ uiHost: HOST, uiPort, userDir, flowFile: FLOWS, credentialSecret: false },
    telemetry: { enabled: false, updateNotification: false },
    externalModules: {
      palette: { allowInstall: false, allowUpload: false },
      modules: { allowInstall: false },
    },
    editorTheme: {
      page: { title: 'DeepTone demo' },
      header: { title: 'DeepTone demo' },
      tours: false,
      palette: { catalogues: [] },
      projects: { enabled: false },
    },
    logging: { console: { level: 'warn', metrics: false, audit: false } },
  };
}
