import assert from 'node:assert/strict';
import { declaredFormat } from '../../../src/audio';
import { InvalidArgumentError } from '../../../src/errors';

describe('The declared format of raw samples', () => {
  it('is 16-bit little-endian mono at 16 kHz when nobody says anything', () => {
    assert.deepEqual(declaredFormat({}), { encoding: 's16le', sampleRate: 16_000, channels: 1 });
  });

  it('is taken part by part from the first source in the order of trust that says it', () => {
    const statements = {
      setting: { encoding: 'u8', rate: 8_000, channels: 2 },
      message: { rate: 22_050 },
      contentType: 'audio/pcm;rate=44100',
    };
    assert.deepEqual(declaredFormat(statements), { encoding: 's16le', sampleRate: 22_050, channels: 2 });
    assert.deepEqual(declaredFormat(statements, ['mqtt', 'message', 'setting']), {
      encoding: 's16le',
      sampleRate: 44_100,
      channels: 2,
    });
    assert.deepEqual(declaredFormat(statements, ['setting']), {
      encoding: 'u8',
      sampleRate: 8_000,
      channels: 2,
    });
  });

  it('reads L16 as big-endian, as its RFC has it, unless a user property says otherwise', () => {
    const contentType = 'audio/L16; rate=16000; channels=1';
    assert.equal(declaredFormat({ contentType }).encoding, 's16be');
    assert.equal(declaredFormat({ contentType, userProperties: { fmt: 's16le' } }).encoding, 's16le');
  });

  it('knows the telephone types with their usual rate', () => {
    assert.deepEqual(declaredFormat({ contentType: 'audio/basic' }), {
      encoding: 'mulaw',
      sampleRate: 8_000,
      channels: 1,
    });
    assert.equal(declaredFormat({ contentType: 'audio/PCMA;rate=16000' }).sampleRate, 16_000);
  });

  it('passes over the types of containers and of things that are no sound', () => {
    for (const contentType of ['audio/wav', 'audio/mpeg', 'application/octet-stream', '', 42]) {
      assert.equal(declaredFormat({ contentType }).encoding, 's16le', String(contentType));
    }
  });

  it('reads user properties as text, and the first of several', () => {
    const userProperties = { fmt: ['f32le', 'u8'], rate: '48000', channels: '2', seq: '17' };
    assert.deepEqual(declaredFormat({ userProperties }), {
      encoding: 'f32le',
      sampleRate: 48_000,
      channels: 2,
    });
  });

  const bad: readonly (readonly [string, Parameters<typeof declaredFormat>[0], RegExp])[] = [
    ['a rate that is no number', { userProperties: { rate: 'fast' } }, /rate in userProperties is "fast"/],
    ['a rate out of range', { message: { rate: 1_000 } }, /1000 Hz/],
    ['an unknown encoding', { setting: { encoding: 's20' } }, /encoding in the format setting is "s20"/],
    ['an unknown name', { message: { bits: 16 } }, /There is no "bits" in the format of the message/],
    ['a format that is no object', { message: 's16le' }, /must be an object/],
    ['no channel', { message: { channels: 0 } }, /channels/],
  ];
  for (const [what, statements, message] of bad) {
    it(`refuses ${what} and names it`, () => {
      assert.throws(
        () => declaredFormat(statements),
        (error) => error instanceof InvalidArgumentError && message.test(error.message),
      );
    });
  }
});
