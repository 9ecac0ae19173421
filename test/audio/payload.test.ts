import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { isEmptyPayload, readPayload } from '../../src/audio';
import { BadAudioError } from '../../src/errors';

const bytes = Buffer.from(Int16Array.from({ length: 200 }, (_, n) => 3_000 * Math.sin(n)).buffer);

function bytesIn(payload: unknown): Buffer {
  const read = readPayload(payload);
  assert.equal(read.kind, 'bytes');
  return Buffer.from((read as { readonly bytes: Uint8Array }).bytes);
}

describe('The payload of a message as audio', () => {
  it('is bytes as a Buffer, Uint8Array, ArrayBuffer, base64 text or data URL', () => {
    const base64 = bytes.toString('base64');
    const copies = [
      bytes,
      new Uint8Array(bytes),
      new Uint8Array(bytes).buffer,
      new Uint8ClampedArray(bytes),
      base64,
      bytes.toString('base64url'),
      `${base64.slice(0, 76)}\r\n${base64.slice(76)}`,
      `data:audio/wav;base64,${base64}`,
    ];
    for (const copy of copies) assert.deepEqual(bytesIn(copy), bytes);
  });

  it('is silence when an MQTT node handed the base64 text of silence over as a Buffer', () => {
    const silence = Buffer.alloc(1_600);
    assert.deepEqual(bytesIn(Buffer.from(silence.toString('base64'))), silence);
  });

  it('is bytes when an MQTT node handed base64 text over as a Buffer', () => {
    assert.deepEqual(bytesIn(Buffer.from(bytes.toString('base64'))), bytes);
  });

  it('is samples as a typed array, an array of numbers, or the bytes of a JSON array', () => {
    const samples = [...new Int16Array(new Uint8Array(bytes).buffer)];
    assert.deepEqual(readPayload(Int16Array.from(samples)), {
      kind: 'samples',
      samples: Int16Array.from(samples),
    });
    assert.deepEqual(readPayload(samples), { kind: 'samples', samples });
    assert.deepEqual(readPayload(Buffer.from(JSON.stringify(samples))), { kind: 'samples', samples });
    assert.deepEqual(readPayload(`\n ${JSON.stringify(samples, null, 1)}`), { kind: 'samples', samples });
  });

  it('is raw bytes when they are silence of any encoding', () => {
    for (const value of [0x00, 0x55, 0x80, 0xd5, 0xff]) {
      const silence = Buffer.alloc(400, value);
      assert.deepEqual(bytesIn(silence), silence);
    }
  });

  it('is an error that tells what to set in the MQTT node when it is a text or an object', () => {
    const wrong = ['hello, world!', '{"a":1}', 'AAAAA', { data: [1, 2] }, true, 17, ['a', 'b']];
    for (const payload of wrong) {
      assert.throws(
        () => readPayload(payload),
        (error) => error instanceof BadAudioError && error.message.includes('"a Buffer"'),
        JSON.stringify(payload),
      );
    }
  });

  it('is an error when it is words or states, though their letters are those of base64', () => {
    for (const payload of ['hello world', 'online', 'offline', 'ON', 'test', 'audio-in', 'garbage']) {
      assert.throws(() => readPayload(payload), BadAudioError, payload);
    }
    for (const short of ['AA==', 'AAE=', '/v8B']) assert.ok(bytesIn(short).length > 0);
  });

  it('is an error when it is an object without a constructor', () => {
    const bare: unknown = Object.create(null);
    for (const payload of [bare, [bare], { constructor: 5 }]) {
      assert.throws(() => readPayload(payload), BadAudioError);
    }
  });

  it('is empty when there is nothing in it', () => {
    for (const payload of [
      undefined,
      null,
      '',
      Buffer.alloc(0),
      [],
      new Float32Array(0),
      new ArrayBuffer(0),
    ]) {
      assert.equal(isEmptyPayload(payload), true);
    }
    for (const payload of [bytes, [0], 'AAAA', {}, 0, false]) assert.equal(isEmptyPayload(payload), false);
  });

  it('may come from another realm, as what a Function node makes does', () => {
    for (const name of [
      'Int8Array',
      'Int16Array',
      'Uint16Array',
      'Int32Array',
      'Uint32Array',
      'Float32Array',
      'Float64Array',
    ]) {
      const foreign: unknown = runInNewContext(`new ${name}([3, 5, 7]).subarray(1)`);
      const read = readPayload(foreign);
      assert.equal(read.kind, 'samples');
      assert.deepEqual(
        [...(read as { readonly samples: ArrayLike<number> & Iterable<number> }).samples],
        [5, 7],
      );
    }
    assert.deepEqual(bytesIn(runInNewContext('new Uint8Array([3, 5, 7])')), Buffer.from([3, 5, 7]));
    assert.deepEqual(bytesIn(runInNewContext('new Uint8Array([3, 5, 7]).buffer')), Buffer.from([3, 5, 7]));
    assert.equal(isEmptyPayload(runInNewContext('new ArrayBuffer(0)')), true);
  });
});
