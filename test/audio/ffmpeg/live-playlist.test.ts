import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findFfmpeg, openLiveSource, type LiveSourceEvent, type LiveSourceOptions } from '../../../src/audio';
import { InvalidArgumentError } from '../../../src/errors';
import { leftBehind, makeWav, openResources, temporaryFolder, tone } from '../../tools/audio';

/** What a server has, by path: text, bytes, or where else it is. */
interface Served {
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly location?: string;
  /** It asks for user and password. */
  readonly isGuarded?: boolean;
}

const SECOND = 16_000;

function sound(seconds: number): Buffer {
  return makeWav([tone(500, seconds)]);
}

describe('A live source that is a playlist', () => {
  const folder = temporaryFolder();
  let ffmpegPath: string;
  let server: Server;
  let base: string;
  let served: Record<string, Served>;
  let requests: IncomingMessage[];
  let events: LiveSourceEvent[];
  let openBefore: readonly string[];

  const types = (): readonly string[] => events.map((event) => event.type);
  const asked = (): string[] => requests.map(({ url }) => url ?? '');
  const reasons = (): string =>
    events.flatMap((event) => (event.type === 'died' ? [event.reason] : [])).join('\n');

  before(async () => {
    ffmpegPath = (await findFfmpeg()) ?? '';
  });

  beforeEach(async () => {
    openBefore = openResources();
    events = [];
    requests = [];
    served = {};
    server = createServer((request, response) => {
      requests.push(request);
      const {
        body,
        type = 'application/octet-stream',
        location,
        isGuarded,
      } = served[request.url ?? ''] ?? {};
      if (isGuarded === true && request.headers.authorization === undefined)
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="list"' }).end();
      else if (location !== undefined) response.writeHead(302, { location }).end();
      else if (body === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'Content-Type': type }).end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    assert.deepEqual(leftBehind(openBefore), []);
  });

  /** Samples that are heard until there are enough, or to the end. */
  async function hear(
    input: string,
    enough = Infinity,
    options: Partial<LiveSourceOptions> = {},
  ): Promise<number> {
    let samples = 0;
    const source = openLiveSource({
      input,
      ffmpegPath,
      realTime: false,
      restart: { minMs: 20, maxMs: 100 },
      onEvent: (event) => events.push(event),
      ...options,
    });
    for await (const piece of source) {
      samples += piece.length;
      if (samples >= enough) break;
    }
    return samples;
  }

  function file(name: string, content: string | Buffer): string {
    const filename = path.join(folder, name);
    mkdirSync(path.dirname(filename), { recursive: true });
    writeFileSync(filename, content);
    return filename;
  }

  const forms: readonly (readonly [string, (address: string) => string])[] = [
    ['M3U', (address) => `#EXTM3U\n#EXTINF:-1,Radio\n${address}\n`],
    ['M3U without a header', (address) => `${address}\n`],
    ['PLS', (address) => `[playlist]\nFile1=${address}\nNumberOfEntries=1\n`],
    [
      'XSPF',
      (address) =>
        `<playlist><trackList><track><location>${address}</location></track></trackList></playlist>`,
    ],
    ['ASX', (address) => `<asx version="3.0"><entry><ref href="${address}"/></entry></asx>`],
  ];
  for (const [form, text] of forms) {
    it(`in ${form} is followed, whatever its name and type`, async () => {
      served = { '/listen': { body: text(`${base}/live`) }, '/live': { body: sound(1) } };
      assert.ok((await hear(`${base}/listen`, SECOND)) >= SECOND);
      assert.deepEqual(types(), ['connecting', 'started', 'ended']);
      assert.equal(reasons(), '');
    });
  }

  it('is followed to addresses beside it, from where it was found at last', async () => {
    served = {
      '/listen.m3u': { location: '/a/b/list.m3u', type: 'audio/x-mpegurl' },
      '/a/b/list.m3u': { body: 'c/live.wav?x=1\n', type: 'audio/x-mpegurl' },
      '/a/b/c/live.wav?x=1': { body: sound(1) },
    };
    assert.equal(await hear(`${base}/listen.m3u`, SECOND), SECOND);
  });

  it('may name a playlist, and no more than that', async () => {
    served = {
      '/1': { body: `${base}/2` },
      '/2': { body: `[playlist]\nFile1=/3` },
      '/3': { body: sound(1) },
      '/0': { body: `${base}/1` },
      '/self': { body: `${base}/self` },
    };
    assert.equal(await hear(`${base}/1`, SECOND), SECOND);
    for (const start of ['/0', '/self']) {
      requests = [];
      await assert.rejects(
        hear(`${base}${start}`),
        (error) => error instanceof InvalidArgumentError && /a playlist in a playlist/u.test(error.message),
      );
      assert.ok(requests.length < 10);
    }
  });

  it('plays all that it names in order, over and over where it is endless, and reads it anew each time', async () => {
    served = {
      '/list': { body: `${base}/a\n${base}/gone\n${base}/b\n` },
      '/a': { body: sound(1) },
      '/b': { body: sound(0.5) },
    };
    assert.ok((await hear(`${base}/list`, 3 * SECOND)) >= 3 * SECOND);
    assert.match(reasons(), /404/u);
    const order = asked().filter((url) => url === '/a' || url === '/b');
    assert.deepEqual(order.slice(0, 4), ['/a', '/b', '/a', '/b']);
    assert.equal(asked().filter((url) => url === '/list').length, 3, 'ffmpeg once, and once per round');
  });

  it('is waited for where what it names is away, or it is away itself', async () => {
    served = { '/list': { body: `${base}/live\n` } };
    const onEvent = (event: LiveSourceEvent): void => {
      events.push(event);
      const failures = types().filter((type) => type === 'died').length;
      if (event.type !== 'restarting') return;
      if (failures === 1) served = {};
      if (failures === 2) served = { '/list': { body: `${base}/live\n` }, '/live': { body: sound(1) } };
    };
    assert.equal(await hear(`${base}/list`, SECOND, { onEvent }), SECOND);
    assert.match(reasons(), /404[^]*could not be read again/u);
  });

  it('gives up at once what it may not name, and says that it is a playlist', async () => {
    const secret = file('secret.wav', sound(1));
    const refused: readonly (readonly [string, RegExp])[] = [
      [pathToFileURL(secret).href, /a file of this machine/u],
      ['FILE:/etc/passwd', /a file of this machine/u],
      ['alsa:default', /a sound card of this machine/u],
      [`concat:${secret}|${secret}`, /uses "concat", and that is not allowed/u],
      ['mms://radio/live', /uses "mms"/u],
      ['http://', /no address/u],
    ];
    for (const [entry, why] of refused) {
      served = { '/list.m3u': { body: `#EXTM3U\n${entry}\n` } };
      events = [];
      await assert.rejects(hear(`${base}/list.m3u`), (error) => {
        assert.ok(error instanceof InvalidArgumentError);
        assert.match(error.message, /is a playlist \(M3U\) that names/u);
        assert.match(error.message, why);
        assert.match(error.message, /Give this source the address of the sound itself/u);
        return true;
      });
      assert.ok(!types().includes('restarting') && !types().includes('started'), entry);
    }
    served = { '/empty': { body: '[playlist]\nNumberOfEntries=0\n' } };
    await assert.rejects(hear(`${base}/empty`), /is a playlist \(PLS\) that names nothing to hear/u);
  });

  it('from the network reads a path as one of its server, also where that is a file here', async () => {
    const secret = file('here.wav', sound(1));
    served = { '/list.m3u': { body: `#EXTM3U\n${secret}\n` }, [secret]: { body: sound(0.5) } };
    await hear(`${base}/list.m3u`, SECOND / 2);
    assert.ok(asked().includes(secret));
  });

  it('in a file leads to no file either, once it was in the network', async () => {
    const secret = file('deep.wav', sound(1));
    served = { '/list': { body: `#EXTM3U\n${pathToFileURL(secret).href}\n` } };
    await assert.rejects(hear(file('to-network.m3u', `${base}/list\n`)), /a file of this machine/u);
  });

  it('holds to the list of protocols', async () => {
    const name = file('network.m3u', `${base}/live\n`);
    await assert.rejects(
      hear(name, Infinity, { allowedProtocols: ['file'] }),
      /uses "http", and that is not/u,
    );
  });

  it('passes over what it may not name where there is more, and says so', async () => {
    served = { '/list': { body: `#EXTM3U\nmms://radio/live\n${base}/live\n` }, '/live': { body: sound(1) } };
    assert.equal(await hear(`${base}/list`, SECOND), SECOND);
    assert.match(reasons(), /names "mms:\/\/radio\/live", which uses "mms"/u);
  });

  it('follows no script of ffmpeg that a server gives', async () => {
    served = { '/live': { body: 'ffconcat version 1.0\nfile other\n' }, '/other': { body: sound(1) } };
    for (const host of [base, base.replace('//', '//me:secret@')]) {
      const source = openLiveSource({
        ...{ input: `${host}/live`, ffmpegPath, restart: { minMs: 10, maxMs: 20 } },
        onEvent: (event) => {
          events.push(event);
          if (event.type === 'died') void source.close();
        },
      });
      for await (const piece of source) assert.equal(piece.length, 0);
    }
    assert.ok(types().includes('died'));
    assert.ok(!asked().includes('/other'), asked().join(' '));
  });

  it('sends user and headers to their own server, and to no other', async () => {
    const other = createServer((request, response) => {
      requests.push(request);
      response.end(sound(1));
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const otherBase = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const body = `#EXTM3U\nlive\n${otherBase}/live\n`;
    served = { '/list': { body, isGuarded: true }, '/live': { body: sound(1) } };
    const input = `${base.replace('//', '//me:secret@')}/list`;
    const inputOptions = ['-headers', 'X-Key: 1234\r\n', '-user_agent', 'Radio'];
    await hear(input, 2 * SECOND, { inputOptions });
    other.closeAllConnections();
    other.close();
    const own = requests.filter(({ headers }) => headers.host === new URL(base).host);
    const others = requests.filter(({ headers }) => headers.host === new URL(otherBase).host);
    assert.ok(own.some(({ url }) => url === '/live') && others.length > 0);
    // User and password are shown only to whom asks for them.
    const authorized = own.filter(({ headers }) => headers.authorization !== undefined);
    assert.ok(authorized.length > 0 && authorized.every(({ url }) => url === '/list'));
    for (const { headers } of own) assert.equal(headers['x-key'], '1234');
    for (const { headers } of others) {
      assert.equal(headers['x-key'], undefined);
      assert.equal(headers.authorization, undefined);
      assert.equal(headers['user-agent'], 'Radio');
    }
    assert.ok(!JSON.stringify(events).includes('secret'));
  });

  describe('in a file', () => {
    it('plays files beside it to their end, and not again', async () => {
      file('music/a b.wav', sound(1));
      file('music/#c.wav', sound(0.5));
      const name = file('music/list.m3u', 'a b.wav\n./#c.wav\n');
      assert.equal(await hear(name), 1.5 * SECOND);
      assert.deepEqual(types(), ['connecting', 'started', 'connecting', 'started', 'ended']);
      assert.ok(events.every((event) => event.type !== 'started' || event.gapMs === null));
      const xspf = `<playlist><trackList><track><location>a%20b.wav</location></track></trackList></playlist>`;
      assert.equal(await hear(file('music/list.xspf', xspf)), SECOND);
      file('folder/sub/d.wav', sound(0.5));
      assert.equal(await hear(file('folder/windows.m3u', 'sub\\d.wav\r\n')), SECOND / 2);
    });

    it('plays all of it again where it loops', async () => {
      file('loop/a.wav', sound(0.5));
      const name = file('loop/list.m3u', 'a.wav\na.wav\n');
      assert.ok((await hear(name, 2 * SECOND, { loop: true })) >= 2 * SECOND);
    });

    it('says what is not there, and plays the rest', async () => {
      file('some/a.wav', sound(0.5));
      assert.equal(await hear(file('some/list.m3u', '#EXTM3U\nmissing.wav\na.wav\n')), SECOND / 2);
      assert.match(reasons(), /missing\.wav.*No such file/u);
    });

    it('that names a radio is started again when the radio ends', async () => {
      served = { '/live': { body: sound(0.5) } };
      const name = file('radio.pls', `[playlist]\nFile1=${base}/live\n`);
      assert.ok((await hear(name, SECOND)) >= SECOND);
      assert.ok(types().includes('restarting'));
    });
  });

  it('of HLS stays with ffmpeg', async () => {
    served = {
      '/hls.m3u8': {
        body: '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nnothing.ts\n#EXT-X-ENDLIST\n',
        type: 'application/vnd.apple.mpegurl',
      },
    };
    const source = openLiveSource({
      ...{ input: `${base}/hls.m3u8`, ffmpegPath },
      onEvent: (event) => {
        events.push(event);
        if (event.type === 'restarting') void source.close();
      },
    });
    for await (const piece of source) assert.fail(`${piece.length} samples`);
    assert.deepEqual(types().slice(0, 2), ['connecting', 'died']);
    assert.match(reasons(), /ffmpeg|no audio/u);
  });

  it('ends at once when it is closed while it is read', async () => {
    let isSecond = false;
    server.removeAllListeners('request');
    const source = openLiveSource({
      input: `${base}/list`,
      ffmpegPath,
      onEvent: (event) => events.push(event),
    });
    server.on('request', (_request, response) => {
      // ffmpeg comes first; who comes then gets no answer.
      if (isSecond) void source.close();
      else response.end('nothing');
      isSecond = true;
    });
    for await (const piece of source) assert.fail(`${piece.length} samples`);
    assert.deepEqual(types(), ['connecting', 'ended']);
  });
});
