import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOfTheEditor } from './support/browser';
import { shoot } from './support/dialogs';
import { type FlowNode } from './support/node-red-process';
import { openEditor, type OpenEditor } from './support/editor';
import { ROOT } from './support/package';

const LABELS = {
  'deeptone-file': 'audio file',
  'deeptone-bytes': 'audio bytes',
  'deeptone-chunk': 'audio chunk',
  'deeptone-stream': 'audio stream',
} as const;
const TYPES = Object.keys(LABELS);
/** What somebody types who has never heard of this package. */
const WORDS = ['sound', 'voice', 'speech', 'audio', 'music', 'microphone'];
const EMPTY: readonly FlowNode[] = [{ id: 'tab', type: 'tab', label: 'Palette test' }];

describe('The palette of a real Node-RED', function () {
  this.timeout(120_000);
  let editor: OpenEditor;
  let nodeRed: OpenEditor['nodeRed'];
  let browser: OpenEditor['browser'];
  let page: OpenEditor['page'];

  before(async () => {
    editor = await openEditor(EMPTY, { ready: '.red-ui-palette-node[data-palette-type="deeptone-stream"]' });
    ({ nodeRed, browser, page } = editor);
  });
  after(() => editor.close());

  const shown = (): Promise<readonly string[]> =>
    page
      .locator('.red-ui-palette-node:visible')
      .evaluateAll((entries) => entries.map((entry) => entry.getAttribute('data-palette-type') ?? ''));

  const nodes = async (type: string): Promise<readonly string[]> =>
    JSON.parse(
      String(
        await page.evaluate(
          `JSON.stringify(RED.nodes.createCompleteNodeSet().filter(({ type }) => type === '${type}').map(({ id }) => id))`,
        ),
      ),
    ) as readonly string[];

  async function drag(type: string, x: number, y: number): Promise<void> {
    const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await entry.scrollIntoViewIfNeeded();
    await entry.dragTo(page.locator('#red-ui-workspace-chart'), { targetPosition: { x, y } });
  }

  const engineOf = async (type: string): Promise<unknown> => {
    const [id] = await nodes(type);
    return page.evaluate(`RED.nodes.node('${id ?? ''}').engine`);
  };

  it('shows each node by what it hears', async () => {
    for (const [type, label] of Object.entries(LABELS)) {
      const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"] .red-ui-palette-label`);
      // The palette breaks lines.
      assert.equal((await entry.innerText()).replace(/\s+/gu, ' '), label);
    }
  });

  for (const word of WORDS) {
    it(`finds all nodes where "${word}" is typed`, async () => {
      // Searched for once, by the last letter: a search of fewer letters that comes late would show others.
      await page.locator('#red-ui-palette-search input').fill(word.slice(0, -1));
      await page.locator('#red-ui-palette-search input').press(word.slice(-1));
      await page.waitForSelector('.red-ui-palette-node[data-palette-type="complete"]', { state: 'hidden' });
      const found = await shown();
      assert.deepEqual(
        TYPES.filter((type) => !found.includes(type)),
        [],
      );
      // What the editor shows while it slides away is gone when that is through.
      await page.waitForFunction("$('#red-ui-palette-container :animated').length === 0");
      await page.locator('#red-ui-palette-search a').first().click();
      for (const type of ['complete', ...TYPES])
        await page.waitForSelector(`.red-ui-palette-node[data-palette-type="${type}"]`);
    });
  }

  it('finds the package by those words in the library, too', () => {
    const { keywords } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      keywords: readonly string[];
    };
    assert.deepEqual(
      WORDS.filter((word) => !keywords.includes(word)),
      [],
    );
  });

  it('makes an engine with the first node, and takes it back with it', async () => {
    assert.deepEqual(await nodes('deeptone-engine'), []);
    await drag('deeptone-file', 300, 100);
    const [engine] = await nodes('deeptone-engine');
    assert.equal(await engineOf('deeptone-file'), engine);
    assert.equal(await page.evaluate(`RED.nodes.node('${engine ?? ''}').users.length`), 1);
    assert.equal(await page.locator('.red-ui-flow-node-error:visible').count(), 0);
    await page.evaluate("RED.actions.invoke('core:undo')");
    assert.deepEqual(await nodes('deeptone-engine'), []);
    await page.evaluate("RED.actions.invoke('core:redo')");
    assert.deepEqual(await nodes('deeptone-engine'), [engine]);
    assert.equal(await engineOf('deeptone-file'), engine);
  });

  it('makes no second one', async () => {
    const engines = await nodes('deeptone-engine');
    await drag('deeptone-bytes', 300, 200);
    await drag('deeptone-stream', 300, 300);
    assert.deepEqual(await nodes('deeptone-engine'), engines);
    for (const type of ['deeptone-bytes', 'deeptone-stream']) assert.equal(await engineOf(type), engines[0]);
  });

  it('deploys what was dragged in without another step', async () => {
    const saved = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.locator('#red-ui-header-button-deploy').click();
    await saved;
    const flows = (await nodeRed.get('/flows')) as readonly FlowNode[];
    const engine = flows.find(({ type }) => type === 'deeptone-engine');
    assert.ok(engine);
    for (const type of ['deeptone-file', 'deeptone-bytes', 'deeptone-stream'])
      assert.equal(flows.find((node) => node.type === type)?.['engine'], engine.id, type);
  });

  it('says what was heard within a minute: in the debug sidebar and under the node', async () => {
    const [file = ''] = await nodes('deeptone-file');
    const flows = (await nodeRed.get('/flows')) as readonly FlowNode[];
    await nodeRed.deploy([
      ...flows.map((node) => (node.id === file ? { ...node, wires: [['see'], [], []] } : node)),
      {
        ...{ id: 'press', type: 'inject', z: 'tab', name: '', topic: '', x: 150, y: 400, wires: [[file]] },
        props: [{ p: 'filename', v: 'example:radio-show.wav', vt: 'str' }],
      },
      {
        ...{ id: 'see', type: 'debug', z: 'tab', name: '', active: true, tosidebar: true, x: 600, y: 400 },
        ...{ complete: 'payload', targetType: 'msg', wires: [] },
      },
    ]);
    await page.reload();
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
    await page.waitForSelector('.red-ui-flow-node');
    await page.evaluate("RED.actions.invoke('core:show-debug-tab')");
    await nodeRed.inject('press');
    const message = page.locator('.red-ui-debug-msg-payload').first();
    await message.waitFor();
    assert.match(await message.innerText(), /\d+ % speech, \d+ % music, .* dB\)\./);
    const status = page.locator(`[id="${file}"] .red-ui-flow-node-status-label`);
    await page.waitForFunction(`/%/.test($('[id="${file}"] .red-ui-flow-node-status-label').text())`);
    await shoot(page, 'first-minute');
    assert.match((await status.textContent()) ?? '', /^\d+ % speech, \d+ % music/);
  });

  it('raises no error in the page', () => {
    assert.deepEqual(
      browser.errors.filter((error) => !isOfTheEditor(error)),
      [],
    );
  });
});
