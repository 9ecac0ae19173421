import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openBrowser, type Browser } from './support/browser';
import { ROOT } from './support/package';

/** Starts the demo as `npm run demo` does after the build; gives the address that it prints. */
async function startDemo(): Promise<{ demo: ChildProcess; dashboard: string; printed: string }> {
  const demo = spawn(process.execPath, [join(ROOT, 'scripts/demo.mjs')], {
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

/** Models and results that the timeline shows. */
function timeline(page: Page): Promise<readonly { name: string; parts: readonly string[] }[]> {
  return page.locator('.deeptone-timeline .row').evaluateAll((rows) =>
    rows.map((row) => ({
      name: row.querySelector('.name')?.textContent ?? '',
      parts: [...row.querySelectorAll('.part')].map(
        (part) => (part.getAttribute('title') ?? '').split(',')[0] ?? '',
      ),
    })),
  );
}

/** Whether a chart has drawn anything in the colour of one of its lines. */
function coloursIn(page: Page, chart: number): Promise<number> {
  return page
    .locator('canvas')
    .nth(chart)
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
        data: [],
      };
      const colours = new Set<string>();
      for (let i = 0; i < data.length; i += 4) {
        const [red = 0, green = 0, blue = 0] = [data[i], data[i + 1], data[i + 2]];
        if (Math.max(red, green, blue) - Math.min(red, green, blue) > 60)
          colours.add(`${red},${green},${blue}`);
      }
      return colours.size;
    });
}

describe('The demo', function () {
  this.timeout(120_000);
  let demo: ChildProcess;
  let dashboard: string;
  let printed: string;
  let browser: Browser;
  let page: Page;

  before(async () => {
    ({ demo, dashboard, printed } = await startDemo());
    browser = await openBrowser(new URL(dashboard).origin);
    ({ page } = browser);
    await page.goto(dashboard);
  });
  after(async () => {
    await browser.close();
    demo.kill('SIGTERM');
    await once(demo, 'exit');
  });

  it('prints the addresses of the dashboard and the editor, on this machine alone', () => {
    assert.match(dashboard, /^http:\/\/127\.0\.0\.1:\d+\/dashboard\/deeptone$/);
    assert.match(printed, /Editor\s+http:\/\/127\.0\.0\.1:\d+\//);
  });

  it('shows the phases of the first sound without a click', async () => {
    await page.waitForSelector('.deeptone-timeline .part');
    const rows = await timeline(page);
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['speech', 'gender', 'speaker-map', 'audio-event'],
    );
    for (const result of ['speech', 'music', 'silence']) assert.ok(rows[0]?.parts.includes(result), result);
    await page.waitForSelector('text=/20 s of sound, analysed \\d+ times faster/');
  });

  it('draws the probabilities and the shares', async () => {
    await page.waitForFunction(() => document.querySelectorAll('canvas').length === 2);
    while ((await coloursIn(page, 0)) < 2 || (await coloursIn(page, 1)) < 1) await page.waitForTimeout(200);
  });

  it('plays the sound, and jumps to where one clicks', async () => {
    await page.waitForFunction(() => (document.querySelector('audio')?.duration ?? 0) > 19);
    const bar = page.locator('.deeptone-timeline .bar').first();
    const box = await bar.boundingBox();
    await bar.click({ position: { x: (box?.width ?? 0) / 2, y: 10 } });
    const time = await page.evaluate(() => document.querySelector('audio')?.currentTime ?? 0);
    assert.ok(Math.abs(time - 10) < 0.2, `${time} s`);
  });

  it('analyses the other sound when it is chosen, one row per model and channel', async () => {
    await page.locator('.v-select, .v-combobox').first().click();
    await page.locator('.v-list-item', { hasText: 'phone call' }).click();
    await page.waitForSelector('.deeptone-timeline .name:has-text("channel 1")');
    const rows = await timeline(page);
    assert.equal(rows.length, 8);
    await page.waitForSelector('text=/10 s of sound/');
  });

  it('raises no error in the page and asks nobody else for anything', () => {
    assert.deepEqual(browser.errors, []);
    assert.deepEqual(browser.foreignRequests, []);
  });
});
