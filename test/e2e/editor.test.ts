import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { ENCODINGS } from '../../src/audio';
import { DASHBOARDS, exampleFlows } from '../examples/flows';
import { isOfTheEditor } from './support/browser';
import { type FlowNode } from './support/node-red-process';
import { closeDialog } from './support/dialogs';
import { openEditor, type OpenEditor } from './support/editor';
import { loadCatalogue } from '../../src/inference';

const TYPES = ['deeptone-file', 'deeptone-bytes', 'deeptone-chunk', 'deeptone-stream'] as const;
const MODELS = loadCatalogue().models.map(({ description }) => description.name);

const FLOW: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Editor test' },
  { id: 'engine', type: 'deeptone-engine', name: 'our engine', modelSet: 'standard' },
  ...TYPES.map((type, index) => ({
    id: `node-${type}`,
    type,
    z: 'tab',
    name: '',
    engine: 'engine',
    filename: 'radio-show.wav',
    filenameType: 'example',
    models: ['speech'],
    outputPeriod: '1024',
    sendAs: type === 'deeptone-stream' ? 'steps' : 'series',
    source: 'messages',
    key: 'topic',
    keyType: 'msg',
    outputs: type === 'deeptone-chunk' ? 1 : 3,
    x: 300,
    y: 100 + index * 100,
    wires: [[], [], []],
  })),
];

async function openDialog(page: Page, id: string): Promise<void> {
  await page.locator(`[id="${id}"] rect.red-ui-flow-node`).dblclick();
  await page.waitForSelector('.deeptone-form .deeptone-model');
}

async function ticked(page: Page): Promise<readonly string[]> {
  return page
    .locator('.deeptone-form .deeptone-model input:checked')
    .evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value));
}

/** As a user imports a flow, with the dialog. */
async function importFlow(page: Page, nodes: readonly FlowNode[]): Promise<void> {
  await page.evaluate("RED.actions.invoke('core:show-import-dialog')");
  await page.locator('#red-ui-clipboard-dialog-import-text').fill(JSON.stringify(nodes));
  // The dialog looks at what was pasted when a key is let go.
  await page.locator('#red-ui-clipboard-dialog-import-text').press('End');
  await page.locator('#red-ui-clipboard-dialog-ok').click();
}

