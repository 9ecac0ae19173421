import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleFlows, together } from '../examples/flows';
import { startNodeRed, type FlowNode, type NodeRedProcess } from '../tools/mqtt/node-red';
import { openBrowser, type Browser } from './support/browser';
import { SCREENSHOTS } from './support/dialogs';
import { ROOT } from './support/package';

/** What the editor has of a node, in the browser. */
interface Drawn {
  readonly id: string;
  readonly type: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Runs in the browser: shows a tab, and tells where its nodes are drawn. */
const PLACES = `async (tab) => {
  RED.workspaces.show(tab);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const drawn = [];
  RED.nodes.eachNode((node) => {
    if (node.z !== tab) return;
    const { id, type, x, y, w, h } = node;
    drawn.push({ id, type, left: x - w / 2, right: x + w / 2, top: y - h / 2, bottom: y + h / 2 });
  });
  return drawn;
}`;

const FIRST = 'file - what is in a sound';

describe('The tutorial', function () {
  this.timeout(120_000);
  let nodeRed: NodeRedProcess;
  let browser: Browser;
  const flows = exampleFlows();
  const dashboard = JSON.parse(
    readFileSync(join(ROOT, 'examples/dashboard/live timeline.json'), 'utf8'),
  ) as readonly FlowNode[];

  before(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    nodeRed = await startNodeRed({
      packages: ['@flowfuse/node-red-dashboard'],
      settings: JSON.stringify({
        disableEditor: false,
        editorTheme: { tours: false },
        telemetry: { enabled: false },
      }),
    });
    // Those that play at once are drawn and not run.
    const asleep = flows
      .filter(({ name }) => name !== FIRST)
      .map(({ name, nodes }) => ({
        name,
        nodes: nodes.map((node) => (node.type === 'tab' ? { ...node, disabled: true } : node)),
      }));
    const first = flows.filter(({ name }) => name === FIRST);
    await nodeRed.deploy(together([...first, ...asleep, { name: 'live timeline', nodes: dashboard }]));
    browser = await openBrowser(nodeRed.url);
    await browser.page.setViewportSize({ width: 1_600, height: 760 });
  });
  after(async () => {
    await browser.close();
    await nodeRed.stop();
  });

  it('shows what is in a sound, under the node and in the sidebar', async () => {
    const { page } = browser;
    await page.goto(nodeRed.url);
    await page.waitForSelector('.red-ui-flow-node');
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
    await page.evaluate("RED.sidebar.show('debug')");
    const pressed = await fetch(`${nodeRed.url}/inject/dt-file-inject-1`, { method: 'POST' });
    assert.equal(pressed.status, 200);
    await page.locator('.red-ui-debug-msg', { hasText: '48 % speech, 28 % music' }).first().waitFor();
    await page.locator('.red-ui-flow-node-status-label', { hasText: '48 % speech' }).nth(1).waitFor();
    await page.screenshot({ path: join(SCREENSHOTS, 'tutorial-file.png') });
  });

  it('has examples whose nodes lie apart as the editor draws them', async () => {
    for (const { name, nodes } of flows) {
      const tab = nodes.find(({ type }) => type === 'tab')?.id;
      const drawn = await browser.page.evaluate<readonly Drawn[]>(`(${PLACES})(${JSON.stringify(tab)})`);
      assert.ok(drawn.length > 2 && drawn.every(({ right, left }) => right > left), name);
      drawn.forEach((one, index) => {
        for (const other of drawn.slice(index + 1)) {
          const isOver =
            one.left < other.right &&
            other.left < one.right &&
            one.top < other.bottom &&
            other.top < one.bottom;
          assert.ok(!isOver, `${name}: ${one.id} lies over ${other.id}`);
        }
      });
      await browser.page.screenshot({ path: join(SCREENSHOTS, `example-${name}.png`) });
    }
  });

  it('shows live sound on a dashboard', async () => {
    const { page } = browser;
    await page.goto(`${nodeRed.url}/dashboard/live`);
    const gender = page.locator('.deeptone-live .deeptone-row', { hasText: 'gender' });
    await gender.locator('.deeptone-part[data-class=female]').first().waitFor();
    await gender.locator('.deeptone-part[data-class=male]').first().waitFor();
    await page.screenshot({ path: join(SCREENSHOTS, 'tutorial-dashboard.png') });
  });
});
