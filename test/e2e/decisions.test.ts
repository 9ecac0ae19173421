import assert from 'node:assert/strict';
import { closeDialog, openDialog, problem, shoot } from './support/dialogs';
import { openEditor, type OpenEditor } from './support/editor';
import { type FlowNode } from './support/node-red-process';

const TYPES = ['deeptone-file', 'deeptone-bytes', 'deeptone-chunk', 'deeptone-stream'] as const;

function node(id: string, type: string, settings: object = {}): FlowNode {
  return {
    ...{ id, type, z: 'tab', name: '', engine: 'engine', models: ['language'], outputPeriod: '1024' },
    ...{
      source: 'messages',
      filename: 'filename',
      filenameType: 'msg',
      outputs: 3,
      x: 300,
      y: 100,
      wires: [],
    },
    ...settings,
  };
}

const FLOW: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Decisions' },
  { id: 'engine', type: 'deeptone-engine', name: '', modelSet: 'standard' },
  ...TYPES.map((type) => node(type, type)),
  node('of-others', 'deeptone-file', { decisions: { gender: { period: 'any' } } }),
  node('by-variable', 'deeptone-file', { decisions: '${DECISIONS}' }),
  node('nothing-left', 'deeptone-bytes', { decisions: { language: { classes: [] } } }),
];

describe('How answers are decided, in the edit dialogs', function () {
  this.timeout(120_000);
  let editor: OpenEditor;
  let page: OpenEditor['page'];

  before(async () => {
    editor = await openEditor(FLOW);
    ({ page } = editor);
  });
  after(() => editor.close());

  const saved = (id: string): Promise<unknown> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)}).decisions`);
  const one = (id: string) => page.locator(`#deeptone-decision-${id}`);

  async function open(id: string): Promise<void> {
    await openDialog(page, id);
    const fold = page.locator('.deeptone-fold', { has: page.locator('#deeptone-decisions') });
    if ((await fold.getAttribute('open')) === null) await fold.locator('summary').click();
  }

  for (const type of TYPES) {
    it(`of ${type}: which languages are possible, from where on, and what stands for a period`, async () => {
      await open(type);
      await one('language-fr').uncheck();
      await one('language-es').uncheck();
      await one('language-it').uncheck();
      await one('language-de-from').fill('130');
      assert.match(await problem(page, 'decisions'), /from 0 to 100/);
      await one('language-de-from').fill('62.5 %');
      assert.equal(await problem(page, 'decisions'), '');
      await one('language-period').selectOption('share');
      await one('language-period-share').fill('0');
      assert.match(await problem(page, 'decisions'), /from 0 to 100/);
      await one('language-period-share').fill('15');
      await one('language-period').scrollIntoViewIfNeeded();
      await shoot(page, `decisions-${type}`);
      await closeDialog(page, 'ok');
      const expected = { classes: ['de', 'en'], thresholds: { de: 0.625 }, period: 0.15 };
      assert.deepEqual(await saved(type), { language: expected });

      await open(type);
      assert.equal(await one('language-fr').isChecked(), false);
      assert.equal(await one('language-de-from').inputValue(), '62.5');
      assert.equal(await one('language-period-share').inputValue(), '15');
      for (const language of ['fr', 'es', 'it']) await one(`language-${language}`).check();
      await one('language-de-from').fill('');
      await one('language-period').selectOption('majority');
      await closeDialog(page, 'ok');
      assert.deepEqual(await saved(type), {});
    });
  }

  it('leaves a flow as it is that never decided anything', async () => {
    await page.evaluate("delete RED.nodes.node('deeptone-file').decisions");
    await open('deeptone-file');
    await closeDialog(page, 'ok');
    assert.equal(await saved('deeptone-file'), undefined);
  });

  it('offers what belongs to the models that are ticked, and keeps what was decided about others', async () => {
    await open('of-others');
    assert.equal(await one('gender-period').count(), 0);
    await page.locator('#deeptone-model-gender').check();
    assert.equal(await one('gender-period').inputValue(), 'any');
    await page.locator('#deeptone-model-speaker-map').check();
    assert.equal(await one('speaker-map-period').count(), 1);
    await page.locator('#deeptone-model-gender').uncheck();
    assert.equal(await one('gender-period').count(), 0);
    await closeDialog(page, 'ok');
    assert.deepEqual(await saved('of-others'), { gender: { period: 'any' } });
  });

  it('leaves a variable as it is', async () => {
    await open('by-variable');
    assert.equal(await page.locator('#deeptone-decisions-written').inputValue(), '${DECISIONS}');
    await closeDialog(page, 'ok');
    assert.equal(await saved('by-variable'), '${DECISIONS}');
  });

  it('says where nothing is possible any more, in the dialog and on the canvas', async () => {
    await open('nothing-left');
    assert.equal(await one('language-de').isChecked(), false);
    assert.match(await problem(page, 'decisions'), /At least one answer must be possible/);
    assert.ok(await page.locator('.deeptone-fold-wrong').isVisible());
    const errors = await page.evaluate(`(() => {
      RED.editor.validateNode(RED.nodes.node('nothing-left'));
      return JSON.stringify(RED.nodes.node('nothing-left').validationErrors ?? []);
    })()`);
    assert.match(String(errors), /At least one answer must be possible/);
    await one('language-de').check();
    assert.equal(await problem(page, 'decisions'), '');
    await closeDialog(page, 'ok');
    assert.deepEqual(await saved('nothing-left'), { language: { classes: ['de'] } });
  });
});
