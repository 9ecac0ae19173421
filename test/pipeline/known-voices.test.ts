import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Deeptone, type VoiceSignatures } from '../../src';
import { readSound } from '../../src/audio';
import { ROOT } from '../package/consumer';

const CALL = join(ROOT, 'resources/sounds/phone-call.wav');
const RATE = 16_000;

/** Both sides of a phone call: a woman, who speaks twice, and a man. */
async function sides(): Promise<readonly [Float32Array, Float32Array]> {
  const side = (channels: number): Promise<Float32Array> => readSound({ file: CALL }, { channels });
  return [await side(0), await side(1)];
}

describe('Voices that an engine knows', () => {
  let known: VoiceSignatures = {};
  let asked = 0;
  const deeptone = new Deeptone(null, {
    knownVoices: () => {
      asked += 1;
      return known;
    },
  });
  let hers: Float32Array;
  let his: Float32Array;
  before(async () => {
    [hers, his] = await sides();
    known = await deeptone.createVoiceSignatures([{ speakerId: 'Anna', audio: hers.subarray(0, 4 * RATE) }]);
  });
  after(() => deeptone.close());

  async function live(samples: Float32Array, voiceSignatures?: VoiceSignatures): Promise<string> {
    const stream = await deeptone.openStream({
      models: ['speaker-map'],
      outputPeriod: 1024,
      voiceSignatures,
    });
    await stream.push(samples);
    await stream.finish();
    const summary = JSON.stringify(stream.summary());
    stream.close();
    return summary;
  }

  it('have their names in a live stream too, in another sentence, and nobody else has', async () => {
    assert.match(await live(hers.subarray(7 * RATE)), /"Anna_fraction":0\.[1-9]/u);
    assert.match(await live(his), /"Anna_fraction":0[,}]/u);
  });

  it('are asked for whenever a stream begins, and forgotten from the next one on', async () => {
    const before = asked;
    known = {};
    assert.doesNotMatch(await live(hers.subarray(7 * RATE)), /Anna/u);
    assert.equal(asked, before + 1);
  });

  it('stand back where a caller names voices, or none', async () => {
    known = await deeptone.createVoiceSignatures([{ speakerId: 'Anna', audio: hers.subarray(0, 4 * RATE) }]);
    assert.doesNotMatch(await live(hers, {}), /Anna/u);
    const asBea = Object.fromEntries(Object.values(known).map((signature) => ['Bea', signature]));
    const summary = await live(hers, asBea);
    assert.match(summary, /"Bea_fraction":0\.[1-9]/u);
    assert.doesNotMatch(summary, /Anna/u);
  });

  it('get their names from the likeness on that the engine asks for, live and in sound that has an end', async () => {
    const named = async (voiceStrictness?: number): Promise<readonly number[]> => {
      const engine = new Deeptone(null, { knownVoices: () => known, voiceStrictness });
      const heard = hers.subarray(7 * RATE);
      const options = { models: ['speaker-map'], outputPeriod: 1024 };
      const stream = await engine.openStream(options);
      await stream.push(heard);
      await stream.finish();
      const whole = await engine.processAudioBytes(heard, { ...options, includeSummary: true });
      const summaries = [stream.summary(), whole.summary];
      stream.close();
      await engine.close();
      return summaries.map((summary) => Number(summary?.['speaker-map']?.['Anna_fraction']));
    };
    known = await deeptone.createVoiceSignatures([{ speakerId: 'Anna', audio: hers.subarray(0, 4 * RATE) }]);
    const [strict, usual, generous] = [await named(0.3), await named(), await named(-0.1)];
    assert.deepEqual(await named(0), usual);
    const [strictLive = 1, strictWhole] = strict;
    const [usualLive = 0, usualWhole = 0] = usual;
    assert.ok(strictLive < usualLive && usualLive < (generous[0] ?? 0), String([strict, usual, generous]));
    assert.equal(strictWhole, 0);
    assert.ok(usualWhole > 0.5);
  });

  it('ask for a likeness that there can be', () => {
    for (const voiceStrictness of [-0.31, 0.4, NaN, 'strict'])
      assert.throws(() => new Deeptone(null, { voiceStrictness: voiceStrictness as number }), {
        code: 'DEEPTONE_INVALID_ARGUMENT',
        message: /voiceStrictness .*from -0\.3 \(generous\) to 0\.3 \(strict\)/,
      });
  });

  it('of other models, or damaged, are passed over', async () => {
    known = { Anna: { version: 1, data: 'RFRWUw==' } };
    assert.doesNotMatch(await live(hers), /Anna/u);
  });
});
