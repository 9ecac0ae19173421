import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { openSound } from '../../../src/audio';
import { fileArguments } from '../../../src/audio/ffmpeg/ffmpeg-arguments';
import { FfmpegProcess } from '../../../src/audio/ffmpeg/ffmpeg-process';
import { FfmpegError } from '../../../src/errors';
import { makeWav, noise, openResources, temporaryFolder } from '../../tools/audio';

describe('ffmpeg', () => {
  const folder = temporaryFolder();
  let mp3: Buffer;

  before(() => {
    const wav = path.join(folder, 'sound.wav');
    writeFileSync(wav, makeWav([noise(2)]));
    execFileSync('ffmpeg', ['-v', 'error', '-i', wav, path.join(folder, 'sound.mp3')]);
    mp3 = readFileSync(path.join(folder, 'sound.mp3'));
  });

  async function hear(ffmpegPath?: string): Promise<number> {
    let samples = 0;
    for await (const [piece] of (await openSound({ bytes: mp3 }, { ffmpegPath })).pieces)
      samples += piece?.length ?? 0;
    return samples;
  }

  it('gets what it needs of the environment, and no secret', async () => {
    const told = path.join(folder, 'environment');
    const program = path.join(folder, 'ffmpeg');
    writeFileSync(program, `#!/bin/sh\nenv > '${told}'\nexec ffmpeg "$@"\n`, { mode: 0o755 });
    process.env['DEEPTONE_TEST_SECRET'] = 'open sesame';
    try {
      assert.ok((await hear(program)) > 30_000);
    } finally {
      delete process.env['DEEPTONE_TEST_SECRET'];
    }
    const environment = readFileSync(told, 'utf8');
    assert.doesNotMatch(environment, /SECRET|sesame/);
    assert.match(environment, /^PATH=/m);
  });

  it('is ended with an error when it gives nothing for too long, and nothing of it is left', async () => {
    const before = openResources();
    const pipe = path.join(folder, 'nobody-writes.mp3');
    execFileSync('mkfifo', [pipe]);
    const stuck = new FfmpegProcess({
      program: 'ffmpeg',
      args: fileArguments(pipe, 'mp3'),
      name: 'the pipe',
      silenceMs: 300,
    });
    const read = async (): Promise<void> => {
      for await (const piece of stuck.bytes()) assert.ok(piece);
    };
    await assert.rejects(
      read(),
      (error) => error instanceof FfmpegError && /gave nothing for 0.3 s/.test(error.message),
    );
    await stuck.ended;
    assert.deepEqual(openResources(), before);
  });

  it('leaves no clips of processes that were killed: old ones are removed, and nothing else', async () => {
    const temporary = path.join(folder, 'temporary');
    const old = new Date(Date.now() - 3 * 86_400_000);
    const make = (name: string, file: string, date?: Date): string => {
      const one = path.join(temporary, name);
      mkdirSync(one, { recursive: true });
      writeFileSync(path.join(one, file), 'x');
      if (date) utimesSync(one, date, date);
      return one;
    };
    const left = make('deeptone-clip-old', 'clip', old);
    const kept = [
      make('deeptone-clip-new', 'clip'),
      make('deeptone-clip-mine', 'diary', old),
      make('deeptone-data', 'clip', old),
    ];
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = temporary;
    try {
      assert.ok((await hear()) > 30_000);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
    assert.ok(!existsSync(left));
    for (const one of kept) assert.ok(existsSync(one), one);
  });
});
