import assert from 'node:assert/strict';
import { LOCALES, TRANSLATED, readJson } from '../nodes/support/locales';
import { closeDialog, cutOff, openDialog, shoot } from './support/dialogs';
import { openEditor, type OpenEditor } from './support/editor';

/** As browsers and the editor's own setting name languages. */
const ASKED: Readonly<Record<string, string>> = {
  de: 'de-AT',
  es: 'es-MX',
  fr: 'fr-CA',
  it: 'it-IT',
  ja: 'ja',
  'zh-CN': 'zh-CN',
};
const TYPES = ['deeptone-stream', 'deeptone-file'] as const;
const SIZES = [1_400, 760] as const;

describe('The dialogs in other languages', function () {
  this.timeout(120_000);
  let editor: OpenEditor;

  before(async () => {
    editor = await openEditor([
      { id: 'tab', type: 'tab', label: 'Languages' },
      { id: 'engine', type: 'deeptone-engine', name: '', modelSet: 'standard' },
      ...TYPES.map((type) => ({
        ...{ id: type, type, z: 'tab', name: '', engine: 'engine', models: ['speech'], outputPeriod: '1024' },
        ...{ outputs: 3, x: 300, y: 100, wires: [], source: 'messages' },
      })),
    ]);
  });
  after(() => editor.close());

  it('are asked for in every language that there is', () => {
    assert.deepEqual(Object.keys(ASKED), TRANSLATED, LOCALES);
  });

  for (const [locale, asked] of Object.entries(ASKED)) {
    it(`hold the words of ${locale}, which a browser calls ${asked}, wide and narrow`, async () => {
      const { page, nodeRed } = editor;
      await page.evaluate(`localStorage.setItem('editor-language', ${JSON.stringify(asked)})`);
      const { deeptone } = readJson(locale, 'deeptone-engine.json') as {
        readonly deeptone: { readonly label: Readonly<Record<string, string>> };
      };
      await page.goto(nodeRed.url);
      await page.waitForSelector('.red-ui-flow-node');
      await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
      for (const width of SIZES) {
        await page.setViewportSize({ width, height: 1_000 });
        for (const type of TYPES) {
          await openDialog(page, type);
          const text = await page.locator('.deeptone-form').innerText();
          assert.ok(text.includes(deeptone.label['models'] ?? '?'), `${locale}: ${text.slice(0, 200)}`);
          assert.doesNotMatch(text, /deeptone-\w+[:.]|__\w+__|undefined|label\.|hint\./);
          assert.deepEqual(
            await page.evaluate(cutOff('.deeptone-form')),
            [],
            `${locale}, ${type}, ${width} px`,
          );
          await shoot(page, `language-${locale}-${type}-${width}`);
          await closeDialog(page);
        }
      }
    });
  }
});
