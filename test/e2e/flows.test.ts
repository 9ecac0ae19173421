import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeRedProcess, type FlowNode } from './support/node-red-process';
import { installPackage, ROOT, type InstalledPackage } from './support/package';

const EXAMPLES = join(ROOT, 'examples/flows');

/** Where a Debug node stood, a Function node remembers what arrived. */
function remembering(node: FlowNode): FlowNode {
  if (node.type !== 'debug') return node;
  const { id, z, x, y } = node;
  const func = `const got = global.get('got') || {};
(got[${JSON.stringify(id)}] ??= []).push(msg.error ?? msg.payload);
global.set('got', got);`;
  return { id, z, x, y, type: 'function', name: '', func, outputs: 1, wires: [[]] };
}

/** Answers a path with what was remembered. */
function teller(path: string): readonly FlowNode[] {
  const place = { z: 'teller', x: 1, y: 1 };
  return [
    { id: 'teller', type: 'tab', label: 'What arrived' },
    { ...place, id: 'ask', type: 'http in', url: path, method: 'get', wires: [['look']] },
    {
      ...place,
      id: 'look',
      type: 'function',
      func: "msg.payload = global.get('got') || {}; return msg;",
      initialize: "global.set('got', {});",
      outputs: 1,
      wires: [['tell']],
    },
    { ...place, id: 'tell', type: 'http response', wires: [] },
  ];
}

describe('The packed package in flows of a real Node-RED', function () {
  this.timeout(120_000);
  let installed: InstalledPackage;
  let nodeRed: NodeRedProcess;

  before(async () => {
    installed = installPackage();
    nodeRed = await NodeRedProcess.start(installed.userDir);
  });
  after(async () => {
    await nodeRed.stop();
    installed.remove();
  });

  let runs = 0;

  /** Deploys a flow; answers once it runs. */
  async function run(flow: readonly FlowNode[]): Promise<void> {
    const path = `/got-${++runs}`;
    await nodeRed.deploy([...flow.map(remembering), ...teller(path)]);
    while (!(await nodeRed.answers(path))) await sleep(50);
  }

  /** Waits until messages have arrived where these Debug nodes stood. */
  async function arrived(ids: readonly string[]): Promise<Readonly<Record<string, readonly unknown[]>>> {
    for (;;) {
      const got = (await nodeRed.get(`/got-${runs}`)) as Readonly<Record<string, readonly unknown[]>>;
      const trouble = Object.entries(got).find(([id]) => id.endsWith('-error'));
      assert.equal(trouble, undefined, JSON.stringify(trouble));
      if (ids.every((id) => got[id] !== undefined)) return got;
      await sleep(50);
    }
  }

  it('offers the examples in the Import menu', async () => {
    const examples = JSON.stringify(await nodeRed.get('/library/examples/flows/'));
    assert.ok(examples.includes('@deeptone/node-red'));
  });

  for (const name of readdirSync(EXAMPLES).filter((file) => /^(file|bytes|chunk) - /.test(file))) {
    it(`runs the example "${name}": every Debug node gets something`, async () => {
      const flow = JSON.parse(readFileSync(join(EXAMPLES, name), 'utf8')) as readonly FlowNode[];
      await run(flow);
      for (const { id } of flow.filter(({ type }) => type === 'inject')) await nodeRed.inject(id);
      const expected = flow.filter(({ type, id }) => type === 'debug' && !id.endsWith('-error'));
      assert.ok(expected.length > 0);
      await arrived(expected.map(({ id }) => id));
    });
  }

  it('works inside a subflow, whose instances name the sound', async () => {
    await run([
      { id: 'engine', type: 'deeptone-engine', name: '', modelSet: 'standard' },
      {
        id: 'sub',
        type: 'subflow',
        name: 'what is it',
        in: [{ x: 1, y: 1, wires: [{ id: 'inner' }] }],
        out: [{ x: 1, y: 1, wires: [{ id: 'inner', port: 1 }] }],
        env: [{ name: 'SOUND', type: 'str', value: 'nothing.wav' }],
      },
      {
        id: 'inner',
        type: 'deeptone-file',
        z: 'sub',
        engine: 'engine',
        filename: '"example:" & $env("SOUND")',
        filenameType: 'jsonata',
        models: ['speech'],
        outputPeriod: '1024',
        sendAs: 'series',
        outputs: 3,
        x: 1,
        y: 1,
        wires: [[], [], []],
      },
      { id: 'tab', type: 'tab', label: 'Subflow' },
      { id: 'go', type: 'inject', z: 'tab', props: [{ p: 'payload' }], x: 1, y: 1, wires: [['instance']] },
      {
        id: 'instance',
        type: 'subflow:sub',
        z: 'tab',
        env: [{ name: 'SOUND', type: 'str', value: 'radio-show.wav' }],
        x: 1,
        y: 1,
        wires: [['out-debug']],
      },
      { id: 'out-debug', type: 'debug', z: 'tab', x: 1, y: 1 },
    ]);
    await nodeRed.inject('go');
    const got = await arrived(['out-debug']);
    const [summary] = got['out-debug'] as readonly Record<string, Record<string, number>>[];
    assert.ok((summary?.['speech']?.['speech_fraction'] ?? 0) > 0.2);
  });
});
