import assert from 'node:assert/strict';
import { BadAudioError, Deeptone } from '../../src';
import { noise } from '../tools/audio';
import { pcm, TestHub } from './live-hub';

const deeptone = new Deeptone();
after(() => deeptone.close());

/** A message as a device sends it, written here by the documentation. */
function marked(seq: number, ts: number, audio: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(seq, 0);
  head.writeBigUInt64LE(BigInt(ts), 4);
  return Buffer.concat([head, audio]);
}

const SOUND = pcm(noise(0.2));
const BEGUN = 1_700_000_000_000;

describe('Messages that begin with their number and time', () => {
  it('are heard without these 12 bytes, in their order, with gaps that are exact, and no other way', async () => {
    const test = new TestHub(deeptone, { markPrefix: true });
    await test.hub.hear('a', { payload: marked(7, BEGUN, SOUND) });
    await test.hub.hear('a', { payload: marked(8, BEGUN + 200, SOUND) });
    await test.hub.hear('a', { payload: marked(8, BEGUN + 200, SOUND) });
    await test.hub.hear('a', { payload: marked(11, BEGUN + 800, SOUND) });
    await test.hub.end('a');
    assert.deepEqual(
      test.of('gap').map(({ evidence, remedy, lostMs }) => ({ evidence, remedy, lostMs })),
      [{ evidence: 'seq', remedy: 'silence', lostMs: 400 }],
    );
    assert.deepEqual(
      test.of('warning').map(({ code }) => code),
      ['duplicate'],
    );
    assert.equal(test.of('closed')[0]?.stream.receivedMs, 1_000);
    assert.equal(test.of('step')[0]?.time, BEGUN);
  });

  it('may leave out the time, by 0, and number on their own', async () => {
    const test = new TestHub(deeptone, { markPrefix: true });
    await test.hub.hear('a', { payload: marked(0, 0, SOUND) });
    await test.hub.hear('a', { payload: marked(2, 0, SOUND) });
    assert.deepEqual(
      test.of('gap').map(({ evidence, lostMs }) => [evidence, lostMs]),
      [['seq', 200]],
    );
    await test.hub.close();
  });

  it('count where user properties are not believed, and in their place', async () => {
    const test = new TestHub(deeptone, { markPrefix: true, trust: ['setting'] });
    await test.hub.hear('a', { payload: marked(0, 0, SOUND), userProperties: { seq: '50' } });
    await test.hub.hear('a', { payload: marked(3, 0, SOUND), userProperties: { seq: '51' } });
    assert.equal(test.of('gap')[0]?.lostMs, 400);
    await test.hub.close();
  });

  it('are a WAV too, whose header then begins after them', async () => {
    const test = new TestHub(deeptone, { markPrefix: true });
    const header = Buffer.from('UklGRiT/f39XQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQD/f38=', 'base64');
    await test.hub.hear('a', { payload: marked(0, 0, Buffer.concat([header, SOUND])) });
    await test.hub.end('a');
    assert.equal(test.of('closed')[0]?.stream.receivedMs, 200);
  });

  it('are refused where they are too short, or no bytes; the next good one is heard', async () => {
    const test = new TestHub(deeptone, { markPrefix: true });
    for (const payload of [SOUND.subarray(0, 11), 'UklGRg==', { audio: [1, 2] }, null]) {
      await assert.rejects(test.hub.hear('a', { payload }), BadAudioError);
    }
    await test.hub.hear('a', { payload: Buffer.alloc(0) });
    await test.hub.hear('a', { payload: marked(0, 0, SOUND) });
    await test.hub.end('a');
    assert.equal(test.of('closed')[0]?.stream.receivedMs, 200);
  });

  it('are those with a chunk "seq " in the header of a WAV, without any setting', async () => {
    const test = new TestHub(deeptone);
    const message = (seq: number): Buffer => {
      const chunk = Buffer.alloc(16);
      chunk.write('seq ', 0, 'latin1');
      chunk.writeUInt32LE(8, 4);
      chunk.writeBigUInt64LE(BigInt(seq), 8);
      const data = Buffer.alloc(8);
      data.write('data', 0, 'latin1');
      data.writeUInt32LE(SOUND.length, 4);
      const format = Buffer.from('Zm10IBAAAAABAAEAgD4AAAB9AAACABAA', 'base64');
      const riff = Buffer.from('RIFF\0\0\0\0WAVE', 'latin1');
      riff.writeUInt32LE(4 + format.length + chunk.length + data.length + SOUND.length, 4);
      return Buffer.concat([riff, format, chunk, data, SOUND]);
    };
    await test.hub.hear('a', { payload: message(0) });
    await test.hub.hear('a', { payload: message(2) });
    assert.deepEqual(
      test.of('gap').map(({ evidence, lostMs }) => [evidence, lostMs]),
      [['seq', 200]],
    );
    await test.hub.close();
  });
});
