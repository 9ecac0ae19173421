import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser, type Browser } from './support/browser';
import { NodeRedProcess, type FlowNode } from './support/node-red-process';
import { installPackage, ROOT, type InstalledPackage } from './support/package';

describe('A sound that is uploaded on a dashboard', function () {
  this.timeout(120_000);
  let installed: InstalledPackage;
  let nodeRed: NodeRedProcess;
  let browser: Browser;

  before(async () => {
    installed = installPackage();
    nodeRed = await NodeRedProcess.start(installed.userDir);
    const example = readFileSync(join(ROOT, 'examples/dashboard/upload a sound.json'), 'utf8');
    await nodeRed.deploy(JSON.parse(example) as readonly FlowNode[]);
    browser = await openBrowser(nodeRed.url);
  });
  after(async () => {
    await browser.close();
    await nodeRed.stop();
    installed.remove();
  });

  it('goes straight into the bytes node, and its shares into a table', async () => {
    const { page } = browser;
    await page.goto(`${nodeRed.url}/dashboard/upload`);
    await page.locator('input[type=file]').setInputFiles(join(ROOT, 'resources/sounds/radio-show.wav'));
    await page.locator('button', { hasText: /upload/i }).click();
    const rows = page.locator('tbody tr', { hasText: '%' });
    await rows.first().waitFor();
    const texts = await rows.allInnerTexts();
    for (const words of [
      /speech\s+speech\s+\d+\.\d %/,
      /speech\s+music\s+\d+\.\d %/,
      /gender\s+male\s+\d+\.\d %/,
    ]) {
      assert.ok(
        texts.some((text) => words.test(text)),
        `${words.source} in ${texts.join(' | ')}`,
      );
    }
    assert.deepEqual(browser.errors, []);
    assert.deepEqual(browser.foreignRequests, []);
  });
});
