import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOfTheEditor } from './support/browser';
import { closeDialog, openDialog, problem, shoot, visibleRows } from './support/dialogs';
import { type FlowNode } from './support/node-red-process';
import { openEditor, type OpenEditor } from './support/editor';

const TYPES = ['deeptone-file', 'deeptone-bytes', 'deeptone-chunk', 'deeptone-stream'] as const;
const MOST_ROWS = 16;
const KINDS = ['messages', 'mqtt', 'microphone', 'camera', 'radio', 'file'] as const;

function node(id: string, type: string, settings: object = {}): FlowNode {
  return {
    ...{ id, type, z: 'tab', name: '', engine: 'engine', models: ['speech'], outputPeriod: '1024' },
    ...{ outputs: 3, x: 300, y: 100, wires: [] },
    ...settings,
  };
}

const FLOW: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Dialogs' },
  { id: 'engine', type: 'deeptone-engine', name: 'our engine', modelSet: 'standard' },
  { id: 'for-work', type: 'deeptone-engine', name: 'for work', modelSet: 'open' },
  ...TYPES.map((type) => node(type, type, { source: 'messages', filename: 'filename', filenameType: 'msg' })),
  // As a flow has it that was written before sources had kinds.
  node('old-camera', 'deeptone-stream', { source: 'ffmpeg', input: 'rtsp://camera/1' }),
  node('old-radio', 'deeptone-stream', { source: 'ffmpeg', input: 'https://radio/1.mp3' }),
  node('old-microphone', 'deeptone-stream', { source: 'ffmpeg', input: 'alsa:hw:1' }),
  node('old-file', 'deeptone-stream', { source: 'ffmpeg', input: '/var/sound.wav' }),
  node('wrong', 'deeptone-stream', { source: 'ffmpeg', inputKind: 'camera', input: '', hold: 'abc' }),
  node('gone', 'deeptone-file', {
    engine: 'nowhere',
    models: ['speech', 'front_door'],
    filename: 'filename',
  }),
];

