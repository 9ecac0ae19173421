import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { findFfmpeg, openLiveSource, type LiveSourceEvent, type LiveSourceOptions } from '../../../src/audio';
import { encodeSamples, leftBehind, makeWav, openResources, temporaryFolder, tone } from '../../tools/audio';
import { startCamera, type Authentication, type Scheme } from '../../tools/camera';
import { processesBelow } from '../../tools/processes';

const USER = 'admin';
const PASSWORD = `s3cr/t @'"é#p`;

describe('A password of a live source', () => {
  const folder = temporaryFolder();
  const wav = makeWav([tone(500, 30)], { dataSize: 0xffff_ffff });
  let ffmpegPath: string;
  let openBefore: readonly string[];

  before(async () => {
    ffmpegPath = (await findFfmpeg()) ?? '';
  });
  beforeEach(() => {
    openBefore = openResources();
  });
  afterEach(() => {
    assert.deepEqual(leftBehind(openBefore), []);
  });

  /** Every way in which it may be written, none of which is in a text. */
  function assertKept(text: string, what: string, secret = PASSWORD): void {
    const forms = [secret, encodeURIComponent(secret), Buffer.from(`${USER}:${secret}`).toString('base64')];
    for (const form of forms) assert.ok(!text.includes(form), `${what}: ${text}`);
  }

  /** Hears a source for a moment, or until it has died, and looks at everything that can be seen meanwhile. */
  async function hear(options: Omit<LiveSourceOptions, 'ffmpegPath'>, secret = PASSWORD): Promise<number> {
    let samples = 0;
    let looks = 0;
    const look = (): void => {
      for (const { args, environment } of processesBelow()) {
        looks++;
        assertKept(args.join('\n'), 'arguments', secret);
        assertKept(environment, 'environment', secret);
      }
    };
    const told: LiveSourceEvent[] = [];
    const source = openLiveSource({
      ffmpegPath,
      restart: { minMs: 20, maxMs: 100 },
      ...options,
      onEvent: (event) => {
        told.push(event);
        look();
        if (event.type === 'died') void source.close();
      },
    });
    const timer = setInterval(look, 5);
    for await (const piece of source) {
      samples += piece.length;
      look();
      if (samples > 8_000) break;
    }
    clearInterval(timer);
    assertKept(`${JSON.stringify(told)} ${source.name}`, 'what is told', secret);
    assert.ok(looks > 0);
    return samples;
  }

  for (const scheme of ['rtsp', 'rtsps', 'http', 'https'] as const satisfies readonly Scheme[]) {
    for (const kind of ['Basic', 'Digest'] as const satisfies readonly Authentication[]) {
      it(`opens ${scheme} (${kind}), and is seen nowhere`, async () => {
        const camera = await startCamera(scheme, kind, { user: USER, password: PASSWORD }, wav, folder);
        const at = `127.0.0.1:${camera.port}/live?profile=1`;
        try {
          const user = `${encodeURIComponent(USER)}:${encodeURIComponent(PASSWORD)}`;
          assert.ok((await hear({ input: `${scheme}://${user}@${at}` })) > 8_000);
          assert.ok(camera.visits.in > 0);
          const wrong = await hear({ input: `${scheme}://${USER}:wrong-one@${at}` }, 'wrong-one');
          assert.equal(wrong, 0);
        } finally {
          await camera.close();
        }
      });
    }
  }

  for (const kind of ['Basic', 'Digest'] as const) {
    it(`opens raw samples over HTTP (${kind}), whose format is stated`, async () => {
      const sound = Buffer.from(encodeSamples([tone(500, 20, 8_000)], 'mulaw'));
      const camera = await startCamera('http', kind, { user: USER, password: PASSWORD }, sound, folder);
      const inputOptions = ['-f', 'mulaw', '-ar', '8000', '-user_agent', 'Radio', '-timeout', '5000000'];
      const at = `127.0.0.1:${camera.port}/`;
      try {
        const input = `http://${USER}:${encodeURIComponent(PASSWORD)}@${at}`;
        assert.ok((await hear({ input, inputOptions })) > 8_000);
        assert.equal(await hear({ input: `http://${USER}:wrong-one@${at}`, inputOptions }, 'wrong-one'), 0);
        assert.equal(camera.visits.in, 1);
      } finally {
        await camera.close();
      }
    });
  }

  it('may be in the query, in headers or cookies', async () => {
    const camera = await startCamera('http', 'Basic', { user: USER, password: PASSWORD }, wav, folder);
    const token = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    const input = `http://127.0.0.1:${camera.port}/live`;
    try {
      const header = `Authorization: Basic ${token}`;
      assert.ok((await hear({ input, inputOptions: ['-headers', `${header}\r\n`] })) > 8_000);
      const inputOptions = [
        '-headers',
        `${header}\r\nX-Zone: 1\r\n`,
        '-cookies',
        'session=open sesame; path=/',
      ];
      assert.ok((await hear({ input, inputOptions }, 'open sesame')) > 8_000);
      assert.equal(await hear({ input: `${input}?usr=me&pwd=sesame99&profile=1` }, 'sesame99'), 0);
    } finally {
      await camera.close();
    }
  });

  it('goes to an ffmpeg that is older than its options too', async () => {
    const old = path.join(folder, 'ffmpeg-4');
    writeFileSync(
      old,
      `#!/bin/sh
script=$(cat)
case $script in *option*) echo "[concat @ 0x1] [error] Line 3: unknown keyword 'option'" >&2; exit 1;; esac
echo "$script" | ffmpeg "$@"\n`,
      { mode: 0o755 },
    );
    const camera = await startCamera('rtsps', 'Digest', { user: USER, password: PASSWORD }, wav, folder);
    const input = `rtsps://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${camera.port}/live`;
    const events: LiveSourceEvent[] = [];
    const hearOld = async (inputOptions: readonly string[]): Promise<number> => {
      const restart = { minMs: 20, maxMs: 100 };
      const onEvent = (event: LiveSourceEvent): void => void events.push(event);
      const source = openLiveSource({ input, inputOptions, ffmpegPath: old, restart, onEvent });
      const deaths = (): number => events.filter(({ type }) => type === 'died').length;
      const enough = setInterval(() => {
        if (deaths() > 2) void source.close();
      }, 10);
      let samples = 0;
      for await (const piece of source) {
        samples += piece.length;
        break;
      }
      clearInterval(enough);
      return samples;
    };
    try {
      assert.ok((await hearOld([])) > 0);
      assert.match(JSON.stringify(events), /older than 5\.0.*It is started again without/);
      assert.equal(await hearOld(['-rtsp_transport', 'udp']), 0);
      assert.match(JSON.stringify(events), /Leave the options away, or install a newer one/);
    } finally {
      await camera.close();
    }
  });

  it('is not part of the name of a source', () => {
    const name = (input: string): string => openLiveSource({ input, ffmpegPath }).name;
    assert.equal(name('rtsp://a:b@c/d?e=f'), 'rtsp://***@c/d?e=f');
    assert.equal(name('rtsp://a:b/c@d/e'), 'rtsp://***@d/e');
    assert.equal(name('http://a:80/b@c'), 'http://a:80/b@c');
    assert.equal(name('http://a/b?user=c&pwd=d&n=1'), 'http://a/b?user=***&pwd=***&n=1');
  });
});
