import assert from 'node:assert/strict';
import { once } from 'node:events';
import helper from 'node-red-node-test-helper';
import deeptoneBytes from '../../nodes/deeptone-bytes';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneFile from '../../nodes/deeptone-file';
import deeptoneStream from '../../nodes/deeptone-stream';
import type { EngineNode } from '../../nodes/engine';
import type { OnnxPredictionEngine } from '../../src/inference';
import { encodeSamples, noise, speak } from '../tools/audio';
import { LEVEL, logged, runFlow, useNodeRed, type RunningFlow } from './support/flow';
import { RADIO_SHOW } from './support/sounds';

const NODES = [deeptoneEngine, deeptoneStream, deeptoneFile, deeptoneBytes];
const STREAMS = 32;
/** Milliseconds of audio per message, and of a period. */
const MESSAGE_MS = 512;

/** The number of the process that runs the models. */
async function engineProcess(): Promise<number> {
  const node = helper.getNode('engine') as unknown as EngineNode;
  const stats = await (node.engine().runtime as OnnxPredictionEngine).stats();
  const { pid } = stats?.process ?? assert.fail('There is no engine.');
  assert.notEqual(pid, process.pid);
  return pid;
}

/** Waits until the engine has said in its status what is wanted. */
async function statusOf(flow: RunningFlow, text: RegExp): Promise<void> {
  await flow.statuses.find(({ status }) => status?.source?.id === 'engine' && text.test(status.text ?? ''));
}

interface Told {
  readonly kind: string;
  readonly evidence?: string;
  readonly lostMs?: number;
}

describe('Node-RED, whose engine loses the process that runs its models', function () {
  this.timeout(60_000);
  useNodeRed();

  it('goes on with a gap in each of its live streams, an event, and answers', async () => {
    const flow = await runFlow(
      NODES,
      { type: 'deeptone-stream', models: ['speech'], outputPeriod: String(MESSAGE_MS), events: true },
      { isolation: 'process' },
    );
    const word = await speak('The quick brown fox jumps over the lazy dog.');
    const bytes = Buffer.from(encodeSamples([word], 's16le'));
    const size = MESSAGE_MS * 32;
    const topics = Array.from({ length: STREAMS }, (_, n) => `device-${n}`);
    const sendAll = (first: number, end: number): void => {
      for (let n = first; n < end; n++) {
        const at = (n * size) % (bytes.length - size);
        for (const topic of topics) flow.send({ topic, payload: bytes.subarray(at, at + size) });
      }
    };
    const messages = 24;
    sendAll(0, messages / 2);
    await flow.series.message(4 * STREAMS); // All are under way, and the rest waits.
    process.kill(await engineProcess(), 'SIGKILL');
    sendAll(messages / 2, messages);
    const steps = messages * STREAMS;
    await flow.series.message(steps);

    const gaps = flow.progress.messages.filter(({ payload }) => (payload as Told).kind === 'gap');
    assert.deepEqual(gaps.map(({ topic }) => topic).toSorted(), topics.toSorted(), 'one gap each');
    for (const { payload } of gaps) {
      const { evidence, lostMs = 0 } = payload as Told;
      assert.ok(evidence === 'engine' && lostMs > 0 && lostMs <= 2 * MESSAGE_MS, `${evidence} ${lostMs}`);
    }
    const closed = flow.progress.messages.filter(({ payload }) => (payload as Told).kind === 'closed');
    assert.deepEqual(closed, []);
    const [caught, ...more] = flow.caught.messages;
    assert.equal(caught?.error?.code, 'DEEPTONE_ENGINE_LOST');
    assert.match(caught.error.message, /ended unexpectedly \(it was ended by SIGKILL\)/);
    assert.deepEqual(more, [], 'told once, not once per message');
    await flow.completed.message(steps); // Every message is done, and none failed.
    assert.ok(logged(LEVEL.info).some((line) => /run again/.test(line)));
  });

  it('shows that it starts again, then that it is ready', async () => {
    const flow = await runFlow(
      NODES,
      { type: 'deeptone-file', models: ['speech'] },
      { isolation: 'process' },
    );
    await statusOf(flow, /ready|evaluation/);
    flow.statuses.messages.splice(0);
    process.kill(await engineProcess(), 'SIGSEGV');
    await statusOf(flow, /restarting/);
    await statusOf(flow, /ready|evaluation/);
    assert.match((await flow.caught.message()).error?.message ?? '', /SIGSEGV/);
  });

  it('fails the clip in hand with a code, and analyses the next', async () => {
    const flow = await runFlow(
      NODES,
      { type: 'deeptone-bytes', models: ['speech'], outputPeriod: '1024', progress: true },
      { isolation: 'process' },
    );
    flow.send({ payload: new Float32Array(600 * 16_000).fill(0.1), clip: 1 });
    const running = once(helper.getNode('progress'), 'kept');
    await running;
    process.kill(await engineProcess(), 'SIGKILL');
    const failed = await flow.caught.find((message) => 'clip' in message);
    assert.equal(failed.error?.code, 'DEEPTONE_ENGINE_LOST');
    flow.send({ payload: noise(2), clip: 2 });
    assert.equal(((await flow.series.message()) as { clip?: number }).clip, 2);
  });

  it('ends the process with the flows', async () => {
    const flow = await runFlow(
      NODES,
      { type: 'deeptone-file', models: ['speech'] },
      { isolation: 'process' },
    );
    flow.send({ filename: RADIO_SHOW });
    await flow.series.message();
    const pid = await engineProcess();
    await helper.unload();
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
  });
});
