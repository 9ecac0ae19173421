import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FlowNode } from './support/node-red-process';
import { openEditor, type OpenEditor } from './support/editor';
import { ROOT } from './support/package';

const SAVED = JSON.parse(
  readFileSync(join(ROOT, 'test/fixtures/flows/saved-by-0.1.0.json'), 'utf8'),
) as readonly FlowNode[];
/** What 0.1.0 saved under other names or in other words, by the id of the node, as it is saved now. */
const PRESENT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  engine: { version: 1 },
  file: { version: 1, waitingMessages: '2' },
  bytes: { version: 1, waitingMessages: '0', trust: 'mqtt,message,setting' },
  chunk: { version: 1, waitingMessages: '7', trust: 'message,mqtt,setting', encoding: 's16be' },
  stream: {
    version: 1,
    waitingSeconds: '1.5',
    waitingSecondsTotal: '${WAIT_IN_ALL}',
    trust: 'setting,message,mqtt',
    rate: '8000',
  },
  'locked-chunk': { version: 1, waitingMessages: '5', trust: 'setting' },
};

describe('A flow that 0.1.0 saved, in the editor of a real Node-RED', function () {
  this.timeout(120_000);
  let editor: OpenEditor;
  let nodeRed: OpenEditor['nodeRed'];
  let browser: OpenEditor['browser'];
  let page: OpenEditor['page'];

  before(async () => {
    editor = await openEditor(SAVED);
    ({ nodeRed, browser, page } = editor);
  });
  after(() => editor.close());

  /** A setting of a node, as the editor holds it. */
  function setting(id: string, name: string): Promise<unknown> {
    return page.evaluate(`RED.nodes.node('${id}').${name}`);
  }

  for (const [id, settings] of Object.entries(PRESENT)) {
    it(`has all that ${id} was set to, and nothing that the editor objects to`, async () => {
      for (const [name, value] of Object.entries(settings)) assert.deepEqual(await setting(id, name), value);
      assert.equal(await page.evaluate(`RED.editor.validateNode(RED.nodes.node('${id}'))`), true);
    });
  }

  for (const [id, fields] of [
    ['file', { waitingMessages: '2' }],
    ['bytes', { waitingMessages: '0', trust: 'mqtt,message,setting' }],
    ['chunk', { waitingMessages: '7', trust: 'message,mqtt,setting', encoding: 's16be' }],
    ['stream', { waitingSeconds: '1.5', waitingSecondsTotal: '${WAIT_IN_ALL}', rate: '8000' }],
  ] as const) {
    it(`shows them in the dialog of ${id}, and keeps them`, async () => {
      await page.locator(`[id="${id}"] rect.red-ui-flow-node`).dblclick();
      await page.waitForSelector('.deeptone-form .deeptone-model');
      for (const [name, value] of Object.entries(fields))
        assert.equal(await page.locator(`#node-input-${name}`).inputValue(), value, name);
      assert.equal(await page.locator('.deeptone-form .input-error').count(), 0);
      await page.locator('#node-dialog-ok').click();
      await page.waitForSelector('.deeptone-form', { state: 'detached' });
      for (const [name, value] of Object.entries(PRESENT[id] ?? {}))
        assert.deepEqual(await setting(id, name), value);
    });
  }

  it('is saved by the next deployment as it would be written now', async () => {
    await page.locator('#red-ui-header-button-deploy').click();
    let flows: readonly FlowNode[];
    do {
      await sleep(100);
      flows = (await nodeRed.get('/flows')) as readonly FlowNode[];
    } while (flows.find(({ id }) => id === 'stream')?.['version'] === undefined);
    for (const [id, settings] of Object.entries(PRESENT)) {
      const node = flows.find((one) => one.id === id) ?? {};
      assert.deepEqual({ ...node, ...settings }, node, id);
      for (const name of ['waiting', 'waitingTotal']) assert.ok(!(name in node), `${id}: ${name}`);
    }
  });

  it('is migrated too where it is imported, and gets no default in place of what was set', async () => {
    const copies = SAVED.filter(({ id }) => id === 'file' || id === 'bytes');
    const values = await page.evaluate(
      `RED.nodes.import(${JSON.stringify(copies)}, { generateIds: true, applyNodeDefaults: true }).nodes
        .map(({ version, waitingMessages, trust }) => [version, waitingMessages, trust])`,
    );
    assert.deepEqual(values, [
      [1, '2', undefined],
      [1, '0', 'mqtt,message,setting'],
    ]);
  });

  it('gives a new node the present version and the usual settings', async () => {
    const known = JSON.parse(String(await page.evaluate(IDS))) as readonly string[];
    const entry = page.locator('.red-ui-palette-node[data-palette-type="deeptone-bytes"]');
    await entry.scrollIntoViewIfNeeded();
    await entry.dragTo(page.locator('#red-ui-workspace-chart'), { targetPosition: { x: 700, y: 500 } });
    const [added] = (JSON.parse(String(await page.evaluate(IDS))) as readonly string[]).filter(
      (id) => !known.includes(id),
    );
    assert.ok(added !== undefined);
    assert.equal(await setting(added, 'version'), 1);
    assert.equal(await setting(added, 'trust'), 'message,mqtt,setting');
  });

  it('raises no error in the page', () => {
    assert.deepEqual(browser.errors, []);
  });
});

/** The ids of all nodes of the editor, as JSON. */
const IDS =
  'JSON.stringify((() => { const ids = []; RED.nodes.eachNode((node) => ids.push(node.id)); return ids; })())';
