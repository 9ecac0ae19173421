import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { deeptone, temporaryFolder } from './run-deeptone';

// What it starts is looked at in test/e2e/demo.test.ts.
describe('deeptone demo', () => {
  const folder = temporaryFolder();

  it('leaves alone a folder that holds something else', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    for (const name of ['settings.js', 'flows.json', 'package.json']) writeFileSync(join(home, name), '{}');
    const { code, stdout, stderr } = await deeptone(['demo', '--folder', home]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /home holds something else: choose another one with --folder/);
    assert.deepEqual(readdirSync(home).sort(), ['flows.json', 'package.json', 'settings.js']);
  });

  it('refuses what is no folder, and ports that there are not, before it puts anything there', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const [flags, env, message] of [
      [['--folder', file], {}, /file cannot be used \(ENOTDIR\)/],
      [['--port', '70000'], {}, /The port is 70000: a whole number from 1 to 65535 is accepted/],
      [['--port', 'often'], {}, /A number is accepted/],
      [[], { PORT: 'often' }, /PORT is "often"/],
    ] as const) {
      const { code, stderr } = await deeptone(['demo', ...flags], { cwd: folder, env });
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.ok(!readdirSync(folder).includes('deeptone-demo'));
  });

  it('takes the port that was asked for, or none', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await deeptone(['demo', '--port', String(port)], { cwd: folder });
    server.close();
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`Port ${port} is taken: choose another one with --port`));
  });
});
