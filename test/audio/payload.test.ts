import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { isEmptyPayload, readPayload } from '../../src/audio';
import { BadAudioError } from '../../src/errors';

const bytes = Buffer.from(Int16Array.from({ length: 200 }, (_, n) => 3_000 * Math.sin(n)).buffer);

/** Whole numbers are 16-bit samples. */
function scaled(samples: readonly number[]): Float32Array {
  return Float32Array.from(samples, (sample) => sample / 32_768);
}

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

  it('is samples as a typed array, an array of numbers, or a text of JSON', () => {
    const samples = [...new Int16Array(new Uint8Array(bytes).buffer)];
    assert.deepEqual(readPayload(Int16Array.from(samples)), {
      kind: 'samples',
      samples: Int16Array.from(samples),
    });
    assert.deepEqual(readPayload(samples), { kind: 'samples', samples: scaled(samples) });
    assert.deepEqual(readPayload(`\n ${JSON.stringify(samples, null, 1)}`), {
      kind: 'samples',
      samples: scaled(samples),
    });
  });

  it('is raw bytes when they are silence of any encoding', () => {
    for (const value of [0x00, 0x55, 0x80, 0xd5, 0xff]) {
      const silence = Buffer.alloc(400, value);
      assert.deepEqual(bytesIn(silence), silence);
    }
  });

  it('is what an object holds that was a Buffer or a typed array, or that has one field of audio', () => {
    const samples = [...new Int16Array(new Uint8Array(bytes).buffer)];
    const asJson: unknown = JSON.parse(JSON.stringify(bytes));
    const base64 = bytes.toString('base64');
    for (const object of [
      asJson,
      { type: 'Buffer', data: base64 },
      { key: 'audio', audio: base64, id: 'a'.repeat(80) },
      { event: 'media', media: { track: 'inbound', payload: base64 } },
      { payload: asJson },
      { audio: `data:audio/wav;base64,${base64}` },
      JSON.stringify({ audio: base64 }),
      Object.fromEntries(bytes.entries()),
      [...bytes],
    ]) {
      assert.deepEqual(bytesIn(object), bytes);
    }
    assert.deepEqual(readPayload({ data: samples, rate: 8_000, format: 'pcm16' }), {
      kind: 'samples',
      samples: scaled(samples),
      stated: { rate: 8_000, encoding: 's16le' },
    });
    assert.deepEqual(readPayload(Object.fromEntries(samples.entries())), {
      kind: 'samples',
      samples: scaled(samples),
    });
  });

  it('is an error that says what to do where numbers may be bytes or samples, or fields may be audio', () => {
    const levels = Array.from({ length: 400 }, (_, n) => 128 + Math.round(100 * Math.sin(n / 9)));
    const hex = bytes.toString('hex');
    for (const [payload, words] of [
      [levels, /0 to 255.*Int16Array/u],
      [{ a: [...bytes, 500], b: [...bytes, 500] }, /several fields.*a, b/u],
      [{ state: 'offline' }, /without a field that holds any \(it has: state\)/u],
      [hex, /hexadecimal.*'hex'|hexadecimal.*"hex"/u],
      [{ type: 'Buffer', data: [1, 'x'] }, /Buffer that was turned into JSON.*Buffer\.from/u],
    ] as const) {
      assert.throws(
        () => readPayload(payload),
        (error) => error instanceof BadAudioError && words.test(error.message),
        String(words),
      );
    }
  });

  it('is an error that tells to send bytes when it is a text or nothing that holds audio', () => {
    const wrong = ['hello, world!', 'AAAAA', true, 17, ['a', 'b']];
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
