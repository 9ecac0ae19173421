import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import type { License } from '../../src/license';
import { Deeptone, LicenseManagerError, type WholeOptions } from '../../src/index';
import { issuer, key } from '../license/helpers';
import { makeWav, speak, temporaryFolder } from '../tools/audio';

const OPTIONS: WholeOptions = { models: ['speech-rt', 'speech', 'gender'], outputPeriod: 256 };

describe('class Deeptone under a license', () => {
  let filename: string;

  before(async () => {
    filename = path.join(temporaryFolder(), 'speech.wav');
    await writeFile(filename, makeWav([await speak('The quick brown fox jumps over the lazy dog.')]));
  });

  const engine = (changes: Partial<License>) =>
    new Deeptone(key(changes), { licensePublicKeys: [issuer.publicKey] });
  const current = {
    notBefore: new Date(Date.now() - 3_600_000),
    expires: new Date(Date.now() + 3_600_000),
  };
  const refused = (problem: string) => (error: unknown) =>
    error instanceof LicenseManagerError && error.problem === problem;

  it('does not open with a key that is none, has expired, or is not valid yet', () => {
    assert.throws(() => new Deeptone('no.license.key'), refused('malformed'));
    assert.throws(
      () => engine({ notBefore: new Date(1_000_000), expires: new Date(Date.now() - 1_000) }),
      refused('expired'),
    );
    assert.throws(
      () => engine({ notBefore: new Date(Date.now() + 60_000), expires: new Date(Date.now() + 120_000) }),
      refused('not-yet-valid'),
    );
  });

  it('does nothing at all under one that is forged', async () => {
    const [header, , signature] = key({ ...current, maxStreams: 1 }).split('.');
    const [, payload] = key({ ...current, maxStreams: null }).split('.');
    const forged = new Deeptone([header, payload, signature].join('.'), {
      licensePublicKeys: [issuer.publicKey],
    });
    const options = { models: ['speech'], outputPeriod: 64 };
    const samples = new Float32Array(16_000);
    const ways: readonly (() => Promise<unknown>)[] = [
      () => forged.verifyLicense(),
      () => forged.start(),
      () => forged.processFile(filename, OPTIONS),
      () => forged.processAudioBytes(samples, OPTIONS),
      () => forged.processContainer(readFileSync(filename), OPTIONS),
      () => forged.processAudioChunk(samples, { models: ['speech'] }),
      () => forged.openStream(options),
      () => forged.processStream([samples], options).next(),
      () => forged.createVoiceSignatures([{ speakerId: 'Ann', audio: samples }]),
    ];
    for (const way of ways) await assert.rejects(way, refused('bad-signature'));
    assert.equal(forged.engineInfo.runtime, undefined);
    await forged.close();
  });

  it('runs the models that it allows, and no others', async () => {
    const licensed = engine({ ...current, models: ['speech-rt', 'speech'] });
    await licensed.processFile(filename, { ...OPTIONS, models: ['speech'] });
    await assert.rejects(licensed.processFile(filename, OPTIONS), refused('model-not-allowed'));
    await licensed.close();
  });

  it('runs as many streams at once as it allows', async () => {
    const licensed = engine({ ...current, id: 'two-streams', models: '*', maxStreams: 2 });
    const open = () => licensed.openStream({ models: ['speech'], outputPeriod: 64 });
    const [first] = [await open(), await open()];
    await assert.rejects(open(), refused('too-many-streams'));
    first.close();
    await open();
    await licensed.close(); // Gives back what nobody has closed.
    const again = engine({ ...current, id: 'two-streams', models: '*', maxStreams: 2 });
    await again.openStream({ models: ['speech'], outputPeriod: 64 });
    await again.openStream({ models: ['speech'], outputPeriod: 64 });
    await again.close();
  });
});
