/** The editor of a real Node-RED that has our package, in a browser. */
import type { Page } from 'playwright-core';
import { openBrowser, type Browser } from './browser';
import { NodeRedProcess, type FlowNode } from './node-red-process';
import { installPackage, type InstalledPackage } from './package';

export interface OpenEditor {
  readonly installed: InstalledPackage;
  readonly nodeRed: NodeRedProcess;
  readonly browser: Browser;
  readonly page: Page;
  close(): Promise<void>;
}

/** What is different from suite to suite. */
export interface EditorSetup {
  /** What is there when the editor is. */
  readonly ready?: string;
  /** Changes the package before Node-RED starts. */
  readonly prepare?: (installed: InstalledPackage) => void;
  /** What the browser is started with besides. */
  readonly browserArgs?: readonly string[];
}

/** Installs the package, starts Node-RED with a flow, and opens its editor. */
export async function openEditor(flow: readonly FlowNode[], setup: EditorSetup = {}): Promise<OpenEditor> {
  const installed = installPackage();
  setup.prepare?.(installed);
  const nodeRed = await NodeRedProcess.start(installed.userDir);
  await nodeRed.deploy(flow);
  const browser = await openBrowser(nodeRed.url, setup.browserArgs);
  const { page } = browser;
  await page.goto(nodeRed.url);
  await page.waitForSelector(setup.ready ?? '.red-ui-flow-node');
  await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  return {
    ...{ installed, nodeRed, browser, page },
    close: async () => {
      await browser.close();
      await nodeRed.stop();
      installed.remove();
    },
  };
}
