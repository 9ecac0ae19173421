import assert from 'node:assert/strict';
import type { Request } from 'playwright-core';
import { isOfTheEditor } from './support/browser';
import { shoot } from './support/dialogs';
import { openEditor, type OpenEditor } from './support/editor';
import { NodeRedProcess, type FlowNode } from './support/node-red-process';
import { rawShow } from '../nodes/support/sounds';

const HOSTILE = '<img src=x onerror="document.title=`hacked`">\u0007\u202E"\'';
const MODELS = ['speech', 'gender', 'speaker-map'];
/** 2 s of 16-bit samples at 16 kHz. */
const PIECE = 64_000;

function stream(id: string, z: string, models: readonly string[], more: object = {}): FlowNode {
  return {
    ...{ id, z, type: 'deeptone-stream', name: '', engine: 'engine', models, source: 'messages' },
    ...{ encoding: 's16le', rate: 16_000, channels: 1, outputPeriod: '256', outputs: 3 },
    ...{ x: 500, y: 100, wires: [[], [], []], ...more },
  };
}

/** POST /audio?to=NODE&topic=STREAM has a node hear raw samples. */
const FLOW: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Microphones' },
  { id: 'engine', type: 'deeptone-engine', name: 'hall', modelSet: 'standard' },
  { id: 'in', z: 'tab', type: 'http in', url: '/audio', method: 'post', x: 100, y: 100, wires: [['to']] },
  {
    ...{ id: 'to', z: 'tab', type: 'function', outputs: 4, x: 250, y: 100 },
    func: `
      const { to, topic, end } = msg.req.query;
      const heard = { topic, payload: msg.payload };
      if (end) heard.complete = true;
      return ['mics', 'many', 'inner'].map((one) => (one === to ? heard : null)).concat({ req: msg.req, res: msg.res, payload: '' });`,
    wires: [['mics'], ['many'], ['inner'], ['out']],
  },
  { id: 'out', z: 'tab', type: 'http response', statusCode: '204', headers: {}, x: 700, y: 40, wires: [] },
  stream('mics', 'tab', MODELS, { name: 'microphones' }),
  stream('many', 'tab', ['speech-rt'], { name: 'many', y: 160, maxStreams: '400', outputPeriod: '1024' }),
  {
    id: 'sub',
    type: 'subflow',
    name: 'a room',
    in: [{ x: 50, y: 30, wires: [{ id: 'sub-mics' }] }],
    out: [],
  },
  stream('sub-mics', 'sub', ['speech'], { name: 'in a subflow' }),
  { id: 'inner', z: 'tab', type: 'subflow:sub', name: 'kitchen', x: 500, y: 220, wires: [] },
];

const DARK = `:root { --red-ui-primary-text-color: #d8d8d8; --red-ui-secondary-background: #262626; --red-ui-primary-background: #1e1e1e;
  --red-ui-secondary-border-color: #454545; --red-ui-list-item-background-hover: #333; }`;

