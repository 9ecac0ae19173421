import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import type { NodeStatus } from 'node-red';
import { chartPoints, type ChartedStep } from '../../nodes/answers/chart';
import { messagesOf } from '../../nodes/answers/messages';
import { ENGLISH } from '../../src/insight';
import { mergeOptions } from '../../nodes/shared/options';
import { StatusLine } from '../../nodes/shared/status-line';
import { WorkQueue } from '../../nodes/answers/work-queue';
import { codeOf, failureStatus, NoEngineError } from '../../nodes/shared/failure';
import { InvalidArgumentError, type ModelResults } from '../../src';

describe('Points for a chart', () => {
  const steps: readonly ChartedStep[] = [
    {
      timestamp: 0,
      results: { 'speaker-map': { speaker_top: 'no_speech', speaker_count: 0 } } as ModelResults,
    },
    {
      timestamp: 64,
      results: {
        'speaker-map': { speaker_top: 'speaker_1', speaker_count: 1 },
        gender: { result: 'unknown', confidence: 0.1 },
      } as ModelResults,
      raw: { gender: { female: 0.55, male: 0.45 } },
    },
    {
      timestamp: 128,
      results: {
        'speaker-map': { speaker_top: 'anna', speaker_count: 1 },
        gender: { result: 'no_speech', confidence: 0.9 },
      } as ModelResults,
      raw: { gender: { female: 0.7, male: 0.3 } },
    },
  ];

  it('have one line per speaker, from the first step on, at 1 while the speaker talks', () => {
    const lines = chartPoints(steps).filter(({ series }) => series.startsWith('speaker-map/'));
    assert.deepEqual(
      lines.map(({ x, y, series }) => [x, y, series]),
      [
        [0, 0, 'speaker-map/speaker_1'],
        [0, 0, 'speaker-map/anna'],
        [64, 1, 'speaker-map/speaker_1'],
        [64, 0, 'speaker-map/anna'],
        [128, 0, 'speaker-map/speaker_1'],
        [128, 1, 'speaker-map/anna'],
      ],
    );
  });

  it('are probabilities where a model is unsure, and 0 where its gate is shut', () => {
    const lines = chartPoints(steps).filter(({ series }) => series === 'gender/female');
    assert.deepEqual(
      lines.map(({ x, y }) => [x, y]),
      [
        [64, 0.55],
        [128, 0],
      ],
    );
  });
});

describe('Messages of an answer', () => {
  it('leave the message that came in as it was', () => {
    const source = Object.freeze({ _msgid: 'm', payload: 'before', topic: 't' });
    const facts = { node: 'deeptone-file', models: ['speech'], outputPeriod: 64, duration: 64, speed: 1 };
    const channel = { time_series: [], summary: { level: { mean: -20, peak: -3 } }, transitions: {} };
    const [outputs] = messagesOf({
      source,
      channels: { 2: channel },
      complete: channel,
      facts,
      sendAs: 'series',
      words: ENGLISH,
      newId: () => 'id',
      clone: structuredClone,
    });
    assert.deepEqual(source, { _msgid: 'm', payload: 'before', topic: 't' });
    assert.deepEqual(outputs?.[1], {
      _msgid: 'm',
      topic: 't',
      payload: channel.summary,
      channel: 2,
      insight: { kind: 'summary', text: 'Nothing was heard (-20 dB).', ...facts, channel: 2 },
    });
  });
});

describe('Options of a message over those of the node', () => {
  it('win, where null asks for the default and undefined says nothing', () => {
    assert.deepEqual(
      mergeOptions(
        { channel: 1, outputPeriod: 64 },
        { channel: null, outputPeriod: undefined, models: ['a'] },
      ),
      { outputPeriod: 64, models: ['a'] },
    );
  });
});

describe('What went wrong, under a node', () => {
  it('is which setting, and what is accepted', () => {
    const error = new InvalidArgumentError('hold is "abc": a number is accepted. See the help.');
    assert.equal(failureStatus(error).text, 'hold is "abc": a number is accepted');
    const long = failureStatus(new InvalidArgumentError(`input is "${'x'.repeat(500)}".`)).text ?? '';
    assert.ok(long.length <= 64 && long.startsWith('input is "x') && long.endsWith('…'), long);
  });

  it('is that there is no engine', () => {
    assert.match(failureStatus(new NoEngineError()).text ?? '', /status\.noEngine$/);
  });
});

