import assert from 'node:assert/strict';
import { Deeptone, DeeptoneError } from '../../src';
import { joined, leftBehind, makeWav, openResources, run, speak } from '../tools/audio';
import { OPTIONS, TestHub } from './live-hub';

const NOWHERE = '/no/such/ffmpeg';

describe('A stream of compressed pieces', function () {
  this.timeout(60_000);
  const deeptone = new Deeptone();
  let speech: Float32Array;
  let webm: Buffer;

  before(async () => {
    await deeptone.start();
    speech = await speak('Good morning everybody, and thank you for coming here today.');
    const args = ['-v', 'error', '-i', '-', '-c:a', 'libopus', '-live', '1', '-f', 'webm', '-'];
    webm = await run('ffmpeg', args, makeWav([speech]));
  });
  after(() => deeptone.close());

  function pieces(bytes: Buffer, size = 2_000): Buffer[] {
    return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    );
  }

  function speechSteps(hub: TestHub): number {
    return hub.of('step').filter(({ step }) => step.results['speech-rt'].result === 'speech').length;
  }

  it('is heard like the recording that it is, and leaves no ffmpeg behind', async () => {
    const whole = new TestHub(deeptone);
    await whole.hub.hear('mic', { payload: makeWav([speech]) });
    await whole.hub.end('mic');
    const before = openResources();
    const hub = new TestHub(deeptone);
    for (const payload of pieces(webm)) await hub.hub.hear('mic', { payload });
    await hub.hub.end('mic');
    assert.ok(Math.abs(hub.of('step').length - whole.of('step').length) <= 1);
    assert.ok(Math.abs(speechSteps(hub) - speechSteps(whole)) <= 3);
    assert.ok(speechSteps(whole) > 10);
    await hub.hub.close();
    assert.deepEqual(leftBehind(before), []);
  });

  it('ends its ffmpeg when it is reset and when the hub is closed', async () => {
    const before = openResources();
    const hub = new TestHub(deeptone);
    for (const key of ['a', 'b']) {
      for (const payload of pieces(webm).slice(0, 3)) await hub.hub.hear(key, { payload });
    }
    hub.hub.reset('a');
    await hub.hub.close();
    assert.deepEqual(leftBehind(before), []);
  });

  it('is decoded for 32 streams at a time, and one more is refused', async () => {
    const hub = new TestHub(deeptone);
    const [first] = pieces(webm);
    const refused: unknown[] = [];
    for (let n = 0; n < 34; n++) {
      await hub.hub.hear(`mic ${n}`, { payload: first }).catch((error: unknown) => refused.push(error));
    }
    assert.equal(refused.length, 2);
    for (const error of refused) {
      assert.ok(error instanceof DeeptoneError);
      assert.equal(error.code, 'DEEPTONE_OVERLOADED');
    }
    await hub.hub.close();
  });

  it('waits for ffmpeg up to 16 MB, and the stream is refused what is more', async () => {
    const hub = new TestHub(deeptone);
    const [first] = pieces(webm);
    await hub.hub.hear('mic', { payload: first });
    const refused: unknown[] = [];
    const heard = Array.from({ length: 300 }, () =>
      hub.hub
        .hear('mic', { payload: Buffer.alloc(60_000, 1) })
        .catch((error: unknown) => refused.push(error)),
    );
    await Promise.all(heard);
    // One word about it is enough.
    assert.deepEqual(
      refused.map((error) => error instanceof DeeptoneError && error.code),
      ['DEEPTONE_OVERLOADED'],
    );
    await hub.hub.close();
  });

  it('is heard to its end where one message holds minutes of it', async () => {
    const long = joined(Array.from({ length: 40 }, () => speech));
    const mp3 = await run('ffmpeg', ['-v', 'error', '-i', 'pipe:0', '-f', 'mp3', 'pipe:1'], makeWav([long]));
    assert.ok(mp3.length > 300_000);
    const [asMessage, asStream] = [new TestHub(deeptone), await deeptone.openStream(OPTIONS)];
    await asMessage.hub.hear('mic', { payload: mp3 });
    await asMessage.hub.end('mic');
    const heardMs = asMessage.of('closed')[0]?.stream.receivedMs ?? 0;
    assert.ok(Math.abs(heardMs - long.length / 16) < 200, String(heardMs));
    await asStream.pushSound(mp3);
    await asStream.finish();
    assert.equal(Math.round(asStream.receivedMs), heardMs);
    let steps = 0;
    for await (const step of deeptone.processStream([mp3], OPTIONS))
      steps += Object.keys(step.results).length > 0 ? 1 : 0;
    assert.equal(steps, Math.ceil(heardMs / OPTIONS.outputPeriod));
    await asMessage.hub.close();
  });

  it('is one error without ffmpeg, and never noise; another sound under its key is heard', async () => {
    const hub = new TestHub(deeptone, { ffmpegPath: () => NOWHERE });
    const errors: unknown[] = [];
    for (const payload of pieces(webm)) {
      await hub.hub.hear('mic', { payload }).catch((error: unknown) => errors.push(error));
    }
    assert.deepEqual(
      errors.map((error) => error instanceof DeeptoneError && error.code),
      ['DEEPTONE_FFMPEG_NOT_FOUND'],
    );
    assert.deepEqual(hub.of('step'), []);
    await hub.hub.hear('mic', { payload: makeWav([speech]) });
    await hub.hub.end('mic');
    assert.ok(speechSteps(hub) > 10);
  });

  it('is told of where ffmpeg cannot make sense of it, and not heard as noise', async () => {
    const hub = new TestHub(deeptone);
    const broken = Buffer.concat([webm.subarray(0, 40), Buffer.alloc(40_000, 0x5a)]);
    for (const payload of pieces(broken)) await hub.hub.hear('mic', { payload });
    await hub.hub.end('mic');
    assert.deepEqual(hub.of('step'), []);
    assert.deepEqual(
      hub.of('warning').map(({ code }) => code),
      ['undecodable'],
    );
  });

  it('is passed over where it is a later piece of a recording', async () => {
    const hub = new TestHub(deeptone, { options: OPTIONS });
    const refused = { code: 'DEEPTONE_BAD_AUDIO' };
    for (const payload of pieces(webm, 6_000).slice(1, 4)) {
      await assert.rejects(hub.hub.hear('mic', { payload }), refused);
    }
    await hub.hub.close();
    assert.deepEqual(hub.of('step'), []);
  });
});