describe('The edit dialogs', function () {
  this.timeout(120_000);
  let editor: OpenEditor;
  let nodeRed: OpenEditor['nodeRed'];
  let browser: OpenEditor['browser'];
  let page: OpenEditor['page'];
  let look = '';

  before(async () => {
    editor = await openEditor(FLOW, {
      prepare: ({ folder }) => {
        lackOneKey(folder);
      },
    });
    ({ nodeRed, browser, page } = editor);
    look = `node-red-${String(await page.evaluate('RED.settings.version')).split('.')[0] ?? ''}`;
  });
  afterEach(async () => {
    // A dialog that a failed test left open would be in the way of the next.
    for (const dialog of ['#node-config-dialog-cancel', '#node-dialog-cancel']) {
      if (!(await page.locator(dialog).isVisible())) continue;
      await page.locator(dialog).click();
      await page.waitForSelector(dialog, { state: 'detached' });
    }
  });
  after(() => editor.close());

  async function open(): Promise<void> {
    await page.goto(nodeRed.url);
    await page.waitForSelector('.red-ui-flow-node');
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  }

  const setting = (id: string, name: string): Promise<unknown> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)}).${name}`);
  const field = (name: string) => page.locator(`#node-input-${name}`);

  for (const type of TYPES) {
    it(`of ${type} shows no more than ${MOST_ROWS} rows, each with words of its own`, async () => {
      await openDialog(page, type);
      assert.ok((await visibleRows(page)) <= MOST_ROWS);
      const text = await page.locator('.deeptone-form').innerText();
      assert.doesNotMatch(text, /deeptone-\w+[:.]|__\w+__|undefined|label\.|hint\./);
      await shoot(page, `${look}-${type}`);
      await page.locator('.deeptone-fold').evaluateAll((folds) => {
        for (const fold of folds) (fold as HTMLDetailsElement).open = true;
      });
      assert.doesNotMatch(
        await page.locator('.deeptone-form').innerText(),
        /deeptone-\w+[:.]|__\w+__|undefined|label\.|hint\./,
      );
      await page.locator('.deeptone-fold').last().scrollIntoViewIfNeeded();
      await shoot(page, `${look}-${type}-folds`);
      await closeDialog(page);
    });
  }

  for (const kind of KINDS) {
    it(`of a stream begins with its source: ${kind}`, async () => {
      await openDialog(page, 'deeptone-stream');
      await page.locator('#deeptone-source').selectOption(kind);
      if (kind === 'microphone') await page.waitForFunction("!$('#deeptone-devices').text().includes('…')");
      assert.ok((await visibleRows(page)) <= MOST_ROWS);
      await shoot(page, `${look}-source-${kind}`);
      await closeDialog(page);
    });
  }

  for (const kind of ['camera', 'radio', 'microphone', 'file'] as const) {
    it(`knows a ${kind} in a flow that was saved before there were kinds, and leaves it as it is`, async () => {
      const id = `old-${kind}`;
      const [input, source] = [await setting(id, 'input'), await setting(id, 'source')];
      await openDialog(page, id);
      assert.equal(await page.locator('#deeptone-source').inputValue(), kind);
      await closeDialog(page, 'ok');
      assert.deepEqual([await setting(id, 'input'), await setting(id, 'source')], [input, source]);
    });
  }

  it('opens folds that hold something wrong, marks them, and says a sentence under the field', async () => {
    await openDialog(page, 'wrong');
    assert.ok(await field('hold').isVisible());
    assert.match(await problem(page, 'hold'), /A number of at least 0 is needed/);
    assert.match(await problem(page, 'input'), /address of the camera is needed/);
    const fold = page.locator('.deeptone-fold-wrong summary');
    assert.equal(await fold.count(), 1);
    assert.match(await fold.innerText(), /something is wrong here/);
    await shoot(page, `${look}-wrong`);
    await field('hold').fill('300');
    assert.equal(await problem(page, 'hold'), '');
    assert.equal(await page.locator('.deeptone-fold-wrong').count(), 0);
    await field('input').fill('camera');
    assert.match(await problem(page, 'input'), /begins with rtsp:/);
    await field('input').fill('rtsp://camera/1');
    assert.equal(await problem(page, 'input'), '');
    await closeDialog(page);
  });

  for (const [written, meant] of [
    ['1,000', '1024'],
    ['1000 ms', '1024'],
    ['2 s', '1984'],
    ['1.024', '1024'],
    ['1.5s', '1472'],
    ['10', '64'],
    ['512', '512'],
    ['${PERIOD}', '${PERIOD}'],
  ] as const) {
    it(`takes "${written}" milliseconds for ${meant} when the field is left`, async () => {
      await openDialog(page, 'deeptone-file');
      await field('outputPeriod').fill(written);
      await page.keyboard.press('Tab');
      assert.equal(await field('outputPeriod').inputValue(), meant);
      assert.equal(await problem(page, 'outputPeriod'), '');
      await closeDialog(page);
    });
  }

  it('understands units and commas in other fields, and refuses what is no number while it is typed', async () => {
    await openDialog(page, 'deeptone-stream');
    await page.locator('.deeptone-fold summary').evaluateAll((all) => {
      for (const one of all) (one as HTMLElement).click();
    });
    for (const [name, written, meant] of [
      ['rate', '16 kHz', '16000'],
      ['rate', '44,100', '44100'],
      ['idle', '2 min', '120'],
      ['pause', '0,5', '0.5'],
      ['maxStreams', '1 000', '1000'],
      ['maxStreams', '2.4', '2'],
      ['volumeThreshold', '-40 dB', '0.01'],
    ] as const) {
      await field(name).fill(written);
      await field(name).blur();
      assert.equal(await field(name).inputValue(), meant, `${name} "${written}"`);
    }
    await field('rate').pressSequentially('x');
    assert.match(await problem(page, 'rate'), /A number from 4000 to 384000 is needed/);
    await closeDialog(page);
  });

  it('saves a number rounded also where its field is never left', async () => {
    await openDialog(page, 'deeptone-bytes');
    await field('outputPeriod').fill('1,000');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('.deeptone-form', { state: 'detached' });
    assert.equal(await setting('deeptone-bytes', 'outputPeriod'), '1024');
  });

  it('sets what goes together for a purpose, and knows it again', async () => {
    await openDialog(page, 'deeptone-stream');
    await page.locator('#deeptone-purpose').selectOption('lamp');
    await closeDialog(page, 'ok');
    assert.deepEqual(
      [await setting('deeptone-stream', 'hold'), await setting('deeptone-stream', 'tellBegin')],
      ['3000', true],
    );
    await openDialog(page, 'deeptone-stream');
    assert.equal(await page.locator('#deeptone-purpose').inputValue(), 'lamp');
    await page.locator('.deeptone-fold summary').first().click();
    await field('hold').fill('1');
    await page.keyboard.press('Tab');
    assert.equal(await page.locator('#deeptone-purpose').inputValue(), 'own');
    await closeDialog(page);
  });

  it('says once what may be done with the models of an engine', async () => {
    await openDialog(page, 'deeptone-file');
    const note = page.locator('.deeptone-license-note');
    assert.match(await note.innerText(), /at home and for research/);
    await field('engine').selectOption('for-work');
    await page.waitForSelector('.deeptone-model input[value="arousal"]', { state: 'detached' });
    assert.equal(await note.count(), 1);
    assert.match(await note.innerText(), /at work, too/);
    await shoot(page, `${look}-for-work`);
    await closeDialog(page);
  });

  it('says that the engine of a flow was not imported with it, and which models are gone', async () => {
    await openDialog(page, 'gone');
    assert.match(await problem(page, 'engine'), /not imported/);
    assert.match(await problem(page, 'models'), /front_door/);
    await shoot(page, `${look}-gone`);
    await field('engine').selectOption('engine');
    assert.equal(await problem(page, 'engine'), '');
    await page.locator('.deeptone-model-missing input').uncheck();
    assert.equal(await problem(page, 'models'), '');
    await closeDialog(page);
  });

  it('stays usable when the engine is deleted while it is open', async () => {
    await page.evaluate(
      `RED.nodes.add({ id: 'short-lived', type: 'deeptone-engine', name: 'short-lived', users: [],
        _def: RED.nodes.getType('deeptone-engine'), modelSet: 'standard', modelFolders: [], licensePublicKeys: [] });
       RED.nodes.node('deeptone-chunk').engine = 'short-lived'`,
    );
    await openDialog(page, 'deeptone-chunk');
    await page.locator('#node-input-btn-engine-edit').click();
    await page.locator('.red-ui-tray-toolbar').last().getByText('Delete').click();
    await page.waitForFunction("!RED.nodes.node('short-lived')");
    await page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
    // The editor shows the next engine in the list.
    await page.waitForFunction("$('#node-input-engine').val() !== 'short-lived'");
    await page.waitForSelector('.deeptone-form .deeptone-model');
    await field('engine').selectOption('engine');
    await page.waitForSelector('.deeptone-form .deeptone-model');
    assert.equal(await problem(page, 'engine'), '');
    await closeDialog(page, 'ok');
    assert.equal(await setting('deeptone-chunk', 'engine'), 'engine');
  });

  it('shows a variable that stands for models, and keeps it', async () => {
    await page.evaluate("RED.nodes.node('deeptone-file').models = '${WHAT}'");
    await openDialog(page, 'deeptone-file');
    assert.equal(await page.locator('#deeptone-models-variable').inputValue(), '${WHAT}');
    assert.equal(await problem(page, 'models'), '');
    await shoot(page, `${look}-variable`);
    await closeDialog(page, 'ok');
    assert.equal(await setting('deeptone-file', 'models'), '${WHAT}');
    await page.evaluate("RED.nodes.node('deeptone-file').models = ['speech']");
  });

  it('shows what the engine is, with its folds and in a narrow window', async () => {
    await openDialog(page, 'deeptone-file');
    await page.locator('#node-input-btn-engine-edit').click();
    await page.waitForFunction(() =>
      /onnxruntime-node/.test(document.querySelector('#deeptone-runtime')?.textContent ?? ''),
    );
    assert.ok((await page.locator('.deeptone-form').last().locator('.form-row:visible').count()) > 0);
    await shoot(page, `${look}-engine`);
    await page.locator('#node-config-dialog-cancel').click();
    await closeDialog(page);
  });

  for (const [name, width] of [
    ['narrow', 760],
    ['wide', 1_400],
  ] as const) {
    it(`fits into a ${name} window, light and dark`, async () => {
      await page.setViewportSize({ width, height: 900 });
      for (const type of ['deeptone-file', 'deeptone-stream'] as const) {
        await openDialog(page, type);
        const overflow = await page
          .locator('.deeptone-form')
          .evaluate((form) => form.scrollWidth - form.clientWidth);
        assert.ok(overflow <= 1, `${type}: ${overflow} px too wide`);
        // Nor beyond what is to be seen of the editor's tray.
        const beyond = await page.locator('.deeptone-form').evaluate((form) => {
          const seen = form.closest('.red-ui-tray-body-wrapper')?.getBoundingClientRect().right ?? 0;
          return form.getBoundingClientRect().right - seen;
        });
        assert.ok(beyond <= 0, `${type}: ${beyond} px hidden`);
        await shoot(page, `${look}-${type}-${name}`);
        // Node-RED 5 has a dark theme of its own.
        await page.evaluate("document.documentElement.classList.add('nr-theme-dark')");
        await shoot(page, `${look}-${type}-${name}-dark`);
        await page.evaluate("document.documentElement.classList.remove('nr-theme-dark')");
        await closeDialog(page);
      }
      await page.setViewportSize({ width: 1_400, height: 1_000 });
    });
  }

  for (const type of ['deeptone-file', 'deeptone-bytes', 'deeptone-stream'] as const) {
    it(`gives ${type} a fifth output for the sound of phases, and the fourth with it`, async () => {
      await openDialog(page, type);
      const fold = page.locator('.deeptone-fold', { has: page.locator('#node-input-segments') });
      await fold.locator('summary').click();
      assert.equal(await field('segmentModel').isVisible(), false);
      await field('segments').check();
      assert.equal(await field('segmentModel').inputValue(), 'speech');
      assert.equal(await field('segmentResults').inputValue(), 'speech');
      await page.locator('#deeptone-model-gender').check();
      await page.locator('#deeptone-model-speech').uncheck();
      assert.match(await problem(page, 'segmentModel'), /whose phases/);
      assert.deepEqual(await field('segmentModel').locator('option').allInnerTexts(), [
        'Woman or man',
        'loudness',
        'speech',
      ]);
      await field('segmentModel').selectOption({ label: 'Woman or man' });
      assert.equal(await problem(page, 'segmentModel'), '');
      await page.locator('#deeptone-model-speech').check();
      await field('segmentModel').selectOption('speech');
      await field('segmentBefore').fill('20000');
      assert.match(await problem(page, 'segmentBefore'), /from 0 to 10000/);
      await field('segmentBefore').fill('0.5 s');
      await page.keyboard.press('Tab');
      assert.equal(await field('segmentBefore').inputValue(), '500');
      await shoot(page, `${look}-${type}-segments`);
      await closeDialog(page, 'ok');
      assert.equal(await setting(type, 'outputs'), 5);
      assert.equal(await setting(type, 'segments'), true);
      await openDialog(page, type);
      await fold.locator('summary').click();
      await field('segments').uncheck();
      await closeDialog(page, 'ok');
      assert.equal(await setting(type, 'outputs'), 3);
    });
  }

  it('marks a node on the canvas whose sound is to be cut out as it cannot be', async () => {
    for (const [wrong, sentence] of [
      ["segments: true, segmentModel: ''", /whose phases/],
      ["segments: true, segmentModel: 'language'", /whose phases/],
      ["segments: true, segmentModel: 'speech', segmentBefore: '20000'", /from 0 to 10000/],
    ] as const) {
      const errors = await page.evaluate(`(() => {
        const node = RED.nodes.node('deeptone-bytes');
        Object.assign(node, { segmentBefore: '', ${wrong} });
        RED.editor.validateNode(node);
        const errors = JSON.stringify(node.validationErrors ?? []);
        Object.assign(node, { segments: false, segmentModel: '', segmentBefore: '' });
        RED.editor.validateNode(node);
        return errors;
      })()`);
      assert.match(String(errors), sentence);
    }
  });

  it('tests an engine on a button: what an answer takes, how fast it is here, and what is heard', async () => {
    await page.evaluate(`RED.editor.editConfig('', 'deeptone-engine', 'engine')`);
    const button = page.locator('.deeptone-test');
    await button.waitFor();
    await button.focus();
    await page.keyboard.press('Enter');
    await page.locator('.deeptone-findings li').nth(6).waitFor({ timeout: 90_000 });
    const lines = await page.locator('.deeptone-findings li').allInnerTexts();
    const text = lines.join('\n');
    assert.match(text, /9 models/);
    assert.match(
      text,
      /\d+ times faster than real time: about \d+ live streams at once|too slow for a live stream/,
    );
    assert.match(text, /Heard in the example: \d+ % speech/);
    assert.match(text, /MB of memory/);
    assert.equal(await page.locator('.deeptone-findings .deeptone-is-problem').count(), 0, text);
    await shoot(page, `${look}-engine-test`);
    await page.locator('#node-config-dialog-cancel').click();
    await page.waitForSelector('#node-config-dialog-cancel', { state: 'detached' });
  });

  it('speaks English where the locale lacks a word, and shows no key', async () => {
    await page.evaluate(() => {
      localStorage.setItem('editor-language', 'de');
    });
    await open();
    await openDialog(page, 'deeptone-file');
    const text = await page.locator('.deeptone-form').innerText();
    assert.match(text, /Sound file/);
    assert.match(text, /Erkennen/);
    assert.doesNotMatch(text, /deeptone-\w+[:.]|label\.|undefined/);
    await shoot(page, `${look}-german`);
    await closeDialog(page);
  });

  it('raises no error in the page, and asks nobody else for anything', () => {
    assert.deepEqual(
      browser.errors.filter((error) => !isOfTheEditor(error)),
      [],
    );
    assert.deepEqual(browser.foreignRequests, []);
  });
});

/** Takes one label out of the German texts. */
function lackOneKey(folder: string): void {
  const file = join(folder, 'dist/nodes/locales/de/deeptone-file.json');
  const texts = JSON.parse(readFileSync(file, 'utf8')) as { 'deeptone-file': { label?: unknown } };
  delete texts['deeptone-file'].label;
  writeFileSync(file, JSON.stringify(texts));
}
