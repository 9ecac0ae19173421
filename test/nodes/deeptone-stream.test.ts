import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import type { NodeInitializer } from 'node-red';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneStream from '../../nodes/deeptone-stream';
import { Deeptone, type ChannelAnalysis, type TimeSeriesStep } from '../../src';
import { PcmDecoder, WavStreamReader } from '../../src/audio';
import { encodeSamples, makeWav, noise } from '../tools/audio';
import { runFlow, useNodeRed, type OutgoingMessage, type RunningFlow } from './support/flow';
import { RADIO_SHOW, temporaryFolder } from './support/sounds';

const fileNodes = createRequire(__filename)('@node-red/nodes/core/storage/10-file') as NodeInitializer;
const NODES = [deeptoneEngine, deeptoneStream];
const MODELS = ['speech', 'gender'];
/** The radio show of the examples, 20 s at 16 kHz; its mu-law samples are whole in 16 bit. */
const SHOW = readWav(readFileSync(RADIO_SHOW));
const WAV = makeWav([SHOW]);
/** Raw samples: 16 bit, little-endian. */
const PCM = Buffer.from(encodeSamples([SHOW], 's16le'));

function readWav(bytes: Buffer): Float32Array {
  const reader = new WavStreamReader();
  const [run] = reader.push(bytes);
  assert.ok(run);
  return new PcmDecoder(run.format).push(run.audio)[0] ?? new Float32Array(0);
}

function start(
  node: Readonly<Record<string, unknown>> = {},
  engine: Readonly<Record<string, unknown>> = {},
): Promise<RunningFlow> {
  return runFlow(NODES, { type: 'deeptone-stream', models: MODELS, outputPeriod: '1024', ...node }, engine);
}

/** Bytes of so many milliseconds of 16-bit 16 kHz mono. */
function piece(fromMs: number, toMs: number): Buffer {
  return PCM.subarray(fromMs * 32, toMs * 32);
}

function sendAll(flow: RunningFlow, topic: string, bytes = PCM, size = 3_200): void {
  for (let at = 0; at < bytes.length; at += size) {
    flow.send({ topic, payload: bytes.subarray(at, at + size) });
  }
  flow.send({ topic, complete: true });
}

function stepsOf(messages: readonly OutgoingMessage[]): TimeSeriesStep[] {
  return messages.map(({ payload }) => payload as TimeSeriesStep);
}

