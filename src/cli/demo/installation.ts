/** Where the demo finds Node-RED and Dashboard, or how it gets them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { access, readFile, realpath, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { NPM_INSTALL } from '../../npm';
import { PACKAGE } from './folder';

const NODE_RED = 'node-red';
const DASHBOARD = '@flowfuse/node-red-dashboard';
/** What is installed where there is none; the oldest that serves is 4.1. */
const WANTED = [`${NODE_RED}@4`, `${DASHBOARD}@1`];
const OLDEST = [4, 1] as const;

/** The program of Node-RED, where it and Dashboard stand in one folder that can be seen from here. */
export async function nodeRedFor(folder: string): Promise<string | undefined> {
  for (let above = folder; ; above = dirname(above)) {
    const isWhole = above !== folder || isInstalled(folder);
    const found = isWhole ? await nodeRedIn(above) : undefined;
    if (found !== undefined || dirname(above) === above) return found;
  }
}

/**
 * Puts Node-RED and Dashboard into the folder.
 *
 * @returns the program of Node-RED; undefined where npm has failed, and has said why
 */
export async function install(folder: string, signal: AbortSignal): Promise<string | undefined> {
  if (!isInstalled(folder)) await removeHalf(folder);
  const { program: npm, args, options } = NPM_INSTALL;
  // Node-RED finds the Dashboard that lies beside it.
  const child = spawn(npm, [...args, '--install-strategy=hoisted', ...WANTED], {
    cwd: folder,
    signal,
    // Standard output is for the addresses.
    stdio: ['ignore', process.stderr, process.stderr],
    ...options,
  });
  const [code] = (await once(child, 'exit').catch(() => [null])) as [number | null];
  if (code !== 0) return undefined;
  // Not by `require`, which keeps in mind what it found before.
  const program = await nodeRedIn(folder);
  if (program === undefined) throw new Error(`Node-RED is not where npm has installed it: ${folder}`);
  return program;
}

/** npm writes this file when everything else is there. */
function isInstalled(folder: string): boolean {
  return existsSync(join(folder, 'node_modules/.package-lock.json'));
}

/** npm takes a package for whole whose first files are there. */
async function removeHalf(folder: string): Promise<void> {
  // It may be the package that runs here which was installed there, and not to the end.
  if ((await realpath(PACKAGE)).startsWith((await realpath(folder)) + sep)) return;
  await rm(join(folder, 'node_modules'), { recursive: true, force: true });
}

async function nodeRedIn(folder: string): Promise<string | undefined> {
  try {
    const home = await realpath(join(folder, 'node_modules', NODE_RED));
    await access(join(dirname(home), DASHBOARD, 'package.json'));
    const manifest = await readFile(join(home, 'package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { readonly version: string };
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
    return isNewEnough ? join(home, 'red.js') : undefined;
  } catch {
    return undefined;
  }
}
