/** The dialogs of the widgets of Dashboard 2, and what there is where Dashboard was removed while flows hold them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson, TRANSLATED } from '../nodes/support/locales';
import { isOfTheEditor } from './support/browser';
import { cutOff, shoot } from './support/dialogs';
import { openEditor, type OpenEditor } from './support/editor';
import { NodeRedProcess, type FlowNode } from './support/node-red-process';
import { ROOT } from './support/package';

const DEMO = JSON.parse(
  readFileSync(join(ROOT, 'examples/dashboard/demo.json'), 'utf8'),
) as readonly FlowNode[];
const PAGES = DEMO.filter(({ type }) => /^ui-(base|theme|page|group)$/.test(type));
const GROUP = 'dt-demo-g-live';
const TYPES = ['ui-deeptone-timeline', 'ui-deeptone-live', 'ui-deeptone-input'] as const;
const DASHBOARD = '@flowfuse/node-red-dashboard';
/** The three widgets, and a flow that has nothing to do with them. */
const FLOW: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Widgets' },
  ...TYPES.map((type, index) => ({
    ...{ id: type, type, z: 'tab', name: '', group: GROUP, order: index, width: 0, height: 0, className: '' },
    ...{ hear: true, minutes: '5', upload: true, megabytes: '100', examples: true, microphone: true },
    ...{ stream: 'microphone', x: 300, y: 100 + 60 * index, wires: [] },
  })),
  ...[
    { id: 'in', type: 'http in', url: '/alive', method: 'get', wires: [['out']] },
    { id: 'out', type: 'http response', wires: [] },
  ].map((node, index) => ({ ...node, z: 'tab', x: 300 + 200 * index, y: 400 })),
];

