import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import deeptoneStream from '../../../nodes/deeptone-stream';
import { listMicrophones, type MachineFacts } from '../../../nodes/stream/microphones';

const CARDS = ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH
                      HDA Intel PCH at 0xf7e10000 irq 31
 1 [Snowball       ]: USB-Audio - Blue Snowball
                      BLUE MICROPHONE Blue Snowball at usb-0000:00:14.0-2, full speed
 2 [bad;rm -rf     ]: USB-Audio - Evil
`;
const PCM = `00-00: ALC269VC Analog : ALC269VC Analog : playback 1 : capture 1
00-03: HDMI 0 : HDMI 0 : playback 1
01-00: USB Audio : USB Audio : capture 1
02-00: USB Audio : USB Audio : capture 1
`;

describe('The microphones of a machine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deeptone-asound-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function facts(changes: Partial<MachineFacts>): MachineFacts {
    return { platform: 'linux', alsa: folder, env: {}, listing: () => Promise.resolve(''), ...changes };
  }

  it('are what ALSA can capture from on Linux, by names that stay', async () => {
    writeFileSync(join(folder, 'cards'), CARDS);
    writeFileSync(join(folder, 'pcm'), PCM);
    assert.deepEqual(await listMicrophones(facts({})), [
      { input: 'alsa:plughw:CARD=PCH,DEV=0', name: 'HDA Intel PCH, ALC269VC Analog' },
      { input: 'alsa:plughw:CARD=Snowball,DEV=0', name: 'Blue Snowball, USB Audio' },
    ]);
  });

  it('are none where nothing tells of any', async () => {
    assert.deepEqual(await listMicrophones(facts({})), []);
    writeFileSync(join(folder, 'cards'), '--- no soundcards ---\n');
    writeFileSync(join(folder, 'pcm'), '');
    assert.deepEqual(await listMicrophones(facts({})), []);
    assert.deepEqual(await listMicrophones(facts({ platform: 'aix' })), []);
    assert.deepEqual(await listMicrophones(facts({ platform: 'darwin' })), []);
  });

  it('begin with that of the desktop where there is PulseAudio', async () => {
    mkdirSync(join(folder, 'pulse'));
    writeFileSync(join(folder, 'pulse/native'), '');
    const found = await listMicrophones(facts({ env: { XDG_RUNTIME_DIR: folder } }));
    assert.deepEqual(found, [{ input: 'pulse:default', name: 'PulseAudio: default' }]);
  });

  it('are those of AVFoundation on a Mac, without its cameras', async () => {
    const listing = `[AVFoundation indev @ 0x7f8] AVFoundation video devices:
[AVFoundation indev @ 0x7f8] [0] FaceTime HD Camera
[AVFoundation indev @ 0x7f8] AVFoundation audio devices:
[AVFoundation indev @ 0x7f8] [0] MacBook Pro Microphone
[AVFoundation indev @ 0x7f8] [1] Blue Snowball
[in#0 @ 0x7f8] Error opening input: Input/output error
`;
    const found = await listMicrophones(
      facts({ platform: 'darwin', listing: () => Promise.resolve(listing) }),
    );
    assert.deepEqual(found, [
      { input: 'avfoundation::0', name: 'MacBook Pro Microphone' },
      { input: 'avfoundation::1', name: 'Blue Snowball' },
    ]);
  });

  it('are those of DirectShow on Windows, in the words of new and old ffmpeg', async () => {
    const now = `[dshow @ 0x1] "Integrated Camera" (video)
[dshow @ 0x1] "Microphone (Blue Snowball)" (audio)
[dshow @ 0x1]   Alternative name "@device_cm_{33D9A762}\\wave_{1}"
`;
    const before = `[dshow @ 0x1] DirectShow video devices
[dshow @ 0x1]  "Integrated Camera"
[dshow @ 0x1] DirectShow audio devices
[dshow @ 0x1]  "Microphone (Blue Snowball)"
[dshow @ 0x1]     Alternative name "@device_cm_{33D9A762}\\wave_{1}"
`;
    for (const listing of [now, before]) {
      const found = await listMicrophones(
        facts({ platform: 'win32', listing: () => Promise.resolve(listing) }),
      );
      assert.deepEqual(found, [
        { input: 'dshow:audio=Microphone (Blue Snowball)', name: 'Microphone (Blue Snowball)' },
      ]);
    }
  });

  describe('over the admin HTTP', () => {
    before(() => helper.startServer());
    after(() => helper.stopServer());

    it('are told to the editor, and to no page of others', async () => {
      await helper.load([deeptoneStream], []);
      const { status, body } = await helper.request().get('/deeptone-stream/microphones');
      assert.equal(status, 200);
      assert.ok(Array.isArray(body));
      const { status: refused } = await helper
        .request()
        .get('/deeptone-stream/microphones')
        .set('sec-fetch-site', 'cross-site');
      assert.equal(refused, 403);
      await helper.unload();
    });
  });
});
