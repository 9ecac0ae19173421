import assert from 'node:assert/strict';
import { Deeptone } from '../../src';
import { BadAudioError, OverloadedError, TooLargeError } from '../../src/errors';
import { ENCODINGS, type Encoding } from '../../src/audio';
import { HeldEngine, messages, pcm, TestHub } from './live-hub';
import { encodeSamples, encodingBytes, joined, noise, speak } from '../tools/audio';

const engine = new HeldEngine();
const deeptone = new Deeptone(null, { predictionEngine: engine });
after(() => deeptone.close());

/** 12 s, so that every encoding has more bytes than are read at once. */
let long: Float32Array;
before(async () => {
  const speech = await speak('The quick brown fox jumps over the lazy dog.');
  long = joined([speech, noise(1), speech, speech, speech, speech, speech]).slice(0, 192_000);
  assert.equal(long.length, 192_000);
});

/** Turns of the event loop while something is done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await work.finally(() => (isDone = true));
  return turns;
}

async function stepsOf(payloads: readonly unknown[], format?: object): Promise<readonly unknown[]> {
  const test = new TestHub(deeptone);
  for (const payload of payloads) await test.hub.hear('a', { payload, format });
  await test.hub.end('a');
  await test.hub.close();
  return test.of('step').map((event) => event.step);
}

describe('A long message of a live stream', () => {
  for (const encoding of ENCODINGS) {
    it(`is heard as the same audio in short ones: ${encoding}`, async () => {
      const bytes = Buffer.from(encodeSamples([long], encoding));
      const format = { encoding, rate: 16_000 };
      const short = await stepsOf(cut(bytes, encoding), format);
      assert.deepEqual(await stepsOf([bytes], format), short);
      assert.ok(short.length > 90);
    });
  }

  it('is heard as the same whatever it is written in', async () => {
    const bytes = pcm(long);
    const samples = [...new Int16Array(Uint8Array.from(bytes).buffer)];
    const expected = await stepsOf(messages(bytes));
    for (const [name, payload] of Object.entries({
      base64: bytes.toString('base64'),
      'bytes of base64': Buffer.from(bytes.toString('base64')),
      'a data URL': `data:audio/pcm;base64,${bytes.toString('base64')}`,
      'a list': samples,
      'a JSON list': JSON.stringify(samples),
      'bytes of a JSON list': Buffer.from(JSON.stringify(samples)),
      'a JSON list in an envelope': JSON.stringify({ id: 7, samples, text: 'a "quoted" \\ text' }),
      'base64 in an envelope': JSON.stringify({
        audio: bytes.toString('base64').replace(/.{76}/gu, '$&\r\n'),
      }),
      'a Buffer as JSON': JSON.stringify(bytes),
      'a Buffer that was JSON': JSON.parse(JSON.stringify(bytes)) as unknown,
      '16-bit samples': Int16Array.from(samples),
      floats: Float32Array.from(samples, (sample) => sample / 32_768),
    })) {
      assert.deepEqual(await stepsOf([payload]), expected, name);
    }
  });

  it('leaves others their turn while it is read', async () => {
    const test = new TestHub(deeptone);
    const payload = pcm(joined(Array.from({ length: 10 }, () => long)));
    const turns = await turnsDuring(test.hub.hear('a', { payload }));
    // 4 MB are 469 steps of reading and 30 of answering.
    assert.ok(turns > 30, `${turns} turns`);
    await test.hub.close();
  });

  it('keeps its place among the messages before and behind it, and is heard to its end before the stream ends', async () => {
    const bytes = pcm(long);
    const expected = await stepsOf([...messages(bytes), ...messages(bytes), ...messages(bytes)]);
    const test = new TestHub(deeptone);
    const heard = [
      ...messages(bytes).map((payload) => test.hub.hear('a', { payload })),
      test.hub.hear('a', { payload: bytes }),
      ...messages(bytes).map((payload) => test.hub.hear('a', { payload })),
    ];
    const ended = test.hub.end('a');
    await Promise.all([...heard, ended]);
    assert.deepEqual(
      test.of('step').map((event) => event.step),
      expected,
    );
    assert.equal(test.of('closed')[0]?.reason, 'complete');
    await test.hub.close();
  });

  it('waits in the memory of its bytes, not of its samples, until there is time for it', async () => {
    const test = new TestHub(deeptone);
    engine.hold();
    // 12 minutes of 8-bit sound at 4 kHz: 46 MB as samples.
    const heard = test.hub.hear('a', {
      payload: Buffer.alloc(2_880_000, 0x80),
      format: { encoding: 'u8', rate: 4_000 },
    });
    await until(() => test.hub.statistics.waitingMs >= 30_000);
    for (let n = 0; n < 100; n++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(test.hub.statistics.waitingMs < 70_000, String(test.hub.statistics.waitingMs));
    assert.ok(test.hub.statistics.lagMs > 600_000, String(test.hub.statistics.lagMs));
    engine.release();
    await heard;
    assert.equal(test.hub.statistics.lagMs, 0);
    assert.equal(test.hub.statistics.droppedMs, 0);
    await test.hub.end('a');
    assert.ok((test.of('closed')[0]?.stream.receivedMs ?? 0) > 719_900); // Less what the filter holds back.
    await test.hub.close();
  });

  it('is stopped by a reset, and the next message begins anew', async () => {
    const test = new TestHub(deeptone);
    engine.hold();
    const payload = pcm(joined([long, long, long, long, long]));
    const heard = test.hub.hear('a', { payload });
    const behind = test.hub.hear('a', { payload: pcm(noise(1)) });
    await until(() => test.hub.statistics.waitingMs > 0);
    test.hub.reset('a');
    engine.release();
    await Promise.all([heard, behind]);
    assert.equal(test.hub.statistics.lagMs, 0);
    await test.hub.hear('a', { payload: pcm(noise(0.256)) });
    assert.equal(test.of('step').at(-1)?.step.timestamp, 128);
    await test.hub.close();
  });

  it('is rejected where its text turns out to be none, and the next one is heard', async () => {
    const test = new TestHub(deeptone);
    const text = pcm(long).toString('base64');
    await assert.rejects(test.hub.hear('a', { payload: `${text.slice(0, 300_000)}%${text}` }), BadAudioError);
    await assert.rejects(test.hub.hear('a', { payload: `[${'0,'.repeat(80_000)}"x"]` }), BadAudioError);
    await assert.rejects(test.hub.hear('a', { payload: `[${'0,'.repeat(80_000)}` }), BadAudioError);
    await assert.rejects(
      test.hub.hear('a', {
        payload: JSON.stringify({ words: Array.from({ length: 400_000 }, () => ({ a: 1 })) }),
      }),
      BadAudioError,
    );
    assert.deepEqual(test.hub.keys, []);
    await test.hub.hear('a', { payload: pcm(noise(0.256)) });
    assert.equal(test.of('step').length, 2);
    await test.hub.close();
  });

  for (const [name, payload] of Object.entries({
    'an object that holds itself 64 times': heldByItself(),
    'a property that throws': Object.defineProperty({}, 'audio', { enumerable: true, get: () => fail('no') }),
    'a proxy that throws': new Proxy({}, { ownKeys: () => fail('no') }),
    'brackets in each other': '['.repeat(1_000_000) + ']'.repeat(1_000_000),
    'a hundred thousand values': '[1]'.repeat(100_000),
  })) {
    it(`is refused by a typed error, and hardly looked at, where it is ${name}`, async () => {
      const test = new TestHub(deeptone);
      reads = 0;
      await assert.rejects(test.hub.hear('a', { payload }), BadAudioError);
      assert.ok(reads < 10_000, `${reads} reads`); // There are 16 million ways through the object.
      await test.hub.hear('a', { payload: pcm(noise(0.256)) });
      assert.equal(test.of('step').length, 2);
      await test.hub.close();
    });
  }

  it('is refused beyond the largest that is set, and where too many bytes wait', async () => {
    const test = new TestHub(deeptone, {
      settings: { maxMessageBytes: 500_000, waiting: { totalBytes: 700_000, whenFull: 'error' } },
    });
    const payload = pcm(long);
    await assert.rejects(
      test.hub.hear('a', { payload: Buffer.alloc(500_001) }),
      (error) => error instanceof TooLargeError && /maxMessageBytes/u.test(error.message),
    );
    const first = test.hub.hear('a', { payload });
    await assert.rejects(test.hub.hear('a', { payload }), OverloadedError);
    await first;
    await test.hub.hear('a', { payload });
    await test.hub.close();
  });
});

/** Of the fields of an object that holds itself. */
let reads = 0;

function heldByItself(): object {
  const object = {};
  for (let n = 0; n < 64; n++) {
    Object.defineProperty(object, `field ${n}`, { enumerable: true, get: () => (reads++, object) });
  }
  return object;
}

function fail(words: string): never {
  throw new Error(words);
}

/** Pieces of 100 ms. */
function cut(bytes: Buffer, encoding: Encoding): Buffer[] {
  const size = encodingBytes(encoding);
  return Array.from({ length: long.length / 1_600 }, (_, n) =>
    bytes.subarray(n * 1_600 * size, (n + 1) * 1_600 * size),
  );
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
