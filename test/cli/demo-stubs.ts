/** Programs that stand for npm and Node-RED, where tests are about what `deeptone demo` does with them. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COMMAND, start, type Outcome } from './run-deeptone';

const CALLS = 'npm-calls.txt';

/** Serves the editor and, where the flow has a page, Dashboard, as the settings say; leaves word of how it was started. */
const RED = `
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const given = process.argv.slice(2);
const after = (name) => given[given.indexOf(name) + 1];
const folder = after('--userDir');
const { https, httpAdminRoot = '/', httpAdminMiddleware } = require(after('--settings'));
const { createServer } = require(https ? 'node:https' : 'node:http');
process.on('SIGTERM', () => {
  console.error('stub has ended');
  process.exit();
});
writeFileSync(join(folder, 'started.json'), JSON.stringify(given));
const flow = readFileSync(join(folder, 'flows.json'), 'utf8');
const base = flow.startsWith('[') && JSON.parse(flow).find(({ type }) => type === 'ui-base');
createServer(({ url }, answer) => {
  if (httpAdminMiddleware) return httpAdminMiddleware();
  const isThere = url === httpAdminRoot || (base && url.startsWith(base.path + '/'));
  answer.writeHead(isThere ? 200 : 404).end();
}).listen(Number(after('--port')), '127.0.0.1');
`;

/** Puts what passes for a Node-RED into the folder; npm's last file is not there. */
export function putNodeRed(
  folder: string,
  { version, dashboard }: { readonly version: string; readonly dashboard: boolean },
): void {
  const put = (name: string, content: string): void => {
    const file = join(folder, 'node_modules', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  put('node-red/package.json', JSON.stringify({ version }));
  put('node-red/red.js', RED);
  if (dashboard) put('@flowfuse/node-red-dashboard/package.json', '{}');
}

/** Puts an `npm` into a folder for PATH; it leaves whole what it finds, as npm does, and fails where STUB_FAILS is set. */
export function installNpm(folder: string): {
  readonly folder: string;
  /** What it was called with in a folder. */
  calls(where: string): readonly string[];
} {
  mkdirSync(folder, { recursive: true });
  const script = `#!${process.execPath}
const { appendFileSync, existsSync } = require('node:fs');
const { putNodeRed } = require(${JSON.stringify(__filename)});
if (process.env.STUB_FAILS) {
  console.error('no network here');
  process.exit(1);
}
appendFileSync(require('node:path').join('..', '${CALLS}'), process.argv.slice(2).join(' ') + '\\n');
if (!existsSync('node_modules/node-red')) putNodeRed('.', { version: '4.1.0', dashboard: true });
require('node:fs').writeFileSync('node_modules/.package-lock.json', '{}');
`;
  writeFileSync(join(folder, 'npm'), script);
  chmodSync(join(folder, 'npm'), 0o755);
  return {
    folder,
    calls: (where) => {
      const file = join(dirname(where), CALLS);
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    },
  };
}

export interface DemoOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly command?: string | undefined;
  /** What is done once it has said how it is stopped: that, where nothing is said here. */
  readonly onStarted?: (child: ChildProcess) => unknown;
}

/** Runs the demo until it and what it started have ended. */
export async function runDemo(flags: readonly string[], options: DemoOptions): Promise<Outcome> {
  const { env, command = COMMAND, onStarted = (demo: ChildProcess) => demo.kill('SIGINT') } = options;
  const child = start(['demo', ...flags], { env }, command);
  child.stdin.end();
  const said = { stdout: '', stderr: '' };
  let isStarted = false;
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => {
      said[name] += part;
      if (isStarted || !said[name].includes('Stop with')) return;
      isStarted = true;
      void onStarted(child);
    });
  await once(child, 'close');
  return { code: child.exitCode, ...said };
}
