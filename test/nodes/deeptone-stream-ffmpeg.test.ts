import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneStream from '../../nodes/deeptone-stream';
import { makeWav, noise } from '../tools/audio';
import { runFlow, useNodeRed, type RunningFlow } from './support/flow';
import { temporaryFolder } from './support/sounds';

/** A WAV without an end, as a radio sends it: the header and the first second. */
const RADIO = makeWav([noise(1)], { dataSize: 0 });

const PLAYLISTS: Readonly<Record<string, string>> = {
  '/radio.pls': '[playlist]\nFile1=radio.wav\nNumberOfEntries=1\n',
  '/local.m3u': '#EXTM3U\nfile:///etc/passwd\n',
};

function start(node: Readonly<Record<string, unknown>>, credentials = {}): Promise<RunningFlow> {
  return runFlow(
    [deeptoneEngine, deeptoneStream],
    {
      type: 'deeptone-stream',
      source: 'ffmpeg',
      models: ['speech'],
      outputPeriod: '512',
      events: true,
      ...node,
    },
    {},
    { node: credentials },
  );
}

/** Processes that this one has started and that still run. */
function children(): string {
  return readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim();
}

describe('deeptone-stream with ffmpeg as its source', () => {
  const folder = temporaryFolder();
  let server: Server;
  let url: string;
  let requests: { readonly authorization: string | undefined; readonly response: ServerResponse }[];
  useNodeRed();

  before(async () => {
    server = createServer((request, response) => {
      requests.push({ authorization: request.headers.authorization, response });
      if (request.url === '/private.wav' && request.headers.authorization === undefined) {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="radio"' }).end();
        return;
      }
      const playlist = PLAYLISTS[request.url ?? ''];
      if (playlist !== undefined) {
        response.end(playlist);
        return;
      }
      response.writeHead(200, { 'Content-Type': 'audio/wav' });
      response.write(RADIO);
      const timer = setInterval(() => response.write(RADIO.subarray(44)), 100);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/radio.wav`;
  });
  beforeEach(() => {
    requests = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('hears a file to its end, as fast as it can be heard, under a name of its own', async () => {
    const path = join(folder, 'noise.wav');
    writeFileSync(path, makeWav([noise(10)]));
    const flow = await start({ input: path, fast: true, streamName: 'workshop' });
    const summary = await flow.summary.message();
    assert.equal(summary.topic, 'workshop');
    assert.equal(summary.insight?.['stream'], 'workshop');
    assert.equal(summary.insight['duration'], 10_000);
    assert.equal(flow.series.messages.length, 20);
    await flow.statuses.find(({ status }) => status?.text?.endsWith('status.ended') === true);
  });

  it('hears one channel of several', async () => {
    const path = join(folder, 'two channels.wav');
    writeFileSync(path, makeWav([noise(3), new Float32Array(3 * 16_000)]));
    const heard = async (channel: string): Promise<unknown> => {
      const flow = await start({ input: path, fast: true, channel });
      const { payload } = await flow.summary.message();
      assert.equal(flow.caught.messages.length, 0);
      await helper.unload();
      return (payload as Record<string, Record<string, number>>)['speech']?.['silence_fraction'];
    };
    assert.equal(await heard('0'), 0);
    assert.equal(await heard('1'), 1);
  });

  it('hears a radio until it is stopped, and then leaves nothing behind', async () => {
    const before = children();
    const flow = await start({ input: url });
    await flow.series.message(3);
    assert.equal(flow.series.messages[0]?.topic, url);
    await helper.unload();
    assert.equal(children(), before);
    assert.equal(flow.caught.messages.length, 0);
  });

  it('hears the radio that the playlist of a station names, under the address that was set', async () => {
    const address = url.replace('radio.wav', 'radio.pls');
    const flow = await start({ input: address });
    await flow.series.message(3);
    assert.equal(flow.series.messages[0]?.topic, address);
    assert.equal(flow.caught.messages.length, 0);
  });

  it('says once of a playlist what it must not name, and does not try again', async () => {
    const flow = await start({ input: url.replace('radio.wav', 'local.m3u') });
    const { error } = await flow.caught.message();
    assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
    assert.match(error.message, /is a playlist \(M3U\) that names "file:\/\/\/etc\/passwd"/u);
    await flow.statuses.find(({ status }) => status?.fill === 'red');
    assert.ok(!flow.statuses.messages.some(({ status }) => status?.text?.endsWith('restarting')));
    assert.equal(requests.length, 2, 'ffmpeg, and who looked for a playlist');
  });

  it('opens a source again that breaks off, says so, and puts silence in the gap', async () => {
    const flow = await start({ input: url });
    await flow.series.message(3);
    requests[0]?.response.destroy();
    const { error } = await flow.caught.message();
    assert.equal(error?.code, 'DEEPTONE_FFMPEG_FAILED');
    await flow.statuses.find(({ status }) => status?.text?.endsWith('status.restarting') === true);
    const gap = await flow.progress.find(({ payload }) => (payload as { kind: string }).kind === 'gap');
    assert.equal((gap.payload as { evidence: string }).evidence, 'source');
    const heard = flow.series.messages.length;
    await flow.series.message(heard + 2);
    assert.equal(requests.length, 2);
  });

  it('is logged in with user and password, which nobody gets to see', async () => {
    const address = url.replace('radio', 'private');
    const flow = await start({ input: address }, { inputUser: 'me', inputPassword: 'p@ss' });
    const step = await flow.series.message();
    assert.equal(step.topic, address);
    assert.equal(requests.at(-1)?.authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    assert.doesNotMatch(JSON.stringify(step), /p@ss|p%40ss/);
  });

  it('takes requests at its input meanwhile', async () => {
    const flow = await start({ input: url });
    await flow.series.message();
    flow.send({ summary: true, payload: 0 });
    assert.equal((await flow.summary.message()).insight?.['cause'], 'request');
    flow.send({ complete: true });
    assert.equal((await flow.summary.message(2)).insight?.['cause'], 'end');
  });

  for (const [what, node, code] of [
    ['a protocol that is not allowed', { input: 'gopher://127.0.0.1/' }, 'DEEPTONE_INVALID_ARGUMENT'],
    [
      'an option that names something else',
      { input: '/dev/null', inputOptions: '-i /etc/passwd' },
      'DEEPTONE_INVALID_ARGUMENT',
    ],
    ['no input', { input: '' }, 'DEEPTONE_INVALID_ARGUMENT'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const flow = await start(node);
      assert.equal((await flow.caught.message()).error?.code, code);
    });
  }

  it('says under the node what is wrong as long as it is', async () => {
    const flow = await start({ input: 'gopher://127.0.0.1/' });
    await flow.statuses.find(({ status }) => status?.fill === 'red');
    const now = performance.now.bind(performance);
    try {
      performance.now = () => now() + 60_000; // Trouble of messages is over by then.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    } finally {
      performance.now = now;
    }
    assert.equal(flow.statuses.messages.at(-1)?.status?.fill, 'red');
  });

  it('starts nothing where another setting is wrong', async () => {
    const before = children();
    const flow = await start({ input: url, publish: true });
    assert.match((await flow.caught.message()).error?.message ?? '', /no MQTT broker/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(children(), before);
    assert.equal(requests.length, 0);
  });
});
