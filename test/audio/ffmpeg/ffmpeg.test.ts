import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { findFfmpeg, openSound } from '../../../src/audio';
import { DeeptoneError, FfmpegError } from '../../../src/errors';
import { run, temporaryFolder } from '../../tools/audio';

/** Runs `task` with other environment variables. */
async function withEnvironment<T>(
  changes: Readonly<Record<string, string | undefined>>,
  task: () => Promise<T>,
): Promise<T> {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  try {
    return await task();
  } finally {
    for (const name of Object.keys(changes)) {
      const value = before[name];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

async function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof DeeptoneError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

async function decode(filename: string, ffmpegPath?: string): Promise<number> {
  let samples = 0;
  for await (const [piece] of (await openSound({ file: filename }, { channels: 'each', ffmpegPath })).pieces)
    samples += piece?.length ?? 0;
  return samples;
}

/** Lets every file operation wait for some tenths of a second, as on a slow disk. Returns what ends it. */
function keepThreadsBusy(): () => Promise<void> {
  let isOver = false;
  const busy = Array.from({ length: 8 }, async () => {
    while (!isOver) await promisify(pbkdf2)('a', 'b', 100_000, 64, 'sha512');
  });
  return async () => {
    isOver = true;
    await Promise.all(busy);
  };
}

describe('ffmpeg', () => {
  const folder = temporaryFolder();
  const flac = path.join(folder, 'tone.flac');
  /** A program that stands in for ffmpeg where the real one cannot be made to fail like this. */
  const program = (name: string, script: string): string => {
    const filename = path.join(folder, name);
    writeFileSync(filename, `#!/bin/sh\n${script}\n`);
    chmodSync(filename, 0o755);
    return filename;
  };
  let real: string;

  before(async () => {
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:d=20:r=16000', flac]);
    real = (await findFfmpeg()) ?? '';
  });

  it('is found by the setting, then the environment variable, then the PATH', async () => {
    const set = program('set-ffmpeg', 'exit 0');
    const inPath = path.join(folder, 'bin');
    mkdirSync(inPath);
    const named = program('bin/ffmpeg', 'exit 0');
    program('bin/other-ffmpeg', 'exit 0');
    await withEnvironment({ DEEPTONE_FFMPEG: real, PATH: inPath }, async () => {
      assert.equal(await findFfmpeg(set), set);
      assert.equal(await findFfmpeg('other-ffmpeg'), path.join(inPath, 'other-ffmpeg'));
      assert.equal(await findFfmpeg(), real);
      assert.equal(await findFfmpeg(''), real);
    });
    await withEnvironment({ DEEPTONE_FFMPEG: undefined, PATH: inPath }, async () => {
      assert.equal(await findFfmpeg(), named);
    });
  });

  it('says what to do when it is missing, and is not missed for WAV', async () => {
    await withEnvironment({ DEEPTONE_FFMPEG: undefined, PATH: '/nowhere' }, async () => {
      assert.equal(await findFfmpeg(), undefined);
      await rejects(
        decode(flac),
        'DEEPTONE_FFMPEG_NOT_FOUND',
        /decode flac audio takes ffmpeg.*apt install ffmpeg.*DEEPTONE_FFMPEG/u,
      );
    });
  });

  it('says which setting is wrong', async () => {
    await rejects(
      decode(flac, '/nowhere/ffmpeg'),
      'DEEPTONE_FFMPEG_NOT_FOUND',
      /ffmpeg setting says "\/nowhere\/ffmpeg"/u,
    );
    await rejects(decode(flac, folder), 'DEEPTONE_FFMPEG_NOT_FOUND', /not a program that can be run/u);
    await withEnvironment({ DEEPTONE_FFMPEG: 'no-such-ffmpeg' }, async () => {
      await rejects(
        decode(flac),
        'DEEPTONE_FFMPEG_NOT_FOUND',
        /DEEPTONE_FFMPEG says "no-such-ffmpeg".*in the PATH/u,
      );
    });
  });

  it('fails with its last words', async () => {
    const damaged = path.join(folder, 'damaged.flac');
    writeFileSync(damaged, 'fLaC and nothing that follows from it');
    await rejects(
      decode(damaged),
      'DEEPTONE_FFMPEG_FAILED',
      /exit code \d+ while decoding ".*damaged\.flac"\. Its last words: ./u,
    );
  });

  it('fails too when it fails after part of the audio', async () => {
    const late = program('late', `"${real}" "$@"; echo '[error] the disk caught fire' >&2; exit 3`);
    await rejects(
      decode(flac, late),
      'DEEPTONE_FFMPEG_FAILED',
      /exit code 3.*Its last words: the disk caught fire/u,
    );
    const killed = program('killed', `"${real}" "$@" | head -c 200000; kill -9 $$`);
    await rejects(decode(flac, killed), 'DEEPTONE_FFMPEG_FAILED', /ended by SIGKILL/u);
  });

  it('is heard to its end where it is through before anybody looks', async () => {
    const wav = path.join(folder, 'short.wav');
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:d=0.1:r=16000', wav]);
    const swift = program('swift', `cat '${wav}'`);
    const isOver = keepThreadsBusy();
    try {
      for (let times = 0; times < 5; times++) assert.equal(await decode(flac, swift), 1_600);
    } finally {
      await isOver();
    }
  });

  it('keeps only the end of what it says, however much that is', async () => {
    const talker = program(
      'talker',
      `yes '[error] blah' | head -c 5000000 >&2; echo '[fatal] that is all' >&2; exit 1`,
    );
    await assert.rejects(decode(flac, talker), (error) => {
      assert.ok(error instanceof FfmpegError);
      assert.ok(error.message.endsWith('that is all') && error.message.length < 3_000, error.message);
      return true;
    });
  });

  it('is told apart from a program that cannot be started or writes no WAV', async () => {
    const orphan = path.join(folder, 'orphan');
    writeFileSync(orphan, '#!/nowhere/interpreter\n');
    chmodSync(orphan, 0o755);
    await rejects(decode(flac, orphan), 'DEEPTONE_FFMPEG_FAILED', /could not be started/u);
    await rejects(decode(flac, program('echo', 'echo hello, world')), 'DEEPTONE_BAD_AUDIO', /not a WAV/u);
  });
});
