import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { findFfmpeg, openLiveSource, openSound } from '../../src/audio';
import { AudioFileError, Deeptone } from '../../src';
import { RADIO_SHOW, temporaryFolder } from '../nodes/support/sounds';
import { run } from '../tools/audio';

const isRefused = (error: unknown): boolean =>
  error instanceof AudioFileError && error.code === 'DEEPTONE_FILE_NOT_ALLOWED';

describe('The folders that files may be read from', () => {
  const folder = temporaryFolder();
  const inside = join(folder, 'inside');
  const secret = join(folder, 'secret.wav');
  const folders = [inside];

  before(() => {
    mkdirSync(inside);
    copyFileSync(RADIO_SHOW, join(inside, 'good.wav'));
    // Another length tells them apart.
    copyFileSync(join(RADIO_SHOW, '../phone-call.wav'), secret);
  });

  it('are not left by a link that is exchanged while files are opened', async () => {
    const name = join(inside, 'moving.wav');
    const good = await openSound({ file: join(inside, 'good.wav') });
    await good.close();
    const state = { isOn: true };
    const exchange = (async () => {
      for (let n = 0; state.isOn; n++) {
        const next = join(inside, `next-${n}.wav`);
        symlinkSync(n % 2 === 0 ? join(inside, 'good.wav') : secret, next);
        renameSync(next, name);
        await turn();
      }
    })();
    const outcomes = { heard: 0, refused: 0 };
    while (outcomes.heard < 20 || outcomes.refused < 20) {
      try {
        const sound = await openSound({ file: name }, { folders });
        assert.equal(sound.info.durationMs, good.info.durationMs);
        await sound.close();
        outcomes.heard++;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        // Nobody reads a link that is just being made.
        if (isRefused(error)) outcomes.refused++;
      }
    }
    state.isOn = false;
    await exchange;
  });

  it('hold compressed files too, which ffmpeg is given as they were opened', async function () {
    if ((await findFfmpeg(undefined)) === undefined) this.skip();
    const file = join(inside, 'good.mp3');
    await run('ffmpeg', ['-v', 'error', '-i', RADIO_SHOW, '-t', '2', file]);
    const sound = await openSound({ file }, { folders });
    let samples = 0;
    for await (const [piece] of sound.pieces) samples += piece?.length ?? 0;
    assert.ok(samples > 30_000, String(samples));
    symlinkSync(secret, join(inside, 'out.mp3'));
    await assert.rejects(openSound({ file: join(inside, 'out.mp3') }, { folders }), isRefused);
  });

  it('hold for live sources and for what a playlist of theirs names', async function () {
    const ffmpegPath = await findFfmpeg(undefined);
    if (ffmpegPath === undefined) this.skip();
    const listen = async (input: string): Promise<number> => {
      let samples = 0;
      for await (const piece of openLiveSource({ input, folders, realTime: false, ffmpegPath }))
        samples += piece.length;
      return samples;
    };
    assert.ok((await listen(join(inside, 'good.wav'))) > 16_000);
    await assert.rejects(listen(secret), isRefused);
    const playlist = join(inside, 'list.m3u');
    writeFileSync(playlist, `#EXTM3U\ngood.wav\n`);
    assert.ok((await listen(playlist)) > 16_000);
    writeFileSync(playlist, `#EXTM3U\n${secret}\n`);
    await assert.rejects(listen(playlist), isRefused);
    unlinkSync(playlist);
    symlinkSync(secret, playlist);
    await assert.rejects(listen(playlist), isRefused);
  });

  it('hold for all that an engine reads from files', async () => {
    const deeptone = new Deeptone(null, { folders });
    const options = { models: ['speech-rt'], outputPeriod: 1_024 } as const;
    try {
      assert.ok((await deeptone.processFile(join(inside, 'good.wav'), options)).channels['0']);
      await assert.rejects(deeptone.processFile(secret, options), isRefused);
      await assert.rejects(deeptone.createVoiceSignatures([{ speakerId: 'a', audio: secret }]), isRefused);
    } finally {
      await deeptone.close();
    }
    assert.throws(() => new Deeptone(null, { folders: ['relative'] }), /folders\.0 is "relative".*absolute/);
  });
});
