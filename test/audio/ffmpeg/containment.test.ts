import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { openSound, SoundDecoder } from '../../../src/audio';
import { decodeStream } from '../../../src/audio/decode-stream';
import type { DecodedChannels } from '../../../src/audio/sample-sink';
import { fileArguments } from '../../../src/audio/ffmpeg/ffmpeg-arguments';
import { FfmpegProcess } from '../../../src/audio/ffmpeg/ffmpeg-process';
import { DeeptoneError, FfmpegError } from '../../../src/errors';
import { leftBehind, makeWav, noise, openResources, temporaryFolder } from '../../tools/audio';
import { processesBelow } from '../../tools/processes';

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
    assert.deepEqual(leftBehind(before), []);
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

  /** Runs something with an environment variable that is put back. */
  async function withVariable<T>(name: string, value: string, work: () => Promise<T>): Promise<T> {
    const before = process.env[name];
    process.env[name] = value;
    try {
      return await work();
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before;
    }
  }

  const isTyped =
    (code: string, words: RegExp) =>
    (error: unknown): boolean =>
      error instanceof DeeptoneError && error.code === code && words.test(error.message);

  const stopped = (): void => {
    for (const { pid, args } of processesBelow()) {
      if (path.basename(args[0] ?? '') === 'ffmpeg') process.kill(pid, 'SIGSTOP');
    }
  };

  describe('that is stopped in the middle', () => {
    let long: string;

    before(() => {
      long = path.join(folder, 'long.mp3');
      execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=300:r=48000', '-t', '300', long]);
    });

    async function readStopped(pieces: AsyncIterable<DecodedChannels>): Promise<void> {
      let count = 0;
      for await (const piece of pieces) {
        assert.ok(piece.length > 0);
        if (++count === 2) stopped();
      }
    }

    for (const way of ['file', 'clip'] as const) {
      it(`is ended with all that it started, as a ${way}, and the next goes on`, async () => {
        const before = openResources();
        await withVariable('DEEPTONE_FFMPEG_TIMEOUT', '4', async () => {
          const sound = await openSound(way === 'file' ? { file: long } : { bytes: readFileSync(long) });
          await assert.rejects(
            readStopped(sound.pieces),
            isTyped('DEEPTONE_FFMPEG_FAILED', /gave nothing for 4 s.*DEEPTONE_FFMPEG_TIMEOUT/),
          );
        });
        assert.ok((await hear()) > 30_000);
        assert.deepEqual(leftBehind(before), []);
      });
    }

    it('is ended as a stream of pieces, which may be far apart otherwise', async () => {
      const before = openResources();
      const bytes = readFileSync(long);
      await withVariable('DEEPTONE_FFMPEG_TIMEOUT', '4', async () => {
        async function* pieces(): AsyncGenerator<Uint8Array> {
          yield bytes.subarray(0, 300_000);
          await new Promise((resolve) => setTimeout(resolve, 9_000)); // More than two times as long.
          yield bytes.subarray(300_000);
        }
        let samples = 0;
        for await (const [piece] of decodeStream(pieces(), new SoundDecoder())) samples += piece?.length ?? 0;
        assert.ok(samples > 299 * 16_000);
        const endless = (async function* () {
          yield bytes.subarray(0, 300_000);
          await new Promise(() => undefined);
        })();
        const decoder = new SoundDecoder();
        decoder.push((await endless.next()).value as Uint8Array);
        await assert.rejects(
          readStopped(decoder.late()),
          isTyped('DEEPTONE_FFMPEG_FAILED', /gave nothing for 4 s/),
        );
        await decoder.close();
      });
      assert.deepEqual(leftBehind(before), []);
    });

    it('is ended when it takes too long in all', async () => {
      const slow = path.join(folder, 'slow');
      writeFileSync(slow, '#!/bin/sh\nwhile :; do printf x; sleep 0.05; done\n', { mode: 0o755 });
      const ffmpeg = new FfmpegProcess({
        ...{ program: slow, args: [], name: 'the sound', silenceMs: 5_000, totalMs: 300 },
      });
      const read = async (): Promise<void> => {
        for await (const piece of ffmpeg.bytes()) assert.ok(piece);
      };
      await assert.rejects(read(), isTyped('DEEPTONE_FFMPEG_FAILED', /took more than 0\.3 s/));
    });

    it('may have a timeout that is a number only', async () => {
      await withVariable('DEEPTONE_FFMPEG_TIMEOUT', 'soon', async () => {
        await assert.rejects(
          hear(),
          isTyped('DEEPTONE_INVALID_ARGUMENT', /DEEPTONE_FFMPEG_TIMEOUT says "soon"/),
        );
      });
    });
  });

  it('opens nothing else than what it is given', async () => {
    const secret = path.join(folder, 'secret.wav');
    writeFileSync(secret, makeWav([noise(5)]));
    const tag = Buffer.from('ID3\x04\0\0\0\0\0\x0a\0\0\0\0\0\0\0\0\0\0', 'latin1');
    const texts: Readonly<Record<string, string>> = {
      hls: `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${secret}\n#EXT-X-ENDLIST\n`,
      concat: `ffconcat version 1.0\nfile '${secret}'\n`,
      asx: `<asx version="3.0"><entry><ref href="${secret}"/></entry></asx>`,
      sdp: 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n',
      cue: `FILE "${secret}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n`,
      subfile: `subfile,,start,0,end,90000,,:${secret}`,
      data: 'data:text/plain,ffconcat version 1.0',
      dash: `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>${secret}</BaseURL></MPD>`,
      meta: ';FFMETADATA1\ntitle=x\n',
      vividas: `[playlist]\nFile1=${secret}\n`,
    };
    for (const [name, text] of Object.entries(texts)) {
      for (const bytes of [Buffer.from(text), Buffer.concat([tag, Buffer.from(text)])]) {
        const file = path.join(folder, `nasty.${name}`);
        writeFileSync(file, bytes);
        await assert.rejects(openSound({ file }, { takesRaw: false }), DeeptoneError, name);
        const clip = async (): Promise<number> => {
          let samples = 0;
          for await (const [piece] of (await openSound({ bytes })).pieces) samples += piece?.length ?? 0;
          return samples;
        };
        await assert.rejects(clip(), DeeptoneError, name);
        const stream = async (): Promise<void> => {
          for await (const samples of decodeStream([bytes], new SoundDecoder())) assert.ok(samples);
        };
        await assert.rejects(stream(), DeeptoneError, name);
      }
    }
  });

  it('reads the file that was looked at, whatever stands under its name by then', async () => {
    const name = path.join(folder, 'replaced.mp3');
    const swap = path.join(folder, 'swapping');
    writeFileSync(name, mp3);
    writeFileSync(swap, `#!/bin/sh\nrm '${name}'; mkfifo '${name}'\nexec ffmpeg "$@"\n`, { mode: 0o755 });
    let samples = 0;
    for await (const [piece] of (await openSound({ file: name }, { ffmpegPath: swap })).pieces)
      samples += piece?.length ?? 0;
    assert.ok(samples > 30_000);
  });

  describe('whose temporary folder', () => {
    const failure = isTyped('DEEPTONE_FILE_UNREADABLE', /temporary file.*Make room there, or set TMPDIR/);
    const refuses = (temporary: string): Promise<void> =>
      withVariable('TMPDIR', temporary, () => assert.rejects(hear(), failure));

    it('is missing, is a file or takes no files says so, and the next clip goes on', async () => {
      const file = path.join(folder, 'no-folder');
      writeFileSync(file, 'x');
      for (const temporary of [path.join(folder, 'missing'), file, '/proc']) await refuses(temporary);
      assert.ok((await hear()) > 30_000);
    });

    it('is full says so, and the next clip goes on', async function () {
      const full = path.join(folder, 'full');
      mkdirSync(full);
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', full]);
      if (mounted.status !== 0) this.skip(); // Only root may.
      try {
        await refuses(full);
        assert.deepEqual(readdirSync(full), []);
      } finally {
        execFileSync('umount', [full]);
      }
      assert.ok((await hear()) > 30_000);
    });
  });
});
