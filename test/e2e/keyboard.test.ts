import assert from 'node:assert/strict';
import { isOfTheEditor } from './support/browser';
import { type FlowNode } from './support/node-red-process';
import { openEditor, type OpenEditor } from './support/editor';

const TYPES = ['deeptone-file', 'deeptone-bytes', 'deeptone-chunk', 'deeptone-stream'] as const;

/** A tab for each node, so that "select all" selects one. */
const FLOW: readonly FlowNode[] = [
  { id: 'engine', type: 'deeptone-engine', name: '', modelSet: 'standard' },
  ...TYPES.flatMap((type): FlowNode[] => [
    { id: `tab-${type}`, type: 'tab', label: type },
    {
      ...{ id: type, type, z: `tab-${type}`, name: '', engine: 'engine', models: ['speech'] },
      ...{ filename: 'filename', filenameType: 'msg', source: 'messages', outputPeriod: '1024' },
      ...{ outputs: 3, x: 300, y: 100, wires: [] },
    },
  ]),
];

/** What has the focus, by id, or in its own words. */
const FOCUSED = `(() => {
  const one = document.activeElement;
  return one.id || (one.tagName + ' ' + (one.textContent || '').trim().slice(0, 40));
})()`;

describe('The edit dialogs by keyboard alone', function () {
  this.timeout(120_000);
  let editor: OpenEditor;
  let browser: OpenEditor['browser'];
  let page: OpenEditor['page'];

  before(async () => {
    editor = await openEditor(FLOW);
    ({ browser, page } = editor);
  });
  after(() => editor.close());

  const focused = (): Promise<unknown> => page.evaluate(FOCUSED);
  const setting = (id: string, name: string): Promise<unknown> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)}).${name}`);

  /** Presses Tab until something has the focus. */
  async function tabTo(wanted: string | RegExp): Promise<void> {
    const seen: unknown[] = [];
    for (let presses = 0; presses < 80; presses++) {
      const now = String(await focused());
      if (typeof wanted === 'string' ? now === wanted : wanted.test(now)) return;
      seen.push(now);
      await page.keyboard.press('Tab');
    }
    assert.fail(`Tab never comes to ${String(wanted)}, but to ${seen.join(', ')}`);
  }

  /** Shows the flow of a node and opens the dialog of the node, as the shortcuts of the editor do. */
  async function open(type: string): Promise<void> {
    await page.evaluate(`RED.workspaces.show('tab-${type}'); RED.view.focus()`);
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.deeptone-form .deeptone-model');
    await page.waitForFunction("document.activeElement.closest('.red-ui-tray') !== null");
  }

  for (const type of TYPES) {
    it(`that of ${type} opens, is filled in and is saved`, async () => {
      await open(type);
      await tabTo('node-input-name');
      await page.keyboard.type(`my ${type}`);
      await tabTo('deeptone-model-gender');
      await page.keyboard.press('Space');
      if (type !== 'deeptone-chunk') {
        await tabTo('node-input-outputPeriod');
        await page.keyboard.press('Control+a');
        await page.keyboard.type('2 s');
      }
      await tabTo(/^SUMMARY More settings/);
      await page.keyboard.press('Enter');
      await tabTo('node-input-volumeThreshold');
      await page.keyboard.type('-60 dB');
      await page.keyboard.press('Control+Enter');
      await page.waitForSelector('.deeptone-form', { state: 'detached' });
      assert.equal(await setting(type, 'name'), `my ${type}`);
      assert.deepEqual(await setting(type, 'models'), ['speech', 'gender']);
      assert.equal(await setting(type, 'volumeThreshold'), '0.001');
      if (type !== 'deeptone-chunk') assert.equal(await setting(type, 'outputPeriod'), '1984');
    });
  }

  it('that of a stream takes its source and its purpose', async () => {
    await open('deeptone-stream');
    await tabTo('deeptone-source');
    await page.keyboard.type('web radio');
    await tabTo('node-input-input');
    await page.keyboard.type('https://radio.example/live.mp3');
    await tabTo('deeptone-purpose');
    await page.keyboard.type('a lamp');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('.deeptone-form', { state: 'detached' });
    assert.deepEqual(
      [
        await setting('deeptone-stream', 'source'),
        await setting('deeptone-stream', 'inputKind'),
        await setting('deeptone-stream', 'input'),
        await setting('deeptone-stream', 'hold'),
      ],
      ['ffmpeg', 'radio', 'https://radio.example/live.mp3', '3000'],
    );
  });

  it('that of the engine is filled in and is saved', async () => {
    // The editor's own buttons beside a config node are no stops of Tab.
    await page.evaluate("RED.editor.editConfig('', 'deeptone-engine', 'engine')");
    await page.waitForSelector('.deeptone-form');
    await tabTo('node-config-input-name');
    await page.keyboard.type('loud');
    await tabTo('node-config-input-modelSet');
    await page.keyboard.type('at work');
    await tabTo(/^SUMMARY Limits/);
    await page.keyboard.press('Enter');
    await tabTo('node-config-input-maxMessage');
    await page.keyboard.type('1 GB');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('.deeptone-form', { state: 'detached' });
    assert.deepEqual(
      [
        await setting('engine', 'name'),
        await setting('engine', 'modelSet'),
        await setting('engine', 'maxMessage'),
      ],
      ['loud', 'open', '1024'],
    );
  });

  it('raises no error in the page', () => {
    assert.deepEqual(
      browser.errors.filter((error) => !isOfTheEditor(error)),
      [],
    );
  });
});
