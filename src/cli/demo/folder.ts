/** The folder of the demo: what it may be, and what is put into it. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../report';
import { LOCK } from './lock';

/** dist/src/cli/demo -> the package. */
export const PACKAGE = join(__dirname, '../../../..');
const EXAMPLE = join(PACKAGE, 'examples/dashboard/demo.json');
const MANIFEST = 'package.json';
const NAME = 'deeptone-demo';
export const FLOWS = 'flows.json';
export const SETTINGS = 'settings.js';
/** Flow and settings as the package brought them: what differs from them somebody has changed. */
const SHIPPED = { [FLOWS]: 'shipped.json', [SETTINGS]: 'shipped-settings.js' } as const;

/**
 * What somebody else keeps there must not be written over.
 *
 * @throws UsageError
 */
export async function refuseForeign(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new UsageError(`The folder ${folder} cannot be used (${String(code)}).`, { cause: error });
  });
  const found = names.filter((name) => name !== LOCK);
  if (found.length === 0 || found.includes(SHIPPED[FLOWS])) return;
  const isProject = found.every((name) => /^(?:package(?:-lock)?\.json|node_modules)$/u.test(name));
  // An installation of this demo that was stopped leaves no more than that.
  if (isProject && (await projectIn(folder)) === NAME) return;
  const what = isProject ? 'an npm project of its own' : 'something else';
  throw new UsageError(`The folder ${folder} holds ${what}: choose another one with --folder.`);
}

/** Makes the folder, as one of this demo. */
export async function claim(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const manifest = join(folder, MANIFEST);
  if (!existsSync(manifest)) await writeFile(manifest, `{ "name": "${NAME}", "private": true }\n`);
}

/** Puts this package, the flow and the settings into the folder. What was changed there is kept. */
export async function prepare(folder: string): Promise<void> {
  await linkPackage(join(folder, 'node_modules/@deeptone'));
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
  await writeFile(shipped, content);
  await writeFile(file, content);
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
