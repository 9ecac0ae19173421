// Starts Node-RED on this machine alone, with a flow that analyses bundled sounds and shows them on a dashboard.
// Everything it writes is under .cache/demo; delete that folder to start afresh.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HOST = '127.0.0.1';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const userDir = join(root, '.cache/demo');
const example = join(root, 'examples/dashboard/demo.json');

/** The port that was asked for: `npm run demo -- --port 8080`, or PORT; undefined where none was. */
function wantedPort() {
  const { values } = parseArgs({ options: { port: { type: 'string' } } });
  const text = values.port ?? process.env.PORT;
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  console.error(`The port is ${JSON.stringify(text)}: a whole number from 1 to 65535 is accepted.`);
  process.exit(2);
}

/** The usual port of Node-RED, or a free one where that is taken. */
async function freePort(wanted = 1880) {
  const server = createServer();
  const port = await new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(wanted, HOST, () => resolve(server.address().port));
  });
  if (port === undefined) return freePort(0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A flow that was changed in the editor is kept; one that was not follows the example. */
function prepareFlow() {
  const flow = join(userDir, 'flows.json');
  const shipped = join(userDir, 'shipped.json');
  const isChanged =
    existsSync(flow) && existsSync(shipped) && readFileSync(flow, 'utf8') !== readFileSync(shipped, 'utf8');
  if (isChanged) return;
  cpSync(example, flow);
  cpSync(example, shipped);
}

function prepareUserDir(port) {
  const scope = join(userDir, 'node_modules/@deeptone');
  mkdirSync(scope, { recursive: true });
  rmSync(join(scope, 'node-red'), { recursive: true, force: true });
  symlinkSync(root, join(scope, 'node-red'), 'junction');
  prepareFlow();
  const settings = {
    uiHost: HOST,
    uiPort: port,
    userDir,
    flowFile: 'flows.json',
    credentialSecret: false,
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
  writeFileSync(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings, null, 2)};\n`);
}

async function isUp(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** A port that was asked for is that one, or none. */
async function portToUse() {
  const wanted = wantedPort();
  if (wanted === undefined) return freePort();
  if ((await freePort(wanted)) === wanted) return wanted;
  console.error(`Port ${wanted} is taken: choose another one with --port.`);
  return process.exit(2);
}

const port = await portToUse();
prepareUserDir(port);
const nodeRed = createRequire(import.meta.url).resolve('node-red/red.js');
const child = spawn(
  process.execPath,
  [nodeRed, '--userDir', userDir, '--settings', join(userDir, 'settings.js')],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
    cwd: root,
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 0));

const origin = `http://${HOST}:${port}`;
while (!(await isUp(`${origin}/dashboard/deeptone`))) await sleep(200);
console.log(`
DeepTone is listening to its example sounds.

  Dashboard   ${origin}/dashboard/deeptone
  Editor      ${origin}/

Only this machine can open them. Stop with Ctrl+C.
`);
