/** The demo page with all widgets, in a real Node-RED with Dashboard 2, as people see and hear it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { accessibilityFaults } from './support/accessible';
import { openBrowser, type Browser } from './support/browser';
import { itBearsFingers, itBearsTenHours, itBearsUploads } from './support/hard-cases';
import { shoot } from './support/dialogs';
import { ROOT } from './support/package';

const SOUNDS = join(ROOT, 'resources/sounds');
const WIDTHS = { desktop: 1_400, tablet: 768, phone: 390 } as const;
const WIDGET = '/deeptone/widget/dt-demo-input/sound';
const DARK = `* { transition: none !important; animation: none !important; }
  :root { --v-theme-background: 18,18,18 !important; --v-theme-surface: 30,30,30 !important; }
  body, .v-application, .v-main, .v-card, .nrdb-ui-group { background: #1b1f23 !important; color: #f1f3f5 !important; }`;

/** Starts the demo as `npm run demo` does after the build; gives the address that it prints. */
async function startDemo(
  folder: string,
): Promise<{ demo: ChildProcess; dashboard: string; printed: string }> {
  const command = [join(ROOT, 'dist/src/cli/main.js'), 'demo', '--folder', folder];
  const demo = spawn(process.execPath, command, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  for (;;) {
    await Promise.race([once(demo.stdout, 'data'), once(demo, 'exit')]);
    if (demo.exitCode !== null) throw new Error(`The demo ended:\n${printed}`);
    const dashboard = /Dashboard\s+(\S+)/.exec(printed)?.[1];
    if (dashboard !== undefined && printed.includes('Stop with')) return { demo, dashboard, printed };
  }
}

/** Names of the rows of the timeline, with the classes that are in each. */
function rows(page: Page): Promise<readonly { name: string; classes: readonly (string | null)[] }[]> {
  return page.locator('.deeptone-timeline .deeptone-row:has([role="slider"])').evaluateAll((all) =>
    all.map((row) => ({
      name: row.querySelector('.deeptone-name')?.textContent ?? '',
      classes: [...row.querySelectorAll('.deeptone-part')].map((part) => part.getAttribute('data-class')),
    })),
  );
}

async function showExample(page: Page, name: string): Promise<void> {
  await page.locator('.deeptone-input button', { hasText: name }).click();
  const title = `${name.replace(' ', '-')}.wav`;
  await page.waitForFunction((wanted) => {
    const choice = document.querySelector('.deeptone-timeline select, .deeptone-title');
    const shown = choice instanceof HTMLSelectElement ? choice.selectedOptions[0]?.text : choice?.textContent;
    return shown === wanted;
  }, title);
}

describe('The demo', function () {
  this.timeout(120_000);
  let demo: ChildProcess;
  let dashboard: string;
  let printed: string;
  let browser: Browser;
  let page: Page;

  let folder: string;

  before(async () => {
    // Below the package, from where Node-RED and Dashboard are found; in .cache/demo is what a developer has changed.
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    folder = mkdtempSync(join(ROOT, '.cache/demo-test-'));
    ({ demo, dashboard, printed } = await startDemo(folder));
    browser = await openBrowser(new URL(dashboard).origin, [
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
    ]);
    ({ page } = browser);
    // Slow machines are slow.
    page.setDefaultTimeout(40_000);
    await page.addInitScript(() => {
      const css = '* { transition: none !important; animation: none !important; }';
      addEventListener('DOMContentLoaded', () => {
        document.head.append(Object.assign(document.createElement('style'), { textContent: css }));
      });
    });
    await page.goto(dashboard);
  });
  after(async () => {
    await browser.close();
    demo.kill('SIGINT');
    await once(demo, 'exit');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('prints the addresses of the dashboard and the editor, on this machine alone', () => {
    assert.match(dashboard, /^http:\/\/127\.0\.0\.1:\d+\/dashboard\/deeptone$/);
    assert.match(printed, /Editor\s+http:\/\/127\.0\.0\.1:\d+\//);
  });

  it('shows the phases of the first sound without a click, in words', async () => {
    await page.waitForSelector('.deeptone-part');
    await page.waitForSelector('.deeptone-wave canvas');
    const shown = await rows(page);
    assert.deepEqual(
      shown.map(({ name }) => name),
      ['speech', 'gender', 'who speaks', 'sounds'],
    );
    for (const label of ['speech', 'music', 'silence']) assert.ok(shown[0]?.classes.includes(label), label);
    const text = await page.locator('.deeptone-timeline').innerText();
    assert.doesNotMatch(text, /no_speech|speaker_1|speaker-map|audio-event/);
    assert.match(text, /48 % speech/);
  });

  it('plays a phase that is clicked, from its begin', async () => {
    await page.locator('.deeptone-time', { hasText: '0:20' }).waitFor();
    const bar = page.getByRole('slider', { name: 'Phases: speech' });
    const box = await bar.boundingBox();
    await bar.click({ position: { x: (box?.width ?? 0) * 0.75, y: 10 } });
    await page.waitForFunction(() =>
      /0:1[3-6]\.\d \/ /.test(document.querySelector('.deeptone-time')?.textContent ?? ''),
    );
    assert.match((await bar.getAttribute('aria-valuetext')) ?? '', /speech: other sound, 0:13\.\d/);
  });

  it('is used with the keyboard alone: from phase to phase, closer, and a phase heard', async () => {
    const bar = page.getByRole('slider', { name: 'Phases: gender' });
    await bar.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    assert.equal(await bar.getAttribute('aria-valuenow'), '1');
    const before = await page.locator('.deeptone-axis span').allInnerTexts();
    await page.keyboard.press('+');
    assert.notDeepEqual(await page.locator('.deeptone-axis span').allInnerTexts(), before);
    await page.keyboard.press('0');
    assert.deepEqual(await page.locator('.deeptone-axis span').allInnerTexts(), before);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.deeptone-play[aria-label="Pause"]');
    await page.locator('.deeptone-play').press('Enter');
  });

  it('gives the phases as a table, as labels and as a picture', async () => {
    const save = async (name: RegExp): Promise<[string, Buffer]> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ]);
      return [download.suggestedFilename(), readFileSync(await download.path())];
    };
    const [csvName, csv] = await save(/CSV/);
    assert.equal(csvName, 'radio-show.csv');
    assert.match(csv.toString(), /^channel,model,start_s,end_s,class,words,confidence\r\n0,speech,0,/);
    assert.match(csv.toString(), /,speaker_1,speaker 1,/);
    const [labelName, labels] = await save(/Audacity/);
    assert.equal(labelName, 'radio-show.txt');
    for (const line of labels.toString().trim().split('\n'))
      assert.match(line, /^\d+\.\d{3}\t\d+\.\d{3}\t\S/);
    const [pictureName, picture] = await save(/PNG/);
    assert.equal(pictureName, 'radio-show.png');
    assert.deepEqual([...picture.subarray(1, 4)], [...Buffer.from('PNG')]);
  });

  it('gives two people of two channels two colours, and a class one colour everywhere', async () => {
    await showExample(page, 'phone call');
    assert.equal((await rows(page)).length, 8);
    const chips = await page
      .locator('.deeptone-legend li .deeptone-chip')
      .evaluateAll((all) => all.map((chip) => [chip.textContent, getComputedStyle(chip).backgroundColor]));
    const speakers = chips.filter(([word]) => word?.includes('speaker'));
    assert.ok(speakers.length >= 2, JSON.stringify(chips));
    assert.equal(new Set(speakers.map(([, colour]) => colour)).size, speakers.length);
    assert.equal(new Set(speakers.map(([word]) => word)).size, speakers.length);
    const speech = chips.filter(([word]) => word === 'speech').map(([, colour]) => colour);
    assert.ok(speech.length > 1 && new Set(speech).size === 1);
  });

  it('takes a file of more than a megabyte, and shows what is in it to this browser alone', async () => {
    const other = await page.context().newPage();
    await other.goto(dashboard);
    await other.waitForSelector('.deeptone-part');
    // A page in the background draws nothing.
    await page.bringToFront();
    const show = readFileSync(join(SOUNDS, 'radio-show.wav'));
    const start = show.indexOf('data') + 8;
    const data = show.subarray(start);
    const long = Buffer.concat([show.subarray(0, start), ...Array.from({ length: 6 }, () => data)]);
    long.writeUInt32LE(long.length - 8, 4);
    long.writeUInt32LE(long.length - start, start - 4);
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'my radio.wav', mimeType: 'audio/wav', buffer: long });
    await page.getByText('"my radio.wav" has arrived').waitFor();
    const chosen = page.locator('.deeptone-timeline option:checked', { hasText: 'my radio.wav' });
    await chosen.waitFor({ state: 'attached' });
    await page.getByText('"my radio.wav" has arrived').waitFor({ state: 'detached' });
    assert.doesNotMatch(await other.locator('.deeptone-timeline').innerText(), /my radio/);
    await other.close();
  });

  it('refuses text, nothing, too much and what is cut, in words', async () => {
    const input = page.locator('input[type=file]');
    const problem = page.locator('.deeptone-problem');
    await input.setInputFiles(join(ROOT, 'README.md'));
    await problem.filter({ hasText: '"README.md" is not audio: it is text that begins' }).waitFor();
    await input.setInputFiles({ name: 'nothing.wav', mimeType: 'audio/wav', buffer: Buffer.alloc(0) });
    await problem.filter({ hasText: '"nothing.wav" is empty.' }).waitFor();
    // A browser cannot be given two gigabytes here: what it says of them, and what the server does.
    await input.evaluate((element: HTMLInputElement) => {
      const file = new File(['x'], 'film.mov');
      Object.defineProperty(file, 'size', { value: 2e9 });
      Object.defineProperty(element, 'files', { value: [file], configurable: true });
      element.dispatchEvent(new Event('change'));
    });
    await problem.filter({ hasText: '"film.mov" has 2000 MB; at most 100 MB are taken.' }).waitFor();
    await page.route(`**${WIDGET}**`, (route) => route.abort());
    await page.reload();
    await page.locator('input[type=file]').setInputFiles(join(SOUNDS, 'cat.wav'));
    await problem.filter({ hasText: 'The connection was cut while "cat.wav" was sent' }).waitFor();
    await page.unroute(`**${WIDGET}**`);
  });

  it('answers other pages and unknown widgets with nothing of anybody', async () => {
    const { origin } = new URL(dashboard);
    const foreign = await fetch(`${origin}/deeptone/widget/dt-demo-timeline/state`, {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(foreign.status, 403);
    assert.equal((await fetch(`${origin}/deeptone/widget/nobody/state`)).status, 404);
    assert.equal(
      (await fetch(`${origin}/deeptone/widget/dt-demo-timeline/sound/..%2F..%2Fetc%2Fpasswd`)).status,
      404,
    );
    const shared = (await (await fetch(`${origin}/deeptone/widget/dt-demo-timeline/state`)).json()) as {
      takes: readonly { title: string }[];
    };
    assert.deepEqual(
      shared.takes.map(({ title }) => title),
      ['radio-show.wav'],
      'what one browser chose is its own',
    );
  });

  it('hears the microphone of the browser: now, level, last minutes and what happened', async () => {
    await page.getByRole('button', { name: 'Use the microphone' }).click();
    await page.locator('.deeptone-heard[data-model="speech"] strong').waitFor();
    await page.waitForFunction(() => {
      const live = document.querySelector('.deeptone-live');
      const { top, bottom } = live?.getBoundingClientRect() ?? { top: -1, bottom: 0 };
      const isSeen = top >= 0 && (top <= window.innerHeight / 2 || bottom <= window.innerHeight);
      return isSeen && live === document.activeElement;
    });
    await page.waitForFunction(() =>
      /-\d+ dBFS/.test(document.querySelector('.deeptone-figure')?.textContent ?? ''),
    );
    const event = page.locator('.deeptone-live .deeptone-events li', { hasText: 'begins' }).first();
    await event.waitFor();
    assert.match(await event.innerText(), /The microphone of this page" begins\./);
    await event.getByRole('button').click();
    await page.getByRole('button', { name: 'Back to now' }).click();
    await shoot(page, 'demo-microphone');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('.deeptone-now', { hasText: 'has ended' }).waitFor();
  });

  it('says each phase once, with its length when it has ended, and the begin of a stream before it', async () => {
    const told = await page.evaluate(`(async () => {
      const { LiveStream } = await import('/resources/@deeptone/node-red/dashboard/live-streams.mjs');
      const stream = new LiveStream();
      const say = (item) => stream.take({ stream: 'a', ...item }, 60_000);
      say({ time: 5_000, event: 'opened', text: 'begins' });
      say({ time: 4_000, model: 'speech', label: 'music', end: null });
      say({ time: 4_000, model: 'gender', label: 'female', end: null });
      say({ time: 4_007, model: 'gender', label: 'female', end: 7_107 });
      say({ time: 7_600, model: 'gender', label: 'female', end: 7_700 });
      return stream.happenings.map(({ time, label, text, end }) => [time, label ?? text, end ?? null]);
    })()`);
    assert.deepEqual(told, [
      [7_600, 'female', 7_700],
      [4_000, 'female', 7_107],
      [4_000, 'music', null],
      [4_000, 'begins', null],
    ]);
  });

  it('says what to do where a browser gives no microphone', async () => {
    await page.evaluate(() => {
      const refuse = (name: string) => () => Promise.reject(new DOMException('', name));
      Object.assign(window, { refuse });
      navigator.mediaDevices.getUserMedia = refuse('NotAllowedError');
    });
    const use = page.getByRole('button', { name: 'Use the microphone' });
    await use.click();
    await page.locator('.deeptone-problem', { hasText: 'was not allowed' }).waitFor();
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'));
    });
    await use.click();
    await page.locator('.deeptone-problem', { hasText: 'There is no microphone here.' }).waitFor();
    await page.addInitScript(() => {
      if (location.hash === '#http') Object.defineProperty(window, 'isSecureContext', { value: false });
    });
    await page.goto('about:blank');
    await page.goto(`${dashboard}#http`);
    await page
      .locator('.deeptone-input', { hasText: 'Browsers give the microphone to pages of https://' })
      .waitFor();
    assert.ok(await page.getByRole('button', { name: 'Use the microphone' }).isDisabled());
    await page.goto('about:blank');
    await page.goto(dashboard);
    await page.waitForSelector('.deeptone-part');
  });

  itBearsUploads(() => ({ page, dashboard }));
  itBearsFingers(() => ({ page, dashboard }));
  itBearsTenHours(() => ({ page, dashboard }));

  for (const [device, width] of Object.entries(WIDTHS)) {
    for (const theme of ['light', 'dark'] as const) {
      it(`is accessible and fits on a ${device}, ${theme}`, async () => {
        await page.setViewportSize({ width, height: 900 });
        if (theme === 'dark')
          await page.evaluate((css) => {
            document.head.append(
              Object.assign(document.createElement('style'), { id: 'dark', textContent: css }),
            );
          }, DARK);
        const found = await accessibilityFaults(page, '.deeptone-widget');
        assert.deepEqual(found, []);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${overflow} pixels too wide`);
        await shoot(page, `demo-${device}-${theme}`);
        await page.evaluate(() => document.querySelector('#dark')?.remove());
      });
    }
  }

  it('raises no error in the page but those of requests that were refused, and asks nobody else for anything', () => {
    const refused = /status of (?:4\d\d)|net::ERR_FAILED/;
    assert.deepEqual(
      browser.errors.filter((error) => !refused.test(error)),
      [],
    );
    assert.deepEqual(browser.foreignRequests, []);
  });
});
