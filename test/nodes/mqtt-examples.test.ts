import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';
import { startBroker, type Broker } from '../tools/mqtt/broker';
import { Listener } from '../tools/mqtt/listener';
import { startNodeRed, type FlowNode, type NodeRedProcess } from '../tools/mqtt/node-red';

const EXAMPLES = resolve(__dirname, '../../../examples');
const CHROMIUM = [process.env['CHROMIUM_PATH'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** The example as a user imports it, but for the port of the broker. */
function example(name: string, port: number): FlowNode[] {
  const flow = JSON.parse(readFileSync(join(EXAMPLES, name), 'utf8')) as FlowNode[];
  return flow.map((node) => (node.type === 'mqtt-broker' ? { ...node, port: String(port) } : node));
}

describe('Example flows with MQTT', () => {
  let broker: Broker;
  let nodeRed: NodeRedProcess;
  let listener: Listener;

  before(async () => {
    broker = await startBroker();
    nodeRed = await startNodeRed({
      packages: ['@flowfuse/node-red-dashboard'],
      // Dashboard loads our widgets from where the editor is.
      settings: JSON.stringify({
        ...{ disableEditor: false, editorTheme: { tours: false } },
        telemetry: { enabled: false },
      }),
    });
  });
  after(async () => {
    await nodeRed.stop();
    await broker.close();
  });
  beforeEach(async () => {
    listener = await Listener.open(broker.url, '#');
  });
  afterEach(async () => {
    await listener.close();
    await nodeRed.deploy([]);
  });

  async function press(button: string): Promise<void> {
    const response = await fetch(`${nodeRed.url}/inject/${button}`, { method: 'POST' });
    assert.equal(response.status, 200);
  }

  function heard(topic: string, payload: string): Promise<unknown> {
    return listener.waitFor(
      (message) => message.topic === topic && message.payload.toString() === payload,
      `${topic} ${payload}`,
    );
  }

  async function deploy(name: string): Promise<void> {
    await nodeRed.deploy(example(name, broker.port));
    await heard('deeptone/availability', 'online');
    await listener.settle();
  }

  it('switch a lamp on while somebody speaks in its room, without flicker', async () => {
    await deploy('flows/stream - a lamp that follows the voice.json');
    await press('dt-lamp-inject');
    await heard('home/kitchen/lamp/set', 'ON');
    await heard('deeptone/kitchen/availability', 'offline');
    const turns = (): readonly string[] => {
      const switched = listener.messages.filter(({ topic }) => topic === 'home/kitchen/lamp/set');
      const all = switched.map(({ payload }) => payload.toString());
      return all.slice(all.indexOf('ON'));
    };
    // What the lamp gets goes through the broker once more.
    await listener.waitFor(() => turns().includes('OFF'), 'the lamp off');
    await listener.settle();
    assert.deepEqual(turns(), ['ON', 'OFF']);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  describe('on a dashboard', () => {
    let folder: string;
    let browser: BrowserContext | undefined;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'deeptone-dashboard-'));
    });
    afterEach(async () => {
      await browser?.close();
      browser = undefined;
    });
    after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

    /** A browser whose microphone hears a voice. */
    async function openBrowser(): Promise<BrowserContext> {
      const voice = join(folder, 'voice.wav');
      execFileSync('espeak-ng', [
        '-w',
        voice,
        'This is the voice of the person at the desk, who has a lot to say today.',
      ]);
      const executablePath = CHROMIUM.find((place) => place !== '' && existsSync(place));
      return chromium.launchPersistentContext(join(folder, 'profile'), {
        executablePath,
        headless: true,
        args: [
          '--no-sandbox',
          '--use-fake-ui-for-media-stream',
          '--use-fake-device-for-media-stream',
          `--use-file-for-fake-audio-capture=${voice}`,
          '--autoplay-policy=no-user-gesture-required',
        ],
      });
    }

    it('show what each microphone hears, that of the browser too', async () => {
      await deploy('dashboard/microphones over MQTT.json');
      browser = await openBrowser();
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      await page.goto(`${nodeRed.url}/dashboard/microphones`);
      await page.getByRole('button', { name: 'Use the microphone' }).waitFor();
      await press('dt-mics-inject-1');
      await press('dt-mics-inject-2');
      const rooms = page.locator('.deeptone-live select');
      const happened = (words: string): Promise<void> =>
        page.locator('.deeptone-live .deeptone-events li', { hasText: words }).first().waitFor();
      const choose = async (room: string): Promise<void> => {
        const option = rooms.locator('option', { hasText: room });
        await option.waitFor({ state: 'attached' });
        await rooms.selectOption((await option.getAttribute('value')) ?? '');
      };
      await choose('kitchen');
      await happened('gender: female');
      await choose('hall');
      await happened('gender: male');
      await page.getByRole('button', { name: 'Use the microphone' }).click();
      await choose('desk-');
      await happened('begins');
      await page.locator('.deeptone-heard[data-model="speech"] strong', { hasText: 'speech' }).waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      assert.deepEqual(problems, []);
      const frame = listener.messages.find(({ topic }) => /^audio\/desk-\w+\/pcm$/.test(topic));
      assert.ok(frame && frame.payload.length > 0);
      assert.doesNotMatch(nodeRed.output(), /\[error\]/);
    });
  });
});
