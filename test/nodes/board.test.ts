import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { LiveBoard, microphoneMessage, Takes, Uploads } from '../../nodes/board';
import { wordsFor } from '../../nodes/board/page-texts';
import { meet, pageOf, socketOf } from '../../nodes/board/clients';
import engine from '../../nodes/deeptone-engine';
import timeline from '../../nodes/ui-deeptone-timeline';
import { runFlow, useNodeRed } from './support/flow';

const HOUR_MS = 3_600_000;

function transitions(count: number, length: number): object {
  const speech = Array.from({ length: count }, (_, i) => ({
    timestamp_start: i * length,
    timestamp_end: (i + 1) * length,
    result: i % 2 === 0 ? 'speech' : 'silence',
    confidence: 0.9,
  }));
  return { speech };
}

function answer(kind: string, payload: unknown, more: object = {}): object {
  const insight = { kind, text: 'Speech.', duration: 2_000, outputPeriod: 500, filename: '/tmp/a.wav' };
  return { _msgid: 'one', channel: 0, payload, insight, ...more };
}

describe('What a timeline remembers', () => {
  it('puts the outputs of a node together, whatever their order', () => {
    const step = (timestamp: number, result: string): object => ({
      timestamp,
      results: { speech: { result, confidence: 0.8 } },
      level: { mean: -20, peak: -10 },
    });
    const series = answer('series', [step(0, 'speech'), step(500, 'speech'), step(1_000, 'music')]);
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const takes = new Takes();
      const messages = [series, answer('transitions', transitions(2, 1_000))];
      for (const index of order) takes.take(messages[index] ?? {});
      const [take, ...others] = takes.of(undefined);
      assert.deepEqual(others, []);
      assert.equal(take?.title, 'a.wav');
      assert.equal(take.duration, 2_000);
      const channel = take.channels['0'];
      assert.deepEqual(channel?.phases['speech'], [
        [0, 1_000, 'speech', 0.9],
        [1_000, 2_000, 'silence', 0.9],
      ]);
      assert.equal(channel.simplified, false);
      assert.deepEqual(channel.levels, { period: 500, mean: [-20, -20, -20], peak: [-10, -10, -10] });
    }
  });

  it('makes phases of steps where there are no transitions', () => {
    const takes = new Takes();
    const steps = [0, 500].map((timestamp) => ({
      timestamp,
      results: { who: { speaker_top: 'speaker_1' } },
    }));
    takes.take(answer('series', steps, { channel: 1 }));
    assert.deepEqual(takes.of(undefined)[0]?.channels['1']?.phases['who'], [[0, 1_000, 'speaker_1', 1]]);
  });

  it('keeps what is for one browser from the others, and no more than a few of each', () => {
    const takes = new Takes();
    for (let i = 0; i < 20; i++) {
      takes.take(answer('summary', {}, { _msgid: `shared-${i}` }));
      takes.take(answer('summary', {}, { _msgid: `own-${i}`, _client: { socketId: 'me' } }));
    }
    assert.equal(takes.of(undefined).length, 6);
    assert.equal(takes.of('somebody').length, 6);
    assert.equal(takes.of('me').length, 8);
  });

  it('bounds what ten hours give', () => {
    const takes = new Takes();
    takes.take(answer('transitions', transitions(100_000, (10 * HOUR_MS) / 100_000)));
    const { phases: rows, simplified } = takes.of(undefined)[0]?.channels['0'] ?? {};
    assert.equal(simplified, true, 'and it is said');
    const phases = rows?.['speech'] ?? [];
    assert.ok(phases.length > 1_000 && phases.length <= 20_000, `${phases.length}`);
    assert.deepEqual([phases[0]?.[0], phases.at(-1)?.[1]], [0, 10 * HOUR_MS]);
    phases.forEach((phase, i) => {
      assert.equal(phase[0], phases[i - 1]?.[1] ?? 0);
    });
    const step = (_: unknown, i: number): object => ({
      timestamp: i * 256,
      results: {},
      level: { mean: -30, peak: i === 777 ? -1 : -20 },
    });
    takes.take(answer('series', Array.from({ length: 140_625 }, step)));
    const levels = takes.of(undefined)[0]?.channels['0']?.levels;
    assert.ok(levels && levels.peak.length <= 8_000);
    assert.equal(Math.max(...levels.peak), -1, 'the loudest moment is still there');
  });

  for (const hostile of [
    null,
    7,
    {},
    { insight: 'transitions' },
    answer('transitions', null),
    answer('series', 'x'),
    answer('deeptone', [1]),
  ]) {
    it(`lives with ${JSON.stringify(hostile).slice(0, 60)}`, () => {
      new Takes().take(hostile as object);
      new LiveBoard(1_000).take(hostile as object);
    });
  }
});

