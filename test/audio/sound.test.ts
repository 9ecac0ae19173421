import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import * as path from 'node:path';
import { openSound, type DecodedAudio, type Sound } from '../../src/audio';
import { AbortedError, DeeptoneError, InvalidArgumentError } from '../../src/errors';
import {
  joined,
  leftBehind,
  makeWav,
  noise,
  openResources,
  run,
  speak,
  temporaryFolder,
  tone,
} from '../tools/audio';

interface Options {
  readonly channel?: number;
  readonly signal?: AbortSignal;
  readonly ffmpegPath?: string;
}

/** Every channel on its own, and no raw samples, as for files. */
function opened(sound: Sound, { channel, ...options }: Options = {}): Promise<DecodedAudio> {
  return openSound(sound, { channels: channel ?? 'each', takesRaw: false, ...options });
}

const openFile = (file: string, options?: Options): Promise<DecodedAudio> => opened({ file }, options);
const openClip = (bytes: Uint8Array, options?: Options): Promise<DecodedAudio> => opened({ bytes }, options);

async function decodeAll(audio: DecodedAudio): Promise<Float32Array[]> {
  const pieces: (readonly Float32Array[])[] = [];
  for await (const piece of audio.pieces) {
    assert.equal(piece.length, audio.channels.length);
    assert.ok(piece.every((samples) => samples.length === piece[0]?.length && samples.length <= 16_000));
    pieces.push(piece);
  }
  return audio.channels.map((_, index) => joined(pieces.map((piece) => piece[index] ?? new Float32Array(0))));
}

async function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof DeeptoneError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

/** Largest correlation of two signals, when one is shifted by up to 70 ms: codecs put silence before the sound. */
function bestCorrelation(a: Float32Array, b: Float32Array): number {
  const longest = 1_120;
  const energy = (samples: Float32Array): number => samples.reduce((sum, value) => sum + value * value, 0);
  let best = 0;
  for (let shift = -longest; shift <= longest; shift++) {
    let sum = 0;
    for (let n = longest; n < b.length - longest; n += 3) sum += (a[n + shift] ?? 0) * (b[n] ?? 0);
    best = Math.max(best, 3 * sum);
  }
  return best / Math.sqrt(energy(a) * energy(b));
}