describe('deeptone-stream', () => {
  const folder = temporaryFolder();
  let whole: ChannelAnalysis;
  useNodeRed();

  before(async () => {
    const deeptone = new Deeptone();
    const options = { models: MODELS, outputPeriod: 1_024, includeSummary: true, includeTransitions: true };
    whole = (await deeptone.processFile(RADIO_SHOW, options)).channels['0'] ?? { time_series: [] };
    await deeptone.close();
  });

  describe('answers', () => {
    it('says of a stream what is said of the same file: steps, transitions, summary', async () => {
      const flow = await start();
      sendAll(flow, 'radio');
      const summary = await flow.summary.message();
      assert.deepEqual(stepsOf(flow.series.messages), whole.time_series);
      assert.deepEqual(summary.payload, whole.summary);
      const speech = flow.transitions.messages
        .map(({ payload }) => payload as Record<string, unknown>)
        .filter(({ model }) => model === 'speech')
        .map(({ timestamp_start, timestamp_end, result, confidence }) => ({
          timestamp_start,
          timestamp_end,
          result,
          confidence,
        }));
      assert.deepEqual(speech, whole.transitions?.['speech']);
    });

    it('keeps the properties of the last message but the audio, and adds facts', async () => {
      const flow = await start();
      const userProperties = { seq: '7' };
      flow.send({
        topic: 'radio',
        payload: piece(0, 1_500),
        note: { from: 'test' },
        contentType: 'audio/pcm',
        userProperties,
        parts: { id: 'x', index: 0 },
      });
      const { insight, _msgid, ...step } = await flow.series.message();
      assert.ok(_msgid);
      assert.deepEqual(
        { ...step, payload: undefined },
        { topic: 'radio', payload: undefined, note: { from: 'test' }, userProperties },
      );
      const { speed, text, ...facts } = insight ?? {};
      assert.match(String(text), /^\w+.* \(-\d+(?:\.\d)? dB\)\.$/u);
      assert.ok(typeof speed === 'number' || speed === null);
      assert.deepEqual(facts, {
        kind: 'step',
        node: 'deeptone-stream',
        models: MODELS,
        outputPeriod: 1_024,
        stream: 'radio',
        duration: 1_500,
        evaluation: true,
      });
    });

    it('gives each message properties of its own', async () => {
      const flow = await start({ outputPeriod: '512' });
      flow.send({ topic: 'radio', payload: piece(0, 1_100), note: { count: 0 } });
      const first = await flow.series.message();
      (first['note'] as { count: number }).count++;
      const second = await flow.series.message(2);
      assert.deepEqual(second['note'], { count: 0 });
    });

    it('sends points for a chart, and the time of day with them', async () => {
      const flow = await start({ sendAs: 'chart', wallClock: true, models: ['speech'] });
      const ts = 1_700_000_000_000;
      flow.send({ topic: 'radio', payload: piece(0, 2_100), userProperties: { ts: String(ts) } });
      const points = (await flow.series.message(2)).payload as { x: number; y: number; series: string }[];
      assert.deepEqual(points.map(({ series }) => series).sort(), [
        'speech/music',
        'speech/other',
        'speech/speech',
      ]);
      assert.ok(points.every(({ x, y }) => x === ts + 1_024 && y >= 0 && y <= 1));
    });

    it('adds the time of day to steps and transitions where that is set', async () => {
      const flow = await start({ wallClock: true });
      const ts = 1_700_000_000_000;
      flow.send({ topic: 'radio', payload: PCM, complete: true, userProperties: { ts: String(ts) } });
      await flow.summary.message();
      for (const [n, message] of flow.series.messages.entries()) {
        assert.equal((message.payload as { time: number }).time, ts + n * 1_024);
      }
      for (const { payload } of flow.transitions.messages) {
        const { time, timestamp_start } = payload as { time: number; timestamp_start: number };
        assert.equal(time, ts + timestamp_start);
      }
    });

    it('sends a running summary at intervals, on request, and at the end, and says which', async () => {
      const flow = await start({ summaryEvery: '5' });
      sendAll(flow, 'radio', PCM.subarray(0, 12 * 32_000));
      flow.send({ topic: 'other', payload: piece(0, 1_000) });
      flow.send({ topic: 'other', summary: true, payload: Date.now() });
      const causes = [await flow.summary.message(4)].flatMap(() =>
        flow.summary.messages.map(({ topic, insight }) => `${topic} ${String(insight?.['cause'])}`),
      );
      assert.deepEqual(causes.sort(), ['other request', 'radio end', 'radio interval', 'radio interval']);
    });

    it('answers the message that asks for a summary or the end with its properties', async () => {
      const flow = await start();
      flow.send({ topic: 'radio', payload: piece(0, 1_500), from: 'audio' });
      flow.send({ topic: 'radio', summary: true, from: 'request' });
      await flow.summary.message();
      flow.send({ topic: 'radio', complete: true, from: 'end' });
      await flow.summary.message(2);
      assert.deepEqual(
        flow.summary.messages.map((message) => message['from']),
        ['request', 'end'],
      );
    });

    it('sends transitions when they begin too, where that is set', async () => {
      const flow = await start({ tellBegin: true });
      sendAll(flow, 'radio');
      await flow.summary.message();
      const phases = flow.transitions.messages.map(
        ({ payload }) => payload as { model: string; timestamp_end: number | null },
      );
      const begun = phases.filter(({ timestamp_end }) => timestamp_end === null);
      assert.equal(begun.length * 2, phases.length);
    });

    it('sends the sound of phases, with what was before and after', async () => {
      const flow = await start({
        ...{ segments: true, segmentModel: 'speech', segmentResults: 'speech', wallClock: true },
        ...{ segmentBefore: '500', segmentAfter: '100', segmentHold: '0', segmentMinimum: '300' },
      });
      sendAll(flow, 'radio');
      await flow.summary.message();
      const long = (whole.transitions?.['speech'] ?? []).filter(
        ({ result, timestamp_start, timestamp_end }) => {
          return result === 'speech' && timestamp_end - timestamp_start >= 1_000;
        },
      );
      assert.ok(long.length > 1);
      const sounds = flow.segments.messages;
      const phases = sounds.map(({ insight }) => insight?.['segment'] as Record<string, number>);
      for (const { timestamp_start: start, timestamp_end: end } of long) {
        const holding = phases.filter(({ phase_start = 0, phase_end = 0 }) => {
          return phase_start <= start && phase_end >= end;
        });
        assert.equal(holding.length, 1, `${start} of ${JSON.stringify(phases)}`);
      }
      for (const [index, { payload, topic }] of sounds.entries()) {
        const {
          timestamp_start: from = 0,
          timestamp_end: to = 0,
          phase_start = 0,
          time,
        } = phases[index] ?? {};
        assert.equal(topic, 'radio');
        assert.equal(from, Math.max(0, phase_start - 500));
        assert.ok(Number(time) > 1_700_000_000_000);
        assert.equal((payload as Buffer).length, 44 + (to - from) * 32);
      }
    });

    it('leaves out short transitions by a minimum and a hold time, and sends the raw ones beside them on request', async () => {
      const raw = MODELS.flatMap((model) => whole.transitions?.[model] ?? []).length;
      const flow = await start({ minimum: '500', hold: '500', tellRaw: true });
      sendAll(flow, 'radio');
      await flow.summary.message();
      const told = flow.transitions.messages;
      assert.equal(told.filter(({ insight }) => insight?.['raw'] === true).length, raw);
      const steady = told
        .filter(({ insight }) => insight?.['raw'] === undefined)
        .map(({ payload }) => payload as { timestamp_start: number; timestamp_end: number });
      assert.ok(steady.length > 0 && steady.length < raw, `${steady.length} of ${raw}`);
      for (const { timestamp_start, timestamp_end } of steady.slice(0, -MODELS.length)) {
        assert.ok(timestamp_end - timestamp_start >= 500 || timestamp_end === 20_000);
      }
    });
  });

  describe('streams', () => {
    it('are told apart by topic, or by what is set', async () => {
      for (const [setting, message] of [
        [{}, { topic: 'a' }],
        [{ key: 'device.name', keyType: 'msg' }, { device: { name: 'a' } }],
        [{ key: '"a" & where', keyType: 'jsonata' }, { where: '' }],
        [{ key: 'a', keyType: 'str' }, {}],
      ] as const) {
        const flow = await start(setting);
        flow.send({ ...message, payload: piece(0, 1_100) });
        assert.equal((await flow.series.message()).insight?.['stream'], 'a');
        await helper.unload();
        await helper.clearFlows();
      }
    });

    it('end with the part of a sequence that carries the count, as the file in node sends it', async () => {
      const path = join(folder, 'exact.wav');
      // As long as a whole number of reads: file in then sends the end in a message of its own, without a topic.
      writeFileSync(path, WAV.subarray(0, 5 * 65_536));
      for (const [file, seconds] of [
        [RADIO_SHOW, 20],
        [path, (5 * 65_536 - 44) / 32_000],
      ] as const) {
        const fileIn = {
          id: 'in',
          type: 'file in',
          z: 'flow',
          filename: file,
          format: 'stream',
          wires: [['node']],
        };
        const node = {
          type: 'deeptone-stream',
          models: ['speech'],
          outputPeriod: '1024',
          key: 'radio',
          keyType: 'str',
        };
        const flow = await runFlow([...NODES, fileNodes], node, {}, {}, [fileIn]);
        helper.getNode('in').receive({ topic: 'radio' });
        const summary = await flow.summary.message();
        assert.equal(summary.insight?.['duration'], Math.round(seconds * 1_000));
        await helper.unload();
      }
    });

    it('are forgotten by reset without a word, one by topic or all', async () => {
      const flow = await start();
      for (const topic of ['a', 'b', 'c']) flow.send({ topic, payload: piece(0, 1_100) });
      await flow.series.message(3);
      flow.send({ topic: 'a', reset: true });
      flow.send({ topic: 'a', payload: piece(0, 1_100) });
      assert.deepEqual(stepsOf([await flow.series.message(4)])[0]?.timestamp, 0);
      flow.send({ reset: true });
      for (const topic of ['a', 'b', 'c']) flow.send({ topic, complete: true });
      await flow.completed.message(9);
      assert.equal(flow.summary.messages.length, 0);
    });

    it('open with the options of their first message', async () => {
      const flow = await start();
      flow.send({
        topic: 'a',
        payload: piece(0, 1_100),
        deeptone: { models: ['arousal'], outputPeriod: 512 },
      });
      flow.send({ topic: 'a', payload: piece(1_100, 2_200) });
      const steps = [await flow.series.message(4)].flatMap(() => stepsOf(flow.series.messages));
      assert.deepEqual(
        steps.map(({ timestamp, results }) => [timestamp, Object.keys(results)]),
        [0, 512, 1_024, 1_536].map((at) => [at, ['arousal']]),
      );
    });

    it('open with the defaults of the engine where their first message says null', async () => {
      // As the node is set, all is silence; by default, noise is none.
      const flow = await start({ volumeThreshold: '1' });
      const payload = noise(1.1);
      flow.send({ topic: 'a', payload });
      flow.send({ topic: 'b', payload, deeptone: { volumeThreshold: null } });
      await flow.series.message(2);
      const results = new Map(
        flow.series.messages.map(({ topic, payload: step }) => [topic, (step as TimeSeriesStep).results]),
      );
      assert.deepEqual(results.get('a')?.['speech'], { result: 'silence', confidence: 1 });
      assert.notDeepEqual(results.get('b')?.['speech'], { result: 'silence', confidence: 1 });
    });

    it('beyond the cap are refused, and the others go on', async () => {
      const flow = await start({ maxStreams: '2' });
      for (const topic of ['a', 'b', 'c', 'd']) flow.send({ topic, payload: piece(0, 1_100) });
      await flow.series.message(2);
      const { error } = await flow.caught.message(2);
      assert.equal(error?.code, 'DEEPTONE_OVERLOADED');
      assert.match(error.message, /There are 2 live streams/);
      flow.send({ topic: 'a', complete: true });
      await flow.summary.message();
      flow.send({ topic: 'c', payload: piece(0, 1_100) });
      await flow.series.find(({ topic }) => topic === 'c');
    });

    it('of others do not end with the end of one that was refused and has no name', async () => {
      const flow = await start({ maxStreams: '1' });
      flow.send({ topic: 'a', payload: piece(0, 1_100) });
      await flow.series.message();
      flow.send({ payload: piece(0, 1_100), complete: true });
      assert.equal((await flow.caught.message()).error?.code, 'DEEPTONE_OVERLOADED');
      flow.send({ topic: 'a', payload: piece(1_100, 2_200) });
      assert.equal(stepsOf([await flow.series.message(2)])[0]?.timestamp, 1_024);
      assert.equal(flow.summary.messages.length, 0);
    });

    it('have no name where the property that should name them is not there', async () => {
      const flow = await start({ key: 'device.name', keyType: 'msg' });
      flow.send({ payload: piece(0, 1_100) });
      assert.equal((await flow.series.message()).insight?.['stream'], '');
    });

    it('end after the idle timeout', async () => {
      const flow = await start({ idle: '0.2' });
      flow.send({ topic: 'a', payload: piece(0, 1_500) });
      const summary = await flow.summary.message();
      assert.equal(summary.insight?.['cause'], 'end');
      assert.equal(flow.series.messages.length, 2);
    });
  });

  describe('the format of raw samples', () => {
    const sound = noise(2);

    async function firstStep(node: object, message: object): Promise<unknown> {
      const flow = await start({ models: ['speech'], includeRawValues: true, ...node });
      flow.send({ topic: 'a', ...message });
      const { payload } = await flow.series.message();
      await helper.unload();
      return payload;
    }

    it('is believed of the message, of MQTT 5 or of the node, in the order that is set', async () => {
      const truth = await firstStep({}, { payload: Buffer.from(encodeSamples([sound], 's16le')) });
      const big = Buffer.from(encodeSamples([sound], 's16be'));
      const L16 = { payload: big, contentType: 'audio/L16;rate=16000;channels=1' };
      const wrong = { encoding: 'u8', rate: '8000' };
      assert.deepEqual(await firstStep(wrong, L16), truth);
      assert.deepEqual(
        await firstStep(
          { encoding: 's16be', trust: 'setting' },
          { payload: big, contentType: 'audio/basic' },
        ),
        truth,
      );
      assert.deepEqual(
        await firstStep(wrong, {
          ...L16,
          contentType: 'audio/basic',
          deeptone: { format: { encoding: 's16be', rate: 16_000, channels: 1 } },
        }),
        truth,
      );
      assert.deepEqual(
        await firstStep(
          { trust: 'mqtt,message,setting' },
          { ...L16, deeptone: { format: { encoding: 'u8' } } },
        ),
        truth,
      );
      assert.deepEqual(await firstStep(wrong, { payload: makeWav([sound]) }), truth);
    });

    it('of several channels is their average, or one by choice', async () => {
      const silence = new Float32Array(sound.length);
      const stereo = Buffer.from(encodeSamples([silence, sound], 's16le'));
      const format = { encoding: 's16le', rate: '16000', channels: '2' };
      const truth = await firstStep({}, { payload: Buffer.from(encodeSamples([sound], 's16le')) });
      assert.deepEqual(await firstStep({ ...format, channel: '1' }, { payload: stereo }), truth);
      const half = await firstStep(
        {},
        { payload: Buffer.from(encodeSamples([sound.map((x) => x / 2)], 's16le')) },
      );
      const mixed = await firstStep(format, { payload: stereo });
      assert.deepEqual((mixed as TimeSeriesStep).results, (half as TimeSeriesStep).results);
    });
  });

  describe('bad input', () => {
    const bad: readonly (readonly [string, object, string, RegExp])[] = [
      [
        'a text from an MQTT node in auto-detect mode',
        { payload: 'plain words!' },
        'DEEPTONE_BAD_AUDIO',
        /"a Buffer"/,
      ],
      ['a parsed JSON object', { payload: { key: 'audio' } }, 'DEEPTONE_BAD_AUDIO', /"a Buffer"/],
      ['a JSON array of texts', { payload: ['a', 'b'] }, 'DEEPTONE_BAD_AUDIO', /position 0/],
      [
        'a rate out of range',
        { payload: PCM, deeptone: { format: { rate: 100 } } },
        'DEEPTONE_INVALID_ARGUMENT',
        /100 Hz/,
      ],
      [
        'an unknown option',
        { payload: PCM, deeptone: { period: 64 } },
        'DEEPTONE_INVALID_ARGUMENT',
        /"period"/,
      ],
      [
        'an unknown model',
        { payload: PCM, deeptone: { models: ['mood'] } },
        'DEEPTONE_MODEL_NOT_FOUND',
        /"mood"/,
      ],
      [
        'a channel that is not there',
        { payload: PCM, deeptone: { channel: 3 } },
        'DEEPTONE_INVALID_ARGUMENT',
        /channel 3/,
      ],
      [
        'a later piece of a recording',
        { payload: Buffer.from('OggS'.padEnd(64, '\0')) },
        'DEEPTONE_BAD_AUDIO',
        /later piece .*Ogg/,
      ],
      ['no payload', {}, 'none', /./],
    ];
    for (const [what, message, code, words] of bad) {
      it(`such as ${what} has its outcome, and the next message works`, async () => {
        const flow = await start();
        flow.send({ topic: 'a', ...message });
        if (code === 'none') await flow.completed.message();
        else {
          const { error } = await flow.caught.message();
          assert.equal(error?.code, code);
          assert.match(error.message, words);
          const { status } = await flow.statuses.find(({ status }) => status?.fill === 'red');
          const text = status?.text ?? '';
          // What is wrong with a setting is said in its own words.
          if (code === 'DEEPTONE_INVALID_ARGUMENT')
            assert.ok(error.message.includes(text.slice(0, 60)), text);
          else assert.equal(text, `@deeptone/node-red/deeptone-engine:deeptone.error.${code}`);
        }
        flow.send({ topic: 'a', payload: piece(0, 1_100) });
        await flow.series.message();
      });
    }

    it('such as a message of length zero is passed over, or ends the stream where that is set', async () => {
      for (const endOnEmpty of [false, true]) {
        const flow = await start({ endOnEmpty });
        flow.send({ topic: 'a', payload: piece(0, 1_100) });
        flow.send({ topic: 'a', payload: Buffer.alloc(0) });
        await flow.completed.message(2);
        assert.equal(flow.summary.messages.length, endOnEmpty ? 1 : 0);
        await helper.unload();
      }
    });

    it('such as samples that are no numbers is replaced by silence and told once', async () => {
      const flow = await start({ events: true });
      const payload = new Float32Array(16_000).fill(Number.NaN);
      flow.send({ topic: 'a', payload });
      flow.send({ topic: 'a', payload });
      const step = stepsOf([await flow.series.message()])[0];
      assert.deepEqual(step?.results['speech'], { result: 'silence', confidence: 1 });
      const warnings = flow.progress.messages.filter(
        ({ payload: told }) => (told as { kind: string }).kind === 'warning',
      );
      assert.deepEqual(
        warnings.map(({ payload: told }) => (told as { code: string }).code),
        ['non-finite'],
      );
    });

    it('such as lost messages is told by an event, counted, and filled', async () => {
      const flow = await start({ events: true });
      for (const seq of [1, 2, 5, 6]) {
        flow.send({
          topic: 'a',
          payload: piece((seq - 1) * 500, seq * 500),
          userProperties: { seq: String(seq) },
        });
      }
      const event = await flow.progress.find(({ payload }) => (payload as { kind: string }).kind === 'gap');
      assert.deepEqual(event.payload, {
        kind: 'gap',
        evidence: 'seq',
        remedy: 'silence',
        lostMs: 1_000,
        timestamp: 1_000,
      });
      assert.equal((await flow.series.message(2)).insight?.['gaps'], 1_000);
    });

    it('such as a message that is marked as delivered again, and was heard, is told by an event and not heard again', async () => {
      const flow = await start({ events: true });
      for (const [n, dup] of [
        [0, false],
        [1, false],
        [0, true],
        [1, true],
        [2, true],
        [3, false],
      ] as const) {
        flow.send({ topic: 'a', payload: piece(n * 500, (n + 1) * 500), dup, packetId: n + 1 });
      }
      flow.send({ topic: 'a', complete: true });
      const summary = await flow.summary.message();
      assert.equal(summary.insight?.['duration'], 2_000);
      assert.ok(!('dup' in summary) && !('packetId' in summary));
      const codes = flow.progress.messages.map(({ payload }) => (payload as { code?: string }).code);
      assert.deepEqual(
        codes.filter((code) => code !== undefined),
        ['duplicate'],
      );
    });

    it('such as a wrong setting is said by every message', async () => {
      for (const setting of [
        { gaps: 'pray' },
        { idle: 'soon' },
        { trust: 'nobody' },
        { whenFull: 'cry' },
        { maxStreams: '0' },
      ]) {
        const flow = await start(setting);
        flow.send({ topic: 'a', payload: PCM });
        const { error } = await flow.caught.message();
        assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT', JSON.stringify(setting));
        const [[name, value] = ['', '']]: (readonly [string, string])[] = Object.entries(setting);
        const { status } = await flow.statuses.find(({ status }) => status?.fill === 'red');
        assert.ok(status?.text?.includes(value), `${name}: ${status?.text ?? ''}`);
        await helper.unload();
      }
    });

    it('such as no engine says what to do', async () => {
      const flow = await start({ engine: '' });
      flow.send({ topic: 'a', payload: PCM });
      const { error } = await flow.caught.message();
      assert.match(error?.message ?? '', /no DeepTone engine/);
    });
  });

  it('shows in its status how many streams hear what', async () => {
    const flow = await start();
    flow.send({ topic: 'a', payload: piece(0, 1_100) });
    flow.send({ topic: 'b', payload: piece(0, 1_100) });
    const { status } = await flow.statuses.find(({ status }) => / 2 \w+$/u.test(status?.text ?? ''));
    assert.match(
      status?.text ?? '',
      /deeptone-stream\.status\.many: 2 (?:speech|music|silence|other sound)$/,
    );
  });

  it('stops while streams run, without an error and without a word after', async () => {
    const flow = await start();
    for (let n = 0; n < 50; n++) flow.send({ topic: `${n % 5}`, payload: PCM });
    await flow.series.message();
    await helper.clearFlows();
    const told = flow.series.messages.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(flow.series.messages.length, told);
    assert.equal(flow.caught.messages.length, 0);
  });
});