describe('What a live widget remembers', () => {
  const told = (kind: string, payload: object, more: object = {}): object => ({
    payload,
    insight: { kind, stream: 'hall', duration: 1_000, text: '"hall" begins.' },
    ...more,
  });

  it('keeps the last minutes, for late viewers', () => {
    let now = 1_000_000;
    const board = new LiveBoard(60_000, () => now);
    const step = {
      timestamp: 0,
      time: now,
      results: { speech: { result: 'music' } },
      level: { mean: -12, peak: -3 },
    };
    board.take(told('step', step));
    board.take(
      told('transition', {
        model: 'speech',
        result: 'music',
        time: now,
        timestamp_start: 0,
        timestamp_end: 500,
      }),
    );
    board.take(told('event', { kind: 'opened' }));
    assert.deepEqual(board.of(undefined), [
      { stream: 'hall', time: now, labels: { speech: 'music' }, level: [-12, -3] },
      { stream: 'hall', time: now, model: 'speech', label: 'music', end: now + 500 },
      { stream: 'hall', time: now, event: 'opened', text: '"hall" begins.' },
    ]);
    now += 61_000;
    assert.deepEqual(board.of(undefined), []);
  });

  it('tells the microphone of one browser to that browser alone', () => {
    const board = new LiveBoard(60_000);
    board.take(told('event', { kind: 'opened' }, { _client: { socketId: 'me' } }));
    assert.equal(board.of('me').length, 1);
    assert.equal(board.of('other').length, 0);
    assert.equal(board.of(undefined).length, 0);
  });

  it('is bounded however short steps are', () => {
    const board = new LiveBoard(HOUR_MS);
    for (let i = 0; i < 25_000; i++) board.take(told('step', { timestamp: i, results: {} }));
    assert.ok(board.of(undefined).length <= 20_000);
  });
});

describe('A page whose connection was lost', () => {
  it('is the same page with its next one, for the last two thousand', () => {
    assert.equal(meet('page', 'one'), 'page');
    meet('page', 'two');
    assert.deepEqual([pageOf('one'), pageOf('two'), socketOf('page')], ['page', 'page', 'two']);
    for (let i = 0; i < 2_000; i++) meet(`page ${i}`, `socket ${i}`);
    assert.deepEqual([pageOf('two'), pageOf('socket 1999')], ['two', 'page 1999']);
  });
});

describe('The words of a page', () => {
  it('name models that people taught as they are read', () => {
    const words = wordsFor({ _: (key: string) => key }, [
      ['door-bell', 'door_bell'],
      ['speaker-map', 'speaker_1'],
    ]);
    assert.equal(words['door-bell'], 'door bell');
    assert.equal(words['speaker-map'], 'who speaks');
    assert.equal(words['door-bell/door_bell'], 'door bell');
  });
});

describe('The microphone of a page', () => {
  const pcm = Buffer.alloc(3_200);

  it('becomes messages for the stream node, of one stream for each browser', () => {
    assert.deepEqual(microphoneMessage({ pcm, rate: 16_000, seq: 4 }, 'microphone', 'abcdefghij'), {
      topic: 'microphone/abcdef',
      _client: { socketId: 'abcdefghij' },
      payload: pcm,
      contentType: 'audio/pcm;rate=16000;channels=1',
      userProperties: { seq: '4' },
    });
    assert.equal(microphoneMessage({ end: true }, 'm', 'abcdefghij')['complete' as never], true);
  });

  for (const value of [
    null,
    {},
    { pcm: 'x', rate: 16_000 },
    { pcm: Buffer.alloc(3), rate: 16_000 },
    { pcm, rate: 5 },
    { pcm: Buffer.alloc(1e6), rate: 16_000 },
  ]) {
    it(`is refused where it is ${JSON.stringify(value).slice(0, 50)}`, () => {
      assert.throws(() => microphoneMessage(value, 'm', 'x'), /something else than sound/);
    });
  }
});

