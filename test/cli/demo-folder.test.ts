/** What `deeptone demo` installs and keeps, with programs in the place of npm and Node-RED. */
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { installNpm, putNodeRed, runDemo } from './demo-stubs';
import { temporaryFolder, type Outcome } from './run-deeptone';

const PACKAGE = join(__dirname, '../../..');
const FLOW = readFileSync(join(PACKAGE, 'examples/dashboard/demo.json'), 'utf8');

describe('deeptone demo, in its folder', function () {
  this.timeout(60_000);
  const root = temporaryFolder();
  const npm = installNpm(join(root, 'bin'));
  const env = { PATH: `${npm.folder}${delimiter}${process.env['PATH'] ?? ''}` };
  let number = 0;
  const newFolder = (): string => {
    const folder = join(root, `in-${(number += 1)}`, 'deeptone-demo');
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  const start = (folder: string, command?: string) => runDemo(['--folder', folder], { env, command });
  const write = (folder: string, name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const read = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');

  for (const [what, version, dashboard] of [
    ['without Dashboard', '4.1.0', false],
    ['that is too old', '4.0.9', true],
  ] as const) {
    it(`installs a Node-RED of its own below one ${what}, and starts it at once`, async () => {
      const folder = newFolder();
      putNodeRed(dirname(folder), { version, dashboard });
      const { stdout, stderr, code } = await start(folder);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /Dashboard\s+http:/);
      assert.match(stderr, /Node-RED 4 and Dashboard 2 are put into .*deeptone-demo: some 250 MB, once/);
      assert.deepEqual(npm.calls(folder).length, 1);
      assert.match(
        npm.calls(folder)[0] ?? '',
        /--ignore-scripts .*node-red@4 @flowfuse\/node-red-dashboard@1$/,
      );
      assert.equal((await start(folder)).code, 0);
      assert.equal(npm.calls(folder).length, 1, 'once');
    });
  }

  it('uses one that stands beside Dashboard further up, and installs nothing', async () => {
    const folder = newFolder();
    putNodeRed(dirname(folder), { version: '5.0.0', dashboard: true });
    const { code, stdout } = await start(folder);
    assert.deepEqual([code, npm.calls(folder)], [0, []]);
    assert.match(stdout, /Dashboard\s+http:/);
  });

  it('installs again what was not installed to its end', async () => {
    const folder = newFolder();
    write(folder, 'package.json', '{ "name": "deeptone-demo", "private": true }');
    putNodeRed(folder, { version: '4.1.0', dashboard: true });
    write(folder, 'node_modules/node-red/red.js', 'half of');
    const { code, stderr } = await start(folder);
    assert.equal(code, 0, stderr);
    assert.equal(npm.calls(folder).length, 1);
  });

  it('says so where npm cannot', async () => {
    const folder = newFolder();
    const { code, stdout, stderr } = await runDemo(['--folder', folder], {
      env: { ...env, STUB_FAILS: '1' },
    });
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /no network here[^]*npm could not install them; what it said stands above/);
    assert.equal((await start(folder)).code, 0, 'the next time, with a network');
  });

  it('leaves alone an npm project of somebody else', async () => {
    const folder = newFolder();
    const manifest = '{ "name": "mine", "dependencies": {} }';
    write(folder, 'package.json', manifest);
    write(folder, 'package-lock.json', '{}');
    write(folder, 'node_modules/@deeptone/node-red/package.json', '{}');
    const { code, stderr } = await start(folder);
    assert.equal(code, 2);
    assert.match(stderr, /deeptone-demo holds an npm project of its own: choose another one with --folder/);
    assert.equal(read(folder, 'package.json'), manifest);
    assert.equal(read(folder, 'node_modules/@deeptone/node-red/package.json'), '{}');
    assert.equal(npm.calls(folder).length, 0);
  });

  it('runs from its own folder, and does not take itself away', async () => {
    const folder = newFolder();
    write(folder, 'package.json', '{ "name": "deeptone-demo", "private": true }');
    putNodeRed(folder, { version: '4.1.0', dashboard: true });
    write(folder, 'node_modules/.package-lock.json', '{}');
    const own = join(folder, 'node_modules/@deeptone/node-red');
    mkdirSync(own, { recursive: true });
    for (const name of ['package.json', 'dist/src', 'examples'])
      cpSync(join(PACKAGE, name), join(own, name), { recursive: true });
    const commander = realpathSync(join(PACKAGE, 'node_modules/commander'));
    symlinkSync(commander, join(folder, 'node_modules/commander'), 'junction');
    const { code, stderr } = await start(folder, join(own, 'dist/src/cli/main.js'));
    assert.equal(code, 0, stderr);
    assert.ok(existsSync(join(own, 'package.json')));
    assert.equal(realpathSync(own), join(realpathSync(folder), 'node_modules/@deeptone/node-red'));
  });

  it('keeps flow and settings that were changed, and renews those that were not', async () => {
    const folder = newFolder();
    assert.equal((await start(folder)).code, 0);
    assert.equal(read(folder, 'flows.json'), FLOW);
    assert.equal(realpathSync(join(folder, 'node_modules/@deeptone/node-red')), realpathSync(PACKAGE));
    const settings = read(folder, 'settings.js');
    // What another version has brought, and nobody has changed.
    for (const name of ['flows.json', 'shipped.json']) write(folder, name, '[]');
    for (const name of ['settings.js', 'shipped-settings.js']) write(folder, name, 'module.exports = {};');
    assert.equal((await start(folder)).code, 0);
    assert.deepEqual([read(folder, 'flows.json'), read(folder, 'settings.js')], [FLOW, settings]);
    const mine = settings.replace('"tours": false', '"tours": true');
    write(folder, 'settings.js', mine);
    write(folder, 'flows.json', '[ ]');
    assert.equal((await start(folder)).code, 0);
    assert.deepEqual([read(folder, 'flows.json'), read(folder, 'settings.js')], ['[ ]', mine]);
  });

  it('prints what there is where the page of the flow has moved or gone', async () => {
    const folder = newFolder();
    assert.equal((await start(folder)).code, 0);
    write(
      folder,
      'flows.json',
      JSON.stringify([
        { id: 'b', type: 'ui-base', path: '/board' },
        { id: 'p', type: 'ui-page', ui: 'b', path: '/mine' },
      ]),
    );
    assert.match((await start(folder)).stdout, /Dashboard\s+http:\S+\/board\/mine\n\s+Editor\s+http:/);
    for (const flow of ['[]', 'no flow']) {
      write(folder, 'flows.json', flow);
      const { code, stdout } = await start(folder);
      assert.equal(code, 0);
      assert.match(stdout, /its flow has no page[^]*Editor\s+http:\/\/127\.0\.0\.1:\d+\/\n/);
      assert.doesNotMatch(stdout, /Dashboard\s+http/);
    }
  });

  it('refuses a second demo in one folder while the first runs, and takes the place of one that was killed', async () => {
    const folder = newFolder();
    let second: Promise<Outcome> | undefined;
    const first = await runDemo(['--folder', folder], {
      env,
      onStarted: async (child) => {
        second = start(folder);
        await second;
        child.kill('SIGKILL');
      },
    });
    const { code, stdout, stderr } = (await second) ?? first;
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /A demo runs in the folder .*deeptone-demo already: stop it, or choose/);
    assert.ok(existsSync(join(folder, 'demo.lock')), 'left by what was killed');
    assert.match(first.stderr, /stub has ended/, 'Node-RED ends with it');
    assert.equal((await start(folder)).code, 0);
    assert.ok(!existsSync(join(folder, 'demo.lock')));
  });

  it('lets Node-RED make a key for secrets, and gives it address, port and folder', async () => {
    const folder = newFolder();
    assert.equal((await start(folder)).code, 0);
    const settings = createRequire(__filename)(join(folder, 'settings.js')) as Record<string, unknown>;
    assert.equal(settings['flowFile'], 'flows.json');
    assert.ok(!('credentialSecret' in settings));
    const given = JSON.parse(read(folder, 'started.json')) as readonly string[];
    const after = (name: string): string | undefined => given[given.indexOf(name) + 1];
    assert.equal(after('--userDir'), folder);
    assert.equal(after('-D'), 'uiHost=127.0.0.1');
    assert.match(after('--port') ?? '', /^\d+$/);
  });
});