describe('The sidebar DeepTone', function () {
  this.timeout(120_000);
  let editor: OpenEditor;
  let nodeRed: NodeRedProcess;
  let page: OpenEditor['page'];
  const asked: string[] = [];
  const sound = rawShow('-r', '16000', '-c', '1', '-b', '16', '-e', 'signed-integer');

  before(async () => {
    editor = await openEditor(FLOW);
    ({ nodeRed, page } = editor);
    page.on('request', (request: Request) => {
      if (request.url().includes('/deeptone/live')) asked.push(request.url());
    });
  });
  after(() => editor.close());

  async function hear(to: string, topic: string, body: Buffer, end = ''): Promise<void> {
    const query = new URLSearchParams({ to, topic, end });
    const send = (): Promise<Response> =>
      fetch(`${nodeRed.url}/audio?${query.toString()}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(body),
      });
    let response = await send();
    // Node-RED answers before its flows have started.
    while (response.status === 404) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      response = await send();
    }
    assert.equal(response.status, 204);
  }
  /** The whole radio show, some seconds of it at a time. */
  async function show(to: string, topic: string): Promise<void> {
    for (let at = 0; at < sound.length; at += PIECE) await hear(to, topic, sound.subarray(at, at + PIECE));
  }
  const open = (): Promise<unknown> => page.evaluate("RED.sidebar.show('deeptone')");
  const row = (name: string) =>
    page.locator('.deeptone-live-stream', { has: page.locator('.deeptone-live-name', { hasText: name }) });
  const facts = (node: string) =>
    page
      .locator('.deeptone-live-node', { has: page.locator('h4', { hasText: node }) })
      .locator('h4 + .deeptone-live-facts');
  /** Runs something and waits for the answers to all questions that were under way before. */
  const nextAnswer = () => page.waitForResponse((response) => /deeptone\/live(\?|$)/.test(response.url()));

  it('asks nothing while it is closed', async () => {
    await show('mics', 'desk');
    await hear('mics', HOSTILE, sound.subarray(0, PIECE));
    assert.deepEqual(asked, []);
  });

  it('shows every engine and stream, what is heard now, how loud, how fast', async () => {
    await open();
    await row('desk').waitFor();
    assert.match(await page.locator('.deeptone-live-engine h3').innerText(), /hall/);
    assert.match(await page.locator('.deeptone-live-status').innerText(), /ready.* · onnxruntime-node/);
    assert.equal(await page.locator('.deeptone-live-dot').getAttribute('data-fill'), 'green');
    await row('desk')
      .filter({ hasText: /-\d+ dBFS.*(music|speech|sound|silence).* × real time/ })
      .waitFor();
    await facts('microphones')
      .filter({ hasText: /^2 streams · \d+(\.\d)? × real time$/ })
      .waitFor();
    assert.equal(await facts('many').innerText(), '0 streams');
  });

  it('shows a name with HTML and control characters as text', async () => {
    const shown = await page.locator('.deeptone-live-stream .deeptone-live-name').allInnerTexts();
    assert.ok(shown.includes(HOSTILE.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD')), shown.join('\n'));
    assert.equal(await page.locator('.deeptone-live img').count(), 0);
    assert.notEqual(await page.title(), 'hacked');
  });

  it('has the last two minutes of a stream as a timeline, by keyboard alone', async () => {
    await row('desk').locator('button').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.deeptone-timeline [role=option]');
    assert.equal(await row('desk').locator('button').getAttribute('aria-expanded'), 'true');
    const bars = page.locator('.deeptone-timeline [role=listbox]');
    const titles = await bars.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
    assert.match(titles.join('; '), /^Speech or music.*; Woman or man; Who speaks when$/);
    const words = (await page.locator('.deeptone-timeline-legend').first().innerText()).split('\n');
    for (const word of ['speech', 'music'])
      assert.ok(
        words.some((one) => one.startsWith(word)),
        words.join(),
      );

    await page.keyboard.press('Tab');
    const focused = (): Promise<string> =>
      page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.outerHTML");
    const last = await focused();
    assert.match(last, /^.+ for \d+\.\d s, since −\d:\d\d$/);
    await page.keyboard.press('Home');
    const first = await focused();
    assert.notEqual(first, last);
    assert.equal(await page.locator('.deeptone-timeline-told').innerText(), first);
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await focused(), first);
    const second = await focused();
    await nextAnswer(); // The focus stays where it is while the timeline is brought up to date.
    await nextAnswer();
    assert.equal(await focused(), second);
    await page.keyboard.press('ArrowDown');
    const rowOf = "document.activeElement.closest('[role=listbox]').getAttribute('aria-label')";
    assert.equal(await page.evaluate(rowOf), 'Woman or man');
    await shoot(page, 'sidebar');
  });

  it('has colours that can be told from the ground, light and dark, and fits into a narrow window', async () => {
    const style = await page.addStyleTag({ content: ':root {}' });
    for (const [look, css] of [
      ['light', ''],
      ['dark', DARK],
    ] as const) {
      await style.evaluate((tag, content) => (tag.textContent = content), css);
      const contrasts = await page.evaluate<readonly [string, number][]>(CONTRASTS);
      assert.ok(contrasts.length > 12);
      for (const [what, contrast] of contrasts) {
        assert.ok(contrast >= (what === 'text' ? 4.5 : 3), `${look}, ${what}: ${contrast} : 1`);
      }
      await shoot(page, `sidebar-${look}`);
    }
    await page.evaluate("$('#red-ui-sidebar').width(200); RED.events.emit('sidebar:resize')");
    const tooWide = "$('.deeptone-live')[0].scrollWidth - $('.deeptone-live')[0].clientWidth";
    assert.equal(await page.evaluate(tooWide), 0);
    await shoot(page, 'sidebar-narrow-dark');
    await style.evaluate((tag) => (tag.textContent = ''));
    await page.evaluate("$('#red-ui-sidebar').width(320); RED.events.emit('sidebar:resize')");
  });

  it('tells of a stream that has ended, and of one in a subflow', async () => {
    await hear('mics', 'desk', Buffer.alloc(0), 'yes');
    await row('desk').waitFor({ state: 'detached' });
    await hear('inner', 'stove', sound.subarray(0, PIECE));
    await row('stove').waitFor();
    await page
      .locator('.deeptone-live-node', { has: page.locator('h4', { hasText: 'in a subflow' }) })
      .locator('.deeptone-live-reveal')
      .click();
    await page.waitForFunction("$('#inner').length === 1 && RED.workspaces.active() === 'tab'");
  });

  it('lists 300 of 301 streams and finds each by its name', async () => {
    const piece = sound.subarray(0, 32_768);
    await Promise.all(Array.from({ length: 301 }, (_, index) => hear('many', `cam-${index}`, piece)));
    const more = page.locator('.deeptone-live-more', { hasText: /and \d+ more/ }).first();
    await more.waitFor();
    const find = page.locator('.deeptone-live-find');
    await find.fill('CAM-300');
    await page.waitForFunction("$('.deeptone-live-stream').length === 1");
    assert.equal(await row('cam-300').count(), 1);
    await find.fill('nothing like it');
    await page.waitForFunction("$('.deeptone-live-stream').length === 0");
    assert.match(await page.locator('.deeptone-live').innerText(), /No stream has that in its name/);
    await find.fill('');
    await more.waitFor();
    await shoot(page, 'sidebar-300');
  });

  it('says that the session is over, and goes on when asked to', async () => {
    await page.route(/deeptone\/live/, (route) => route.fulfill({ status: 401, body: 'Unauthorized' }));
    const again = page.locator('.deeptone-live-problem button');
    await again.waitFor();
    assert.match(await page.locator('.deeptone-live-problem').innerText(), /Log in again/);
    await page.unroute(/deeptone\/live/);
    await Promise.all([nextAnswer(), again.click()]);
    await page.locator('.deeptone-live-problem').waitFor({ state: 'hidden' });
  });

  it('stops to ask when it is closed, by whichever way', async () => {
    for (const close of ["RED.sidebar.show('info')", "RED.actions.invoke('core:toggle-sidebar', false)"]) {
      await Promise.all([nextAnswer(), open()]);
      await page.evaluate(close);
      await page.locator('.deeptone-live').waitFor({ state: 'hidden' });
      const idle = page.waitForRequest(/deeptone\/live/, { timeout: 2_500 });
      await assert.rejects(idle, /Timeout/);
      await page.evaluate("RED.actions.invoke('core:toggle-sidebar', true)");
    }
    await open();
  });

  it('goes on over an engine that is deleted, and a Node-RED that is started anew', async () => {
    await open();
    await nodeRed.deploy([{ id: 'tab', type: 'tab', label: 'Microphones' }]);
    await page.locator('.deeptone-live-none', { hasText: 'There is no engine' }).waitFor();
    await nodeRed.deploy(FLOW);
    await row('microphones').waitFor({ state: 'detached' });
    await show('mics', 'desk');
    await row('desk').locator('button[aria-expanded=true]').waitFor(); // It was open when it ended.
    await page.waitForSelector('.deeptone-timeline [role=option]');
    const { port } = new URL(nodeRed.url);
    await nodeRed.stop();
    await page.locator('.deeptone-live-problem', { hasText: 'does not answer' }).waitFor();
    nodeRed = await NodeRedProcess.start(editor.installed.userDir, { uiPort: Number(port) });
    await page.locator('.deeptone-live-problem').waitFor({ state: 'hidden' });
    await show('mics', 'desk');
    await row('desk').locator('button[aria-expanded=true]').waitFor();
    await page.waitForSelector('.deeptone-timeline [role=option]');
    await nodeRed.stop();
  });

  it('raises no error in the page but those of requests that were refused', () => {
    const others = editor.browser.errors.filter(
      (error) => !isOfTheEditor(error) && !/Failed to load resource|WebSocket/.test(error),
    );
    assert.deepEqual(others, []);
  });
});

/** What each colour of a class, the mark of each label and the text come to against the ground that they are on. */
const CONTRASTS = `(() => {
  const place = document.querySelector('.deeptone-live');
  const numbers = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => {
    const [red, green, blue] = numbers(colour).map((one) => {
      const value = one / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = light(getComputedStyle(place).backgroundColor);
  const against = (colour) => {
    const one = light(colour);
    return Math.round(((Math.max(one, ground) + 0.05) / (Math.min(one, ground) + 0.05)) * 100) / 100;
  };
  const found = [['text', against(getComputedStyle(place).color)]];
  for (let index = 0; index < 10; index++) {
    const one = $('<span>').addClass('deeptone-colour-' + index).appendTo(place);
    found.push(['colour ' + index, against(getComputedStyle(one[0]).backgroundColor)]);
    one.remove();
  }
  for (const fill of ['green', 'yellow', 'red', 'grey']) {
    const one = $('<span class="deeptone-live-dot">').attr('data-fill', fill).appendTo(place);
    found.push(['dot ' + fill, against(getComputedStyle(one[0]).backgroundColor)]);
    one.remove();
  }
  return found;
})()`;
