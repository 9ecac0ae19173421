import assert from 'node:assert/strict';
import { Deeptone } from '../../src';
import { InferenceError } from '../../src/errors';
import { DEFAULT_LIVE_SETTINGS } from '../../src/streams';
import { AnswerPump, type PumpEvent, type PumpSetup } from '../../src/streams/answer-pump';
import { EventQueue } from '../../src/streams/event-queue';
import { Throughput } from '../../src/streams/throughput';
import { WaitingRoom, type Settle, type WaitingAudio } from '../../src/streams/waiting-audio';
import { noise } from '../tools/audio';
import { HeldEngine, OPTIONS } from './live-hub';

const engine = new HeldEngine();
const deeptone = new Deeptone(null, { predictionEngine: engine });

after(() => deeptone.close());

/** A pump over the real engine, and what it has done so far. */
class TestPump {
  readonly line: WaitingAudio = new WaitingRoom(DEFAULT_LIVE_SETTINGS.waiting, 'silence').open();
  readonly done = new EventQueue<PumpEvent>();
  readonly pump: AnswerPump;
  readonly #events: PumpEvent[] = [];
  readonly #settles = new Map<Settle, string>();
  #wake: () => void = () => undefined;

  constructor(setup: Partial<PumpSetup> = {}) {
    this.pump = new AnswerPump({
      line: this.line,
      done: this.done,
      open: () => deeptone.openStream(OPTIONS),
      after: Promise.resolve(),
      segment: { startTime: 1_000 },
      summaryMs: 0,
      throughput: new Throughput(() => performance.now()),
      ...setup,
    });
    void this.#read();
  }

  /** Settle of a name, by which it is told later. */
  settle(name: string): Settle {
    const settle = { resolve: () => undefined, reject: () => undefined };
    this.#settles.set(settle, name);
    return settle;
  }

