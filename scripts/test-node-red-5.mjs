// Runs the end-to-end tests with Node-RED 5, which needs a newer Node.js than we do. Both are fetched once into
// .cache/node-red-5 from the npm registry; a Node.js that is new enough is used as it is.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Suites about the editor, and about flows in it. */
const SUITES = [
  'decisions',
  'dialogs',
  'editor',
  'flows',
  'keyboard',
  'migrate',
  'palette',
  'sidebar',
  'voices',
];
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.cache/node-red-5');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isNewEnough = major > 22 || (major === 22 && minor >= 9);
const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const node = isNewEnough ? process.execPath : join(folder, 'node_modules', nodePackage, 'bin/node');
const nodeRed = join(folder, 'node_modules/node-red/red.js');

if (!existsSync(node) || !existsSync(nodeRed)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"name": "node-red-5", "private": true}\n');
  const wanted = ['node-red@5', ...(isNewEnough ? [] : [`${nodePackage}@22`])];
  const began = Date.now();
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...wanted],
    {
      cwd: folder,
      stdio: 'inherit',
    },
  );
  console.log(`Installed ${wanted.join(' and ')} in ${((Date.now() - began) / 1000).toFixed(0)} s.`);
}

const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
console.log(`End-to-end tests with Node-RED 5 on Node.js ${version}`);
const tests = readdirSync(join(root, 'dist/test/e2e'))
  .filter((name) => SUITES.includes(name.replace('.test.js', '')))
  .map((name) => join(root, 'dist/test/e2e', name));
const { status } = spawnSync('npx', ['mocha', '--no-config', '--exit', ...tests], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, DEEPTONE_E2E_NODE: node, DEEPTONE_E2E_NODE_RED: nodeRed },
});
process.exit(status ?? 1);
