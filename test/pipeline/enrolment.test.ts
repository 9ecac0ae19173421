import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { Deeptone, InvalidArgumentError, VoiceSignatureError, type VoiceSignatures } from '../../src/index';
import { concatenated, makeWav, noise, speak, temporaryFolder } from '../tools/audio';

const SECOND = 16_000;
const TEXT =
  'The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. It is easy to tell the depth of a well.';

const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof VoiceSignatureError && pattern.test(error.message);

describe('Creating voice signatures of recordings', () => {
  const deeptone = new Deeptone();
  let anna: Float32Array;
  let ben: Float32Array;

  before(async () => {
    anna = (await speak(TEXT, { voice: 'en+f3' })).subarray(0, 4 * SECOND);
    ben = (await speak(TEXT, { voice: 'en+m3' })).subarray(0, 4 * SECOND);
  });

  after(() => deeptone.close());

  it('gives one per speaker, from samples and from files, with the same result', async () => {
    const file = path.join(temporaryFolder(), 'anna.wav');
    const rounded = Float32Array.from(anna, (sample) => Math.round(sample * 32_767) / 32_768);
    await writeFile(file, makeWav([rounded]));
    const signatures = await deeptone.createVoiceSignatures([
      { speakerId: 'anna', audio: file },
      { speakerId: 'anna in memory', audio: rounded },
      { speakerId: 'ben', audio: ben },
    ]);
    assert.deepEqual(Object.keys(signatures), ['anna', 'anna in memory', 'ben']);
    assert.deepEqual(signatures.anna, signatures['anna in memory']);
    assert.notDeepEqual(signatures.anna, signatures.ben);
    assert.equal(signatures.anna?.version, 1);
  });

  it('lets the speaker map call the speakers by name, and gives back whom it heard', async () => {
    const voiceSignatures = await deeptone.createVoiceSignatures([
      { speakerId: 'anna', audio: anna },
      { speakerId: 'ben', audio: ben },
    ]);
    const options = {
      models: ['speaker-map'],
      outputPeriod: 1024,
      includeSummary: true,
      includeVoiceSignatures: true,
    };
    const answer = await deeptone.processAudioBytes(anna, { ...options, voiceSignatures });
    const summary = answer.summary?.['speaker-map'] ?? {};
    assert.ok((summary.anna_fraction ?? 0) > 0.5, JSON.stringify(summary));
    assert.equal(summary.ben_fraction, 0);
    assert.deepEqual(answer.voice_signatures, { anna: voiceSignatures.anna });
    const withoutNames = await deeptone.processAudioBytes(anna, options);
    assert.equal(withoutNames.time_series.length, answer.time_series.length);
    assert.ok(withoutNames.voice_signatures?.speaker_1);
  });

  it('extends existing ones and keeps the others as they are', async () => {
    const existing = await deeptone.createVoiceSignatures([
      { speakerId: 'anna', audio: anna },
      { speakerId: 'ben', audio: ben },
    ]);
    const extended = await deeptone.createVoiceSignatures([{ speakerId: 'anna', audio: ben }], existing);
    assert.deepEqual(Object.keys(extended), ['anna', 'ben']);
    assert.deepEqual(extended.ben, existing.ben);
    assert.notDeepEqual(extended.anna, existing.anna);
  });

  it('refuses samples of less than 1 s and more than 10 s', async () => {
    const create = (audio: Float32Array) => deeptone.createVoiceSignatures([{ speakerId: 'anna', audio }]);
    await assert.rejects(create(anna.subarray(0, SECOND - 1)), refusal(/"anna" lasts 0\.99994 s/));
    await assert.rejects(create(concatenated(anna, anna, anna)), refusal(/"anna" lasts 12 s: 1 to 10 s/));
  });

  it('refuses more than 10 s for one speaker, over all samples and requests', async () => {
    const sample = { speakerId: 'anna', audio: anna };
    await assert.rejects(deeptone.createVoiceSignatures([sample, sample, sample]), refusal(/12 s in all/));
    const twice = await deeptone.createVoiceSignatures([sample, sample]);
    await assert.rejects(deeptone.createVoiceSignatures([sample], twice), refusal(/12 s in all/));
  });

  it('accepts exactly 10 s, whatever the parts', async () => {
    const [first, second] = [
      anna.subarray(0, 2.2 * SECOND),
      concatenated(anna, anna).subarray(0, 7.8 * SECOND),
    ];
    const made = await deeptone.createVoiceSignatures([{ speakerId: 'anna', audio: first }]);
    await deeptone.createVoiceSignatures([{ speakerId: 'anna', audio: second }], made);
  });

  it('refuses samples with less than 1 s of speech', async () => {
    const quiet = new Float32Array(3 * SECOND);
    quiet.set(anna.subarray(0, SECOND / 2));
    await assert.rejects(
      deeptone.createVoiceSignatures([{ speakerId: 'anna', audio: quiet }]),
      refusal(/s of speech/),
    );
    await assert.rejects(
      deeptone.createVoiceSignatures([{ speakerId: 'hiss', audio: noise(3, SECOND, 0.1) }]),
      VoiceSignatureError,
    );
  });

  it('refuses speakers without a name, an empty list, and signatures of other models', async () => {
    await assert.rejects(
      deeptone.createVoiceSignatures([{ speakerId: '', audio: anna }]),
      refusal(/speaker id/),
    );
    await assert.rejects(deeptone.createVoiceSignatures([]), InvalidArgumentError);
    const foreign: VoiceSignatures = { anna: { version: 1, data: Buffer.from('DTVS').toString('base64') } };
    await assert.rejects(
      deeptone.createVoiceSignatures([{ speakerId: 'anna', audio: anna }], foreign),
      refusal(/"anna" cannot be used/),
    );
    await assert.rejects(
      deeptone.processAudioBytes(anna, {
        models: ['speaker-map'],
        outputPeriod: 64,
        voiceSignatures: foreign,
      }),
      VoiceSignatureError,
    );
  });
});