describe('Sound that ends', () => {
  const folder = temporaryFolder();
  const file = (name: string, content: Uint8Array | string): string => {
    const filename = path.join(folder, name);
    writeFileSync(filename, content);
    return filename;
  };
  let speech: Float32Array;
  let stereo: string;

  before(async () => {
    speech = await speak('Every good flow begins with a message.', {}, 48_000);
    stereo = file('stereo.wav', makeWav([speech, noise(speech.length / 48_000, 48_000)], { rate: 48_000 }));
  });

  it('gives 16 kHz 16-bit audio exactly, without ffmpeg', async () => {
    const samples = noise(3);
    const filename = file('exact.wav', makeWav([samples], { encoding: 'f32le' }));
    const audio = await openFile(filename, { ffmpegPath: '/nowhere/ffmpeg' });
    assert.deepEqual(audio.info, {
      container: 'wav',
      sampleRate: 16_000,
      channels: 1,
      encoding: 'f32le',
      durationMs: 3_000,
      bytes: 3 * 16_000 * 4 + 44,
    });
    assert.deepEqual(await decodeAll(audio), [samples]);
  });

  it('gives every channel, or the one that is asked for', async () => {
    const both = await openFile(stereo);
    assert.deepEqual(both.channels, [0, 1]);
    const [left, right] = await decodeAll(both);
    const one = await openFile(stereo, { channel: 1 });
    assert.deepEqual(one.channels, [1]);
    assert.deepEqual(await decodeAll(one), [right]);
    assert.notDeepEqual(left, right);
  });

  for (const [name, ...options] of [
    ['a.mp3'],
    ['a.flac'],
    ['a.ogg', '-c:a', 'libvorbis'],
    ['a.opus'],
    ['a.m4a'],
    ['a.mp4'],
    ['a.aac'],
    ['a.webm'],
    ['a.mka'],
    ['a.aiff'],
    ['a.caf'],
    ['a.au'],
    ['a.wma'],
    ['a.adpcm', '-c:a', 'adpcm_ima_wav', '-f', 'wav'],
    ['music', '-f', 'mp3'],
    ['lying.wav', '-f', 'flac'],
    ['-i.mp3'],
    ['http:x.mp3', '-f', 'mp3'],
    ['concat:a|b.flac'],
    ['häß lich %d 😀 "x".flac'],
  ] as const) {
    it(`decodes ${[name, ...options].join(' ')} through ffmpeg, as a file and as a clip`, async () => {
      const filename = path.join(folder, name);
      await run('ffmpeg', ['-v', 'error', '-i', stereo, ...options, '-y', `file:${filename}`]);
      const [expected] = await decodeAll(await openFile(stereo));
      const [fromFile, right] = await decodeAll(await openFile(filename));
      assert.ok(fromFile !== undefined && right !== undefined && expected !== undefined);
      assert.ok(
        Math.abs(fromFile.length - expected.length) < 1_700,
        `${fromFile.length} for ${expected.length}`,
      );
      const best = bestCorrelation(fromFile, expected);
      assert.ok(best > 0.8, `correlation ${best}`);
      assert.deepEqual(await decodeAll(await openClip(readFileSync(filename))), [fromFile, right]);
    });
  }

  it('tells container, rate, channels and length of what ffmpeg decodes', async () => {
    const filename = path.join(folder, 'facts.flac');
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:d=2.5:r=22050', '-ac', '2', filename]);
    const audio = await openFile(filename);
    const { bytes, ...facts } = audio.info;
    assert.deepEqual(facts, { container: 'flac', sampleRate: 22_050, channels: 2, durationMs: 2_500 });
    assert.equal(bytes, readFileSync(filename).length);
    await audio.close();
  });

  it('takes the first audio stream of a video', async () => {
    const filename = path.join(folder, 'video.mp4');
    const source = ['-f', 'lavfi', '-i', 'testsrc=d=1', '-f', 'lavfi', '-i', 'sine=440:d=1:r=16000'];
    await run('ffmpeg', ['-v', 'error', ...source, '-map', '0', '-map', '1', filename]);
    const [samples] = await decodeAll(await openFile(filename));
    assert.ok(Math.abs((samples?.length ?? 0) - 16_000) < 1_500);
  });

  describe('with files that cannot be analysed', () => {
    const wav = makeWav([tone(440, 1)]);

    it('does not wait at a named pipe for somebody to write', async () => {
      const pipe = path.join(folder, 'pipe');
      await run('mkfifo', [pipe]);
      await rejects(openFile(pipe), 'DEEPTONE_FILE_UNREADABLE', /not a regular file/u);
    });

    it('names a missing file, a directory and a file without permission', async () => {
      await rejects(openFile('/nowhere/a.wav'), 'DEEPTONE_FILE_NOT_FOUND', /no file "\/nowhere\/a\.wav"/u);
      await rejects(openFile(path.join(stereo, 'x')), 'DEEPTONE_FILE_NOT_FOUND', /no file/u);
      await rejects(openFile(folder), 'DEEPTONE_FILE_UNREADABLE', /is a directory/u);
      await rejects(openFile('/dev/null'), 'DEEPTONE_FILE_UNREADABLE', /not a regular file/u);
      await rejects(openFile('a\0b.wav'), 'DEEPTONE_FILE_UNREADABLE', /null byte/u);
      const locked = file('locked.wav', wav);
      chmodSync(locked, 0o000);
      if (process.getuid?.() !== 0) {
        await rejects(openFile(locked), 'DEEPTONE_FILE_UNREADABLE', /No permission to read/u);
      }
    });

    it('says that a file is empty, or what it is instead of audio', async () => {
      await rejects(openFile(file('e.wav', '')), 'DEEPTONE_BAD_AUDIO', /is empty \(0 bytes\)/u);
      await rejects(
        openFile(file('t.wav', 'Dear diary')),
        'DEEPTONE_BAD_AUDIO',
        /text that begins "Dear diary"/u,
      );
      const playlist = file('list.mp3', '#EXTM3U\nhttp://127.0.0.1:9/secret\n');
      await rejects(openFile(playlist), 'DEEPTONE_BAD_AUDIO', /text that begins "#EXTM3U/u);
      const garbage = file('garbage.mp3', Buffer.from(noise(1).buffer));
      await rejects(openFile(garbage), 'DEEPTONE_BAD_AUDIO', /unknown kind.*Its last words: ./u);
      const image = file('image.wav', Buffer.from('\x89PNG\r\n\x1a\n1234', 'latin1'));
      await rejects(openFile(image), 'DEEPTONE_BAD_AUDIO', /is a PNG image/u);
    });

    it('gives a WAV whose header promises more than there is, as far as it goes, and says so', async () => {
      for (const bytes of [20_044, 32_034]) {
        const cut = wav.subarray(0, bytes);
        for (const opening of [openFile(file('cut.wav', cut)), openClip(cut)]) {
          const audio = await opening;
          const [samples] = await decodeAll(audio);
          assert.equal(samples?.length, (bytes - 44) / 2);
          const [warning, ...others] = audio.takeWarnings();
          assert.equal(warning?.code, 'truncated');
          assert.match(warning.message, new RegExp(`: ${32_044 - bytes} bytes of audio are missing`, 'u'));
          assert.deepEqual(others, []);
        }
      }
      const headerOnly = file('header.wav', wav.subarray(0, 44));
      await rejects(openFile(headerOnly), 'DEEPTONE_BAD_AUDIO', /holds no sample/u);
      const inHeader = file('in-header.wav', wav.subarray(0, 30));
      await rejects(openFile(inHeader), 'DEEPTONE_BAD_AUDIO', /within its header/u);
    });

    it('gives what is left of a truncated MP3 and FLAC, and refuses an MP4 that lost its index', async () => {
      for (const [name, code] of [
        ['cut.mp3', undefined],
        ['cut.flac', undefined],
        ['cut.m4a', 'DEEPTONE_FFMPEG_FAILED'],
      ] as const) {
        const filename = path.join(folder, name);
        await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:d=10:r=16000', '-y', filename]);
        const whole = readFileSync(filename);
        writeFileSync(filename, whole.subarray(0, whole.length / 2));
        const decoded = openFile(filename).then(decodeAll);
        if (code === undefined) {
          const [samples] = await decoded;
          assert.ok(samples !== undefined && samples.length > 60_000 && samples.length < 100_000, name);
        } else {
          await rejects(decoded, code, /Its last words: .*moov atom not found/u);
        }
      }
    });

    it('refuses audio without a sample', async () => {
      const none = file('none.wav', makeWav([new Float32Array(0)]));
      await rejects(openFile(none), 'DEEPTONE_BAD_AUDIO', /holds no sample/u);
      const flac = path.join(folder, 'none.flac');
      await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine', '-t', '0', '-f', 'flac', flac]);
      await rejects(openFile(flac).then(decodeAll), 'DEEPTONE_BAD_AUDIO', /no s(?:ound|ample)/u);
    });

    it('refuses a video without sound', async () => {
      const filename = path.join(folder, 'mute.mp4');
      await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=d=1', filename]);
      await rejects(openFile(filename), 'DEEPTONE_BAD_AUDIO', /no audio in .*mute\.mp4/u);
    });

    it('names the channels there are when another is asked for', async () => {
      const mp3 = path.join(folder, 'channels.mp3');
      await run('ffmpeg', ['-v', 'error', '-i', stereo, mp3]);
      for (const filename of [stereo, mp3]) {
        await assert.rejects(
          openFile(filename, { channel: 2 }),
          (error) => error instanceof InvalidArgumentError && /channels 0 to 1/u.test(error.message),
        );
      }
    });

    it('refuses clips that are empty or in no container', async () => {
      await rejects(openClip(new Uint8Array(0)), 'DEEPTONE_BAD_AUDIO', /empty/u);
      const raw = openClip(new Uint8Array(noise(0.1).buffer));
      await rejects(raw, 'DEEPTONE_BAD_AUDIO', /unknown kind.*declared format/u);
    });
  });

  describe('when it is left or aborted', () => {
    let wav: string;
    let flac: string;
    let clip: Buffer;

    before(async () => {
      wav = file('long.wav', makeWav([noise(60)]));
      flac = path.join(folder, 'long.flac');
      await run('ffmpeg', ['-v', 'error', '-i', wav, flac]);
      clip = readFileSync(flac);
    });

    const opened: readonly (readonly [string, (options?: Options) => Promise<DecodedAudio>])[] = [
      ['a WAV', (options) => openFile(wav, options)],
      ['a FLAC', (options) => openFile(flac, options)],
      ['a FLAC clip', (options) => openClip(clip, options)],
    ];
    for (const [what, openIt] of opened) {
      it(`leaves no file and no process of ${what} behind when the iteration is left, never begun, or done`, async () => {
        const before = openResources();
        for await (const piece of (await openIt()).pieces) {
          assert.ok(piece.length === 1);
          break;
        }
        assert.deepEqual(leftBehind(before), [], 'left');
        await (await openIt()).close();
        assert.deepEqual(leftBehind(before), [], 'closed');
        await assert.rejects(openIt({ channel: 7 }), InvalidArgumentError);
        assert.deepEqual(leftBehind(before), [], 'refused');
        await decodeAll(await openIt());
        assert.deepEqual(leftBehind(before), [], 'done');
      });

      it(`ends ${what} with AbortedError when the caller aborts`, async () => {
        const before = openResources();
        await assert.rejects(openIt({ signal: AbortSignal.abort() }).then(decodeAll), AbortedError);
        const controller = new AbortController();
        const audio = await openIt({ signal: controller.signal });
        await assert.rejects(async () => {
          for await (const piece of audio.pieces) {
            assert.ok(piece.length === 1);
            controller.abort();
          }
        }, AbortedError);
        assert.deepEqual(leftBehind(before), []);
      });
    }

    it('can be iterated only once', async () => {
      const audio = await openFile(wav);
      await decodeAll(audio);
      await assert.rejects(decodeAll(audio), InvalidArgumentError);
    });
  });

  describe('with three hours of audio', function () {
    this.timeout(240_000);
    const seconds = 3 * 3_600;

    async function peakGrowth(filename: string): Promise<number> {
      const start = process.memoryUsage().rss;
      let peak = start;
      let samples = 0;
      for await (const [piece] of (await openFile(filename)).pieces) {
        samples += piece?.length ?? 0;
        peak = Math.max(peak, process.memoryUsage.rss());
      }
      assert.equal(samples, seconds * 16_000);
      return (peak - start) / 2 ** 20;
    }

    it('reads a WAV in flat memory', async () => {
      const filename = path.join(folder, 'hours.wav');
      const header = makeWav([], { dataSize: seconds * 32_000 });
      header.writeUInt16LE(1, 22);
      header.writeUInt16LE(2, 32);
      const handle = await open(filename, 'w');
      await handle.write(header);
      await handle.truncate(header.length + seconds * 32_000);
      await handle.close();
      const growth = await peakGrowth(filename);
      assert.ok(growth < 60, `${growth} MB`);
    });

    it('reads a FLAC in flat memory', async () => {
      const filename = path.join(folder, 'hours.flac');
      const source = ['-f', 'lavfi', '-i', `anullsrc=r=16000:cl=mono:d=${seconds}`];
      await run('ffmpeg', ['-v', 'error', ...source, filename]);
      const growth = await peakGrowth(filename);
      assert.ok(growth < 60, `${growth} MB`);
    });
  });

  it('leaves no temporary file of a clip behind', async () => {
    const own = path.join(folder, 'tmp');
    mkdirSync(own);
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = own;
    try {
      const filename = path.join(folder, 'clip.flac');
      await run('ffmpeg', ['-v', 'error', '-i', stereo, filename]);
      await decodeAll(await openClip(readFileSync(filename)));
      await rejects(openClip(Buffer.from('fLaC but no more')), 'DEEPTONE_FFMPEG_FAILED', /Its last words/u);
      assert.deepEqual(readdirSync(own), []);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });
});
