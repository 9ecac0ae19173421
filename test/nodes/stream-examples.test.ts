import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PcmDecoder, WavStreamReader } from '../../src/audio';
import { temporaryFolder } from '../tools/audio';
import { openBrowser } from '../e2e/support/browser';
import { startNodeRed, type FlowNode, type NodeRedProcess } from '../tools/mqtt/node-red';
import { RADIO_SHOW } from './support/sounds';

const EXAMPLES = resolve(__dirname, '../../../examples');

/** What arrived where Debug nodes stood, by their ids. */
type Arrived = Readonly<Record<string, readonly unknown[]>>;

/** Where a Debug node stood, a Function node remembers the message. */
function remembering(node: FlowNode): FlowNode {
  if (node.type !== 'debug') return node;
  const { id, z } = node;
  const func = `const got = global.get('got') || {};
(got[${JSON.stringify(id)}] ??= []).push(msg.error ? { error: msg.error } : msg.payload);
global.set('got', got);`;
  return { id, z, x: 1, y: 1, type: 'function', name: '', func, outputs: 1, wires: [[]] };
}

const TELLER: readonly FlowNode[] = [
  { id: 'teller', type: 'tab', label: 'What arrived' },
  { id: 'ask', z: 'teller', x: 1, y: 1, type: 'http in', url: '/got', method: 'get', wires: [['look']] },
  {
    id: 'look',
    z: 'teller',
    x: 1,
    y: 1,
    type: 'function',
    func: "msg.payload = global.get('got') || {}; return msg;",
    outputs: 1,
    wires: [['tell']],
  },
  { id: 'tell', z: 'teller', x: 1, y: 1, type: 'http response', wires: [] },
];

