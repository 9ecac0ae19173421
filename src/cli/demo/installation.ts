/** Where the demo finds Node-RED and Dashboard, or how it gets them. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const NODE_RED = 'node-red';
const DASHBOARD = '@flowfuse/node-red-dashboard';
/** What is installed where there is none; the oldest that serves is 4.1. */
const WANTED = [`${NODE_RED}@4`, `${DASHBOARD}@1`];
const OLDEST = [4, 1] as const;

/** The program of Node-RED, where it and Dashboard stand in one folder that can be seen from here; Node-RED finds what lies beside itself. */
export function nodeRedFor(folder: string): string | undefined {
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
export async function install(folder: string, signal: AbortSignal): Promise<boolean> {
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
