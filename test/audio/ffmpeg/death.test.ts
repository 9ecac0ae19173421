import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { temporaryFolder } from '../../tools/audio';
import { isAlive, processesBelow } from '../../tools/processes';

const SOURCE = path.resolve(__dirname, '../../../src/audio');

describe('ffmpeg, when its process dies', () => {
  const folder = temporaryFolder();
  const clip = path.join(folder, 'clip.mp3');
  const short = path.join(folder, 'short.mp3');

  before(() => {
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=300:r=16000', '-t', '1', short]);
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=300:r=16000', '-t', '900', clip]);
  });

  /** A process that decodes two clips as slowly as nobody reads them, with a program that starts ffmpeg as wrappers do. */
  async function decoder(): Promise<ReturnType<typeof fork>> {
    const wrapper = path.join(folder, 'wrapper');
    writeFileSync(wrapper, '#!/bin/sh\nffmpeg "$@"\n', { mode: 0o755 });
    const program = path.join(folder, 'decoder.cjs');
    writeFileSync(
      program,
      `const { openSound } = require(${JSON.stringify(SOURCE)});
      (async () => {
        for (const ffmpegPath of ['ffmpeg', 'ffmpeg', ${JSON.stringify(wrapper)}]) {
          const sound = await openSound({ file: ${JSON.stringify(clip)} }, { ffmpegPath });
          await sound.pieces[Symbol.asyncIterator]().next();
        }
        process.send('ready');
        setInterval(() => {}, 1000);
      })();`,
    );
    const child = fork(program, { stdio: 'ignore' });
    await once(child, 'message');
    return child;
  }

  async function goneOf(pids: readonly number[]): Promise<void> {
    while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  it('ends with it, also when it was stopped and is killed with SIGKILL', async () => {
    const child = await decoder();
    const below = processesBelow(child.pid).map(({ pid, args }) => ({
      pid,
      name: path.basename(args[0] ?? ''),
    }));
    const decoders = below.filter(({ name }) => name === 'ffmpeg');
    assert.equal(decoders.length, 3, JSON.stringify(below));
    process.kill(decoders[0]?.pid ?? 0, 'SIGSTOP');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await goneOf(below.map(({ pid }) => pid));
  });

  it('does not end its process before what follows is done', () => {
    const program = `const { openSound } = require(${JSON.stringify(SOURCE)});
      (async () => {
        const { pieces } = await openSound({ file: ${JSON.stringify(short)} });
        for await (const piece of pieces) if (piece.length === 0) throw new Error('nothing');
        console.log('done');
      })();`;
    assert.equal(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }), 'done\n');
  });

  it('ends with it, also when somebody ended what watches over it before', async () => {
    const child = await decoder();
    const isReaper = ({ args }: { readonly args: readonly string[] }): boolean =>
      args.includes('deeptone-reaper');
    const first = processesBelow(child.pid).find(isReaper);
    assert.ok(first);
    process.kill(first.pid, 'SIGKILL');
    await goneOf([first.pid]);
    while (!processesBelow(child.pid).some(isReaper)) await new Promise((resolve) => setTimeout(resolve, 10));
    const below = processesBelow(child.pid).map(({ pid }) => pid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await goneOf(below);
  });
});
