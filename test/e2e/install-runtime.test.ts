import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOfTheEditor, openBrowser, type Browser } from './support/browser';
import { NodeRedProcess, type FlowNode } from './support/node-red-process';
import { installPackage, type InstalledPackage } from './support/package';

const FLOW: readonly FlowNode[] = [
  { id: 'tab', type: 'tab' },
  { id: 'engine', type: 'deeptone-engine', modelSet: 'standard', runtime: 'auto' },
  {
    ...{ id: 'file', z: 'tab', type: 'deeptone-file', engine: 'engine', models: ['speech-rt'] },
    ...{ outputPeriod: 1024, x: 300, y: 100, outputs: 3, wires: [[], [], []] },
  },
];

/** An npm that fails at first, as behind a firewall, and then puts the runtime there that these tests have. Writes down how it was run. */
const NPM = `#!${process.execPath}
const { existsSync, symlinkSync, writeFileSync } = require('node:fs');
const { cwd, argv, env } = process;
if (!existsSync('npm-was-run.json')) {
  writeFileSync('npm-was-run.json', JSON.stringify({ folder: cwd(), argv: argv.slice(2), skip: env.ONNXRUNTIME_NODE_INSTALL }));
  console.error('npm error network request failed');
  process.exit(1);
}
symlinkSync(${JSON.stringify(dirname(createRequire(__filename).resolve('onnxruntime-node/package.json')))}, 'node_modules/onnxruntime-node');
console.log('added 1 package');
`;

interface Runtime {
  readonly state: string;
  readonly runtime?: string;
  readonly remark?: string;
  readonly installLine?: string;
}

describe('An install without the native runtime', function () {
  this.timeout(120_000);
  let installed: InstalledPackage;
  let nodeRed: NodeRedProcess;
  let browser: Browser;

  /** What the deployed engine says once it is ready. */
  async function runtime(isWanted: (runtime: Runtime) => boolean): Promise<Runtime> {
    for (;;) {
      const answer = await fetch(`${nodeRed.url}/deeptone-engine/engine/runtime`);
      const body = (await answer.json()) as Runtime;
      if (body.state === 'ready' && isWanted(body)) return body;
      await sleep(50);
    }
  }

  before(async () => {
    installed = installPackage({ nativeRuntime: false });
    const programs = join(installed.userDir, 'programs');
    mkdirSync(programs);
    writeFileSync(join(programs, 'npm'), NPM);
    chmodSync(join(programs, 'npm'), 0o755);
    const PATH = `${programs}${delimiter}${process.env['PATH'] ?? ''}`;
    nodeRed = await NodeRedProcess.start(installed.userDir, {}, { ...process.env, PATH });
    await nodeRed.deploy(FLOW);
    browser = await openBrowser(nodeRed.url);
  });

  after(async () => {
    await browser.close();
    await nodeRed.stop();
    installed.remove();
  });

  it('says at the deployment, before any message, that it runs on WebAssembly, why, and what to do', async () => {
    const { runtime: name, remark, installLine } = await runtime(() => true);
    assert.match(name ?? '', /^onnxruntime-web 1\.\d+\.\d+ \(WebAssembly\)$/);
    assert.match(remark ?? '', /about 2 times slower .* the package onnxruntime-node is not installed/);
    assert.equal(installLine, 'ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node');
    assert.equal(nodeRed.output.split('The models run on WebAssembly, about 2 times slower').length, 2);
  });

  it('gets it by a button of the dialog, and runs on it without a restart of Node-RED', async () => {
    const { page } = browser;
    await page.goto(nodeRed.url);
    await page.waitForSelector('.red-ui-flow-node');
    // Its long status makes it wider than it looks: the middle is beside it.
    await page.locator('[id="file"]').dblclick({ position: { x: 40, y: 15 } });
    await page.locator('#node-input-btn-engine-edit').click();
    const told = page.locator('#deeptone-runtime');
    await page.locator('.deeptone-install').click();
    await told.getByText('npm error network request failed').waitFor();
    const { folder, argv, skip } = JSON.parse(
      readFileSync(join(installed.userDir, 'npm-was-run.json'), 'utf8'),
    ) as { readonly folder: string; readonly argv: readonly string[]; readonly skip: string };
    assert.equal(folder, installed.userDir);
    assert.equal(skip, 'skip');
    assert.ok(argv.includes('--ignore-scripts'));
    assert.match(argv.at(-1) ?? '', /^onnxruntime-node@1\.\d+\.\d+$/);

    await page.locator('.deeptone-install').click();
    await told.getByText(/onnxruntime-node 1\.\d+\.\d+ is installed and runs here/).waitFor();
    await told.getByText('Restart the flows now').click();
    const { runtime: name, remark } = await runtime(({ runtime: name = '' }) => /-node/.test(name));
    assert.match(name ?? '', /^onnxruntime-node 1\.\d+\.\d+$/);
    assert.equal(remark, undefined);
    assert.deepEqual(
      browser.errors.filter((error) => !isOfTheEditor(error)),
      [],
    );
  });
});
