import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import {
  findFfmpeg,
  openSound,
  openLiveSource,
  type LiveSourceEvent,
  type LiveSourceOptions,
} from '../../../src/audio';
import { InvalidArgumentError } from '../../../src/errors';
import { liveInput } from '../../../src/audio/ffmpeg/live-input';
import { joined, leftBehind, makeWav, noise, openResources, temporaryFolder, tone } from '../../tools/audio';
import { freePort } from '../../tools/ports';

const QUICK = { minMs: 20, maxMs: 100 };

type Answer = (response: ServerResponse, connection: number) => void;

async function listen(answer: Answer, port = 0): Promise<{ server: Server; url: string }> {
  let connection = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'audio/wav' });
    answer(response, ++connection);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${address.port}/live.wav` };
}

async function shut(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

/** Frequency of a tone, by its zero crossings. */
function frequency(samples: Float32Array): number {
  let crossings = 0;
  for (let n = 1; n < samples.length; n++)
    if ((samples[n - 1] ?? 0) < 0 !== (samples[n] ?? 0) < 0) crossings++;
  return (crossings * 16_000) / (2 * samples.length);
}

describe('openLiveSource', () => {
  const folder = temporaryFolder();
  let ffmpegPath: string;
  let events: LiveSourceEvent[];
  let openBefore: readonly string[];
  const types = (): readonly string[] => events.map((event) => event.type);
  const reasons = (): string => events.map((event) => (event.type === 'died' ? event.reason : '')).join('\n');

  /** Hears the source until `enough` says so, or to its end. */
  async function hear(
    options: Omit<LiveSourceOptions, 'ffmpegPath'>,
    enough: (samples: number) => boolean = () => false,
  ): Promise<Float32Array> {
    const pieces: Float32Array[] = [];
    let samples = 0;
    const onEvent = (event: LiveSourceEvent): unknown => events.push(event);
    for await (const piece of openLiveSource({ ffmpegPath, restart: QUICK, onEvent, ...options })) {
      assert.ok(piece.length > 0 && piece.length <= 16_000);
      pieces.push(piece);
      samples += piece.length;
      if (enough(samples)) break;
    }
    return joined(pieces);
  }

  before(async () => {
    ffmpegPath = (await findFfmpeg()) ?? '';
  });

  beforeEach(() => {
    openBefore = openResources();
    events = [];
  });

  afterEach(() => {
    assert.deepEqual(leftBehind(openBefore), []);
  });

  it('gives a file as openSound does, mixed to mono, and ends', async () => {
    const filename = path.join(folder, 'stereo.wav');
    writeFileSync(
      filename,
      makeWav([noise(1.5, 44_100, 0.5, 1), noise(1.5, 44_100, 0.5, 2)], { rate: 44_100 }),
    );
    const expected: Float32Array[] = [];
    for await (const [left = new Float32Array(0), right = new Float32Array(0)] of (
      await openSound({ file: filename }, { channels: 'each' })
    ).pieces) {
      expected.push(left.map((value, n) => (value + (right[n] ?? 0)) / 2));
    }
    const heard = await hear({ input: filename, realTime: false });
    const wanted = joined(expected);
    assert.equal(heard.length, wanted.length);
    assert.ok(heard.every((value, n) => Math.abs(value - (wanted[n] ?? 0)) < 1e-6));
    assert.deepEqual(events, [
      { type: 'connecting', attempt: 1 },
      { type: 'started', gapMs: null },
      { type: 'ended' },
    ]);
  });

  it('begins a file again at its end when it loops', async () => {
    const filename = path.join(folder, 'loop.wav');
    writeFileSync(filename, makeWav([tone(440, 0.5)]));
    const heard = await hear(
      { input: `file:${filename}`, realTime: false, loop: true },
      (samples) => samples > 40_000,
    );
    assert.ok(heard.length > 40_000);
    assert.deepEqual(types(), ['connecting', 'started', 'ended']);
  });

  it('waits for ever for a silent source where that is set', async () => {
    for (const silenceTimeoutMs of [0, 2 ** 40]) {
      events = [];
      const filename = path.join(folder, 'wait.wav');
      writeFileSync(filename, makeWav([tone(440, 0.5)]));
      await hear({ input: filename, silenceTimeoutMs });
      assert.deepEqual(types(), ['connecting', 'started', 'ended']);
    }
  });

  it('starts again when the system had no files left for ffmpeg, and does not fall with it', () => {
    const filename = path.join(folder, 'files.wav');
    writeFileSync(filename, makeWav([tone(440, 0.2)]));
    const script = `
      const { openSync, closeSync } = require('node:fs');
      const { openLiveSource } = require(${JSON.stringify(require.resolve('../../../src/audio'))});
      const files = [];
      const told = [];
      const onEvent = (event) => {
        told.push(event.type);
        if (event.type === 'died') for (const file of files.splice(0)) closeSync(file);
      };
      try { for (;;) files.push(openSync('/dev/null')); } catch {}
      const options = { input: ${JSON.stringify(filename)}, ffmpegPath: ${JSON.stringify(ffmpegPath)}, onEvent };
      const source = openLiveSource({ ...options, realTime: false, restart: { minMs: 1, maxMs: 2 } });
      (async () => { for await (const _ of source); })().then(() => console.log(told.join(' ')));`;
    const { stdout, stderr } = spawnSync('bash', [
      '-c',
      'ulimit -n 60; exec "$0" -e "$1"',
      process.execPath,
      script,
    ]);
    assert.equal(
      stdout.toString().trim(),
      'connecting died restarting connecting started ended',
      stderr.toString(),
    );
  });

  it('picks a channel, and refuses one that is not there', async () => {
    const filename = path.join(folder, 'two.wav');
    writeFileSync(filename, makeWav([new Float32Array(16_000), tone(700, 1)]));
    const heard = await hear({ input: filename, realTime: false, channel: 1 });
    assert.ok(Math.abs(frequency(heard) - 700) < 10);
    await assert.rejects(hear({ input: filename, realTime: false, channel: 2 }), InvalidArgumentError);
  });

  it('starts a stream again that its server ends, and tells of the gap', async () => {
    const { server, url } = await listen((response, connection) => {
      response.end(makeWav([tone(500 * connection, 2)], { dataSize: 0xffff_ffff }));
    });
    const heard = await hear({ input: url }, (samples) => samples > 80_000);
    await shut(server);
    for (const [second, hz] of [
      [0.5, 500],
      [2.5, 1_000],
      [4.2, 1_500],
    ] as const) {
      const part = heard.subarray(second * 16_000, second * 16_000 + 8_000);
      assert.ok(Math.abs(frequency(part) - hz) < 20, `${hz} Hz at ${second} s: ${frequency(part)} Hz`);
    }
    assert.deepEqual(types().slice(0, 6), [
      'connecting',
      'started',
      'died',
      'restarting',
      'connecting',
      'started',
    ]);
    const [first, second] = events.filter((event) => event.type === 'started');
    assert.equal(first?.gapMs, null);
    assert.equal(typeof second?.gapMs, 'number');
    assert.match(reasons(), /came to its end/u);
  });

  it('waits longer each time while a server is away, and hears it when it is back', async () => {
    const port = await freePort();
    let back: Server | undefined;
    const listening = openLiveSource({
      input: `http://127.0.0.1:${port}/live.wav`,
      ffmpegPath,
      restart: { minMs: 40, maxMs: 160 },
      onEvent: (event) => {
        events.push(event);
        if (event.type === 'restarting' && types().filter((type) => type === 'restarting').length === 4) {
          void listen((response) => response.end(makeWav([tone(600, 1)])), port).then(({ server }) => {
            back = server;
          });
        }
      },
    });
    for await (const piece of listening) {
      assert.ok(piece.length > 0);
      break;
    }
    assert.match(reasons(), /refused/u);
    const delays = events.flatMap((event) => (event.type === 'restarting' ? [event.inMs] : []));
    [40, 80, 160, 160].forEach((most, n) => {
      const delay = delays[n] ?? 0;
      assert.ok(delay >= most / 2 && delay <= most, `delay ${n}: ${delay} ms of ${most}`);
    });
    assert.deepEqual(types().slice(0, 3), ['connecting', 'died', 'restarting']);
    if (back !== undefined) await shut(back);
  });

  it('starts a stream again that goes silent', async () => {
    const { server, url } = await listen((response) => {
      const wav = makeWav([tone(500, 10)], { dataSize: 0xffff_ffff });
      if (!types().includes('started') || !types().includes('silent')) response.write(wav);
      else response.end(wav);
    });
    await hear({ input: url, silenceTimeoutMs: 2_000 }, (samples) => samples > 200_000);
    await shut(server);
    const silent = types().indexOf('silent');
    assert.ok(silent > 0);
    assert.deepEqual(types().slice(silent, silent + 4), ['silent', 'died', 'restarting', 'connecting']);
    const again = events.filter((event) => event.type === 'started')[1];
    assert.ok(
      again?.gapMs !== null && again !== undefined && again.gapMs >= 900,
      `gap of ${String(again?.gapMs)} ms`,
    );
    assert.match(reasons(), /Nothing came from .* for 2000 ms/u);
  });

  it('is not restarted because nobody listens', async () => {
    const filename = path.join(folder, 'slow.wav');
    writeFileSync(filename, makeWav([noise(20)]));
    let rested = false;
    const onEvent = (event: LiveSourceEvent): unknown => events.push(event);
    let samples = 0;
    for await (const piece of openLiveSource({
      input: filename,
      ffmpegPath,
      realTime: false,
      silenceTimeoutMs: 3_000,
      onEvent,
    })) {
      samples += piece.length;
      if (!rested) await new Promise((resolve) => setTimeout(resolve, 3_500));
      rested = true;
    }
    assert.equal(samples, 320_000);
    assert.deepEqual(types(), ['connecting', 'started', 'ended']);
  });

  it('hears RTSP', async () => {
    const port = await freePort();
    const url = `rtsp://127.0.0.1:${port}/camera`;
    const camera = [
      '-v',
      'error',
      '-re',
      '-f',
      'lavfi',
      '-i',
      'sine=800:r=16000',
      '-c:a',
      'pcm_mulaw',
      '-f',
      'rtsp',
    ];
    const pushed = (): void => {
      const child = spawn('ffmpeg', [...camera, '-rtsp_transport', 'tcp', url], { stdio: 'ignore' });
      child.once('exit', (code) => {
        if (code !== 0 && !types().includes('ended')) setTimeout(pushed, 100);
      });
      stopCamera = async () => {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      };
    };
    let stopCamera = (): Promise<void> => Promise.resolve();
    pushed();
    const heard = await hear(
      { input: url, inputOptions: ['-rtsp_flags', 'listen'] },
      (samples) => samples > 16_000,
    );
    await stopCamera();
    assert.ok(Math.abs(frequency(heard.subarray(4_000, 12_000)) - 800) < 20);
  });

  it('ends at once when it is closed, before, while and after it is heard', async () => {
    const filename = path.join(folder, 'close.wav');
    writeFileSync(filename, makeWav([noise(60)]));
    const never = openLiveSource({ input: filename, ffmpegPath });
    await never.close();
    const source = openLiveSource({ input: filename, ffmpegPath, onEvent: (event) => events.push(event) });
    let closed = Promise.resolve();
    let samples = 0;
    for await (const piece of source) {
      samples += piece.length;
      if (samples > 8_000) closed = source.close();
    }
    await closed;
    await source.close();
    assert.deepEqual(types(), ['connecting', 'started', 'ended']);
  });

  it('kills an ffmpeg that does not take its leave', async () => {
    const stubborn = path.join(folder, 'stubborn');
    const wav = path.join(folder, 'stubborn.wav');
    writeFileSync(wav, makeWav([noise(1)]));
    writeFileSync(
      stubborn,
      `#!/usr/bin/env node\nprocess.on('SIGTERM', () => {}); process.stdout.on('error', () => {});
      process.stdout.write(require('fs').readFileSync(${JSON.stringify(wav)})); setInterval(() => {}, 1000);\n`,
    );
    chmodSync(stubborn, 0o755);
    const source = openLiveSource({ input: wav, ffmpegPath: stubborn, closeTimeoutMs: 200 });
    for await (const piece of source) {
      assert.ok(piece.length > 0);
      break;
    }
    assert.deepEqual(leftBehind(openBefore), []);
  });

  it('tells no password', async () => {
    const source = openLiveSource({
      input: 'rtsp://admin:s3cret@127.0.0.1:9/camera',
      ffmpegPath,
      onEvent: (event) => events.push(event),
    });
    assert.equal(source.name, 'rtsp://***@127.0.0.1:9/camera');
    const heard = (async () => {
      for await (const piece of source) assert.ok(piece.length > 0);
    })();
    while (!types().includes('died')) await new Promise((resolve) => setTimeout(resolve, 20));
    await source.close();
    await heard;
    assert.doesNotMatch(JSON.stringify(events), /s3cret|admin/u);
    assert.match(reasons(), /127\.0\.0\.1/u);
  });

  it('keeps a playlist from the network away from local files', async () => {
    const secret = path.join(folder, 'secret.wav');
    writeFileSync(secret, makeWav([tone(440, 30)]));
    const { server, url } = await listen((response) => {
      response.end(`#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXTINF:30,\nfile://${secret}\n#EXT-X-ENDLIST\n`);
    });
    const source = openLiveSource({
      input: url.replace('.wav', '.m3u8'),
      ffmpegPath,
      restart: QUICK,
      onEvent: (event) => events.push(event),
    });
    let samples = 0;
    const heard = (async () => {
      for await (const piece of source) samples += piece.length;
    })();
    while (!types().includes('died')) await new Promise((resolve) => setTimeout(resolve, 20));
    await source.close();
    await heard;
    await shut(server);
    assert.equal(samples, 0);
  });

  it('refuses inputs, options and delays that are not allowed, before anything is started', () => {
    const cases: readonly (readonly [Partial<LiveSourceOptions>, RegExp])[] = [
      [{ input: '' }, /needs an input/u],
      [{ input: 'concat:a.mp3|b.mp3' }, /"concat", which is not allowed\. Allowed: rtsp, rtsps/u],
      [{ input: 'lavfi:sine' }, /"lavfi"/u],
      [{ input: 'GOPHER://x' }, /"gopher"/u],
      [{ input: 'subfile,,start,0,end,9,,:a.mp3', allowedProtocols: ['http'] }, /"file"/u],
      [
        { input: '/etc/passwd', allowedProtocols: ['rtsp'] },
        /"file", which is not allowed\. Allowed: rtsp\./u,
      ],
      [{ input: 'alsa:hw:1', allowedProtocols: ['rtsp'] }, /"alsa"/u],
      [{ input: 'x', inputOptions: ['-i', '/etc/passwd'] }, /option "-i" is not accepted/u],
      [{ input: 'x', inputOptions: ['-protocol_whitelist', 'data'] }, /"-protocol_whitelist"/u],
      [{ input: 'x', inputOptions: ['/tmp/out.wav'] }, /"\/tmp\/out\.wav"/u],
      [{ input: 'x', inputOptions: ['-f', 'lavfi'] }, /format "lavfi" is not allowed/u],
      [{ input: 'x', inputOptions: ['-ar'] }, /"-ar" needs a value/u],
      [{ input: 'x', restart: { minMs: 0, maxMs: 5 } }, /0 to 5 ms/u],
      [{ input: 'x', restart: { minMs: 50, maxMs: 5 } }, /50 to 5 ms/u],
    ];
    for (const [options, message] of cases) {
      assert.throws(
        () => openLiveSource({ ffmpegPath, input: 'x', ...options }),
        (error) => error instanceof InvalidArgumentError && message.test(error.message),
        String(message),
      );
    }
  });

  it('asks ffmpeg for sound cards, TCP for RTSP, and real time for files', () => {
    const args = (input: string, more: Partial<LiveSourceOptions> = {}): string =>
      liveInput({ input, ...more }).args.join(' ');
    assert.match(args('alsa:hw:1,0'), / -f alsa .*-i hw:1,0 /u);
    assert.match(args('alsa:default', { inputOptions: ['-ac', '1'] }), / -ac 1 .*-i default /u);
    assert.match(args('rtsp://camera/1'), / -rtsp_transport tcp /u);
    assert.doesNotMatch(
      args('rtsp://camera/1', { inputOptions: ['-rtsp_transport', 'udp'] }),
      /transport tcp/u,
    );
    assert.match(args('/tmp/a.wav'), / -re .*-i file:\/tmp\/a\.wav /u);
    assert.match(args('file:///tmp/a%20b.wav', { realTime: false }), /-i file:\/tmp\/a b\.wav /u);
    assert.doesNotMatch(args('http://radio/a.m3u8'), /-protocol_whitelist \S*file/u);
    assert.match(args('/tmp/list.m3u8'), /-protocol_whitelist \S*http,\S*file/u);
    assert.match(args('C:/a.wav'), /-i file:.*C:\/a\.wav /u);
    assert.match(args('/tmp/-i.wav', { loop: true }), / -stream_loop -1 .*-i file:\/tmp\/-i\.wav /u);
  });
});