describe('An upload', () => {
  function request(pieces: readonly Buffer[], length = Buffer.concat(pieces).length): IncomingMessage {
    const stream = Readable.from(pieces) as unknown as IncomingMessage;
    stream.headers = { 'content-length': String(length) };
    stream.complete = true;
    return stream;
  }
  const wav = Buffer.concat([Buffer.from('RIFF\x24\x10\0\0WAVEfmt '), Buffer.alloc(9_000)]);
  let uploads: Uploads;
  beforeEach(() => {
    uploads = new Uploads(1_000_000, 2);
  });
  afterEach(() => uploads.close());

  it('is a file that nobody else may read, until there are too many or the node ends', async () => {
    const paths: string[] = [];
    for (let i = 0; i < 3; i++) paths.push((await uploads.take(request([wav]), `../../${i}.wav`)).path);
    assert.deepEqual(paths.map(existsSync), [false, true, true]);
    assert.match(paths[1] ?? '', /[/\\][0-9a-f-]{36}\.wav$/);
    await uploads.close();
    assert.ok(!existsSync(dirname(paths[1] ?? '')));
  });

  it('is deleted where all of them together are too large, the oldest first', async () => {
    const large = Buffer.concat([wav, Buffer.alloc(900_000)]);
    const many = new Uploads(1_000_000, 20);
    const paths: string[] = [];
    for (let i = 0; i < 7; i++) paths.push((await many.take(request([large]), `${i}.wav`)).path);
    assert.deepEqual(paths.map(existsSync), [false, false, true, true, true, true, true]);
    await many.close();
  });

  it('comes with few others at the same time', async () => {
    const gates: (() => void)[] = [];
    const slow = (): IncomingMessage => {
      const waits = new Promise<void>((open) => gates.push(open));
      const stream = Readable.from(
        (async function* () {
          yield wav;
          await waits;
        })(),
      ) as unknown as IncomingMessage;
      return Object.assign(stream, { headers: {}, complete: true });
    };
    const first = Array.from({ length: 4 }, () => uploads.take(slow(), 'a.wav'));
    await assert.rejects(uploads.take(request([wav]), 'b.wav'), { code: 'DEEPTONE_OVERLOADED' });
    for (const open of gates) open();
    await Promise.all(first);
    await uploads.take(request([wav]), 'b.wav');
  });

  it('of a process that was killed is removed, and of one that runs it is not', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    const folderOf = (id: number): string => join(tmpdir(), `deeptone-uploads-${id}`);
    const [dead, alive] = [folderOf(pid), folderOf(process.ppid)];
    for (const folder of [dead, alive]) mkdirSync(join(folder, 'one'), { recursive: true });
    // Each process looks once.
    const script = `const { Uploads } = require(${JSON.stringify(join(__dirname, '../../nodes/board'))});
      const request = Object.assign(require('node:stream').Readable.from([]), { headers: {}, complete: true });
      new Uploads(1, 1).take(request, 'a.wav').catch(() => undefined);`;
    spawnSync(process.execPath, ['-e', script]);
    assert.deepEqual([existsSync(dead), existsSync(alive)], [false, true]);
    rmSync(alive, { recursive: true });
  });

  it('that is no sound is refused in words, as is what is empty or too large', async () => {
    await assert.rejects(uploads.take(request([Buffer.from('# Read me\n'.repeat(50))]), 'README.md'), {
      code: 'DEEPTONE_BAD_AUDIO',
      message: /"README.md" is not audio: it is text that begins "# Read me/,
    });
    await assert.rejects(uploads.take(request([]), 'a.wav'), {
      code: 'DEEPTONE_BAD_AUDIO',
      message: /empty/,
    });
    await assert.rejects(uploads.take(request([wav], 2e9), 'a.wav'), {
      code: 'DEEPTONE_TOO_LARGE',
      message: 'The file has 2000 MB; at most 1 MB are taken.',
    });
    const endless = Array.from({ length: 200 }, () => wav);
    await assert.rejects(uploads.take(request(endless, 0), 'a.wav'), { code: 'DEEPTONE_TOO_LARGE' });
  });

  it('that is cut leaves nothing behind', async () => {
    const cut = Readable.from(
      (function* () {
        yield wav;
        throw new Error('aborted');
      })(),
    ) as unknown as IncomingMessage;
    Object.assign(cut, { headers: {}, complete: false });
    await assert.rejects(uploads.take(cut, 'a.wav'), { message: '"a.wav" was cut while it came.' });
  });
});

describe('A widget without Dashboard', () => {
  useNodeRed();

  it('is known, and takes messages without an error', async () => {
    const flow = await runFlow([engine, timeline], {
      id: 'node',
      type: 'ui-deeptone-timeline',
      z: 'flow',
      group: 'gone',
      wires: [],
    });
    flow.send({ ...answer('transitions', transitions(2, 500)) });
    await flow.completed.message();
    assert.deepEqual(flow.caught.messages, []);
  });
});
