import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Deeptone, StreamHub, type FileAnalysis, type TimeSeriesStep, type Transition } from '../../src';
import {
  BadAudioError,
  ClosedError,
  InferenceError,
  InvalidArgumentError,
  LicenseManagerError,
  ModelNotFoundError,
  OverloadedError,
} from '../../src/errors';
import { joined, makeWav, noise, seededRandom, speak, temporaryFolder, tone } from '../tools/audio';
import { issuer, key } from '../license/helpers';
import { HeldEngine, messages, MODELS, OPTIONS, pcm, TestHub } from './live-hub';

const engine = new HeldEngine();
const deeptone = new Deeptone(null, { predictionEngine: engine });

let speech: Float32Array;

before(async () => {
  const silence = new Float32Array(8_000);
  speech = joined([silence, await speak('The quick brown fox jumps over the lazy dog.'), silence]);
});

after(() => deeptone.close());

describe('A hub of live streams', () => {
  describe('says of a stream what is said of the same file', () => {
    let analysis: FileAnalysis;
    let wav: Buffer;

    before(async () => {
      wav = makeWav([speech], { after: [{ id: 'LIST', content: Buffer.from('INFO') }] });
      const file = path.join(temporaryFolder(), 'speech.wav');
      writeFileSync(file, wav);
      analysis = await deeptone.processFile(file, {
        ...OPTIONS,
        includeSummary: true,
        includeTransitions: true,
      });
    });

    const random = seededRandom(3);
    const sizes: readonly (readonly [string, () => number])[] = [
      ['pieces of one byte', () => 1],
      ['odd pieces', () => 777],
      ['pieces of any size', () => 1 + Math.floor(random() * 9_000)],
      ['pieces of 64 kB', () => 65_536],
      ['one piece', () => wav.length],
    ];
    for (const [what, size] of sizes) {
      it(`in ${what}`, async () => {
        const test = new TestHub(deeptone);
        const heard: Promise<void>[] = [];
        for (let at = 0; at < wav.length;) {
          const length = size();
          heard.push(test.hub.hear('microphone', { payload: wav.subarray(at, at + length) }));
          at += length;
        }
        await Promise.all(heard);
        await test.hub.end('microphone');
        const channel = analysis.channels['0'];
        assert.ok(channel);
        sameSteps(
          test.of('step').map((event) => event.step),
          channel.time_series,
        );
        assert.deepEqual(
          test.of('summary').map((event) => event.summary),
          [channel.summary],
        );
        assert.deepEqual(transitionsOf(test), channel.transitions);
      });
    }
  });

  it('hears many streams at once, each for itself', async () => {
    const test = new TestHub(deeptone);
    const keys = Array.from({ length: 20 }, (_, n) => `device ${n}`);
    const wholes = keys.map((_, n) => speech.subarray(n * 1_024));
    for (let at = 0; at < speech.length; at += 1_600) {
      await Promise.all(
        keys.map((key, n) =>
          test.hub.hear(key, { payload: pcm(wholes[n]?.subarray(at, at + 1_600) ?? speech) }),
        ),
      );
    }
    assert.equal(test.hub.statistics.streams, 20);
    await Promise.all(keys.map((key) => test.hub.end(key)));
    for (const [n, key] of keys.entries()) {
      const alone = await deeptone.processAudioBytes(pcm(wholes[n] ?? speech), OPTIONS);
      sameSteps(
        test.of('step', key).map((event) => event.step),
        alone.time_series,
      );
    }
    assert.equal(test.hub.statistics.streams, 0);
    assert.equal(engine.streams, 0);
  });

  it('opens a stream with the options of its first message', async () => {
    const test = new TestHub(deeptone);
    await test.hub.hear('a', { payload: pcm(speech), options: { models: ['speech'], outputPeriod: 512 } });
    await test.hub.end('a');
    const [first, second] = test.of('step');
    assert.deepEqual(Object.keys(first?.step.results ?? {}), ['speech']);
    assert.equal(second?.step.timestamp, 512);
    assert.deepEqual(first?.stream.models, ['speech']);
  });

  it('tells a running summary at intervals of audio, on request, and at the end', async () => {
    const test = new TestHub(deeptone, { settings: { summaryMs: 500 } });
    for (const payload of messages(pcm(speech.subarray(0, 16_000)))) await test.hub.hear('a', { payload });
    assert.deepEqual(
      test.of('summary').map((event) => event.cause),
      ['interval', 'interval'],
    );
    await test.hub.summarize('a');
    await test.hub.end('a');
    assert.deepEqual(
      test.of('summary').map((event) => event.cause),
      ['interval', 'interval', 'request', 'end'],
    );
    await test.hub.summarize('nobody');
  });

  it('tells a summary on request after the steps that it sums up', async () => {
    const test = new TestHub(deeptone);
    void test.hub.hear('a', { payload: pcm(speech.subarray(0, 16_384)) });
    await test.hub.summarize('a');
    assert.equal(test.of('step').length, 8);
    assert.equal(test.events.at(-1)?.kind, 'summary');
    await test.hub.close();
  });

  it('says nothing more of a stream once its listener has reset it', async () => {
    const told: string[] = [];
    const hub = new StreamHub({
      open: (options) => deeptone.openStream(options),
      options: OPTIONS,
      listener: ({ kind }) => {
        told.push(kind);
        if (kind === 'step') hub.reset('a');
      },
    });
    await hub.hear('a', { payload: pcm(speech) });
    assert.deepEqual(told, ['opened', 'step', 'closed']);
    await hub.close();
  });

  it('comes back with the context of the last message', async () => {
    const test = new TestHub(deeptone);
    await test.hub.hear('a', { payload: pcm(speech.subarray(0, 4_096)), context: 'first' });
    await test.hub.hear('a', { payload: pcm(speech.subarray(4_096, 8_192)), context: 'second' });
    assert.deepEqual(
      test.of('step').map((event) => event.context),
      ['first', 'first', 'second', 'second'],
    );
    await test.hub.close();
  });

  it('says nothing of a stream that was reset, and begins anew', async () => {
    const test = new TestHub(deeptone);
    await test.hub.hear('a', { payload: pcm(speech) });
    await test.hub.hear('b', { payload: pcm(speech) });
    const told = test.events.length;
    test.hub.reset('a');
    assert.deepEqual(
      test.events.slice(told).map((event) => event.kind),
      ['closed'],
    );
    await test.hub.hear('a', { payload: pcm(speech.subarray(0, 4_096)) });
    assert.equal(test.of('step', 'a').at(-1)?.step.timestamp, 128);
    test.hub.reset();
    assert.deepEqual(test.hub.keys, []);
    assert.equal(engine.streams, 0);
  });

  describe('A stream that was ended, and has audio in line still', () => {
    async function draining(): Promise<{ test: TestHub; ended: Promise<void>; last: Promise<void> }> {
      const test = new TestHub(deeptone);
      await test.hub.hear('a', { payload: pcm(speech) });
      engine.hold();
      const last = test.hub.hear('a', { payload: pcm(joined([speech, speech, speech])) });
      return { test, last, ended: test.hub.end('a') };
    }

    it('counts until its last audio is answered', async () => {
      const { test, ended, last } = await draining();
      assert.equal(test.hub.statistics.streams, 1);
      assert.ok(test.hub.statistics.lagMs > 1_000);
      engine.release();
      await Promise.all([ended, last]);
      assert.equal(test.hub.statistics.streams, 0);
      assert.equal(test.of('summary').length, 1);
    });

    it('says nothing more after a reset', async () => {
      const { test, ended, last } = await draining();
      const steps = test.of('step').length;
      test.hub.reset('a');
      assert.equal(test.hub.statistics.streams, 0);
      engine.release();
      await Promise.all([ended, last]);
      assert.equal(test.of('step').length, steps);
      assert.equal(test.of('summary').length, 0);
    });

    it('stops when all streams are closed', async () => {
      const { test, ended, last } = await draining();
      const rejected = [ended, last].map((outcome) => assert.rejects(outcome, ClosedError));
      const steps = test.of('step').length;
      const closed = test.hub.close();
      engine.release();
      await Promise.all([closed, ...rejected]);
      assert.equal(test.of('step').length, steps);
      assert.equal(engine.streams, 0);
    });
  });

  it('ends a stream that hears nothing for the idle timeout, and opens it again', async () => {
    const test = new TestHub(deeptone, { settings: { idleMs: 5_000 } });
    await test.hub.hear('a', { payload: pcm(speech.subarray(0, 5_000)) });
    test.now += 3_000;
    await test.hub.hear('b', { payload: pcm(speech.subarray(0, 5_000)) });
    test.now += 3_000;
    test.hub.endIdle();
    assert.deepEqual(test.hub.keys, ['b']);
    await test.hub.hear('a', { payload: pcm(speech.subarray(0, 5_000)) });
    assert.deepEqual(
      test.of('closed').map((event) => [event.stream.key, event.reason]),
      [['a', 'idle']],
    );
    assert.equal(test.of('summary', 'a').length, 1);
    await test.hub.close();
  });

  it('ends no stream whose audio came while this process stood still', async () => {
    const test = new TestHub(deeptone, { settings: { idleMs: 500 }, now: () => Date.now() });
    const payload = pcm(speech.subarray(0, 5_000));
    await test.hub.hear('a', { payload });
    const { port1: sender, port2: receiver } = new MessageChannel();
    const heard = once(receiver, 'message').then(() => {
      assert.equal(test.of('closed').length, 0);
      return test.hub.hear('a', { payload });
    });
    // At the end of a turn, so that timers are the first to come.
    setImmediate(() => {
      sender.postMessage('audio');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    });
    await heard;
    assert.equal(test.of('opened').length, 1);
    receiver.close();
    await test.hub.close();
  });

  it('refuses one stream too many by name of the cap, and hears the others', async () => {
    const test = new TestHub(deeptone, { settings: { maxStreams: 2 } });
    const payload = pcm(speech);
    for (const key of ['a', 'b']) await test.hub.hear(key, { payload });
    for (let n = 0; n < 1_000; n++) {
      await assert.rejects(
        test.hub.hear(`flood ${n}`, { payload }),
        (error) => error instanceof OverloadedError && /There are 2 live streams/.test(error.message),
      );
    }
    assert.equal(test.hub.statistics.refused, 1_000);
    await test.hub.hear('a', { payload: pcm(speech) });
    await test.hub.end('b');
    await test.hub.hear('c', { payload: pcm(speech) });
    await test.hub.close();
  });

  describe('under a license for one stream', () => {
    const dates = { notBefore: new Date('2020-01-01'), expires: new Date('2100-01-01') };
    const licensed = (predictionEngine = engine): Deeptone =>
      new Deeptone(key({ maxStreams: 1, ...dates }), {
        predictionEngine,
        licensePublicKeys: [issuer.publicKey],
      });

    it('refuses another device until the first is gone', async () => {
      const test = new TestHub(licensed());
      await test.hub.hear('a', { payload: pcm(speech) });
      await assert.rejects(test.hub.hear('b', { payload: pcm(speech) }), LicenseManagerError);
      await test.hub.hear('a', { payload: pcm(speech) });
      await test.hub.end('a');
      await test.hub.hear('b', { payload: pcm(speech) });
      await test.hub.close();
    });

    it('opens the stream of a device that is forgotten before it was open', async () => {
      // An engine that has yet to be started takes its time to open a stream.
      const cold = new HeldEngine();
      const test = new TestHub(licensed(cold));
      const forgotten = test.hub.hear('a', { payload: pcm(speech) });
      await new Promise(setImmediate);
      test.hub.reset('a');
      await test.hub.hear('a', { payload: pcm(speech) });
      await forgotten;
      await test.hub.close();
      assert.equal(cold.streams, 0);
      await cold.close();
    });

    it('opens the stream of a device again while its last words are still under way', async () => {
      const test = new TestHub(licensed());
      await test.hub.hear('a', { payload: pcm(speech) });
      engine.hold();
      const ended = test.hub.end('a');
      const again = test.hub.hear('a', { payload: pcm(speech) });
      engine.release();
      await Promise.all([ended, again]);
      await test.hub.end('a');
      assert.deepEqual(
        test.story.filter((kind) => kind.startsWith('closed') || kind === 'opened'),
        ['opened', 'closed:complete', 'opened', 'closed:complete'],
      );
    });
  });

  it('rejects a bad message and goes on with the next good one', async () => {
    const test = new TestHub(deeptone);
    const bad: readonly (readonly [Parameters<typeof test.hub.hear>[1], new (...args: never[]) => Error])[] =
      [
        [{ payload: 'not base64!' }, BadAudioError],
        [{ payload: { audio: 1 } }, BadAudioError],
        [{ payload: ['a'] }, BadAudioError],
        [{ payload: pcm(speech), userProperties: { rate: '5' } }, InvalidArgumentError],
        [{ payload: pcm(speech), options: { channel: 1 } }, InvalidArgumentError],
        [{ payload: pcm(speech), options: { models: ['nonsense'] } }, ModelNotFoundError],
        [{ payload: pcm(speech), options: { models: [] } }, InvalidArgumentError],
        [{ payload: pcm(speech), options: { models: 5 as unknown as string[] } }, InvalidArgumentError],
        [{ payload: pcm(speech), options: { outputPeriod: 100 } }, InvalidArgumentError],
      ];
    for (const [message, kind] of bad) {
      await assert.rejects(test.hub.hear('a', message), kind);
      assert.deepEqual(test.hub.keys, []);
    }
    for (const payload of messages(pcm(speech))) {
      await assert.rejects(test.hub.hear('a', { payload: 'garbage!' }), BadAudioError);
      await test.hub.hear('a', { payload });
    }
    await test.hub.end('a');
    const alone = await deeptone.processAudioBytes(pcm(speech), OPTIONS);
    sameSteps(
      test.of('step').map((event) => event.step),
      alone.time_series,
    );
  });

  it('rejects a format that is not accepted, and goes on with the one before', async () => {
    const test = new TestHub(deeptone);
    const payload = pcm(noise(0.2));
    await test.hub.hear('a', { payload });
    await assert.rejects(test.hub.hear('a', { payload, format: { encoding: 'mp3' } }), InvalidArgumentError);
    await test.hub.hear('a', { payload });
    await test.hub.end('a');
    assert.equal(test.of('closed')[0]?.stream.receivedMs, 400);
  });

  it('passes over a message without a byte, or ends the stream where that is set', async () => {
    for (const endOnEmpty of [false, true]) {
      const test = new TestHub(deeptone, { settings: { endOnEmpty } });
      await test.hub.hear('a', { payload: Buffer.alloc(0) });
      await test.hub.hear('a', { payload: pcm(speech) });
      await test.hub.hear('a', { payload: Buffer.alloc(0) });
      assert.deepEqual(test.hub.keys, endOnEmpty ? [] : ['a']);
      await test.hub.close();
    }
  });

  it('says once that samples were no numbers', async () => {
    const test = new TestHub(deeptone);
    const broken = Float32Array.from(speech, (sample, n) => (n % 100 === 0 ? Number.NaN : sample));
    await test.hub.hear('a', { payload: broken.subarray(0, 16_000) });
    await test.hub.hear('a', { payload: broken.subarray(16_000) });
    assert.deepEqual(
      test.of('warning').map((event) => event.code),
      ['non-finite'],
    );
    await test.hub.close();
  });

  describe('in the place of lost audio', () => {
    const sound = joined([noise(1), tone(440, 1)]);
    const cut = messages(pcm(sound));
    const numbered = (seq: number) => ({ payload: cut[seq], userProperties: { seq: String(seq) } });

    async function play(setup: ConstructorParameters<typeof TestHub>[1], sequence: readonly number[]) {
      const test = new TestHub(deeptone, setup);
      for (const seq of sequence) {
        test.now += 100;
        await test.hub.hear('a', numbered(seq));
      }
      await test.hub.end('a');
      return test;
    }
    const withLoss = [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15];

    it('puts silence, so that time stays true, and does not bother the engine with it', async () => {
      const before = engine.samples;
      const test = await play({}, withLoss);
      assert.deepEqual(
        test
          .of('gap')
          .map(({ evidence, remedy, lostMs, timestamp }) => ({ evidence, remedy, lostMs, timestamp })),
        [{ evidence: 'seq', remedy: 'silence', lostMs: 400, timestamp: 400 }],
      );
      const steps = test.of('step').map((event) => event.step);
      assert.deepEqual(
        steps.map((step) => step.timestamp),
        [...Array(13).keys()].map((n) => n * 128),
      );
      assert.deepEqual(steps[4]?.results, {
        'speech-rt': { result: 'silence', confidence: 1 },
        gender: { result: 'silence', confidence: 1 },
      });
      assert.equal(test.of('step').at(-1)?.stream.gapMs, 400);
      assert.equal(test.of('summary')[0]?.summary['speech-rt']?.['silence_fraction'], 0.2);
      // 1,200 ms were heard, in frames of 64 ms; of the 400 ms that were lost only the frame that had begun.
      assert.ok(engine.samples - before <= 20 * 1_024, `${engine.samples - before} samples`);
      const lastTransition = test.of('transition').at(-1)?.transition;
      assert.equal(lastTransition?.timestamp_end, 1_600);
    });

    it('is none before the first audio of a stream, whatever its source has lost', async () => {
      const test = new TestHub(deeptone);
      await test.hub.hear('a', { payload: pcm(noise(0.3)), lostMs: 45_000 });
      await test.hub.end('a');
      assert.deepEqual(test.of('gap'), []);
      assert.equal(test.of('closed')[0]?.stream.receivedMs, 300);
    });

    it('begins anew where that is set, or where the gap is longer than may be filled', async () => {
      for (const gaps of [{ action: 'reset' }, { maxMs: 300 }] as const) {
        const test = await play({ settings: { gaps } }, withLoss);
        assert.equal(test.of('gap')[0]?.remedy, 'restart');
        assert.deepEqual(
          test.of('closed').map((event) => event.reason),
          ['gap', 'complete'],
        );
        const timestamps = test.of('step').map((event) => event.step.timestamp);
        assert.deepEqual(timestamps, [0, 128, 256, 384, 0, 128, 256, 384, 512, 640, 768]);
        assert.deepEqual(
          test.of('summary').map((event) => event.cause),
          ['end', 'end'],
        );
        assert.equal(engine.streams, 0);
      }
    });

    it('puts nothing where that is set, and counts it', async () => {
      const test = await play({ settings: { gaps: { action: 'ignore' } } }, withLoss);
      assert.equal(test.of('gap')[0]?.remedy, 'ignore');
      assert.equal(test.of('step').at(-1)?.step.timestamp, 1_152);
      assert.equal(test.hub.statistics.gapMs, 400);
    });

    it('keeps the time of the world, by the clock of the sender or its own', async () => {
      const test = await play({}, withLoss);
      const start = 1_700_000_000_000;
      assert.deepEqual(
        test
          .of('step')
          .slice(0, 2)
          .map((event) => event.time),
        [start, start + 128],
      );
      const own = new TestHub(deeptone);
      const captured = 1_600_000_000_000;
      await own.hub.hear('a', { payload: cut[0], userProperties: { ts: String(captured) } });
      await own.hub.hear('a', { payload: cut[3], userProperties: { ts: String(captured + 300) } });
      await own.hub.end('a');
      assert.deepEqual(
        own.of('step').map((event) => event.time),
        [0, 128, 256, 384].map((ms) => captured + ms),
      );
      assert.deepEqual(
        own.of('gap').map((event) => event.lostMs),
        [200],
      );
    });

    it('does not hear what comes twice or late, and says so once', async () => {
      const test = await play({}, [0, 1, 1, 2, 4, 3, 5, 5, 6]);
      assert.deepEqual(
        test.of('warning').map((event) => event.code),
        ['duplicate', 'late'],
      );
      assert.equal(test.of('step').at(-1)?.stream.receivedMs, 700);
    });

    it('fills a pause in arrivals, where the sender tells nothing', async () => {
      const test = new TestHub(deeptone, { settings: { gaps: { arrivalMs: 2_000 } } });
      await test.hub.hear('a', { payload: cut[0] });
      test.now += 5_100;
      await test.hub.hear('a', { payload: cut[1] });
      assert.deepEqual(
        test.of('gap').map(({ evidence, lostMs }) => [evidence, lostMs]),
        [['arrival', 5_000]],
      );
      await test.hub.close();
    });

    it('is not seen where only the clock of the machine was set, and the time of day is right again', async () => {
      const now = Date.now;
      for (const byMs of [2 * 86_400_000, -3_600_000]) {
        try {
          const test = new TestHub(deeptone, { now: undefined });
          const payload = pcm(noise(0.256));
          await test.hub.hear('a', { payload });
          Date.now = () => now() + byMs;
          test.hub.endIdle();
          await test.hub.hear('a', { payload });
          assert.deepEqual(test.hub.keys, ['a']);
          assert.deepEqual(test.of('gap'), []);
          const last = test.of('step').at(-1);
          assert.equal(last?.step.timestamp, 384);
          assert.ok(Math.abs(last.time - Date.now()) < 10_000);
          await test.hub.close();
        } finally {
          Date.now = now;
        }
      }
    });

    it('begins anew when the sender does', async () => {
      const test = await play({}, [7, 8, 9, 0, 1, 2]);
      assert.deepEqual(
        test.of('gap').map(({ remedy, lostMs }) => [remedy, lostMs]),
        [['restart', null]],
      );
    });
  });

  describe('that a transport delivers twice', () => {
    const frames = messages(pcm(noise(1)));

    /** Hears frames by number; those of a later delivery are marked. */
    async function deliver(test: TestHub, key: string, numbers: readonly number[], dup: boolean, more = {}) {
      for (const n of numbers) {
        await test.hub.hear(key, { payload: frames[n], delivery: { dup, packetId: n + 1 }, ...more });
      }
    }

    it('is heard once, and says so once', async () => {
      const test = new TestHub(deeptone);
      await deliver(test, 'a', [0, 1, 2, 3, 4, 5], false);
      await deliver(test, 'b', [0, 1], false);
      await deliver(test, 'a', [1, 2, 3, 4, 5], true);
      await deliver(test, 'a', [3, 4, 5, 6], true);
      await deliver(test, 'a', [7], false);
      assert.equal(test.of('step', 'a').at(-1)?.stream.receivedMs, 800);
      assert.deepEqual(
        test.of('warning').map(({ code, stream }) => [code, stream.key]),
        [['duplicate', 'a']],
      );
      assert.deepEqual(test.of('gap'), []);
      await test.hub.close();
    });

    it('is heard once also where its sender counts, and does not begin anew by that', async () => {
      const test = new TestHub(deeptone);
      const numbers = [0, 1, 2, 3, 4, 5, 6];
      for (const [n, dup] of [...numbers.map((n) => [n, false]), ...numbers.map((n) => [n, true])] as const) {
        const userProperties = { seq: String(n) };
        await test.hub.hear('a', {
          payload: frames[Number(n)],
          delivery: { dup: dup === true },
          userProperties,
        });
      }
      await test.hub.end('a');
      assert.equal(test.of('closed')[0]?.stream.receivedMs, 700);
      assert.deepEqual(test.of('gap'), []);
    });

    it('is not heard after its stream has ended, and opens none', async () => {
      const test = new TestHub(deeptone);
      await deliver(test, 'a', [0, 1, 2], false);
      await test.hub.end('a');
      const told = test.events.length;
      await deliver(test, 'a', [1, 2], true);
      assert.deepEqual(test.hub.keys, []);
      assert.equal(test.events.length, told);
      await deliver(test, 'a', [3], true);
      assert.deepEqual(test.hub.keys, ['a']);
      await test.hub.close();
    });

    it('is heard where it is not marked, however equal it is', async () => {
      const test = new TestHub(deeptone);
      const payload = new Uint8Array(3_200);
      for (let n = 0; n < 5; n++)
        await test.hub.hear('a', { payload, delivery: { dup: false, packetId: n } });
      for (let n = 0; n < 5; n++) await test.hub.hear('a', { payload });
      await test.hub.end('a');
      assert.equal(test.of('closed')[0]?.stream.receivedMs, 1_000);
    });

    it('is heard again after the stream was forgotten on request', async () => {
      const test = new TestHub(deeptone);
      await deliver(test, 'a', [0, 1], false);
      test.hub.reset('a');
      await deliver(test, 'a', [0, 1], true);
      await test.hub.end('a');
      assert.equal(test.of('closed').at(-1)?.stream.receivedMs, 200);
    });
  });

  describe('with more audio than there is time for', () => {
    const loud = messages(pcm(noise(20)), 1_000);

    afterEach(() => {
      engine.release();
    });

    async function flood(settings: ConstructorParameters<typeof TestHub>[1], keys = ['a']) {
      const test = new TestHub(deeptone, settings);
      engine.hold();
      const outcomes: Promise<unknown>[] = [];
      for (const payload of loud) {
        for (const key of keys) {
          outcomes.push(test.hub.hear(key, { payload }).catch((error: unknown) => error));
          await new Promise(setImmediate);
        }
      }
      const waitingMs = test.hub.statistics.waitingMs;
      engine.release();
      const settled = await Promise.all(outcomes);
      await Promise.all(keys.map((key) => test.hub.end(key)));
      return { test, waitingMs, errors: settled.filter((outcome) => outcome !== undefined) };
    }

    it('drops the oldest, keeps the time, counts and tells it', async () => {
      const before = engine.samples;
      const { test, waitingMs, errors } = await flood({ settings: { waiting: { streamMs: 5_000 } } });
      assert.equal(waitingMs, 5_000);
      assert.deepEqual(errors, []);
      assert.equal(test.hub.statistics.droppedMs, 14_000);
      assert.equal(test.of('dropped').length, 1);
      assert.equal(test.of('step').at(-1)?.step.timestamp, 19_968);
      assert.ok(engine.samples - before < 7_000 * 16, 'dropped audio costs nothing');
      const silent = test.of('step').filter(({ step }) => JSON.stringify(step.results).includes('silence'));
      const place = silent.map(({ step }) => step.timestamp);
      assert.ok(Math.min(...place) >= 900 && Math.max(...place) <= 15_000, `silence at ${place.join(' ')}`);
    });

    it('drops the newest where that is set', async () => {
      const { test, errors } = await flood({
        settings: { waiting: { streamMs: 5_000, whenFull: 'drop-newest' } },
      });
      assert.deepEqual(errors, []);
      assert.equal(test.hub.statistics.droppedMs, 14_000);
      const silent = test.of('step').filter(({ step }) => JSON.stringify(step.results).includes('silence'));
      assert.ok(silent.every(({ step }) => step.timestamp > 5_800));
    });

    it('is an error that names stream and limit where that is set, and goes on', async () => {
      const { test, errors } = await flood({ settings: { waiting: { streamMs: 5_000, whenFull: 'error' } } });
      assert.equal(errors.length, 14);
      assert.ok(
        errors.every((error) => error instanceof OverloadedError && /of "a" was dropped/.test(error.message)),
      );
      await test.hub.hear('a', { payload: loud[0] });
      await test.hub.close();
    });

    it('bounds all streams together and takes from the one that has most', async () => {
      const { test, waitingMs } = await flood({ settings: { waiting: { totalMs: 6_000 } } }, ['a', 'b', 'c']);
      assert.ok(waitingMs <= 6_000, `${waitingMs} ms`);
      for (const key of ['a', 'b', 'c']) {
        assert.equal(test.of('step', key).at(-1)?.step.timestamp, 19_968);
        assert.ok((test.of('closed', key)[0]?.stream.droppedMs ?? 0) > 14_000);
      }
    });

    it('begins anew after dropped audio where gaps do', async () => {
      const { test } = await flood({ settings: { gaps: { action: 'reset' }, waiting: { streamMs: 5_000 } } });
      const reasons = test.of('closed').map((event) => event.reason);
      assert.ok(
        reasons.length > 1 && reasons.slice(0, -1).every((reason) => reason === 'gap'),
        reasons.join(' '),
      );
      assert.equal(engine.streams, 0);
    });
  });

  it('tells a failure of the engine, frees the stream, and opens it again at the next message', async () => {
    const test = new TestHub(deeptone);
    await test.hub.hear('a', { payload: pcm(speech) });
    engine.failure = new InferenceError('The model ran away.');
    await assert.rejects(test.hub.hear('a', { payload: pcm(speech) }), InferenceError);
    engine.failure = undefined;
    assert.deepEqual(
      test.of('closed').map(({ reason, error }) => [reason, error?.message]),
      [['failed', 'The model ran away.']],
    );
    assert.equal(engine.streams, 0);
    assert.equal(test.hub.statistics.failures, 1);
    await test.hub.hear('a', { payload: pcm(speech) });
    assert.equal(test.of('opened').length, 2);
    await test.hub.close();
  });

  it('stops cleanly while streams run', async () => {
    const test = new TestHub(deeptone);
    await test.hub.hear('a', { payload: pcm(speech) });
    engine.hold();
    const outcomes = ['a', 'b'].map((key) => test.hub.hear(key, { payload: pcm(speech) }));
    const rejected = outcomes.map((outcome) => assert.rejects(outcome, ClosedError));
    await new Promise(setImmediate);
    const closed = test.hub.close();
    engine.release();
    await closed;
    await Promise.all(rejected);
    const told = test.events.length;
    await assert.rejects(test.hub.hear('a', { payload: pcm(speech) }), ClosedError);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(test.events.length, told);
    assert.equal(engine.streams, 0);
  });

  it('opens and closes ten thousand streams and keeps nothing', async function () {
    this.timeout(300_000);
    const test = new TestHub(deeptone, {
      listener: () => undefined,
      options: { models: ['speech-rt'], outputPeriod: 64 },
    });
    const payload = pcm(noise(0.064));
    const rounds = async (count: number): Promise<number> => {
      for (let n = 0; n < count; n += 100) {
        const keys = Array.from({ length: 100 }, (_, k) => `${n + k}`);
        await Promise.all(keys.map((key) => test.hub.hear(key, { payload })));
        const ended = keys.filter((_, k) => k % 2 === 0).map((key) => test.hub.end(key));
        for (const key of test.hub.keys) test.hub.reset(key);
        await Promise.all(ended);
      }
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    await rounds(1_000);
    assert.equal(engine.streams, 0);
    assert.equal(test.hub.statistics.streams, 0);
    const before = await rounds(1_000);
    const after = await rounds(8_000);
    // Nothing is kept per stream: 8,000 streams of 1 kB each would be seen.
    assert.ok(after - before < 4e6, `${after - before} bytes more`);
    assert.equal(engine.streams, 0);
  });
});

/** The collector as a function, without a flag on the command line. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function sameSteps(steps: readonly TimeSeriesStep[], expected: readonly TimeSeriesStep[]): void {
  const shape = (step: TimeSeriesStep) => [
    step.timestamp,
    MODELS.map((model) => JSON.stringify(step.results[model]?.valueOf()).replace(/"confidence".*/, '')),
  ];
  assert.deepEqual(steps.map(shape), expected.map(shape));
  steps.forEach((step, n) => {
    for (const model of MODELS) {
      for (const [name, value] of Object.entries(step.raw?.[model] ?? {})) {
        const difference = Math.abs(value - (expected[n]?.raw?.[model]?.[name] ?? Number.NaN));
        assert.ok(difference <= 2e-4, `${model}/${name} at ${step.timestamp} differs by ${difference}`);
      }
    }
  });
}

function transitionsOf(test: TestHub): Record<string, Transition[]> {
  const all: Record<string, Transition[]> = {};
  for (const { transition, phase } of test.of('transition')) {
    if (phase === 'begun') continue;
    const { model, timestamp_start, timestamp_end, result, confidence } = transition;
    (all[model] ??= []).push({ timestamp_start, timestamp_end: timestamp_end ?? -1, result, confidence });
  }
  return all;
}