describe('The packed package in the editor of a real Node-RED', function () {
  this.timeout(120_000);
  let editor: OpenEditor;
  let nodeRed: OpenEditor['nodeRed'];
  let browser: OpenEditor['browser'];
  let page: OpenEditor['page'];

  before(async () => {
    editor = await openEditor(FLOW);
    ({ nodeRed, browser, page } = editor);
  });
  afterEach(async () => {
    // A dialog that a failed test left open would be in the way of the next.
    for (const dialog of ['#node-config-dialog-cancel', '#node-dialog-cancel']) {
      if (await page.locator(dialog).isVisible()) await page.locator(dialog).click();
    }
  });
  after(() => editor.close());

  it('loads every node set without an error', async () => {
    const sets = (await nodeRed.get('/nodes')) as { module: string; err?: string; types: string[] }[];
    const ours = sets.filter(({ module }) => module === '@deeptone/node-red');
    assert.deepEqual(
      ours.filter(({ err }) => err !== undefined),
      [],
    );
    const types = ours.flatMap((set) => set.types);
    for (const type of ['deeptone-engine', ...TYPES]) assert.ok(types.includes(type), type);
  });

  it('has the nodes in the palette, with icons of their own', async () => {
    for (const type of TYPES) {
      const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
      assert.equal(await entry.count(), 1, type);
      const icon = await page.request.get(`${nodeRed.url}/icons/@deeptone/node-red/${type}.svg`);
      assert.match(await icon.text(), /<svg[^>]+width="40" height="60"/);
    }
  });

  for (const type of TYPES) {
    it(`offers the models of the engine in the dialog of ${type}, and keeps what is chosen`, async () => {
      await openDialog(page, `node-${type}`);
      const offered = await page
        .locator('.deeptone-form .deeptone-model input')
        .evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value));
      assert.deepEqual(offered, MODELS);
      assert.deepEqual(await ticked(page), ['speech']);
      const text = await page.locator('.deeptone-form').innerText();
      assert.match(text, /Woman or man\s+female, male\s+about 3 s/);
      // It answers over more than its network looks back on.
      assert.match(text, /German, English[^\n]*\s+about 10 s/);
      assert.doesNotMatch(text, /deeptone-engine:|__\w+__|label\.|undefined/);
      await page.locator('.deeptone-form input[value="gender"]').check();
      await closeDialog(page, 'ok');
      await openDialog(page, `node-${type}`);
      assert.deepEqual(await ticked(page), ['speech', 'gender']);
      await closeDialog(page, 'cancel');
    });
  }

  it('offers every encoding of raw samples', async () => {
    await openDialog(page, 'node-deeptone-bytes');
    const offered = await page
      .locator('#node-input-encoding option')
      .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
    assert.deepEqual([...offered].sort(), ['', ...ENCODINGS].sort());
    await closeDialog(page, 'cancel');
  });

  it('saves what is chosen, and shows it again after a reload', async () => {
    await page.locator('#red-ui-header-button-deploy').click();
    const models = async (): Promise<unknown> => {
      const flows = (await nodeRed.get('/flows')) as readonly FlowNode[];
      return flows.find(({ id }) => id === 'node-deeptone-file')?.['models'];
    };
    while (JSON.stringify(await models()) !== JSON.stringify(['speech', 'gender'])) await sleep(100);
    await page.reload();
    await page.waitForSelector('.red-ui-flow-node');
    await openDialog(page, 'node-deeptone-file');
    assert.deepEqual(await ticked(page), ['speech', 'gender']);
    assert.equal(await page.locator('#node-input-outputPeriod').inputValue(), '1024');
    await closeDialog(page, 'cancel');
  });

  it('marks a node whose settings cannot work', async () => {
    await openDialog(page, 'node-deeptone-file');
    await page.locator('#node-input-outputPeriod').fill('soon');
    await page.keyboard.press('Tab');
    assert.ok(await page.locator('#node-input-outputPeriod.input-error').count());
    await page.locator('#node-input-outputPeriod').fill('${PERIOD}');
    await page.keyboard.press('Tab');
    assert.equal(await page.locator('#node-input-outputPeriod.input-error').count(), 0);
    await closeDialog(page, 'cancel');
  });

  it('leaves models that an environment variable names as they are', async () => {
    const node = "RED.nodes.node('node-deeptone-file')";
    assert.equal(
      await page.evaluate(`${node}.models = '\${MODELS}'; RED.editor.validateNode(${node})`),
      true,
    );
    await openDialog(page, 'node-deeptone-file');
    assert.deepEqual(await ticked(page), []);
    await closeDialog(page, 'ok');
    assert.equal(await page.evaluate(`${node}.models`), '${MODELS}');
  });

  it('marks a stream node that needs a broker and has none, or has one that is not there', async () => {
    const valid = (settings: Record<string, string>): Promise<unknown> =>
      page.evaluate(
        `RED.editor.validateNode(Object.assign(RED.nodes.node('node-deeptone-stream'), ${JSON.stringify(settings)}))`,
      );
    assert.equal(await valid({ source: 'messages', broker: '' }), true);
    assert.equal(await valid({ source: 'mqtt', mqttTopic: 'audio/#' }), false);
    assert.equal(await valid({ broker: 'gone' }), false);
    assert.equal(await valid({ source: 'messages' }), true);
  });

  it('gives a fourth output to a node that tells its progress', async () => {
    await openDialog(page, 'node-deeptone-file');
    await page.locator('.deeptone-form summary').last().click();
    await page.locator('#node-input-progress').check();
    await closeDialog(page, 'ok');
    assert.equal(await page.locator('[id="node-deeptone-file"] .red-ui-flow-port-output').count(), 4);
  });

  it('shows the license and the runtime in the dialog of the engine', async () => {
    await openDialog(page, 'node-deeptone-file');
    await page.locator('#node-input-btn-engine-edit').click();
    await page.waitForFunction(() =>
      /onnxruntime-node/.test(document.querySelector('#deeptone-runtime')?.textContent ?? ''),
    );
    const facts = await page.locator('.deeptone-facts').innerText();
    assert.match(facts, /Evaluation license/);
    assert.match(facts, /onnxruntime-node 1\.\d+\.\d+, runs here/);
    await page.locator('#node-config-dialog-cancel').click();
    await closeDialog(page, 'cancel');
  });

  it('imports one example after another, and they use what the first one brought', async () => {
    const examples = [...exampleFlows(), ...exampleFlows(DASHBOARDS)];
    const [first, ...others] = [
      'microphones over MQTT',
      'stream - music or talk',
      'stream - a lamp that follows the voice',
      'live timeline',
    ].map((wanted) => examples.find(({ name }) => name === wanted) ?? assert.fail(wanted));
    await importFlow(page, first?.nodes ?? []);
    await page.waitForFunction("RED.nodes.node('dt-engine')");
    // What the user has set stays.
    await page.evaluate("RED.nodes.node('dt-engine').workers = '2'");
    for (const { nodes } of others) {
      await importFlow(page, nodes);
      const copy = page.locator('.red-ui-notification button', { hasText: 'Import copy' });
      await copy.click();
      await copy.waitFor({ state: 'detached' });
      const tab = String(nodes.find(({ type }) => type === 'tab')?.['label']);
      await page.locator('.red-ui-workspace-tab, .red-ui-tab', { hasText: tab }).first().waitFor();
    }
    const imported = await page.evaluate<readonly FlowNode[]>(
      "RED.nodes.createCompleteNodeSet().filter(({ id, z }) => z !== 'tab' && id !== 'engine' && id !== 'tab')",
    );
    const configs = imported.filter(({ type }) =>
      /^(deeptone-engine|mqtt-broker|ui-base|ui-theme)$/.test(type),
    );
    assert.deepEqual(configs.map(({ id }) => id).sort(), ['dt-base', 'dt-broker', 'dt-engine', 'dt-theme']);
    assert.equal(configs.find(({ id }) => id === 'dt-engine')?.['workers'], '2');
    const engines = imported.filter((node) => 'engine' in node).map((node) => node['engine']);
    assert.ok(engines.length >= 4 && engines.every((engine) => engine === 'dt-engine'));
    assert.ok(imported.filter(({ type }) => type === 'ui-page').every((node) => node['ui'] === 'dt-base'));
  });

  it('speaks German', async () => {
    await page.evaluate(() => {
      localStorage.setItem('editor-language', 'de');
    });
    await page.reload();
    await page.waitForSelector('.red-ui-flow-node');
    await openDialog(page, 'node-deeptone-bytes');
    const text = await page.locator('.deeptone-form').innerText();
    assert.match(text, /Frau oder Mann[\s\S]*weiblich, männlich[\s\S]*Vielfaches von 64/);
    await closeDialog(page, 'cancel');
  });

  it('raises no error in the page and asks nobody else for anything', () => {
    assert.deepEqual(
      browser.errors.filter((error) => !isOfTheEditor(error)),
      [],
    );
    assert.deepEqual(browser.foreignRequests, []);
  });
});
