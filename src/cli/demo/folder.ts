/** The folder of the demo: what it may be, and what is put into it. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { UsageError } from '../report';

/** dist/src/cli/demo -> the package. */
export const PACKAGE = join(__dirname, '../../../..');
const EXAMPLE = join(PACKAGE, 'examples/dashboard/demo.json');
const MANIFEST = 'package.json';
const NAME = 'deeptone-demo';
const MODULES = 'node_modules';
const SCOPE = join(MODULES, '@deeptone');
export const FLOWS = 'flows.json';
export const SETTINGS = 'settings.js';
/** Flow and settings as the package brought them: what differs from them somebody has changed. */
const SHIPPED = { [FLOWS]: 'shipped.json', [SETTINGS]: 'shipped-settings.js' } as const;

/** Makes the folder, and those that it is in. `mkdir` with `recursive` tries for ever where nobody can, as in /proc. */
export async function make(folder: string): Promise<void> {
  if (existsSync(folder) || dirname(folder) === folder) return;
  await make(dirname(folder));
  await mkdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}

/**
 * Makes an empty folder one of this demo, which its manifest tells; what somebody else keeps there must not be written over.
 *
 * @throws UsageError
 */
export async function claim(folder: string): Promise<void> {
  if ((await readdir(folder)).length === 0)
    return write(join(folder, MANIFEST), `{ "name": "${NAME}", "private": true }\n`);
  if ((await projectIn(folder)) !== NAME)
    throw new UsageError(`The folder ${folder} holds something else: choose another one with --folder.`);
  // What npm or `prepare` would write through.
  for (const name of [MANIFEST, 'package-lock.json', MODULES, SCOPE]) {
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found?.isSymbolicLink() === true)
      throw new UsageError(
        `${join(folder, name)} is a link: remove it, or choose another folder with --folder.`,
      );
  }
}

/** A failure of the file system in the folder or above it, as a sentence; any other as it is. */
export function namingFolder(folder: string, error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined || path === undefined) return error;
  if (!`${path}${sep}`.startsWith(`${folder}${sep}`) && !`${folder}${sep}`.startsWith(`${path}${sep}`))
    return error;
  return new UsageError(`The folder ${folder} cannot be used (${code}).`, { cause: error });
}

/** Puts this package, the flow and the settings into the folder. What was changed there is kept. */
export async function prepare(folder: string): Promise<void> {
  await linkPackage(join(folder, SCOPE));
  await bring(folder, FLOWS, await readFile(EXAMPLE, 'utf8'));
  await bring(folder, SETTINGS, settings());
}

async function projectIn(folder: string): Promise<unknown> {
  try {
    return (JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as { readonly name?: unknown }).name;
  } catch {
    return undefined;
  }
}

async function linkPackage(scope: string): Promise<void> {
  const link = join(scope, 'node-red');
  // It may be this very package that is installed there.
  if ((await realpath(link).catch(() => undefined)) === (await realpath(PACKAGE))) return;
  await mkdir(scope, { recursive: true });
  await rm(link, { recursive: true, force: true });
  await symlink(PACKAGE, link, 'junction');
}

async function bring(folder: string, name: keyof typeof SHIPPED, content: string): Promise<void> {
  const [file, shipped] = [join(folder, name), join(folder, SHIPPED[name])];
  const text = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);
  if (existsSync(file) && (await text(file)) !== (await text(shipped))) return;
  await write(shipped, content);
  await write(file, content);
}

/** In the place of what is there, never through it: that may be a link. */
async function write(file: string, content: string): Promise<void> {
  const part = `${file}.${randomUUID()}.part`;
  try {
    await writeFile(part, content, { flag: 'wx' });
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}

/** Node-RED makes a key of its own for secrets, as no `credentialSecret` is among them. */
function settings(): string {
  const values = {
    flowFile: FLOWS,
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
  return `// Address, port and folder come from the command line of "deeptone demo"; what is changed here is kept.
module.exports = ${JSON.stringify(values, null, 2)};
`;
}
