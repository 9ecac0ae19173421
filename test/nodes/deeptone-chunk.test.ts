import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import helper from 'node-red-node-test-helper';
import deeptoneChunk from '../../nodes/deeptone-chunk';
import deeptoneEngine from '../../nodes/deeptone-engine';
import { Deeptone, type ChunkAnalysis } from '../../src';
import { runFlow, useNodeRed, type OutgoingMessage, type RunningFlow } from './support/flow';
import { RADIO_SHOW } from './support/sounds';

const SECOND = 16_000;

function start(node: Readonly<Record<string, unknown>> = {}): Promise<RunningFlow> {
  return runFlow([deeptoneEngine, deeptoneChunk], {
    type: 'deeptone-chunk',
    models: ['speech', 'gender'],
    includeRawValues: true,
    ...node,
  });
}

function answer(message: OutgoingMessage): ChunkAnalysis {
  return message.payload as ChunkAnalysis;
}

describe('deeptone-chunk', () => {
  useNodeRed();
  const pcm = execFileSync('sox', ['-D', RADIO_SHOW, '-t', 'f32', '-'], { maxBuffer: 1e8 });
  const sound = new Float32Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.byteLength));
  const models = ['speech', 'gender'];
  let deeptone: Deeptone;
  before(() => {
    deeptone = new Deeptone();
  });
  after(async () => {
    await deeptone.close();
  });

  it('gives one answer for each message, as the engine gives it for the chunk', async () => {
    const chunk = sound.slice(4 * SECOND, 6 * SECOND);
    const flow = await start();
    flow.send({ payload: chunk, topic: 'desk' });
    const message = await flow.series.message();
    assert.deepEqual(
      message.payload,
      await deeptone.processAudioChunk(chunk, { models, includeRawValues: true }),
    );
    assert.equal(message.topic, 'desk');
    const { speed, text, ...facts } = message.insight ?? {};
    assert.match(String(text), /^Speech, (?:fe)?male \(-\d+(?:\.\d)? dB\)\.$/u);
    assert.ok(typeof speed === 'number');
    assert.deepEqual(facts, {
      kind: 'chunk',
      node: 'deeptone-chunk',
      models,
      outputPeriod: null,
      duration: 2_000,
      evaluation: true,
    });
    await flow.completed.message();
  });

  it('takes the options of the message', async () => {
    const chunk = sound.slice(3 * SECOND, 6 * SECOND);
    const flow = await start();
    flow.send({
      payload: chunk,
      deeptone: {
        models: ['speech-rt'],
        includeRawValues: false,
        contextSamples: SECOND,
        volumeThreshold: 0,
      },
    });
    assert.deepEqual(
      (await flow.series.message()).payload,
      await deeptone.processAudioChunk(chunk, {
        models: ['speech-rt'],
        contextSamples: SECOND,
        volumeThreshold: 0,
      }),
    );
  });

  it('understands raw bytes of a declared format', async () => {
    const telephone = execFileSync('sox', ['-D', RADIO_SHOW, '-t', 'raw', '-e', 'mu-law', '-r', '8000', '-']);
    const flow = await start({ encoding: 'mulaw', rate: '8000' });
    flow.send({ payload: telephone.subarray(0, 16_000) });
    assert.equal((await flow.series.message()).insight?.['duration'], 2_000);
  });

  describe('with memory', () => {
    it('lets the models hear what the same topic said before', async () => {
      const flow = await start({ memory: true });
      flow.send({ payload: sound.slice(3 * SECOND, 7 * SECOND), topic: 'a' });
      flow.send({ payload: sound.slice(7 * SECOND, 8 * SECOND), topic: 'a' });
      const second = answer(await flow.series.message(2));
      // 3136 ms is how far the gender model looks back.
      const contextSamples = 3.136 * SECOND;
      const expected = await deeptone.processAudioChunk(
        sound.slice(7 * SECOND - contextSamples, 8 * SECOND),
        {
          models,
          includeRawValues: true,
          contextSamples,
        },
      );
      assert.deepEqual(second, expected);
      assert.equal(flow.series.messages[1]?.insight?.['stream'], 'a');
      assert.equal(flow.series.messages[1].insight['duration'], 1_000);
    });

    it('grows with short chunks until it reaches as far as the models look back', async () => {
      const flow = await start({ memory: true });
      for (let turn = 0; turn < 8; turn++) {
        flow.send({ payload: sound.slice((turn * SECOND) / 2, ((turn + 1) * SECOND) / 2), topic: 'a' });
      }
      const last = answer(await flow.series.message(8));
      const contextSamples = 3.136 * SECOND;
      const expected = await deeptone.processAudioChunk(
        sound.slice(3.5 * SECOND - contextSamples, 4 * SECOND),
        { models, includeRawValues: true, contextSamples },
      );
      assert.deepEqual(last, expected);
    });

    it('keeps topics apart, and forgets one or all at a reset', async () => {
      const chunk = sound.slice(4 * SECOND, 5 * SECOND);
      const before = sound.slice(1 * SECOND, 4 * SECOND);
      const fresh = await deeptone.processAudioChunk(chunk, { models, includeRawValues: true });
      const flow = await start({ memory: true });
      flow.send({ payload: before, topic: 'a' });
      flow.send({ payload: chunk, topic: 'b' });
      assert.deepEqual(answer(await flow.series.message(2)), fresh);
      flow.send({ reset: true, topic: 'a' });
      flow.send({ payload: chunk, topic: 'a' });
      assert.deepEqual(answer(await flow.series.message(3)), fresh);
      for (const all of [{}, { topic: '' }]) {
        flow.send({ reset: true, ...all });
        flow.send({ payload: chunk, topic: 'b' });
        assert.deepEqual(answer(await flow.series.message(flow.series.messages.length + 1)), fresh);
      }
      await flow.completed.message(8);
      assert.equal(flow.series.messages.length, 5);
    });

    it('remembers a bounded number of topics', async () => {
      const chunk = sound.slice(4 * SECOND, 5 * SECOND);
      const fresh = await deeptone.processAudioChunk(chunk, { models, includeRawValues: true });
      const flow = await start({ memory: true, topics: '2' });
      for (const topic of ['a', 'b', 'c', 'a']) flow.send({ payload: chunk, topic });
      assert.deepEqual(answer(await flow.series.message(4)), fresh);
      flow.send({ payload: chunk, topic: 'c' });
      assert.notDeepEqual(answer(await flow.series.message(5)).raw, fresh.raw);
    });
  });

  it('refuses less than a frame and says how long a chunk should be', async () => {
    const flow = await start();
    flow.send({ payload: sound.slice(0, 1_000) });
    const { error } = await flow.caught.message();
    assert.equal(error?.code, 'DEEPTONE_BAD_AUDIO');
    assert.match(error.message, /1000 samples.*1024 samples \(64 ms\)/);
    flow.send({ payload: sound.slice(0, 1_024) });
    await flow.completed.message();
  });

  it('refuses options of other nodes', async () => {
    const flow = await start();
    flow.send({ payload: sound.slice(0, SECOND), deeptone: { outputPeriod: 64 } });
    assert.equal((await flow.caught.message()).error?.code, 'DEEPTONE_INVALID_ARGUMENT');
  });

  it('says with every message what is wrong with its settings', async () => {
    for (const setting of [{ topics: 'many' }, { waitingMessages: 'long' }]) {
      const flow = await start(setting);
      flow.send({ payload: 'anything' });
      const { error } = await flow.caught.message();
      assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
      assert.match(error.message, new RegExp(Object.keys(setting).join()));
      await helper.unload();
    }
  });
});
