import assert from 'node:assert/strict';
import { ChunkMemory, Deeptone, LicenseManagerError, type DeeptoneOptions } from '../../src';
import { ISOLATIONS } from '../../src/inference';
import { issuer, key } from '../license/helpers';
import { concatenated, speak } from '../tools/audio';

/** What is asked of an engine, by the way in. */
const WAYS: Readonly<Record<string, (deeptone: Deeptone, sound: Float32Array) => Promise<unknown>>> = {
  'a clip, with its speakers and their signatures': (deeptone, sound) =>
    deeptone.processAudioBytes(sound, {
      models: ['speech', 'gender', 'speaker-map'],
      outputPeriod: 256,
      includeSummary: true,
      includeTransitions: true,
      includeRawValues: true,
      includeVoiceSignatures: true,
    }),
  'chunks that remember': async (deeptone, sound) => {
    const memory = new ChunkMemory(10);
    const answers = [];
    for (let at = 0; at < 64_000; at += 16_000) {
      const chunk = sound.slice(at, at + 16_000);
      answers.push(await deeptone.processAudioChunk(chunk, { models: ['speech', 'emotions'], memory }));
    }
    return answers;
  },
  'a stream': async (deeptone, sound) => {
    const steps = [];
    const pieces = [sound.slice(0, 10_001), sound.slice(10_001, 50_000), sound.slice(50_000)];
    for await (const step of deeptone.processStream(pieces, { models: ['language'], outputPeriod: 512 }))
      steps.push(step);
    return steps;
  },
  'voice signatures': async (deeptone, sound) => {
    const signatures = await deeptone.createVoiceSignatures([
      { speakerId: 'anna', audio: sound.slice(0, 48_000) },
    ]);
    return deeptone.processAudioBytes(sound, {
      models: ['speaker-map'],
      outputPeriod: 512,
      voiceSignatures: signatures,
    });
  },
};

describe('An engine, wherever its models run', () => {
  let sound: Float32Array;
  const engines = new Map<string, Deeptone>();
  const engine = (isolation: NonNullable<DeeptoneOptions['isolation']>): Deeptone => {
    const known = engines.get(isolation) ?? new Deeptone(null, { isolation });
    engines.set(isolation, known);
    return known;
  };

  before(async () => {
    const anna = await speak('Good morning. The train to the coast leaves at a quarter past nine.');
    const other = await speak('Guten Morgen. Der Zug fährt um Viertel nach neun.', {
      voice: 'de',
      pitch: 20,
    });
    sound = concatenated(anna, new Float32Array(16_000), other);
  });
  after(() => Promise.all([...engines.values()].map((each) => each.close())));

  for (const [name, ask] of Object.entries(WAYS)) {
    it(`says the same of ${name}`, async () => {
      const [inThread, inProcess] = await Promise.all(ISOLATIONS.map((where) => ask(engine(where), sound)));
      assert.ok(JSON.stringify(inThread).length > 100);
      const [one, other] = [inThread, inProcess].map(apart);
      assert.deepEqual(other?.rest, one?.rest);
      assert.equal(other?.values.length, one?.values.length);
      // Which frames are in one batch is a matter of time, and changes the last bits of a sum: one step of rounding at most.
      other?.values.forEach((value, n) => {
        assert.ok(Math.abs(value - (one?.values[n] ?? NaN)) < 1.5e-4, `${n}: ${value}`);
      });
    });
  }

  it('holds streams to the license in a process too', async () => {
    const { publicKey } = issuer;
    const limited = new Deeptone(key({ maxStreams: 1, notBefore: new Date('2025-01-01') }), {
      isolation: 'process',
      licensePublicKeys: [publicKey],
    });
    const options = { models: ['speech'], outputPeriod: 64 };
    const stream = await limited.openStream(options);
    await assert.rejects(limited.openStream(options), LicenseManagerError);
    stream.close();
    (await limited.openStream(options)).close();
    await limited.close();
  });
});

/** Numbers of an embedding. */
const EMBEDDING = 96;

/** An answer without its numbers, those of its signatures included, and the numbers. */
function apart(answer: unknown): { readonly rest: unknown; readonly values: readonly number[] } {
  const values: number[] = [];
  const rest: unknown = JSON.parse(JSON.stringify(answer), (name, value: unknown) => {
    if (typeof value === 'number') return values.push(value) > 0;
    if (name !== 'data' || typeof value !== 'string') return value;
    const bytes = Buffer.from(value, 'base64');
    const head = bytes.length - 4 * EMBEDDING;
    for (let n = 0; n < EMBEDDING; n++) values.push(bytes.readFloatLE(head + 4 * n));
    return bytes.toString('hex', 0, head);
  });
  return { rest, values };
}
