import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { deeptone, temporaryFolder } from './run-deeptone';

// What it starts is looked at in test/e2e/demo.test.ts.
describe('deeptone demo', () => {
  const folder = temporaryFolder();

  it('refuses folders that cannot be, and ports that there are not, before it puts anything there', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const link = join(folder, 'link');
    symlinkSync(join(folder, 'nowhere'), link);
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o555 });
    // Root writes everywhere but there; `mkdir` of Node.js never comes back from it.
    const unwritable = [
      ...(process.platform === 'linux' ? ['/proc/deeptone-demo', '/sys/deeptone-demo/in'] : []),
      ...(process.getuid?.() === 0 ? [] : [closed, join(closed, 'in')]),
    ];
    for (const [flags, env, message] of [
      ...unwritable.map(
        (path) => [['--folder', path], {}, /The folder \S+ cannot be used \(E[A-Z]+\)/] as const,
      ),
      [['--folder', link], {}, /link cannot be used \(ENOENT\)/],
      [['--folder', join(file, 'in/it')], {}, /it cannot be used \(E[A-Z]+\)/],
      [['--folder', join(folder, 'long'.repeat(100))], {}, /long cannot be used \(E[A-Z]+\)/],
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
