/** The folder of the demo: what it may be, and what is put into it. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../report';
import { HOST } from './port';

/** dist/src/cli/demo -> the package. */
const PACKAGE = join(__dirname, '../../../..');
const EXAMPLE = join(PACKAGE, 'examples/dashboard/demo.json');
const FLOWS = 'flows.json';
/** The flow as the package brought it: what differs from it somebody has changed. */
const SHIPPED = 'shipped.json';

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
  // An installation that was stopped leaves no more than this.
  const isHalf = names.every((name) => /^(?:package(?:-lock)?\.json|node_modules)$/u.test(name));
  if (!names.includes(SHIPPED) && !isHalf)
    throw new UsageError(`The folder ${folder} holds something else: choose another one with --folder.`);
}

/** Puts this package, the flow and the settings into the folder. A flow that was changed in the editor is kept. */
export async function prepare(folder: string, port: number): Promise<void> {
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
