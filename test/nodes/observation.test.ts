import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import helper from 'node-red-node-test-helper';
import deeptoneBytes from '../../nodes/deeptone-bytes';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneFile from '../../nodes/deeptone-file';
import deeptoneStream from '../../nodes/deeptone-stream';
import type { EngineNode } from '../../nodes/engine';
import type { OnnxPredictionEngine } from '../../src/inference';
import { generateLicenseKeyPair } from '../../src/license';
import { licenseKey as signedKey } from '../tools/licenses';
import { runFlow, useNodeRed, type RunningFlow } from './support/flow';
import { PHONE_CALL, rawShow } from './support/sounds';

interface Metric {
  readonly type: string | undefined;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly value: number;
  }[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\[\\\\n"])*)"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)?\\})? (NaN|[+-]Inf|-?[0-9.e+-]+)$`);

/** Reads the text format strictly: what no line of the exposition format is, is an error. */
function parse(text: string): Map<string, Metric> {
  assert.ok(text.endsWith('\n'));
  const metrics = new Map<string, { type: string | undefined; samples: Metric['samples'][number][] }>();
  const of = (name: string) => {
    const found = metrics.get(name) ?? { type: undefined, samples: [] };
    metrics.set(name, found);
    return found;
  };
  for (const line of text.slice(0, -1).split('\n')) {
    const [, type, name = ''] = /^# (HELP|TYPE) (\S+) /.exec(line) ?? [];
    if (type === 'HELP') assert.equal(of(name).samples.length, 0, line);
    else if (type === 'TYPE') of(name).type = / (counter|gauge|histogram)$/.exec(line)?.[1];
    else {
      const [, name = '', labels = ''] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
      const pairs = [...labels.matchAll(new RegExp(LABEL, 'g'))].map(([, key = '', value = '']) => [
        key,
        value,
      ]);
      const value = Number(line.slice(line.lastIndexOf(' ') + 1));
      const family = name.replace(/_(bucket|sum|count)$/, '');
      const owner = metrics.has(name) ? name : family;
      assert.ok(metrics.get(owner)?.type, `${line}: no type before it`);
      of(owner).samples.push({ name, labels: Object.fromEntries(pairs) as Record<string, string>, value });
    }
  }
  return metrics;
}

async function metrics(path = '/deeptone-engine/metrics'): Promise<Map<string, Metric>> {
  const { status, text, headers } = await helper.request().get(path);
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  return parse(text);
}

function value(
  all: Map<string, Metric>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const family = all.get(name) ?? all.get(name.replace(/_(bucket|sum|count)$/, ''));
  return family?.samples.find(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, one]) => sample.labels[key] === one),
  )?.value;
}

async function health(id = 'engine'): Promise<{ status: number; body: Record<string, unknown> }> {
  const { status, body } = await helper.request().get(`/deeptone-engine/${id}/health`);
  return { status, body: body as Record<string, unknown> };
}

const NODES = [deeptoneEngine, deeptoneFile, deeptoneBytes, deeptoneStream];
const STREAM = {
  type: 'deeptone-stream',
  models: ['speech-rt'],
  outputPeriod: '64',
  key: 'topic',
  keyType: 'msg',
};

function startStream(more: object = {}, engine: object = {}, key?: string): Promise<RunningFlow> {
  return runFlow(
    NODES,
    { ...STREAM, ...more },
    { name: 'main "engine"', ...engine },
    key === undefined ? {} : { engine: { licenseKey: key } },
  );
}

describe('What an engine tells of itself', () => {
  useNodeRed();

  it('is metrics that Prometheus reads: frames, streams, gaps, errors by code, time of inference, queues', async () => {
    const flow = await startStream();
    const sound = rawShow('-b', '16', '-e', 'signed', '-L', '-r', '16000', '-c', '1').subarray(0, 64_000);
    flow.send({ topic: 'a', payload: sound, userProperties: { seq: '1' } });
    flow.send({ topic: 'a', payload: sound, userProperties: { seq: '3' } });
    flow.send({ topic: 'b', payload: Buffer.from(`<html>${'not a sound '.repeat(40)}</html>`) });
    await flow.caught.message();
    await flow.series.message(60);
    const all = await metrics();
    const engine = { engine: 'engine' };
    assert.equal(value(all, 'deeptone_streams', engine), 1);
    assert.equal(value(all, 'deeptone_nodes', engine), 1);
    assert.ok((value(all, 'deeptone_frames_total', engine) ?? 0) >= 60);
    assert.equal(value(all, 'deeptone_gaps_total', engine), 1);
    assert.equal(value(all, 'deeptone_gap_seconds_total', engine), 2);
    assert.equal(value(all, 'deeptone_errors_total', { ...engine, code: 'DEEPTONE_BAD_AUDIO' }), 1);
    assert.equal(value(all, 'deeptone_queue_bytes', engine), 0);
    assert.equal(value(all, 'deeptone_queue_seconds', engine), 0);
    assert.equal(value(all, 'deeptone_engine_losses_total', engine), 0);
    assert.equal(value(all, 'deeptone_engine_status', { ...engine, status: 'ready' }), 1);
    assert.equal(value(all, 'deeptone_engine_status', { ...engine, status: 'failed' }), 0);
    assert.match(
      JSON.stringify(all.get('deeptone_engine_info')?.samples[0]?.labels),
      /main \\\\\\"engine\\\\\\".*onnxruntime/,
    );
    const histogram = all.get('deeptone_inference_seconds');
    assert.equal(histogram?.type, 'histogram');
    const buckets = histogram.samples.filter(({ name }) => name.endsWith('_bucket')).map((one) => one.value);
    assert.deepEqual(
      buckets,
      [...buckets].sort((a, b) => a - b),
    );
    assert.equal(buckets.at(-1), value(all, 'deeptone_inference_seconds_count', engine));
    assert.ok((value(all, 'deeptone_inference_seconds_sum', engine) ?? 0) > 0);
    assert.equal(value(all, 'deeptone_inference_seconds_bucket', { le: '+Inf' }), buckets.at(-1));
  });

  it('has no more values for more streams, and names none', async () => {
    const flow = await startStream({ maxStreams: '2', idle: '1' });
    const before = [...(await metrics()).values()].flatMap(({ samples }) => samples).length;
    const payload = Buffer.alloc(3_200);
    for (let n = 0; n < 200; n++) flow.send({ topic: `topic-${n}`, payload });
    await flow.caught.message(16);
    const all = await metrics('/deeptone-engine/engine/metrics');
    const after = [...all.values()].flatMap(({ samples }) => samples).length;
    assert.ok(after <= before + 3, `${before} values became ${after}`);
    assert.equal(value(all, 'deeptone_refused_messages_total'), 198);
    assert.ok(![...all.values()].some(({ samples }) => JSON.stringify(samples).includes('topic-')));
  });

  it('counts how often what runs the models was lost, and is ready when it runs again', async () => {
    const flow = await startStream({}, { isolation: 'process' });
    flow.send({ topic: 'a', payload: Buffer.alloc(6_400) });
    await flow.series.message();
    const engine = helper.getNode('engine') as unknown as EngineNode;
    const stats = await (engine.engine().runtime as OnnxPredictionEngine).stats();
    process.kill(stats?.process.pid ?? assert.fail(), 'SIGKILL');
    const { error } = await flow.caught.message();
    assert.equal(error?.code, 'DEEPTONE_ENGINE_LOST');
    assert.equal(value(await metrics(), 'deeptone_engine_losses_total'), 1);
    assert.notEqual((await health()).body['status'], 'failed');
    flow.send({ topic: 'a', payload: Buffer.alloc(6_400) });
    await flow.series.message(4);
    assert.equal(value(await metrics(), 'deeptone_errors_total', { code: 'DEEPTONE_ENGINE_LOST' }), 1);
    // It is as soon as the models are loaded again.
    while ((await health()).body['status'] !== 'ready') await sleep(20);
  });

  it('is nothing of an engine that is not there', async () => {
    await startStream();
    assert.equal((await health('nobody')).status, 404);
    assert.equal((await helper.request().get('/deeptone-engine/nobody/metrics')).status, 404);
  });

  describe('as its health', () => {
    const issuer = generateLicenseKeyPair();
    const key = (days: number): string =>
      signedKey(
        {
          ...{ id: `H${days}`, licensee: 'Us', models: '*', maxStreams: null, evaluation: false },
          notBefore: new Date(Date.now() - 9e9),
          expires: new Date(Date.now() + days * 86_400_000),
        },
        issuer,
      );
    const trust = { licensePublicKeys: [issuer.publicKey] };
    const ready = (flow: RunningFlow): Promise<unknown> =>
      flow.statuses.find(
        ({ status }) => status?.source?.id === 'engine' && !/starting/.test(status.text ?? 'starting'),
      );

    it('is ready once the models are there', async () => {
      const flow = await startStream();
      await ready(flow);
      assert.deepEqual(await health(), { status: 200, body: { status: 'ready', reason: null, code: null } });
    });

    it('is initialising as long as nobody uses it', async () => {
      await helper.load(NODES, [{ id: 'engine', type: 'deeptone-engine' }]);
      const { status, body } = await health();
      assert.equal(status, 503);
      assert.equal(body['status'], 'initialising');
    });

    it('is degraded where the license ends soon, a model is left out, or audio is dropped', async () => {
      let flow = await startStream({}, trust, key(3));
      await ready(flow);
      const first = await health();
      assert.equal(first.status, 200);
      assert.equal(first.body['status'], 'degraded');
      assert.match(String(first.body['reason']), /expires in 3 days/);
      let body: Record<string, unknown>;
      await helper.unload();
      flow = await startStream({}, { modelFolders: ['/no/such/place/models'] });
      await ready(flow);
      ({ body } = await health());
      assert.equal(body['status'], 'degraded');
      assert.match(String(body['reason']), /"…\/models" is left out/);
      assert.ok(!String(body['reason']).includes('/no/such'));
      await helper.unload();
      flow = await startStream({ maxStreams: '1' });
      await ready(flow);
      for (const topic of ['a', 'b']) flow.send({ topic, payload: Buffer.alloc(3_200) });
      await flow.caught.message();
      ({ body } = await health());
      assert.equal(body['status'], 'degraded');
      assert.match(String(body['reason']), /dropped or refused/);
    });

    it('is failed where it cannot be opened, or the license has ended, with the code', async () => {
      let flow = await startStream({}, {}, 'not.a.license');
      await flow.caught.message();
      let { status, body } = await health();
      assert.equal(status, 503);
      assert.equal(body['status'], 'failed');
      assert.equal(body['code'], 'DEEPTONE_LICENSE');
      await helper.unload();
      flow = await startStream({}, trust, key(-1 / 24));
      await flow.statuses.find(({ status: shown }) => /expired/.test(shown?.text ?? ''));
      ({ status, body } = await health());
      assert.equal(status, 503);
      assert.match(String(body['reason']), /expired at/);
    });
  });

  describe('in a message that asks for diagnostics', () => {
    const asked = [{ diagnostics: true }, { command: 'diagnostics' }];

    for (const question of asked) {
      it(`is a snapshot of the stream node: ${JSON.stringify(question)}`, async () => {
        const flow = await startStream({ events: true });
        flow.send({ topic: 'a', payload: Buffer.alloc(32_000), userProperties: { seq: '1' } });
        await flow.series.message();
        flow.send({ ...question, topic: 'why' });
        const { payload, insight, topic } = await flow.progress.find(
          (message) => message.insight?.['kind'] === 'diagnostics',
        );
        assert.equal(insight?.['kind'], 'diagnostics');
        assert.equal(topic, 'why');
        const { engine, node, process: host } = payload as Record<string, Record<string, unknown>>;
        assert.equal(engine?.['status'], 'ready');
        assert.ok(Number(engine['frames']) > 0);
        assert.deepEqual(node?.['keys'], ['a']);
        assert.ok(Number(host?.['rssBytes']) > 1e6);
      });
    }

    it('is one of the file and bytes nodes too, also while they work, and says no path and no key', async () => {
      for (const type of ['deeptone-file', 'deeptone-bytes']) {
        const flow = await runFlow(
          NODES,
          { type, models: ['speech'], outputPeriod: '1024' },
          { modelFolders: ['/no/such/place'] },
        );
        flow.send({ filename: PHONE_CALL, payload: rawShow() });
        flow.send({ filename: PHONE_CALL, payload: rawShow() });
        flow.send({ diagnostics: true });
        const told = await flow.series.find((message) => message.insight?.['kind'] === 'diagnostics');
        const text = JSON.stringify(told);
        assert.match(text, /"waiting":1,"running":1/);
        assert.ok(!text.includes('/no/such') && !text.includes(PHONE_CALL));
        await helper.unload();
      }
    });
  });

  it('is one error of a stream that fails with every message, and the next good one works', async () => {
    const flow = await startStream();
    for (let n = 0; n < 100; n++)
      flow.send({ topic: 'a', payload: Buffer.alloc(64), deeptone: { format: { rate: 1 } } });
    await flow.completed.message(99);
    assert.equal(flow.caught.messages.length, 1);
    flow.send({ topic: 'a', payload: Buffer.alloc(6_400) });
    await flow.series.message();
    assert.equal(value(await metrics(), 'deeptone_errors_total', { code: 'DEEPTONE_INVALID_ARGUMENT' }), 100);
  });
});
