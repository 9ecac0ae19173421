import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';
import { makeWav, temporaryFolder } from '../tools/audio';
import { accessibilityFaults } from './support/accessible';
import { openDialog, shoot } from './support/dialogs';
import { openEditor, type OpenEditor } from './support/editor';
import { type FlowNode } from './support/node-red-process';
import { ROOT } from './support/package';

const FLOW: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Teach' },
  { id: 'engine', type: 'deeptone-engine', name: '', modelSet: 'standard' },
  {
    ...{ id: 'file', type: 'deeptone-file', z: 'tab', name: '', engine: 'engine', models: ['speech'] },
    ...{
      filename: 'filename',
      filenameType: 'msg',
      outputPeriod: '1024',
      outputs: 3,
      x: 300,
      y: 100,
      wires: [],
    },
  },
];
const PAGE = 'resources/@deeptone/node-red/deeptone-teach.html';

/** Sounds that come with the package. */
const BUNDLED = readdirSync(join(ROOT, 'resources/sounds')).sort();

interface Sounds {
  readonly that: readonly string[];
  readonly other: readonly string[];
  readonly mix: string;
}

/** Door bells, and other sounds of a home; no two alike. */
function makeSounds(): Sounds {
  const folder = temporaryFolder();
  const mix = join(folder, 'mix.wav');
  const script = join(ROOT, 'docs/own-model/make-sounds.mjs');
  execFileSync(process.execPath, [script, join(folder, 'sounds'), mix]);
  const of = (name: string, count: number): readonly string[] =>
    readdirSync(join(folder, 'sounds', name))
      .sort()
      .slice(0, count)
      .map((file) => join(folder, 'sounds', name, file));
  return {
    that: of('doorbell', 10),
    other: [...of('other', 6), ...of('knocking', 4), ...of('kettle', 2)],
    mix,
  };
}

