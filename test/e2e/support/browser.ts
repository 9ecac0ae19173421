/** A headless Chromium that talks to nobody but the page under test. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM_PATH'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export interface Browser {
  readonly page: Page;
  /** Errors that the page threw or wrote to its console. */
  readonly errors: readonly string[];
  /** Addresses outside the origin under test that the page asked for. */
  readonly foreignRequests: readonly string[];
  close(): Promise<void>;
}

/** @param args further ones, such as a sound for the microphone */
export async function openBrowser(origin: string, args: readonly string[] = []): Promise<Browser> {
  const executablePath = PLACES.find((place) => place !== '' && existsSync(place));
  if (executablePath === undefined) {
    throw new Error('These tests need Chromium: install it (apt install chromium) or set CHROMIUM_PATH.');
  }
  const profile = mkdtempSync(join(tmpdir(), 'deeptone-chromium-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: 1_400, height: 1_000 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args,
    ],
  });
  const page = await context.newPage();
  const errors: string[] = [];
  const foreignRequests: string[] = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob|about):/.test(url)) foreignRequests.push(url);
  });
  return {
    page,
    errors,
    foreignRequests,
    close: async () => {
      await context.close();
      // Helpers of the browser may write into it for a moment more.
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Whether no code but that of the editor itself took part in an error: a race of its own at a reload, say. */
export function isOfTheEditor(error: string): boolean {
  const frames = error.split('\n').filter((line) => /^\s*at /.test(line));
  const named = frames.filter((line) => !line.endsWith('(<anonymous>)')); // Those of the language itself.
  return named.length > 0 && named.every((line) => /\/(red|vendor)\//.test(line));
}