describe('Example flows of live audio and of folders', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let nodeRed: NodeRedProcess;

  before(async () => {
    nodeRed = await startNodeRed({
      packages: ['@flowfuse/node-red-dashboard'],
      settings: JSON.stringify({ fileWorkingDirectory: folder }),
    });
  });
  after(() => nodeRed.stop());
  afterEach(() => nodeRed.deploy([]));

  /** Runs an example as a user imports it, but for what is changed here. */
  async function run(
    name: string,
    change: (node: FlowNode) => FlowNode = (node) => node,
  ): Promise<readonly FlowNode[]> {
    const flow = JSON.parse(readFileSync(join(EXAMPLES, name), 'utf8')) as readonly FlowNode[];
    await nodeRed.deploy([...flow.map(change).map(remembering), ...TELLER]);
    while (!(await fetch(`${nodeRed.url}/got`)).ok) await sleep(50);
    return flow;
  }

  async function press(button: string): Promise<void> {
    assert.equal((await fetch(`${nodeRed.url}/inject/${button}`, { method: 'POST' })).status, 200);
  }

  /** Waits until enough has arrived. */
  async function arrived(isEnough: (got: Arrived) => boolean): Promise<Arrived> {
    for (;;) {
      const got = (await (await fetch(`${nodeRed.url}/got`)).json()) as Arrived;
      const trouble = Object.entries(got).find(([id]) => id.endsWith('-error'));
      assert.equal(trouble, undefined, JSON.stringify(trouble));
      if (isEnough(got)) return got;
      await sleep(50);
    }
  }

  it('write a line of a report for a recording that lands in a folder', async () => {
    const recordings = temporaryFolder();
    await run('flows/folder - watch to report.json', (node) =>
      node.type === 'watch' ? { ...node, files: recordings } : node,
    );
    await copyFile(RADIO_SHOW, join(recordings, 'show.wav'));
    const got = await arrived((all) => all['dt-folder-debug-1'] !== undefined);
    const line = String(got['dt-folder-debug-1']?.[0]);
    assert.match(line, /show\.wav; 20\.\d s; speech \d+ %; music \d+ %; women \d+ %; men \d+ %$/);
    assert.equal(await readFile(join(folder, 'report.txt'), 'utf8'), `${line}\n`);
  });

  it('tell of a voice at the camera in words', async () => {
    await run('flows/stream - camera to alert.json');
    const got = await arrived((all) => all['dt-camera-debug-1'] !== undefined);
    assert.match(String(got['dt-camera-debug-1']?.[0]), /^A voice at camera, \d{4}-\d\d-\d\dT/);
  });

  it('tell the talk time of women and men', async () => {
    await run('flows/stream - talk time per gender.json', (node) =>
      node.type === 'deeptone-stream' ? { ...node, fast: true } : node,
    );
    const got = await arrived((all) => (all['dt-talk-debug-1']?.length ?? 0) >= 4);
    const last = got['dt-talk-debug-1']?.at(-1) as Record<string, number>;
    assert.deepEqual(Object.keys(last), ['female', 'male', 'unknown']);
    const spoken = Object.values(last).reduce((sum, seconds) => sum + seconds, 0);
    assert.ok(spoken > 4 && spoken < 16, JSON.stringify(last));
  });

  it('hear a file in pieces to its end', async () => {
    await run('flows/stream - a file in pieces.json', (node) =>
      node.type === 'inject'
        ? {
            ...node,
            props: [
              { p: 'filename', v: RADIO_SHOW, vt: 'str' },
              { p: 'topic', vt: 'str' },
            ],
          }
        : node,
    );
    await press('dt-chunks-inject');
    const got = await arrived((all) => all['dt-chunks-debug-2'] !== undefined);
    assert.equal(got['dt-chunks-debug-1']?.length, 20);
    assert.ok((got['dt-chunks-debug-3']?.length ?? 0) > 2);
  });

  it('tell how an engine is, and only when that changes', async () => {
    await run('flows/stream - health to notification.json');
    const told = (got: Arrived): readonly string[] =>
      (got['dt-health-notify'] ?? []).map((payload) => (payload as { readonly status: string }).status);
    await arrived((all) => {
      void press('dt-health-inject');
      return told(all).at(-1) === 'ready';
    });
    for (let n = 0; n < 3; n++) await press('dt-health-inject');
    const statuses = told(await arrived(() => true));
    assert.equal(new Set(statuses).size, statuses.length, statuses.join());
  });

  it('record what is said, each time into a WAV of its own', async () => {
    await run('flows/stream - voice-activated recording.json');
    await press('dt-record-inject');
    await arrived((all) => (all['dt-record-debug-1']?.length ?? 0) >= 2);
    // The clip and its stream end, and the clock begins anew: so must the tape.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await press('dt-record-inject');
    await arrived((all) => (all['dt-record-debug-1']?.length ?? 0) >= 4);
    const recordings = readdirSync(join(folder, 'recordings')).filter((name) => name.endsWith('.wav'));
    assert.equal(recordings.length, 4);
    const lengths = recordings.sort().map((name) => statSync(join(folder, 'recordings', name)).size);
    assert.deepEqual(lengths.slice(2), lengths.slice(0, 2));
    for (const name of recordings) {
      const reader = new WavStreamReader();
      const [run] = reader.push(readFileSync(join(folder, 'recordings', name)));
      assert.deepEqual(reader.end(), []);
      assert.deepEqual(reader.lengths, { missing: 0, beyond: 0, joined: 0 });
      assert.ok(run);
      const [samples] = new PcmDecoder(run.format).push(run.audio);
      assert.ok(samples && samples.length > 16_000 && samples.length < 80_000, `${samples?.length} samples`);
      assert.ok(Math.max(...samples) > 0.1);
    }
  });

  it('show on a dashboard what is heard while it plays', async () => {
    await run('dashboard/live timeline.json');
    const browser = await openBrowser(nodeRed.url);
    try {
      await browser.page.goto(`${nodeRed.url}/dashboard/live`);
      const bars = browser.page.locator('.deeptone-live .row', { hasText: 'gender' }).locator('.part');
      await bars.nth(2).waitFor();
      await browser.page.locator('canvas').first().waitFor();
      assert.deepEqual(browser.errors, []);
      assert.deepEqual(browser.foreignRequests, []);
    } finally {
      await browser.close();
    }
  });
});
