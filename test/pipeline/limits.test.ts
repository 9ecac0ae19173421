import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { Deeptone, TooLargeError, InvalidArgumentError, type DeeptoneOptions } from '../../src';
import { makeWav, noise, speak, temporaryFolder } from '../tools/audio';

const OPTIONS = { models: ['speech-rt'], outputPeriod: 1_024 };
const open: Deeptone[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((deeptone) => deeptone.close()));
});

function engine(options: DeeptoneOptions = {}): Deeptone {
  const deeptone = new Deeptone(null, options);
  open.push(deeptone);
  return deeptone;
}

function tooLarge(name: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof TooLargeError && error.code === 'DEEPTONE_TOO_LARGE' && error.message.includes(name);
}

describe('The limits of an engine', () => {
  const second = Buffer.alloc(32_000, 1);
  const file = path.join(temporaryFolder(), 'two-channels.wav');
  before(() => {
    writeFileSync(file, makeWav([noise(3), noise(3)]));
  });

  it('are far from ordinary use: three hours of stereo at the finest period', () => {
    const { maxMessageBytes, maxDuration, maxChannels, maxAnswerValues } = engine().limits;
    const seconds = 3 * 3_600;
    assert.ok(maxMessageBytes >= seconds * 2 * 2 * 48_000);
    assert.ok(maxDuration >= 1_000 * seconds && maxChannels >= 2);
    assert.ok(maxAnswerValues >= 2 * (seconds / 0.064) * 50);
  });

  it('refuse more bytes than are accepted, in every way in for memory', async () => {
    const deeptone = engine({ maxMessageBytes: 31_999 });
    const check = tooLarge('maxMessageBytes');
    await assert.rejects(deeptone.processAudioBytes(second, OPTIONS), check);
    await assert.rejects(deeptone.processAudioChunk(second, { models: OPTIONS.models }), check);
    await assert.rejects(deeptone.processContainer(readFileSync(file), OPTIONS), check);
    await deeptone.processAudioBytes(second.subarray(0, 31_998), OPTIONS);
  });

  it('refuse a longer sound, at once where its length is known', async () => {
    const deeptone = engine({ maxDuration: 2_000 });
    const check = tooLarge('maxDuration');
    const raw = Buffer.alloc(3 * 32_000, 1);
    let heardMs = 0;
    const onProgress = (_share: number | null, ms: number): void => {
      heardMs = ms;
    };
    await assert.rejects(deeptone.processFile(file, { ...OPTIONS, onProgress }), check);
    await assert.rejects(deeptone.processAudioBytes(raw, { ...OPTIONS, onProgress }), check);
    assert.equal(heardMs, 0);
    await assert.rejects(deeptone.processAudioBytes(raw.toString('base64') as never, OPTIONS));
    const text = Buffer.from(raw.toString('base64')); // Whose length is not known before it is read.
    await assert.rejects(deeptone.processAudioBytes(text, { ...OPTIONS, onProgress }), check);
    await assert.rejects(deeptone.processAudioChunk(raw, { models: OPTIONS.models }), check);
    await deeptone.processAudioBytes(raw.subarray(0, 64_000), OPTIONS);
  });

  it('refuse to analyse more channels, and let one be picked', async () => {
    const deeptone = engine({ maxChannels: 1 });
    await assert.rejects(deeptone.processFile(file, OPTIONS), tooLarge('maxChannels'));
    const { channels } = await deeptone.processFile(file, { ...OPTIONS, channel: 1 });
    assert.deepEqual(Object.keys(channels), ['1']);
  });

  it('refuse an answer that would be larger, and the same sound is answered in longer periods', async () => {
    const deeptone = engine({ maxAnswerValues: 200 });
    const speech = await speak('The quick brown fox jumps over the lazy dog.');
    const raw = { ...OPTIONS, outputPeriod: 64, includeRawValues: true };
    await assert.rejects(deeptone.processAudioBytes(speech, raw), tooLarge('maxAnswerValues'));
    const { time_series: steps } = await deeptone.processAudioBytes(speech, OPTIONS);
    assert.ok(steps.length > 1);
  });

  it('are whole numbers of at least 1', () => {
    for (const options of [{ maxChannels: 0 }, { maxDuration: 1.5 }, { maxMessageBytes: '1' as never }]) {
      assert.throws(() => engine(options), InvalidArgumentError);
    }
  });
});

describe('A long array of samples', () => {
  it('is heard as the same in short ones, in order with what comes before, beside and behind it', async () => {
    const deeptone = engine();
    const speech = await speak('The quick brown fox jumps over the lazy dog.');
    const long = new Float32Array(300_000);
    for (let at = 0; at < long.length; at += speech.length)
      long.set(speech.subarray(0, long.length - at), at);
    const inPieces = await deeptone.openStream(OPTIONS);
    const expected = [];
    for (const samples of [speech, long, long, speech]) {
      for (let at = 0; at < samples.length; at += 10_000) {
        expected.push(...(await inPieces.push(samples.subarray(at, at + 10_000))).steps);
      }
    }
    expected.push(...(await inPieces.pad(4_000)).steps, ...(await inPieces.skip(20_000)).steps);
    expected.push(...(await inPieces.finish()).steps);

    const atOnce = await deeptone.openStream(OPTIONS);
    const scratch = long.slice();
    const parts = [atOnce.push(speech), atOnce.push(scratch), atOnce.pushSound(long), atOnce.push(speech)];
    scratch.fill(0); // Whatever becomes of it: it was read.
    parts.push(atOnce.pad(4_000), atOnce.skip(20_000), atOnce.finish());
    const steps = (await Promise.all(parts)).flatMap((events) => events.steps);
    assert.deepEqual(steps, expected);
  });

  it('is not heard further once its stream is closed', async () => {
    const stream = await engine().openStream(OPTIONS);
    const heard = stream.push(new Float32Array(10_000_000).fill(0.1));
    stream.close();
    await assert.rejects(heard, { code: 'DEEPTONE_CLOSED' });
    assert.equal(stream.pendingMs, 0);
  });
});
