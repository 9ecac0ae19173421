/** What `deeptone demo` installs and keeps, with programs in the place of npm and Node-RED. */
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { installNpm, putNodeRed, runDemo } from './demo-stubs';
import { temporaryFolder } from './run-deeptone';

const PACKAGE = join(__dirname, '../../..');
const FLOW = readFileSync(join(PACKAGE, 'examples/dashboard/demo.json'), 'utf8');

const OWN = '{ "name": "deeptone-demo", "private": true }';
const HURRY = `const wait = AbortSignal.timeout;
AbortSignal.timeout = (ms) => wait.call(AbortSignal, ms / 60);
`;

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
      const flags = '--no-audit --no-fund --no-update-notifier --omit=dev --ignore-scripts';
      const packages = 'node-red@4 @flowfuse/node-red-dashboard@1';
      const call = `install ${flags} --install-strategy=hoisted ${packages}`;
      assert.deepEqual(npm.calls(folder), [call]);
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
    write(folder, 'package.json', OWN);
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

  for (const [what, files] of [
    ['the home of a Node-RED', { 'settings.js': '{}', 'flows.json': '{}', 'package.json': '{}' }],
    ['files alone', { 'shipped.json': '[]', 'flows.json': '[]', 'package.json': 'null' }],
    [
      'an npm project of somebody else',
      {
        'package.json': '{ "name": "mine", "dependencies": {} }',
        'package-lock.json': '{}',
        'node_modules/@deeptone/node-red/package.json': '{}',
        // Equal, as those of a demo are that nobody has changed.
        'flows.json': '[]',
        'shipped.json': '[]',
      },
    ],
  ] as const) {
    it(`leaves alone ${what}`, async () => {
      const folder = newFolder();
      for (const [name, content] of Object.entries(files)) write(folder, name, content);
      const names = readdirSync(folder, { recursive: true });
      const { code, stdout, stderr } = await start(folder);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /deeptone-demo holds something else: choose another one with --folder/);
      assert.deepEqual(readdirSync(folder, { recursive: true }), names);
      for (const [name, content] of Object.entries(files)) assert.equal(read(folder, name), content);
      assert.equal(npm.calls(folder).length, 0);
    });
  }

  for (const isWhole of [true, false]) {
    it(`runs from its own folder, installed ${isWhole ? '' : 'not '}to its end, and does not take itself away`, async () => {
      const folder = newFolder();
      write(folder, 'package.json', OWN);
      putNodeRed(folder, { version: '4.1.0', dashboard: true });
      if (isWhole) write(folder, 'node_modules/.package-lock.json', '{}');
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
  }

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

  it('writes through no link to what is outside', async () => {
    const folder = newFolder();
    assert.equal((await start(folder)).code, 0);
    const outside = (name: string): string => join(dirname(folder), `outside-${name}`);
    const lead = (name: string, content: string): void => {
      writeFileSync(outside(name), content);
      rmSync(join(folder, name));
      symlinkSync(outside(name), join(folder, name));
    };
    // As another version has brought them, and nobody has changed them.
    for (const name of ['flows.json', 'shipped.json']) lead(name, '[]');
    assert.equal((await start(folder)).code, 0);
    assert.equal(read(folder, 'flows.json'), FLOW);
    for (const name of ['flows.json', 'shipped.json'])
      assert.equal(readFileSync(outside(name), 'utf8'), '[]');
    write(folder, 'package-lock.json', '{}');
    for (const name of ['package.json', 'package-lock.json']) {
      lead(name, OWN);
      const { code, stderr } = await start(folder);
      assert.equal(code, 2);
      assert.match(
        stderr,
        new RegExp(`deeptone-demo/${name} is a link: remove it, or choose another folder`),
      );
      rmSync(join(folder, name));
      write(folder, name, OWN);
    }
    for (const name of ['node_modules/@deeptone', 'node_modules']) {
      const away = outside(name.replace('/', '-'));
      mkdirSync(join(away, 'node-red'), { recursive: true });
      rmSync(join(folder, name), { recursive: true });
      symlinkSync(away, join(folder, name), 'junction');
      assert.match((await start(folder)).stderr, new RegExp(`deeptone-demo/${name} is a link`));
      assert.deepEqual(readdirSync(away), ['node-red']);
      rmSync(join(folder, name));
      mkdirSync(join(folder, name));
    }
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

  it('says what to look at where nothing answers, and goes on until it is stopped', async () => {
    const folder = newFolder();
    assert.equal((await start(folder)).code, 0);
    write(folder, 'flows.json', '[]');
    // What lasts two minutes lasts two seconds.
    write(dirname(folder), 'hurry.js', HURRY);
    const options = [process.env['NODE_OPTIONS'], `--require ${join(dirname(folder), 'hurry.js')}`];
    const NODE_OPTIONS = options.filter(Boolean).join(' ');
    for (const settings of ['https: {}', "httpAdminRoot: '/admin'", 'httpAdminMiddleware: () => undefined']) {
      write(folder, 'settings.js', `module.exports = { ${settings} };`);
      const { code, stdout, stderr } = await runDemo(['--folder', folder], { env: { ...env, NODE_OPTIONS } });
      assert.deepEqual([code, stdout], [0, ''], stderr);
      assert.match(
        stderr,
        /nothing answers at http:\/\/127\.0\.0\.1:\d+\/: look at .* https, httpAdminRoot and httpNodeRoot in .*deeptone-demo.settings\.js/,
      );
    }
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