describe('The line under a node', () => {
  function line(): { status: StatusLine; shown: NodeStatus[]; changed: EventEmitter } {
    const shown: NodeStatus[] = [];
    const changed = new EventEmitter();
    const status = new StatusLine({
      status: (value) => {
        shown.push(value as NodeStatus);
        changed.emit('shown');
      },
      error: () => undefined,
    });
    return { status, shown, changed };
  }

  it('is thinned out, and the last of many is always shown', async () => {
    const { status, shown, changed } = line();
    for (let n = 0; n < 1_000; n++) status.set({ text: String(n) });
    assert.deepEqual(shown, [{ text: '0' }]);
    // The line's own timer does not keep a process alive.
    const alive = setInterval(() => undefined, 1_000);
    await once(changed, 'shown');
    clearInterval(alive);
    assert.deepEqual(shown, [{ text: '0' }, { text: '999' }]);
  });

  it('is shown in time also when the clock of the machine was set back', async () => {
    const { status, shown, changed } = line();
    const now = Date.now;
    try {
      status.set({ text: 'before' });
      Date.now = () => now() - 3_600_000;
      status.set({ text: 'after' });
      const alive = setInterval(() => undefined, 1_000);
      await once(changed, 'shown');
      clearInterval(alive);
    } finally {
      Date.now = now;
    }
    assert.deepEqual(shown.at(-1), { text: 'after' });
  });

  it('belongs to the node once it has spoken, but for what is red', async () => {
    const { status, shown, changed } = line();
    status.setFromOutside({ text: 'ready' });
    status.set({ text: 'analysing' });
    status.setFromOutside({ text: 'ready' });
    const alive = setInterval(() => undefined, 1_000);
    await once(changed, 'shown');
    status.setFromOutside({ fill: 'red', text: 'license expired' });
    await once(changed, 'shown');
    clearInterval(alive);
    assert.deepEqual(
      shown.map(({ text }) => text),
      ['ready', 'analysing', 'license expired'],
    );
  });
});

describe('A queue of work', () => {
  const refuseNothing = (error: Error): void => {
    throw error;
  };

  it('does as many at once as set, the others in order of arrival', async () => {
    const queue = new WorkQueue(2, 10);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    for (let n = 0; n < 4; n++) {
      queue.add(() => {
        begun.push(n);
        return new Promise((resolve) => ends.push(resolve));
      }, refuseNothing);
    }
    assert.deepEqual([begun, queue.running, queue.waiting], [[0, 1], 2, 2]);
    ends[1]?.();
    await new Promise(setImmediate);
    assert.deepEqual([begun, queue.running, queue.waiting], [[0, 1, 2], 2, 1]);
    for (const end of ends) end();
    await new Promise(setImmediate);
    for (const end of ends) end();
    await queue.close();
    assert.deepEqual(begun, [0, 1, 2, 3]);
  });

  it('refuses what does not fit, what waits at its end, and what comes after', async () => {
    const queue = new WorkQueue(1, 1);
    const codes: unknown[] = [];
    const refuse = (error: Error): void => void codes.push(codeOf(error));
    const untilAborted = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
    for (let n = 0; n < 3; n++) queue.add(untilAborted, refuse);
    assert.deepEqual(codes, ['DEEPTONE_OVERLOADED']);
    await queue.close();
    queue.add(untilAborted, refuse);
    assert.deepEqual(codes, ['DEEPTONE_OVERLOADED', 'DEEPTONE_ABORTED', 'DEEPTONE_CLOSED']);
  });

  it('lets so many bytes wait, and what would wait alone however large it is', async () => {
    const queue = new WorkQueue(1, 10, () => 100);
    const codes: unknown[] = [];
    const refuse = (error: Error): void => void codes.push(codeOf(error));
    const ends: (() => void)[] = [];
    const work = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    for (const bytes of [500, 400, 1]) queue.add(work, refuse, bytes);
    assert.deepEqual([codes, queue.waiting], [['DEEPTONE_OVERLOADED'], 1]);
    ends[0]?.();
    await new Promise(setImmediate);
    for (const bytes of [60, 40, 1]) queue.add(work, refuse, bytes);
    assert.deepEqual([codes.length, queue.waiting], [2, 2]);
    const closed = queue.close();
    for (const end of ends) end();
    await closed;
  });

  it('that could never do anything is refused', () => {
    for (const parallel of [0, -1]) assert.throws(() => new WorkQueue(parallel, 1), InvalidArgumentError);
  });
});
