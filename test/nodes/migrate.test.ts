import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeInitializer } from 'node-red';
import bytes from '../../nodes/deeptone-bytes';
import chunk from '../../nodes/deeptone-chunk';
import engine from '../../nodes/deeptone-engine';
import file from '../../nodes/deeptone-file';
import stream from '../../nodes/deeptone-stream';
import { FORMS } from '../../nodes/shared/forms';
import { migrated, SETTINGS_VERSION } from '../../nodes/shared/migrate';
import { runFlow, useNodeRed, type FlowNode, type RunningFlow } from './support/flow';
import { RADIO_SHOW, rawShow } from './support/sounds';

const SAVED = JSON.parse(
  readFileSync(join(__dirname, '../../../test/fixtures/flows/saved-by-0.1.0.json'), 'utf8'),
) as readonly FlowNode[];

function saved(id: string): FlowNode {
  const node = SAVED.find((one) => one.id === id);
  if (!node) throw new Error(`The saved flow has no node ${id}.`);
  return node;
}

/** Runs one node of the saved flow as it was saved, but for its place among the listeners. */
function run(id: string, initializer: NodeInitializer): Promise<RunningFlow> {
  const wires = [['series'], ['summary'], ['transitions'], ['progress']];
  return runFlow([engine, initializer], { ...saved(id), id: 'node', z: 'flow', wires });
}

describe('A flow that 0.1.0 saved', () => {
  useNodeRed();

  it('says no version, as it was saved before there were any', () => {
    for (const node of SAVED) assert.equal(node['version'], undefined);
  });

  it('bounds the files that wait as it did', async () => {
    const flow = await run('file', file);
    for (let turn = 0; turn < 5; turn++) flow.send({ filename: RADIO_SHOW, topic: `${turn}` });
    await flow.caught.message(2);
    await flow.completed.message(3);
    assert.deepEqual(
      flow.caught.messages.map(({ error, topic }) => [error?.code, topic]),
      [
        ['DEEPTONE_OVERLOADED', '3'],
        ['DEEPTONE_OVERLOADED', '4'],
      ],
    );
  });

  it('believes MQTT before the message where it was set to, and lets no clip wait', async () => {
    const flow = await run('bytes', bytes);
    const little = rawShow('-e', 'signed', '-b', '16', '-L');
    flow.send({ payload: little });
    flow.send({ payload: little, topic: 'second' });
    assert.equal((await flow.caught.message()).topic, 'second');
    const expected = (await flow.series.message()).payload;
    await flow.completed.message();
    const format = { encoding: 's16le', rate: 8_000 };
    const payload = rawShow('-e', 'signed', '-b', '16', '-B');
    flow.send({ payload, contentType: 'audio/L16;rate=16000', deeptone: { format } });
    assert.deepEqual((await flow.series.message(2)).payload, expected);
  });

  it('believes the message before the setting of a chunk where it was set to', async () => {
    const flow = await run('chunk', chunk);
    const encoded = (byteOrder: string): Buffer => rawShow('-e', 'signed', '-b', '16', byteOrder);
    flow.send({ payload: encoded('-B') });
    const bySetting = await flow.series.message();
    flow.send({ payload: encoded('-L'), deeptone: { format: { encoding: 's16le' } } });
    assert.deepEqual((await flow.series.message(2)).payload, bySetting.payload);
  });

  it('bounds what waits of a stream in seconds, by its own word before that of the message', async () => {
    process.env['WAIT_IN_ALL'] = '2';
    const flow = await run('stream', stream);
    const format = { rate: 16_000 };
    // A second each at the 8 kHz that the node is set to.
    for (let second = 0; second < 30; second++) {
      flow.send({ topic: 'a', payload: Buffer.alloc(16_000, second), deeptone: { format } });
    }
    const { error } = await flow.caught.message();
    assert.equal(error?.code, 'DEEPTONE_OVERLOADED');
    const waited = Number(/dropped: (\d+) ms of its stream/.exec(error.message)?.[1]);
    assert.ok(waited > 500 && waited <= 1_500, error.message);
    flow.send({ topic: 'a', complete: true });
    const closed = await flow.progress.find(({ payload }) => (payload as { kind: string }).kind === 'closed');
    const { duration } = closed.insight as { duration: number };
    assert.equal(Math.round(duration / 1_000), 30, 'seconds, what was dropped included');
  });

  for (const { id, type } of SAVED.filter((node) => node.type.startsWith('deeptone-'))) {
    it(`keeps every setting of ${id}, under its present name`, () => {
      const before = saved(id);
      const after: Readonly<Record<string, unknown>> = migrated(type, before);
      assert.equal(after['version'], SETTINGS_VERSION);
      const steps = FORMS.migrations[type] ?? [];
      const renamed = Object.fromEntries(steps.flatMap((step) => Object.entries(step.renamed ?? {})));
      for (const [name, value] of Object.entries(before)) {
        if (name !== 'trust') assert.deepEqual(after[renamed[name] ?? name], value, name);
        if (name in renamed) assert.ok(!(name in after), name);
      }
      assert.deepEqual(migrated(type, after), after, 'what is up to date stays as it is');
    });
  }

  it('names one order of trust in one way', () => {
    const trusts = ['bytes', 'chunk', 'stream', 'locked-chunk'].map((id) => {
      const after: Readonly<Record<string, unknown>> = migrated(saved(id).type, saved(id));
      return after['trust'];
    });
    assert.deepEqual(trusts, [
      'mqtt,message,setting',
      'message,mqtt,setting',
      'setting,message,mqtt',
      'setting',
    ]);
    for (const trust of trusts) assert.ok(FORMS.trusts.includes(trust));
  });

  it('that a later version saved is left as it is', () => {
    const later = { version: SETTINGS_VERSION + 1, waiting: 'something else' };
    assert.deepEqual(migrated('deeptone-file', later), later);
  });
});