describe('The widgets of Dashboard in the editor', function () {
  this.timeout(120_000);
  let editor: OpenEditor;
  let page: OpenEditor['page'];

  before(async () => {
    editor = await openEditor([...FLOW, ...PAGES]);
    ({ page } = editor);
  });
  after(async () => {
    await editor.nodeRed.stop();
    await editor.close();
  });

  const setting = (id: string, name: string): Promise<unknown> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)}).${name}`);

  async function open(type: string): Promise<void> {
    await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(type)}))`);
    await page.waitForSelector('#node-input-name');
  }
  async function close(button: 'ok' | 'cancel'): Promise<void> {
    await page.locator(`#node-dialog-${button}`).click();
    await page.waitForSelector('#node-input-name', { state: 'detached' });
  }
  async function reload(): Promise<void> {
    await page.goto(editor.nodeRed.url);
    await page.waitForSelector('.red-ui-flow-node');
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  }

  for (const [type, field, wrong, right] of [
    ['ui-deeptone-live', 'minutes', ['0', '61', 'five', '-1'], '12'],
    ['ui-deeptone-input', 'megabytes', ['0', '10001', 'much'], '250'],
  ] as const) {
    it(`says under a field what is accepted, and saves what is: ${type}`, async () => {
      await open(type);
      const input = page.locator(`#node-input-${field}`);
      const said = page.locator(`#${type}-${field}-problem`);
      for (const value of wrong) {
        await input.fill(value);
        assert.match(await said.innerText(), /: 1 – \d+$/, value);
        assert.equal(await input.getAttribute('aria-invalid'), 'true');
      }
      await shoot(page, `widget-${type}-wrong`);
      await input.fill('${NUMBER}');
      assert.equal(await said.innerText(), '', 'a variable is accepted');
      await input.fill(right);
      assert.equal(await said.innerText(), '');
      await page.locator('#node-input-name').fill('mine');
      await close('ok');
      assert.equal(await setting(type, field), right);
      assert.equal(await setting(type, 'valid'), true);
      assert.equal(await page.locator(`#${type} .red-ui-flow-node-label-text`).innerHTML(), 'mine');
    });
  }

  it('shows what is wrong on the canvas, too, and needs a group of a page', async () => {
    await open('ui-deeptone-live');
    await page.locator('#node-input-minutes').fill('600');
    await close('ok');
    assert.equal(await setting('ui-deeptone-live', 'valid'), false);
    await page.evaluate("RED.actions.invoke('core:undo')");
    assert.equal(await setting('ui-deeptone-live', 'valid'), true);
    const answer = await page.evaluate(`(() => {
      const node = RED.nodes.node('ui-deeptone-timeline');
      return ['', '_ADD_', ${JSON.stringify(GROUP)}].map((group) => node._def.defaults.group.validate.call(node, group, {}));
    })()`);
    assert.deepEqual(answer, ['no group of a page chosen', 'no group of a page chosen', true]);
  });

  it('says in the dialog, on the canvas and on the page that nothing is offered', async () => {
    const type = 'ui-deeptone-input';
    const checks = ['upload', 'examples', 'microphone'] as const;
    const said = page.locator(`#${type}-upload-problem`);
    await open(type);
    for (const check of checks) {
      assert.equal(await said.innerText(), '', check);
      await page.locator(`#node-input-${check}`).uncheck();
    }
    const sentence = 'Nothing is offered: tick files, the example sounds or the microphone.';
    assert.equal(await said.innerText(), sentence);
    await shoot(page, `widget-${type}-nothing`);
    for (const check of checks) {
      await page.locator(`#node-input-${check}`).check();
      assert.equal(await said.innerText(), '', check);
      assert.equal(await page.locator('#node-input-upload.input-error').count(), 0, 'nor does the editor');
      await page.locator(`#node-input-${check}`).uncheck();
    }
    await close('ok');
    assert.equal(await setting(type, 'valid'), false);
    assert.deepEqual(await setting(type, 'validationErrors'), [sentence]);

    const offering = async (isOffered: boolean): Promise<void> => {
      const offers = Object.fromEntries(checks.map((check) => [check, isOffered]));
      const flow = FLOW.map((node) => (node.id === type ? { ...node, ...offers } : node));
      await editor.nodeRed.deploy([...flow, ...PAGES]);
    };
    await offering(false);
    await page.goto(`${editor.nodeRed.url}/dashboard/deeptone`);
    await page.locator('.deeptone-nothing', { hasText: 'Nothing is offered here.' }).waitFor();
    await shoot(page, `widget-${type}-page-nothing`);
    await offering(true);
    await page.getByRole('button', { name: 'Use the microphone' }).waitFor();
    assert.equal(await page.locator('.deeptone-nothing').count(), 0);
    await reload();
  });

  it('is changed with the keyboard alone: every field is reached, in its order', async () => {
    for (const type of TYPES) {
      await page.evaluate(`RED.view.select({ nodes: [RED.nodes.node('${type}')] }); RED.view.focus()`);
      await page.keyboard.press('Enter');
      await page.waitForSelector('#node-input-name');
      const wanted: readonly string[] = await page.evaluate(
        "$('#dialog-form').find('input, select, button').filter(':visible').map(function () { return this.id }).get()",
      );
      await page.locator('#node-input-name').focus();
      const reached = new Set<string>();
      for (let presses = 0; presses < 30; presses++) {
        reached.add(String(await page.evaluate('document.activeElement.id')));
        await page.keyboard.press('Tab');
      }
      assert.deepEqual(
        // The traps for what browsers fill in by themselves are the editor's own.
        wanted.filter((id) => id !== '' && !id.startsWith('red-ui-trap-') && !reached.has(id)),
        [],
        type,
      );
      await page.locator('#node-dialog-cancel').press('Enter');
      await page.waitForSelector('#node-input-name', { state: 'detached' });
    }
  });

  it('has a help of its own', async () => {
    for (const type of TYPES) {
      await page.evaluate(`RED.sidebar.help.show('${type}')`);
      const help = page.locator('.red-ui-sidebar-help-content, .red-ui-help').last();
      await help.locator('h3', { hasText: 'Inputs' }).waitFor();
      assert.match(await help.innerText(), /Dashboard 2/);
    }
  });

  for (const locale of ['en-US', ...TRANSLATED]) {
    it(`has all words in ${locale}, and none is cut at 760 px`, async () => {
      await page.evaluate(`localStorage.setItem('editor-language', ${JSON.stringify(locale)})`);
      await page.setViewportSize({ width: 760, height: 900 });
      await reload();
      for (const type of TYPES) {
        const texts = (readJson(locale, `${type}.json`) as Readonly<Record<string, unknown>>)[type] as {
          readonly label: Readonly<Record<string, string>>;
        };
        await open(type);
        const shown = await page.locator('#dialog-form').innerText();
        const missing = Object.entries(texts.label).filter(([, label]) => !shown.includes(label));
        assert.deepEqual(missing, [], `${locale}, ${type}`);
        assert.deepEqual(await page.evaluate(cutOff('#dialog-form')), [], `${locale}, ${type}`);
        await shoot(page, `widget-${type}-${locale}-760`);
        await close('cancel');
      }
    });
  }

  describe('when Dashboard was removed', () => {
    before(async () => {
      await page.evaluate("localStorage.removeItem('editor-language')");
      await page.setViewportSize({ width: 1_400, height: 1_000 });
      await page.goto('about:blank');
      await editor.nodeRed.stop();
      const { port } = new URL(editor.nodeRed.url);
      const settings = {
        uiPort: Number(port),
        // Node-RED finds what lies beside itself: it is told to leave it out.
        externalModules: { palette: { denyList: [DASHBOARD] } },
      };
      editor = { ...editor, nodeRed: await NodeRedProcess.start(editor.installed.userDir, settings) };
    });

    it('Node-RED is up, waits, and its log says what to do, once', () => {
      const { output } = editor.nodeRed;
      assert.match(output, /- ui-group/);
      assert.doesNotMatch(output, /- ui-deeptone/);
      assert.equal(output.split('Install @flowfuse/node-red-dashboard 1.27.0 or newer').length, 2);
      assert.doesNotMatch(output, /\[error\]/);
    });

    it('other flows run when its nodes are deleted, and ours say what is missing', async () => {
      await editor.nodeRed.deploy(FLOW);
      // A deployment is answered before its flows run.
      while (!(await editor.nodeRed.answers('/alive'))) await sleep(50);
      await reload();
      for (const type of TYPES) {
        const status = page.locator(`#${type} .red-ui-flow-node-status-label`);
        await status.filter({ hasText: 'Dashboard 2 is not installed' }).waitFor();
        await page.waitForSelector(`.red-ui-palette-node[data-palette-type="${type}"]`, {
          state: 'attached',
        });
        await open(type);
        await page.locator('.deeptone-no-dashboard', { hasText: `Install ${DASHBOARD}` }).waitFor();
        assert.equal(await page.locator('#node-input-group:visible').count(), 0);
        await close('cancel');
      }
      await shoot(page, 'widget-no-dashboard');
    });

    it('raises no error in the browser', () => {
      assert.deepEqual(
        editor.browser.errors.filter((error) => !isOfTheEditor(error)),
        [],
      );
    });
  });
});
