import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

describe('Example flows of folders and on a dashboard', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let nodeRed: NodeRedProcess;

  before(async () => {
    nodeRed = await startNodeRed({
      packages: ['@flowfuse/node-red-dashboard'],
      // Dashboard loads our widgets from where the editor is.
      settings: JSON.stringify({
        ...{ fileWorkingDirectory: folder, disableEditor: false },
        ...{ editorTheme: { tours: false }, telemetry: { enabled: false } },
      }),
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
      node.type === 'watch' ? { ...node, files: recordings, d: false } : node,
    );
    await copyFile(RADIO_SHOW, join(recordings, 'show.wav'));
    const got = await arrived((all) => all['dt-folder-debug-1'] !== undefined);
    const line = String(got['dt-folder-debug-1']?.[0]);
    assert.match(line, /show\.wav; 20\.\d s; speech \d+ %; music \d+ %; women \d+ %; men \d+ %$/);
  });

  it('show on a dashboard what is heard while it plays', async () => {
    await run('dashboard/live timeline.json');
    const browser = await openBrowser(nodeRed.url);
    try {
      await browser.page.goto(`${nodeRed.url}/dashboard/live`);
      const { page } = browser;
      const gender = page.locator('.deeptone-live .deeptone-row', { hasText: 'gender' });
      await gender.locator('.deeptone-part[data-class=female]').first().waitFor();
      await page.locator('.deeptone-heard[data-model="speech"] strong').waitFor();
      await page.locator('.deeptone-figure', { hasText: 'dBFS' }).waitFor();
      await page.locator('.deeptone-events li', { hasText: 'music' }).first().waitFor();
      assert.deepEqual(browser.errors, []);
      assert.deepEqual(browser.foreignRequests, []);
    } finally {
      await browser.close();
    }
  });
});
