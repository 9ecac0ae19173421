import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import helper from 'node-red-node-test-helper';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneFile from '../../nodes/deeptone-file';
import { Deeptone, type FileAnalysis, type TimeSeriesStep } from '../../src';
import { runFlow, useNodeRed, type OutgoingMessage, type RunningFlow } from './support/flow';
import { PHONE_CALL, RADIO_SHOW, SOUNDS, temporaryFolder, writeTone } from './support/sounds';

const NODES = [deeptoneEngine, deeptoneFile];

function start(
  node: Readonly<Record<string, unknown>> = {},
  engine: Readonly<Record<string, unknown>> = {},
): Promise<RunningFlow> {
  return runFlow(NODES, { type: 'deeptone-file', models: ['speech'], outputPeriod: '1024', ...node }, engine);
}

function steps(message: OutgoingMessage): readonly TimeSeriesStep[] {
  return message.payload as readonly TimeSeriesStep[];
}

describe('deeptone-file', () => {
  const folder = temporaryFolder();
  useNodeRed();

  describe('answers', () => {
    it('sends the time series, the summary and the transitions of a file on three outputs', async () => {
      const flow = await start();
      flow.send({ filename: RADIO_SHOW, topic: 'show', note: { from: 'test' } });
      const series = await flow.series.message();
      assert.equal(steps(series).length, 20);
      assert.deepEqual(
        steps(series).map(({ timestamp }) => timestamp),
        Array.from({ length: 20 }, (_, index) => index * 1_024),
      );
      assert.ok(steps(series)[3]?.results['speech']);

      const summary = (await flow.summary.message()).payload as Record<string, Record<string, number>>;
      const shares = Object.values(summary['speech'] ?? {});
      assert.equal(Math.round(shares.reduce((sum, share) => sum + share, 0) * 1e4), 10_000);

      const transitions = (await flow.transitions.message()).payload as Record<
        string,
        { timestamp_end: number }[]
      >;
      assert.equal(transitions['speech']?.at(-1)?.timestamp_end, 20_000);
    });

    it('numbers the speakers over all channels where that is set', async () => {
      const speakers: (readonly (string | undefined)[])[] = [];
      for (const commonSpeakers of [false, true]) {
        const flow = await start({ models: ['speaker-map'], commonSpeakers });
        flow.send({ filename: PHONE_CALL });
        await flow.transitions.message(2);
        assert.equal(flow.transitions.messages[0]?.insight?.['commonSpeakers'], commonSpeakers || undefined);
        speakers.push(
          flow.transitions.messages.map(({ payload }) => {
            const phases = (payload as Record<string, { result: string }[]>)['speaker-map'] ?? [];
            return phases.find(({ result }) => result.startsWith('speaker_'))?.result;
          }),
        );
        await helper.unload();
      }
      assert.deepEqual(speakers, [
        ['speaker_1', 'speaker_1'],
        ['speaker_1', 'speaker_2'],
      ]);
    });

    it('keeps the other properties of the message and adds facts about the answer', async () => {
      const flow = await start({ models: ['speech', 'gender'] });
      flow.send({ filename: RADIO_SHOW, topic: 'show', note: { from: 'test' } });
      for (const [inbox, kind] of [
        [flow.series, 'series'],
        [flow.summary, 'summary'],
        [flow.transitions, 'transitions'],
      ] as const) {
        const message = await inbox.message();
        assert.equal(message.topic, 'show');
        assert.deepEqual(message['note'], { from: 'test' });
        assert.equal(message['filename'], RADIO_SHOW);
        assert.equal(message.channel, 0);
        const { speed, text, ...facts } = message.insight ?? {};
        assert.match(String(text), kind === 'transitions' ? /^0:00 \w+, 0:\d\d \w+/u : /^\d+ % \w+, .*\.$/u);
        assert.ok(typeof speed === 'number' && speed > 0);
        assert.deepEqual(facts, {
          kind,
          node: 'deeptone-file',
          models: ['speech', 'gender'],
          outputPeriod: 1_024,
          filename: RADIO_SHOW,
          duration: 20_000,
          evaluation: true,
          channel: 0,
        });
      }
    });

    it('sends what was heard as a sentence, and says it in short under the node', async () => {
      const flow = await start({ sendAs: 'text' });
      flow.send({ filename: RADIO_SHOW });
      const { payload, insight } = await flow.series.message();
      assert.match(String(payload), /^\d+ % (?:speech|music), \d+ % \w+.*\(-\d+(?:\.\d)? dB\)\.$/u);
      assert.equal(insight?.['kind'], 'text');
      assert.equal(insight['text'], payload);
      const { status } = await flow.statuses.find(({ status }) => / %/u.test(status?.text ?? ''));
      assert.match(status?.text ?? '', /^\d+ % (?:speech|music), \d+ % \w+/u);
      assert.ok(String(payload).startsWith((status?.text ?? '').slice(0, 20)));
    });

    it('sends one message per channel', async () => {
      const flow = await start();
      flow.send({ filename: PHONE_CALL });
      await flow.series.message(2);
      await flow.transitions.message(2);
      assert.deepEqual(
        flow.series.messages.map(({ channel }) => channel),
        [0, 1],
      );
      assert.notDeepEqual(flow.series.messages[0]?.payload, flow.series.messages[1]?.payload);
    });

    it('gives each message properties of its own', async () => {
      const flow = await start({ sendAs: 'deeptone' });
      flow.send({ filename: PHONE_CALL, call: { id: 7 } });
      const complete = await flow.series.message();
      const [one, other] = [await flow.summary.message(1), await flow.summary.message(2)];
      assert.notEqual(one['call'], other['call']);
      assert.deepEqual(one['call'], other['call']);
      const { channels } = complete.payload as FileAnalysis;
      assert.deepEqual(one.payload, channels['0']?.summary);
      assert.notEqual(one.payload, channels['0']?.summary);
    });

    it('sends only the channel that it is set to', async () => {
      const flow = await start({ channel: '1' });
      flow.send({ filename: PHONE_CALL });
      await flow.completed.message();
      assert.deepEqual(
        flow.series.messages.map(({ channel }) => channel),
        [1],
      );
      assert.equal(flow.series.messages[0]?.insight?.['channel'], 1);
    });

    it('sends steps as a sequence that Join puts together', async () => {
      const flow = await start({ sendAs: 'steps', outputPeriod: '2048' });
      flow.send({ filename: RADIO_SHOW, parts: { id: 'outer', index: 4, count: 9 } });
      await flow.series.message(10);
      const parts = flow.series.messages.map(
        (message) => message.parts as unknown as Record<string, unknown>,
      );
      assert.equal(new Set(parts.map(({ id }) => id)).size, 1);
      assert.deepEqual(
        parts.map(({ index }) => index),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      );
      assert.ok(parts.every(({ count, type }) => count === 10 && type === 'array'));
      assert.deepEqual(parts[0]?.['parts'], { id: 'outer', index: 4, count: 9 });
      const [first] = flow.series.messages;
      assert.equal((first?.payload as TimeSeriesStep).timestamp, 0);
      assert.equal(first?.insight?.['kind'], 'step');
    });

    it('sends points for a chart: one line per class, at 0 in silence', async () => {
      const flow = await start({ sendAs: 'chart' });
      flow.send({ filename: RADIO_SHOW, deeptone: { volumeThreshold: 1 } });
      const silent = (await flow.series.message()).payload as { x: number; y: number; series: string }[];
      assert.equal(silent.length, 60);
      assert.deepEqual([...new Set(silent.map(({ series }) => series))].sort(), [
        'speech/music',
        'speech/other',
        'speech/speech',
      ]);
      assert.ok(silent.every(({ y }) => y === 0));
      flow.send({ filename: RADIO_SHOW, deeptone: { volumeThreshold: 0 } });
      const loud = (await flow.series.message(2)).payload as { x: number; y: number }[];
      const atSecondStep = loud.filter(({ x }) => x === 1_024).reduce((sum, { y }) => sum + y, 0);
      assert.ok(Math.abs(atSecondStep - 1) < 0.01);
    });

    it('sends the complete object of the API reference', async () => {
      const flow = await start({ sendAs: 'deeptone', includeRawValues: true });
      flow.send({ filename: PHONE_CALL });
      const message = await flow.series.message();
      await flow.summary.message(2);
      assert.equal(message.insight?.['kind'], 'deeptone');
      const deeptone = new Deeptone();
      try {
        const expected: FileAnalysis = await deeptone.processFile(PHONE_CALL, {
          models: ['speech'],
          outputPeriod: 1_024,
          includeRawValues: true,
          includeSummary: true,
          includeTransitions: true,
        });
        assert.deepEqual(message.payload, expected);
      } finally {
        await deeptone.close();
      }
    });

    it('completes each message once, after its outputs', async () => {
      const flow = await start();
      flow.send({ filename: PHONE_CALL, topic: 'first' });
      flow.send({ filename: RADIO_SHOW, topic: 'second' });
      await flow.completed.message(2);
      assert.deepEqual(
        flow.completed.messages.map(({ topic }) => topic),
        ['first', 'second'],
      );
      assert.equal(flow.transitions.messages.length, 3);
      assert.equal(flow.caught.messages.length, 0);
    });
  });

  describe('options of a message', () => {
    it('win over the settings of the node', async () => {
      const flow = await start({ models: ['gender'], outputPeriod: '64', channel: '1' });
      flow.send({
        filename: PHONE_CALL,
        deeptone: {
          models: ['speech-rt', 'speech'],
          outputPeriod: 512,
          channel: null,
          includeRawValues: true,
          includeSummary: false,
          includeTransitions: false,
        },
      });
      await flow.completed.message();
      assert.deepEqual(
        flow.series.messages.map(({ channel }) => channel),
        [0, 1],
      );
      const [message] = flow.series.messages;
      assert.ok(message);
      assert.deepEqual(
        steps(message)
          .slice(0, 2)
          .map(({ timestamp }) => timestamp),
        [0, 512],
      );
      assert.deepEqual(Object.keys(steps(message)[0]?.results ?? {}), ['speech-rt', 'speech']);
      assert.ok(steps(message)[0]?.raw?.['speech']);
      assert.equal(flow.summary.messages.length, 0);
      assert.equal(flow.transitions.messages.length, 0);
    });

    it('with an unknown name are an error that names what is accepted', async () => {
      const flow = await start();
      flow.send({ filename: RADIO_SHOW, deeptone: { outputperiod: 64 } });
      const { error } = await flow.caught.message();
      assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
      assert.match(error.message, /"outputperiod" in msg\.deeptone.*outputPeriod/);
    });

    for (const [what, options, code, words] of [
      ['a period that is no multiple of 64', { outputPeriod: 100 }, 'DEEPTONE_INVALID_ARGUMENT', /100/],
      ['an unknown model', { models: ['speach'] }, 'DEEPTONE_MODEL_NOT_FOUND', /speach.*gender/],
      ['no model', { models: [] }, 'DEEPTONE_INVALID_ARGUMENT', /models/],
      ['a threshold of 2', { volumeThreshold: 2 }, 'DEEPTONE_INVALID_ARGUMENT', /volumeThreshold is 2/],
      ['a channel that the file has not', { channel: 7 }, undefined, /7/],
      ['text instead of an object', 'models', 'DEEPTONE_INVALID_ARGUMENT', /msg\.deeptone is a string/],
    ] as const) {
      it(`with ${what} fail, and the next message works`, async () => {
        const flow = await start();
        flow.send({ filename: RADIO_SHOW, deeptone: options });
        const { error } = await flow.caught.message();
        if (code) assert.equal(error?.code, code);
        assert.match(error?.message ?? '', words);
        flow.send({ filename: RADIO_SHOW });
        await flow.completed.message();
        assert.equal(flow.series.messages.length, 1);
      });
    }
  });

  describe('the file', () => {
    it('that is missing is an error with a code, and shows under the node', async () => {
      const flow = await start();
      flow.send({ filename: join(folder, 'nowhere.wav'), topic: 'lost' });
      const caught = await flow.caught.message();
      assert.equal(caught.error?.code, 'DEEPTONE_FILE_NOT_FOUND');
      assert.match(caught.error.message, /nowhere\.wav/);
      assert.equal(caught.topic, 'lost');
      const { status } = await flow.statuses.find(({ status }) => status?.fill === 'red');
      assert.match(status?.text ?? '', /error\.DEEPTONE_FILE_NOT_FOUND$/);
    });

    it('that is text under the name of a WAV file is bad audio', async () => {
      const path = join(folder, 'text.wav');
      writeFileSync(path, 'dear diary, '.repeat(50));
      const flow = await start();
      flow.send({ filename: path });
      const { error } = await flow.caught.message();
      assert.ok(
        error?.code === 'DEEPTONE_BAD_AUDIO' || error?.code === 'DEEPTONE_FFMPEG_FAILED',
        error?.code,
      );
    });

    it('without a name is an error', async () => {
      const flow = await start();
      flow.send({ payload: 'no name' });
      const { error } = await flow.caught.message();
      assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
      assert.match(error.message, /msg\.filename/);
    });

    it('with a relative name is looked for in fileWorkingDirectory', async () => {
      helper.settings({ fileWorkingDirectory: SOUNDS });
      const flow = await start();
      flow.send({ filename: 'radio-show.wav' });
      assert.equal((await flow.series.message()).insight?.['filename'], RADIO_SHOW);
    });

    for (const [how, name] of [
      ['with the line feed of an exec node', `${RADIO_SHOW}\n`],
      ['as the bytes of an exec node', Buffer.from(`${RADIO_SHOW}\r\n`)],
      ['as a file:// address', pathToFileURL(RADIO_SHOW).href],
      ['in the quotes of "Copy as path"', `"${RADIO_SHOW}"`],
      ['as an example sound, with a line feed', 'example:radio-show.wav\n'],
    ] as const) {
      it(`is found by a name ${how}`, async () => {
        const flow = await start();
        flow.send({ filename: name });
        assert.equal((await flow.series.message()).insight?.['filename'], RADIO_SHOW);
      });
    }

    it('at an http address is refused with a word about the address', async () => {
      const flow = await start();
      flow.send({ filename: 'http://127.0.0.1/a.wav' });
      const { error } = await flow.caught.message();
      assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
      assert.match(error.message, /"http:\/\/127\.0\.0\.1\/a\.wav" is an address/);
    });

    for (const [type, value] of [
      ['str', RADIO_SHOW],
      ['msg', 'where.is'],
      ['jsonata', '"radio" & "-show.wav"'],
      ['env', 'DEEPTONE_TEST_SOUND'],
      ['example', 'radio-show.wav'],
    ] as const) {
      it(`is named by the node's setting of type ${type}`, async () => {
        process.env['DEEPTONE_TEST_SOUND'] = RADIO_SHOW;
        helper.settings({ fileWorkingDirectory: SOUNDS });
        const flow = await start({ filename: value, filenameType: type });
        flow.send({ where: { is: RADIO_SHOW } });
        assert.equal((await flow.series.message()).insight?.['filename'], RADIO_SHOW);
      });
    }
  });

  describe('many and long files', () => {
    it('are answered in the order in which they came', async () => {
      const flow = await start();
      for (let turn = 0; turn < 5; turn++)
        flow.send({ filename: turn % 2 ? PHONE_CALL : RADIO_SHOW, topic: `${turn}` });
      await flow.completed.message(5);
      assert.deepEqual(
        flow.completed.messages.map(({ topic }) => topic),
        ['0', '1', '2', '3', '4'],
      );
    });

    it('wait in a bounded queue; what does not fit is refused', async () => {
      const flow = await start({ waitingMessages: '2' });
      for (let turn = 0; turn < 5; turn++) flow.send({ filename: RADIO_SHOW, topic: `${turn}` });
      await flow.completed.message(3);
      await flow.caught.message(2);
      assert.deepEqual(
        flow.completed.messages.map(({ topic }) => topic),
        ['0', '1', '2'],
      );
      assert.deepEqual(
        flow.caught.messages.map(({ topic }) => topic),
        ['3', '4'],
      );
      assert.ok(flow.caught.messages.every(({ error }) => error?.code === 'DEEPTONE_OVERLOADED'));
    });

    it('tell how far they are on a fourth output, up to 100', async () => {
      const path = join(folder, 'long.wav');
      writeTone(path, 30 * 60);
      const flow = await start({ progress: true, models: ['speech', 'gender'], outputPeriod: '64' });
      flow.send({ filename: path, topic: 'long' });
      await flow.completed.message();
      const told = flow.progress.messages.map(({ payload }) => payload as number);
      assert.ok(told.length >= 2);
      assert.equal(told.at(-1), 100);
      assert.deepEqual(
        told,
        [...told].sort((a, b) => a - b),
      );
      assert.equal(flow.progress.messages[0]?.insight?.['kind'], 'progress');
      assert.equal(flow.progress.messages[0].topic, 'long');
    });

    it('are stopped by a new deployment, and so is what waits', async () => {
      const path = join(folder, 'endless.wav');
      writeTone(path, 90 * 60);
      const flow = await start({ progress: true });
      const told: unknown[] = [];
      (flow.node as EventEmitter).on('call:error', (call: { args: unknown[] }) =>
        told.push((call.args[0] as { code?: string }).code),
      );
      flow.send({ filename: path });
      flow.send({ filename: RADIO_SHOW });
      await flow.progress.message();
      await helper.clearFlows();
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(told, ['DEEPTONE_ABORTED', 'DEEPTONE_ABORTED']);
      assert.equal(flow.series.messages.length, 0);
    });
  });

  it('without an engine says what to do', async () => {
    const flow = await start({ engine: '' });
    flow.send({ filename: RADIO_SHOW });
    const { error } = await flow.caught.message();
    assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
    assert.match(error.message, /no DeepTone engine/);
  });
});
