/** One `deeptone demo` a folder, and a port for each, with programs in the place of npm and Node-RED. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { installNpm, runDemo } from './demo-stubs';
import { temporaryFolder, type Outcome } from './run-deeptone';

const HELD =
  /A demo runs in the folder .*already, or another program has port (\d+), .*: stop it, or choose another folder with --folder/;

describe('deeptone demo, beside others', function () {
  this.timeout(60_000);
  const root = temporaryFolder();
  const npm = installNpm(join(root, 'bin'));
  const env = { PATH: `${npm.folder}${delimiter}${process.env['PATH'] ?? ''}` };
  const folder = join(root, 'deeptone-demo');
  const start = (where = folder, onStarted?: (child: ChildProcess) => unknown): Promise<Outcome> =>
    runDemo(['--folder', where], { env, ...(onStarted && { onStarted }) });

  it('runs one of those that start at once in one folder, also where there is no folder yet', async () => {
    const count = 3;
    const running: ChildProcess[] = [];
    const outcomes: Outcome[] = [];
    const endThoseThatRun = (): void => {
      if (running.length + outcomes.length === count) for (const child of running) child.kill('SIGINT');
    };
    await Promise.all(
      Array.from({ length: count }, async () => {
        const outcome = await start(folder, (child) => {
          running.push(child);
          endThoseThatRun();
        });
        outcomes.push(outcome);
        endThoseThatRun();
      }),
    );
    assert.deepEqual(outcomes.map(({ code }) => code).toSorted(), [0, 2, 2]);
    for (const { code, stdout, stderr } of outcomes) {
      if (code === 0) continue;
      assert.equal(stdout, '');
      assert.match(stderr, HELD);
    }
  });

  it('is refused in one folder while the first runs, by whatever name, and takes the place of one that was killed', async () => {
    const link = join(root, 'link');
    symlinkSync(folder, link, 'junction');
    const seconds: Outcome[] = [];
    const first = await start(folder, async (child) => {
      for (const name of [folder, link]) seconds.push(await start(name));
      child.kill('SIGKILL');
    });
    for (const { code, stderr } of seconds) {
      assert.equal(code, 2);
      assert.match(stderr, HELD);
    }
    assert.equal(seconds.length, 2);
    assert.match(first.stderr, /stub has ended/, 'Node-RED ends with it');
    assert.equal((await start()).code, 0);
  });

  it('is refused at once where another program has its port, and asks that program nothing', async () => {
    const refused: Outcome[] = [];
    await start(folder, async (child) => {
      refused.push(await start());
      child.kill('SIGINT');
    });
    const port = Number(HELD.exec(refused[0]?.stderr ?? '')?.[1]);
    let callers = 0;
    const chatter = createServer((socket: Socket) => {
      callers += 1;
      socket.on('error', () => undefined);
      const talk = (): void => {
        while (socket.writable && socket.write('words '.repeat(10_000)));
        socket.once('drain', talk);
      };
      talk();
    });
    chatter.listen(port, '127.0.0.1');
    await once(chatter, 'listening');
    const { code, stderr } = await start();
    chatter.close();
    assert.equal(code, 2);
    assert.match(stderr, HELD);
    assert.equal(callers, 0);
  });

  it('has a port of its own beside demos of other folders that start at once', async () => {
    const outcomes = await Promise.all(
      ['one', 'two', 'three'].map((name) => start(join(root, name, 'deeptone-demo'))),
    );
    const ports = outcomes.map(
      ({ stdout, stderr }) => /Editor\s+http:\/\/127\.0\.0\.1:(\d+)/.exec(stdout)?.[1] ?? stderr,
    );
    assert.equal(new Set(ports).size, outcomes.length, ports.join());
    for (const name of ['one', 'two', 'three'])
      assert.ok(
        existsSync(join(root, name, 'deeptone-demo/started.json')),
        'what answers is its own Node-RED',
      );
  });
});