describe('The page that teaches a sound', function () {
  this.timeout(180_000);
  const sounds = makeSounds();
  let editor: OpenEditor;
  let page: Page;
  let userDir: string;

  before(async () => {
    editor = await openEditor(FLOW, {
      browserArgs: [
        ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
        `--use-file-for-fake-audio-capture=${sounds.mix}`,
      ],
    });
    ({ page } = editor);
    ({ userDir } = editor.installed);
  });
  after(() => editor.close());

  const alert = (of: string) => page.locator(`#problem-${of}`);
  const count = (kind: string) => page.locator(`#count-${kind}`);
  const add = (kind: string, files: readonly string[]) =>
    page.locator(`#files-${kind}`).setInputFiles([...files]);
  const added = (kind: string, number: number) =>
    page.waitForFunction(
      ([of, wanted]) => document.querySelector(`#count-${of}`)?.textContent.startsWith(`${wanted} `),
      [kind, number] as const,
    );

  it('is reached from the dialog of an engine', async () => {
    await page.evaluate(`RED.editor.editConfig('', 'deeptone-engine', 'engine')`);
    const link = page.locator('a.deeptone-teach');
    await link.waitFor();
    const [opened] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    await opened.waitForSelector('#name');
    assert.ok(opened.url().endsWith(PAGE));
    page = opened;
  });

  it('refuses a name that cannot be one, and begins with one by the keyboard alone', async () => {
    await page.locator('#name').focus();
    await page.keyboard.type('?!');
    await page.keyboard.press('Enter');
    await page.waitForFunction("document.querySelector('#problem-sound').textContent !== ''");
    assert.match(await alert('sound').innerText(), /letter or a digit, such as "door bell"/);
    await page.locator('#name').fill('Door bell');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#record-that');
    assert.equal(await page.evaluate('document.activeElement.id'), 'record-that');
    assert.ok(await page.locator('#learn').isDisabled());
  });

  it('says of each file that it does not take what is wrong with it, and takes the others', async () => {
    const folder = temporaryFolder();
    const [first = ''] = sounds.that;
    writeFileSync(join(folder, 'notes.txt'), 'Buy milk, and a door bell.\n'.repeat(20));
    writeFileSync(join(folder, 'quiet.wav'), makeWav([new Float32Array(32_000)]));
    writeFileSync(join(folder, 'short.wav'), makeWav([new Float32Array(800).fill(0.3)]));
    writeFileSync(
      join(folder, 'long.wav'),
      makeWav([Float32Array.from({ length: 61 * 16_000 }, (_, i) => Math.sin(i) / 3)]),
    );
    writeFileSync(join(folder, 'again.wav'), readFileSync(first));
    execFileSync('ffmpeg', ['-loglevel', 'error', '-i', first, join(folder, 'again.mp3')]);
    const names = ['notes.txt', 'quiet.wav', 'short.wav', 'long.wav', 'again.wav', 'again.mp3'];
    await add('that', [first, ...names.map((name) => join(folder, name))]);
    await page.waitForFunction("/again.mp3/.test(document.querySelector('#problem-that').textContent)");
    const told = await alert('that').innerText();
    for (const sentence of [
      /notes\.txt: .*text/,
      /quiet\.wav: Nothing is to be heard/,
      /short\.wav: It is shorter/,
      /long\.wav: It is longer than 60 s/,
      /again\.wav: This recording is there already/,
      /again\.mp3: This recording is there already/,
    ])
      assert.match(told, sentence);
    assert.match(await count('that').innerText(), /^1 of 10/);
    const listed = await page.locator('[aria-labelledby=card-that] ul.examples li > span').innerText();
    assert.match(listed, new RegExp(`^1: ${basename(first)}, \\d\\.\\d s, -\\d+ dB$`));
    await shoot(page, 'teach-refused');
  });

  it('does not learn from three examples', async () => {
    await add('that', sounds.that.slice(1, 3));
    await add('other', sounds.other.slice(0, 3));
    await added('that', 3);
    await added('other', 3);
    assert.ok(await page.locator('#learn').isDisabled());
    const answer = await fetch(`${editor.nodeRed.url}/deeptone/teach/door-bell/learn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /There are 3 examples of the sound: at least 4 are needed/);
  });

  it('offers the example sounds as what it is not, by one click, with their names, until they are there', async () => {
    await page.locator('#bundled').click();
    await added('other', 3 + BUNDLED.length);
    await page.locator('#bundled').waitFor({ state: 'detached' });
    const spans = page.locator('[aria-labelledby=card-other] ul.examples li > span');
    const named = (await spans.allInnerTexts()).map((line) => /^\d+: ([^,]+\.wav), /.exec(line)?.[1] ?? line);
    assert.deepEqual(named, [...sounds.other.slice(0, 3).map((path) => basename(path)), ...BUNDLED]);
    await shoot(page, 'teach-bundled');
    // What is like the sound itself is taken away, and offered again alone.
    await page.locator('li', { hasText: 'cat.wav' }).locator('button').last().click();
    await page.locator('p', { hasText: 'example sounds: cat.' }).waitFor();
    await page.locator('#bundled').click();
    await added('other', 3 + BUNDLED.length);
  });

  it('learns from ten, and says honestly how well it went with what it had not learned from', async () => {
    await add('that', sounds.that.slice(3));
    await add('other', sounds.other.slice(3));
    await added('that', 10);
    await added('other', 12 + BUNDLED.length);
    await page.locator('#learn').click();
    await page.waitForSelector('#found', { timeout: 120_000 });
    const [, of, right, others, wrong] =
      /Of (\d+) examples of "Door bell".*recognised (\d+)\. Of (\d+) other sounds it took (\d+)/.exec(
        await page.locator('#found').innerText(),
      ) ?? [];
    assert.deepEqual([of, others], ['10', String(12 + BUNDLED.length)]);
    assert.ok(Number(right) >= 8, `${right} of 10`);
    assert.ok(Number(wrong) <= 2, `${wrong} of ${others}`);
    // Ten right of ten are no promise.
    assert.match(
      await page.locator('#expect').innerText(),
      /of ten, expect [5-8] to (?:9|10) to be recognised/,
    );
    await shoot(page, 'teach-learned');
  });

  for (const [name, width] of [
    ['tablet', 768],
    ['phone', 390],
  ] as const) {
    it(`is accessible and fits on a ${name}, light and dark`, async () => {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(over) <= 0, `${String(over)} px too wide`);
        assert.deepEqual(await accessibilityFaults(page, 'body'), []);
        await shoot(page, `teach-${name}-${colorScheme}`);
      }
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 1_400, height: 1_000 });
    });
  }

  it('plays an example, and takes one away', async () => {
    const line = page.locator('ul.examples').first().locator('li').last();
    const played = page.waitForResponse((response) => /door-bell\/that\/[0-9a-f]{8}$/.test(response.url()));
    await line.locator('button').first().click();
    assert.equal((await played).headers()['content-type'], 'audio/wav');
    await line.locator('button').last().click();
    await added('that', 9);
    assert.match(
      await page.locator('[aria-labelledby=card-learn]').innerText(),
      /have changed since: learn again/,
    );
    assert.equal(readdirSync(join(userDir, 'deeptone/taught/door-bell/sounds/door_bell')).length, 9);
  });

  it('records with the microphone of the browser', async () => {
    await page.locator('#record-other').click();
    await page.waitForFunction("document.querySelector('#level-other').value > 0.1");
    // The meter moves every tenth of a second; what is shorter than two of them is refused.
    await page.evaluate(`new Promise((resolve) => {
      let moves = 0;
      new MutationObserver(() => { if (++moves > 8) resolve(); }).observe(document.querySelector('#level-other'), { attributes: true });
    })`);
    await page.locator('#record-other').click();
    await added('other', 13 + BUNDLED.length);
    const last = page.locator('[aria-labelledby=card-other] ul.examples li > span').last();
    assert.match(await last.innerText(), /^\d+: \d+\.\d s, /, 'what was recorded here has no file');
  });

  it('says what to do where a browser does not let a page listen', async () => {
    await page.evaluate(
      "Object.defineProperty(window, 'isSecureContext', { value: false, configurable: true })",
    );
    await page.locator('#record-that').click();
    assert.match(await alert('that').innerText(), /open this page as https:\/\/, or on the machine itself/);
    await page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: true })");
    for (const [name, sentence] of [
      ['NotAllowedError', /allow the microphone for this page/],
      ['NotFoundError', /no microphone on this device/],
    ] as const) {
      await page.evaluate(
        `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '${name}'))`,
      );
      await page.locator('#record-that').click();
      await page.waitForFunction(
        `${String(sentence)}.test(document.querySelector('#problem-that').textContent)`,
      );
    }
  });

  it('puts the model into every dialog once the flows have started again', async () => {
    await page.locator('#restart').click();
    await page.waitForFunction("document.querySelector('#restarted').textContent !== ''");
    const editorPage = editor.page;
    await editorPage.bringToFront();
    await editorPage.goto(editor.nodeRed.url);
    await editorPage.waitForSelector('.red-ui-flow-node');
    await editorPage.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
    await openDialog(editorPage, 'file');
    const row = editorPage.locator('.deeptone-model', {
      has: editorPage.locator('#deeptone-model-door-bell'),
    });
    assert.match(await row.innerText(), /Door bell/);
    assert.match(await row.innerText(), /door bell, other/);
    await shoot(editorPage, 'teach-dialog');
  });

  it('has taught the sound: a bell is heard as one', () => {
    const command = join(editor.installed.folder, 'dist/src/cli/main.js');
    const models = join(userDir, 'deeptone/models/standard');
    const flags = [
      '--models',
      'door-bell',
      '--model-folder',
      models,
      '--format',
      'csv',
      '--output-period',
      '512',
    ];
    const heard = execFileSync(process.execPath, [command, 'analyze', sounds.mix, ...flags], {
      encoding: 'utf8',
    });
    const bells = heard
      .split('\n')
      .map((line) => line.split(','))
      .filter(([, , , label]) => label === 'door_bell')
      .map(([, , time]) => Number(time) / 1_000);
    // What rings in the mix: from 2 s and from 22 s on, for some seconds.
    assert.ok(bells.some((second) => second >= 2 && second < 5));
    assert.ok(bells.some((second) => second >= 22 && second < 25));
    assert.ok(
      bells.filter((second) => second < 2 || (second >= 6 && second < 22)).length <= 4,
      String(bells),
    );
  });

  it('forgets a sound with all that was learned from it', async () => {
    page.once('dialog', (dialog) => void dialog.accept());
    await page.bringToFront();
    await page.locator('#forget').click();
    await page.waitForSelector('#name');
    assert.ok(!existsSync(join(userDir, 'deeptone/taught/door-bell')));
    for (const set of ['standard', 'open'])
      assert.ok(!existsSync(join(userDir, `deeptone/models/${set}/door-bell.onnx`)));
  });

  it('tells who is not signed in to do that first', async () => {
    await page.route('**/deeptone/teach', (route) => route.fulfill({ status: 401, json: {} }));
    await page.reload();
    await page.waitForSelector('[role=alert]');
    assert.match(await page.locator('[role=alert]').innerText(), /Sign in to the editor of Node-RED first/);
    await page.unroute('**/deeptone/teach');
  });
});