describe('A stream of samples with words between them', () => {
  const deeptone = new Deeptone();
  after(() => deeptone.close());

  it('is heard without the words, which shift nothing and are told of once', async () => {
    const speech = await speak('The quick brown fox jumps over the lazy dog.');
    const bytes = makeWav([speech]).subarray(44);
    const messages = Array.from({ length: Math.ceil(bytes.length / 3_200) }, (_, n) =>
      bytes.subarray(n * 3_200, (n + 1) * 3_200),
    );
    const plain = new TestHub(deeptone);
    for (const payload of messages) await plain.hub.hear('mic', { payload });
    await plain.hub.end('mic');
    const words = [
      'online',
      'offline',
      '{"state":"offline","battery":17}',
      `<html>${'x'.repeat(900)}</html>`,
    ];
    const hub = new TestHub(deeptone);
    for (const [n, payload] of messages.entries()) {
      const word = words[n % words.length] ?? '';
      if (n % 3 === 0) await hub.hub.hear('mic', { payload: Buffer.from(word) });
      await hub.hub.hear('mic', { payload });
    }
    await hub.hub.end('mic');
    assert.deepEqual(
      hub.of('step').map(({ step }) => step),
      plain.of('step').map(({ step }) => step),
    );
    assert.deepEqual(
      hub.of('warning').map(({ code }) => code),
      ['text'],
    );
  });
});
