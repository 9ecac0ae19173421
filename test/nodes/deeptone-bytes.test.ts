import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import helper from 'node-red-node-test-helper';
import deeptoneBytes from '../../nodes/deeptone-bytes';
import deeptoneEngine from '../../nodes/deeptone-engine';
import type { ChannelAnalysis, FileAnalysis, Summary, TimeSeriesStep } from '../../src';
import { runFlow, useNodeRed, type RunningFlow } from './support/flow';
import { PHONE_CALL, RADIO_SHOW, rawShow } from './support/sounds';

function start(node: Readonly<Record<string, unknown>> = {}): Promise<RunningFlow> {
  return runFlow([deeptoneEngine, deeptoneBytes], {
    type: 'deeptone-bytes',
    models: ['speech', 'gender'],
    outputPeriod: '1024',
    ...node,
  });
}

const S16LE = ['-e', 'signed', '-b', '16', '-L'];

function results(series: unknown): unknown {
  return (series as readonly TimeSeriesStep[]).map(({ results: found }) =>
    Object.values(found).map((answer) => ('result' in answer ? answer.result : answer.speaker_top)),
  );
}

describe('deeptone-bytes', () => {
  useNodeRed();
  const pcm = rawShow(...S16LE);
  const samples = new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.byteLength));
  let expected: unknown;
  beforeEach(async () => {
    if (expected !== undefined) return;
    const flow = await start();
    flow.send({ payload: pcm });
    expected = results((await flow.series.message()).payload);
    await helper.unload();
  });

  it('gives three outputs, as for a file, and no audio', async () => {
    const flow = await start();
    flow.send({ payload: pcm, topic: 'clip', file: { name: 'upload.raw' } });
    const series = await flow.series.message();
    const summary = await flow.summary.message();
    const transitions = await flow.transitions.message();
    assert.equal((series.payload as unknown[]).length, 20);
    assert.ok((summary.payload as Record<string, unknown>)['gender']);
    assert.ok((transitions.payload as Record<string, unknown>)['speech']);
    for (const message of [series, summary, transitions]) {
      assert.equal(message.topic, 'clip');
      assert.deepEqual(message['file'], { name: 'upload.raw' });
      assert.equal(message.insight?.['node'], 'deeptone-bytes');
      assert.equal(message.insight['duration'], 20_000);
    }
    await flow.completed.message();
  });

  it('decides as the message says, and tells what is loud', async () => {
    const flow = await start();
    const decisions = { gender: { classes: ['male'] }, loudness: { period: 'any' } };
    flow.send({ payload: pcm, deeptone: { loudAbove: -20, decisions } });
    const series = (await flow.series.message()).payload as readonly TimeSeriesStep[];
    const genders = series.map((step) => results([{ ...step, results: { gender: step.results.gender } }]));
    assert.match(JSON.stringify(genders), /"male"/);
    assert.doesNotMatch(JSON.stringify(genders), /female/);
    const loud = series.filter(({ level }) => level.mean >= -19.9);
    assert.ok(loud.length > 0);
    for (const { results: said } of loud)
      assert.deepEqual(said['loudness'], { result: 'loud', confidence: 1 });
  });

  it('decides as its dialog says, also where a variable says it as JSON', async () => {
    const decisions = { gender: { classes: ['male'], thresholds: { male: 0.9 } } };
    for (const setting of [decisions, JSON.stringify(decisions)]) {
      const flow = await start({ decisions: setting });
      flow.send({ payload: pcm });
      const series = (await flow.series.message()).payload as readonly TimeSeriesStep[];
      const genders = new Set(series.map((step) => step.results.gender.result));
      assert.ok(genders.has('male'));
      assert.ok(!genders.has('female'));
      await helper.unload();
    }
  });

  it('sends the sound of phases, which can be heard again', async () => {
    const flow = await start({
      ...{ segments: true, segmentModel: 'speech', segmentResults: 'speech', segmentLongest: '2' },
    });
    flow.send({ payload: pcm, topic: 'clip' });
    await flow.completed.message();
    const sounds = flow.segments.messages;
    assert.ok(sounds.length > 3);
    for (const { payload, topic, channel, insight } of sounds) {
      assert.ok(Buffer.isBuffer(payload) && payload.toString('latin1', 0, 4) === 'RIFF');
      assert.ok(payload.length <= 44 + 2 * 32_000);
      assert.deepEqual([topic, channel, insight?.['kind']], ['clip', 0, 'segment']);
      const { model, result } = insight?.['segment'] as { model: string; result: string };
      assert.deepEqual([model, result], ['speech', 'speech']);
    }
    await helper.unload();
    const again = await start();
    again.send({ payload: sounds[0]?.payload });
    const summary = (await again.summary.message()).payload as Record<string, Record<string, number>>;
    assert.ok((summary['speech']?.['speech_fraction'] ?? 0) > 0.5);
  });

  for (const [what, payload] of [
    ['a Uint8Array', () => new Uint8Array(pcm)],
    ['base64 text', () => pcm.toString('base64')],
    ['an Int16Array', () => samples],
    ['a Float32Array', () => Float32Array.from(samples, (sample) => sample / 32_768)],
    ['an array of numbers', () => Array.from(samples, (sample) => sample / 32_768)],
    ['a WAV file as a Buffer', () => readFileSync(RADIO_SHOW)],
  ] as const) {
    it(`understands ${what}`, async () => {
      const flow = await start();
      flow.send({ payload: payload() });
      assert.deepEqual(results((await flow.series.message()).payload), expected);
    });
  }

  for (const container of ['flac', 'mp3', 'ogg', 'webm', 'm4a'] as const) {
    it(`recognises ${container} by its content`, async () => {
      const codec =
        container === 'webm'
          ? ['-c:a', 'libopus']
          : container === 'm4a'
            ? ['-f', 'mp4', '-movflags', 'frag_keyframe+empty_moov']
            : [];
      const format = container === 'm4a' ? [] : ['-f', container];
      const clip = execFileSync('ffmpeg', ['-v', 'error', '-i', RADIO_SHOW, ...codec, ...format, 'pipe:1'], {
        maxBuffer: 1e8,
      });
      const flow = await start();
      flow.send({ payload: clip });
      const steps = (await flow.series.message()).payload as unknown[];
      assert.ok(steps.length === 20 || steps.length === 21, `${steps.length} steps`);
    });
  }

  it('analyses every channel of a container on its own', async () => {
    const flow = await start({ sendAs: 'deeptone' });
    flow.send({ payload: readFileSync(PHONE_CALL) });
    const message = await flow.series.message();
    assert.deepEqual(Object.keys((message.payload as FileAnalysis).channels), ['0', '1']);
    await flow.summary.message(2);
  });

  it('sends the complete object of the API reference for raw samples', async () => {
    const flow = await start({ sendAs: 'deeptone' });
    flow.send({ payload: pcm });
    const {
      time_series: steps,
      summary,
      transitions,
    } = (await flow.series.message()).payload as ChannelAnalysis;
    assert.deepEqual(results(steps), expected);
    assert.ok(summary && transitions);
  });

  it('says with every message that most of the speech is below the volume threshold', async () => {
    const quiet = Buffer.from(samples.map((sample) => sample / 60).buffer);
    const flow = await start({ models: ['speech'] });
    flow.send({ payload: quiet });
    const [series, summary] = [await flow.series.message(), await flow.summary.message()];
    const warnings = series.insight?.['warnings'] as readonly { code: string; volumeThreshold: number }[];
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['quiet-speech'],
    );
    assert.deepEqual(summary.insight?.['warnings'], warnings);
    const { silence_fraction: silence } = (summary.payload as Summary)['speech'] ?? {};
    const { level } = summary.payload as Summary;
    assert.ok(silence !== undefined && silence > 0.9 && level.mean < -45, JSON.stringify(summary.payload));
    flow.send({ payload: quiet, deeptone: { volumeThreshold: warnings[0]?.volumeThreshold } });
    const heard = await flow.summary.message(2);
    assert.ok(!('warnings' in (heard.insight ?? {})));
    assert.ok(((heard.payload as Summary)['speech']?.['speech_fraction'] ?? 0) > 0.3);
  });

  describe('the format of raw samples', () => {
    const swapped = rawShow('-e', 'signed', '-b', '16', '-B');
    const telephone = rawShow('-e', 'signed', '-b', '16', '-L', '-r', '8000');

    it('is what the node is set to', async () => {
      const flow = await start({ encoding: 's16be' });
      flow.send({ payload: swapped });
      assert.deepEqual(results((await flow.series.message()).payload), expected);
    });

    it('is what the message says, over the setting', async () => {
      const flow = await start({ encoding: 'u8', rate: '44100' });
      flow.send({ payload: swapped, deeptone: { format: { encoding: 's16be', rate: 16_000 } } });
      assert.deepEqual(results((await flow.series.message()).payload), expected);
    });

    it('is what MQTT 5 properties say', async () => {
      const flow = await start();
      flow.send({ payload: swapped, contentType: 'audio/L16;rate=16000;channels=1' });
      assert.deepEqual(results((await flow.series.message()).payload), expected);
      flow.send({ payload: telephone, userProperties: { fmt: 's16le', rate: '8000' } });
      assert.equal((await flow.series.message(2)).insight?.['duration'], 20_000);
    });

    it('is the setting alone where nobody else is believed', async () => {
      const flow = await start({ encoding: 's16be', trust: 'setting' });
      flow.send({ payload: swapped, contentType: 'audio/pcm;rate=8000' });
      assert.deepEqual(results((await flow.series.message()).payload), expected);
    });

    it('may be stereo: a channel is chosen, or both are averaged', async () => {
      const stereo = new Int16Array(samples.length * 2);
      samples.forEach((sample, index) => (stereo[index * 2 + 1] = sample));
      const payload = Buffer.from(stereo.buffer);
      const flow = await start({ channels: '2' });
      flow.send({ payload, deeptone: { channel: 1 } });
      const chosen = await flow.series.message();
      assert.deepEqual(results(chosen.payload), expected);
      assert.equal(chosen.channel, 1);
      flow.send({ payload });
      assert.equal((await flow.series.message(2)).channel, 0);
    });
  });

  for (const [what, message, code] of [
    ['text that is no audio', { payload: 'hello there!' }, 'DEEPTONE_BAD_AUDIO'],
    ['an object', { payload: { volume: 3 } }, 'DEEPTONE_BAD_AUDIO'],
    ['nothing', { payload: Buffer.alloc(0) }, 'DEEPTONE_BAD_AUDIO'],
    ['no payload', {}, 'DEEPTONE_BAD_AUDIO'],
    ['NaN among floats', { payload: Float32Array.of(0, 0.5, Number.NaN) }, 'DEEPTONE_BAD_AUDIO'],
    ['a rate of 5 Hz', { payload: pcm, deeptone: { format: { rate: 5 } } }, 'DEEPTONE_INVALID_ARGUMENT'],
    [
      'a decision about a model that there is not',
      { payload: pcm, deeptone: { decisions: { colour: { period: 'any' } } } },
      'DEEPTONE_MODEL_NOT_FOUND',
    ],
    [
      'a decision that is none',
      { payload: pcm, deeptone: { decisions: { gender: { period: 2 } } } },
      'DEEPTONE_INVALID_ARGUMENT',
    ],
    [
      'the sound of phases of a model that is not asked for',
      { payload: pcm, deeptone: { segments: { model: 'emotions' } } },
      'DEEPTONE_INVALID_ARGUMENT',
    ],
    ['an unknown option', { payload: pcm, deeptone: { contextSamples: 5 } }, 'DEEPTONE_INVALID_ARGUMENT'],
  ] as const) {
    it(`refuses ${what} with ${code}, and hears the next message`, async () => {
      const flow = await start();
      flow.send({ ...message });
      assert.equal((await flow.caught.message()).error?.code, code);
      flow.send({ payload: pcm });
      await flow.completed.message();
      assert.equal(flow.series.messages.length, 1);
    });
  }

  it('says with every message what is wrong with its settings', async () => {
    for (const setting of [{ parallel: '0' }, { waitingMessages: 'long' }]) {
      const flow = await start(setting);
      flow.send({ payload: 'anything' });
      const { error } = await flow.caught.message();
      assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
      assert.match(error.message, new RegExp(Object.keys(setting).join()));
      await helper.unload();
    }
  });
});