  names(settles: readonly (Settle | undefined)[]): string[] {
    return settles.flatMap((settle) => (settle ? [this.#settles.get(settle) ?? 'unknown'] : []));
  }

  audio(seconds: number, name?: string): void {
    const settle = name === undefined ? undefined : this.settle(name);
    this.line.add({ kind: 'audio', samples: noise(seconds), settle });
    this.pump.run();
  }

  end(name = 'end'): void {
    this.line.add({ kind: 'end', reason: 'complete', settle: this.settle(name) });
    this.pump.run();
  }

  /** Everything that it did until this was done. */
  async until(did: PumpEvent['did'], times = 1): Promise<readonly PumpEvent[]> {
    while (this.#events.filter((event) => event.did === did).length < times) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#events;
  }

  get events(): readonly PumpEvent[] {
    return this.#events;
  }

  /** What was done, in order, runs of the same as one. */
  get story(): string[] {
    const all = this.#events.map(({ did }) => did);
    return all.filter((did, n) => did !== all[n - 1]);
  }

  async #read(): Promise<void> {
    for await (const event of this.done) {
      this.#events.push(event);
      this.#wake();
    }
  }
}

function answers(events: readonly PumpEvent[]) {
  return events.flatMap((event) => (event.did === 'answer' ? [event] : []));
}

describe('The pump of one stream', () => {
  afterEach(() => {
    engine.release();
    engine.failure = undefined;
    assert.equal(engine.streams, 0, 'streams left in the engine');
  });

  it('opens the engine at the first audio, answers in order, and ends', async () => {
    const test = new TestPump();
    test.pump.run();
    for (const name of ['a', 'b', 'c']) test.audio(0.256, name);
    test.end();
    const events = await test.until('end');
    assert.deepEqual(test.story, ['open', 'answer', 'finish', 'end']);
    assert.deepEqual(test.names(answers(events).map(({ settle }) => settle)), ['a', 'b', 'c']);
    assert.deepEqual(
      answers(events).map(({ answeredMs }) => answeredMs),
      [256, 512, 768],
    );
    assert.ok(answers(events).every(({ segment }) => segment.startTime === 1_000));
    const steps = events.flatMap((event) => ('events' in event ? event.events.steps : []));
    assert.deepEqual(
      steps.map(({ timestamp }) => timestamp),
      [0, 128, 256, 384, 512, 640],
    );
    const finish = events.find((event) => event.did === 'finish');
    assert.equal(finish?.endMs, 768);
    assert.deepEqual(Object.keys(finish.summary), [...OPTIONS.models, 'level']);
  });

  it('gives the engine only a little at a time', async () => {
    const test = new TestPump();
    test.audio(0.064);
    await test.until('answer');
    engine.hold();
    const before = engine.samples;
    for (let n = 0; n < 50; n++) test.audio(0.064);
    assert.equal(engine.samples - before, 4 * 1_024);
    assert.equal(test.pump.inFlightMs, 256);
    assert.equal(test.line.samples, 46 * 1_024);
    engine.release();
    test.end();
    await test.until('end');
    assert.equal(answers(test.events).at(-1)?.answeredMs, 51 * 64);
  });

  it('tells a running summary where one is due, and where one is asked for after all audio before', async () => {
    const test = new TestPump({ summaryMs: 500 });
    for (let n = 0; n < 5; n++) test.audio(0.256);
    test.line.add({ kind: 'summary', settle: test.settle('asked') });
    test.end();
    const events = await test.until('end');
    assert.deepEqual(
      answers(events).map(({ answeredMs, summary }) => [answeredMs, summary?.cause]),
      [
        [256, undefined],
        [512, 'interval'],
        [768, undefined],
        [1_024, 'interval'],
        [1_280, undefined],
        [1_280, 'request'],
      ],
    );
    assert.deepEqual(test.names([answers(events).at(-1)?.settle]), ['asked']);
  });

  it('has nothing to do for a summary or an end without audio', async () => {
    const test = new TestPump();
    test.line.add({ kind: 'summary', settle: test.settle('asked') });
    test.pump.run();
    test.end();
    const events = await test.until('end');
    assert.deepEqual(test.story, ['nothing', 'end']);
    const settles = events.map((event) => ('settle' in event ? event.settle : undefined));
    assert.deepEqual(test.names(settles), ['asked', 'end']);
  });

  it('begins anew with another clock, after the last words of what was before', async () => {
    const test = new TestPump();
    test.audio(0.3);
    test.line.add({ kind: 'restart', segment: { startTime: 9_000 } });
    test.audio(0.2);
    test.end();
    const events = await test.until('end');
    assert.deepEqual(test.story, ['open', 'answer', 'finish', 'open', 'answer', 'finish', 'end']);
    assert.deepEqual(
      events.flatMap((event) => (event.did === 'finish' ? [[event.reason, event.endMs]] : [])),
      [
        ['gap', 300],
        ['complete', 200],
      ],
    );
    assert.deepEqual(
      answers(events).map(({ segment, answeredMs }) => [segment.startTime, answeredMs]),
      [
        [1_000, 300],
        [9_000, 200],
      ],
    );
  });

  it('ends after the last words of what was before, also where nothing came since it began anew', async () => {
    const test = new TestPump();
    test.audio(0.3);
    test.line.add({ kind: 'restart', segment: { startTime: 9_000 } });
    test.end();
    await test.until('end');
    assert.deepEqual(test.story, ['open', 'answer', 'finish', 'end']);
  });

  it('lets time pass in the place of lost audio without the engine', async () => {
    const test = new TestPump();
    test.audio(0.128);
    await test.until('answer');
    const before = engine.samples;
    test.line.add({ kind: 'silence', sampleCount: 16_000 * 60 });
    test.audio(0.128);
    test.end();
    await test.until('end');
    assert.ok(engine.samples - before <= 3 * 1_024);
    assert.equal(answers(test.events).at(-1)?.answeredMs, 60_256);
  });

  it('waits with opening for what it is to wait for', async () => {
    let leave: () => void = () => undefined;
    const test = new TestPump({ after: new Promise<void>((resolve) => (leave = resolve)) });
    test.audio(0.1);
    await new Promise(setImmediate);
    assert.equal(engine.streams, 0);
    leave();
    test.end();
    await test.until('end');
    assert.deepEqual(test.story, ['open', 'answer', 'finish', 'end']);
  });

  describe('when the engine fails', () => {
    it('says so once, with all whose work is not done, and halts', async () => {
      const test = new TestPump();
      test.audio(0.064);
      await test.until('answer');
      engine.hold();
      for (let n = 0; n < 6; n++) test.audio(0.064, `${n}`);
      test.end();
      engine.failure = new InferenceError('The model ran away.');
      engine.release();
      const events = await test.until('fail');
      const failures = events.flatMap((event) => (event.did === 'fail' ? [event] : []));
      assert.equal(failures[0]?.error, engine.failure);
      assert.deepEqual(test.names(failures[0].waiting), ['0', '1', '2', '3', '4', '5', 'end']);
      test.audio(0.064, 'late');
      await new Promise(setImmediate);
      assert.deepEqual(test.story, ['open', 'answer', 'fail']);
      assert.deepEqual(test.names(test.pump.halt()), ['late']);
    });

    it('to open, has opened nothing', async () => {
      const failure = new Error('No engine.');
      const test = new TestPump({ open: () => Promise.reject(failure) });
      test.audio(0.1, 'a');
      const [event] = await test.until('fail');
      assert.ok(event?.did === 'fail');
      assert.equal(event.error, failure);
      assert.deepEqual(test.names(event.waiting), ['a']);
      await test.pump.closing;
    });

    it('at the last words, tells those who wait for the end', async () => {
      const test = new TestPump();
      test.audio(0.1);
      await test.until('answer');
      engine.failure = new InferenceError('The model ran away.');
      test.end();
      const events = await test.until('fail');
      const event = events.at(-1);
      assert.ok(event?.did === 'fail');
      assert.deepEqual(test.names(event.waiting), ['end']);
    });
  });

  describe('when it is halted', () => {
    it('gives back who waits, says nothing more, and leaves the engine', async () => {
      const test = new TestPump();
      test.audio(0.064);
      await test.until('answer');
      engine.hold();
      for (let n = 0; n < 6; n++) test.audio(0.064, `${n}`);
      test.end();
      assert.deepEqual(test.names(test.pump.halt()), ['0', '1', '2', '3', '4', '5', 'end']);
      assert.equal(engine.streams, 0);
      assert.equal(test.line.samples, 0);
      engine.release();
      await test.pump.closing;
      await new Promise(setImmediate);
      assert.deepEqual(test.story, ['open', 'answer']);
      assert.deepEqual(test.pump.halt(), []);
    });

    it('while it opens, leaves nothing open', async () => {
      let isAsked = false;
      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      const test = new TestPump({
        open: () => {
          isAsked = true;
          return gate.then(() => deeptone.openStream(OPTIONS));
        },
      });
      test.audio(0.1, 'a');
      await new Promise(setImmediate);
      assert.ok(isAsked);
      assert.deepEqual(test.names(test.pump.halt()), ['a']);
      open();
      await test.pump.closing;
      assert.deepEqual(test.events, []);
    });
  });
});
