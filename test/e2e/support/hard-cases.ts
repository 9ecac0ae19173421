/** What the page of the demo bears: fingers, sound of ten hours, and uploads that are cut, huge, or another's. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Takes } from '../../../nodes/board';
import { shoot } from './dialogs';
import { ROOT } from './package';

interface Opened {
  readonly page: Page;
  readonly dashboard: string;
}
type Point = readonly [x: number, y: number];

const UPLOAD = '/deeptone/widget/dt-demo-input/sound?name=a.wav&page=someone';
const STATE = '**/deeptone/widget/dt-demo-timeline/state**';
const HOUR_MS = 3_600_000;
const FRAME_MS = 64;

export function itBearsUploads(opened: () => Opened): void {
  const wav = readFileSync(join(ROOT, 'resources/sounds/cat.wav'));

  function post(length: number): ReturnType<typeof request> {
    const { origin } = new URL(opened().dashboard);
    const sent = request(origin + UPLOAD, { method: 'POST', headers: { 'content-length': length } });
    // A server that has heard enough closes the connection.
    sent.on('error', () => undefined);
    return sent;
  }

  it('refuses two gigabytes by what is announced, before they come', async () => {
    const sent = post(2e9);
    sent.write(wav.subarray(0, 1_000));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 413);
    const text = (await response.toArray()).join('');
    assert.match(text, /The file has 2000 MB; at most 100 MB are taken/);
    sent.destroy();
  });

  it('takes the next file where uploads were cut in the middle, more often than it takes at once', async () => {
    for (let i = 0; i < 6; i++) {
      const sent = post(wav.length);
      await new Promise((written) => sent.write(wav.subarray(0, wav.length / 2), written));
      const closed = new Promise((close) => sent.once('close', close));
      sent.destroy();
      await closed;
    }
    let status = 0;
    // What was cut is noticed in its own time: until then the server says that too many come.
    while (status !== 200) {
      const sent = post(wav.length);
      sent.end(wav);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      status = response.statusCode ?? 0;
      const text = (await response.toArray()).join('');
      assert.ok(status === 200 || text.includes('DEEPTONE_OVERLOADED'), text);
    }
  });

  it('lets nobody else hear what one page has uploaded', async () => {
    const { page, dashboard } = opened();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'mine.wav', mimeType: 'audio/wav', buffer: wav });
    await page
      .locator('.deeptone-timeline option:checked', { hasText: 'mine.wav' })
      .waitFor({ state: 'attached' });
    const id = await page.locator('.deeptone-timeline option:checked').getAttribute('value');
    const own = String(await page.evaluate("sessionStorage.getItem('deeptone-page')"));
    const address = `${new URL(dashboard).origin}/deeptone/widget/dt-demo-timeline/sound/${id ?? ''}`;
    const asked = ['', '?page=someone', `?page=${own}`].map((query) => fetch(address + query));
    assert.deepEqual(
      (await Promise.all(asked)).map(({ status }) => status),
      [404, 404, 200],
    );
  });
}

export function itBearsFingers(opened: () => Opened): void {
  it('is used with fingers: a tap plays, two zoom, one drags', async () => {
    const { page } = opened();
    await page.locator('.deeptone-input button', { hasText: 'radio show' }).click();
    const chosen = page.locator('.deeptone-timeline option:checked', { hasText: 'radio-show.wav' });
    await chosen.waitFor({ state: 'attached' });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: Point[]): Promise<unknown> =>
      cdp.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    const axis = (): Promise<readonly string[]> => page.locator('.deeptone-axis span').allInnerTexts();
    const bar = page.getByRole('slider', { name: 'Phases: speech' });
    const place = async (): Promise<(share: number) => Point> => {
      await bar.scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await bar.boundingBox()) ?? assert.fail();
      return (share) => [x + share * width, y + height / 2];
    };

    let at = await place();
    await touch('touchStart', at(0.5));
    await touch('touchEnd');
    await page.waitForSelector('.deeptone-play[aria-label="Pause"]');
    await page.locator('.deeptone-play').press('Enter');

    const whole = await axis();
    at = await place();
    await touch('touchStart', at(0.4), at(0.6));
    for (const apart of [0.15, 0.25, 0.35]) await touch('touchMove', at(0.5 - apart), at(0.5 + apart));
    await touch('touchEnd');
    const near = await axis();
    assert.notDeepEqual(near, whole, 'two fingers zoom');

    const heard = await bar.getAttribute('aria-valuenow');
    await touch('touchStart', at(0.3));
    for (const share of [0.4, 0.5, 0.6]) await touch('touchMove', at(share));
    await touch('touchEnd');
    assert.notDeepEqual(await axis(), near, 'one finger drags');
    assert.equal(await bar.getAttribute('aria-valuenow'), heard, 'and chooses nothing');
    await page.getByRole('button', { name: 'Show the whole sound' }).click();
    assert.deepEqual(await axis(), whole);
    await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: false });
  });
}

/** Ten hours of frames that change all the time, as the nodes would send them, and what the widget gives a page of them. */
function tenHours(): { readonly takes: object; readonly frames: number } {
  const takes = new Takes();
  const frames = (10 * HOUR_MS) / FRAME_MS;
  const steps = Array.from({ length: frames }, (_, i) => ({
    timestamp: i * FRAME_MS,
    results: { speech: { result: ['speech', 'music', 'silence'][(i * 7) % 3], confidence: 0.9 } },
    level: { mean: -40 + (i % 30), peak: -20 },
  }));
  const insight = {
    kind: 'series',
    outputPeriod: FRAME_MS,
    duration: 10 * HOUR_MS,
    filename: '/tmp/day.wav',
  };
  takes.take({ _msgid: 'day', channel: 0, payload: steps, insight });
  const told = takes.of(undefined).map((take) => ({ ...take, canHear: false }));
  return { takes: told, frames };
}

export function itBearsTenHours(opened: () => Opened): void {
  it('shows ten hours in a few elements, near and far, and says that it is simplified', async () => {
    const { page, dashboard } = opened();
    const { takes, frames } = tenHours();
    assert.ok(frames > 560_000);
    // What the node answers, with this sound in the place of the others.
    await page.route(STATE, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...((await response.json()) as object), takes } });
    });
    await page.goto('about:blank');
    await page.goto(dashboard);
    await page.locator('.deeptone-note', { hasText: 'There are too many phases to show each' }).waitFor();
    const count = (): Promise<number> => page.locator('.deeptone-timeline *').count();
    assert.ok((await count()) < 1_500, 'few elements');
    for (let i = 0; i < 8; i++) {
      await page.getByRole('button', { name: 'Zoom in' }).click();
      assert.ok((await count()) < 1_500, 'few elements');
    }
    await shoot(page, 'demo-ten-hours-near');
    await page.getByRole('button', { name: 'Show the whole sound' }).click();
    await page.locator('.deeptone-list summary').click();
    await page.locator('.deeptone-list button', { hasText: '100' }).waitFor();
    assert.ok((await count()) < 2_500, 'the list, too, has a few at a time');
    await page.locator('.deeptone-list summary').click();
    await shoot(page, 'demo-ten-hours');
    await page.unroute(STATE);
    await page.goto('about:blank');
    await page.goto(dashboard);
    await page.waitForSelector('.deeptone-part');
  });
}
