import assert from 'node:assert/strict';
import { describeContent, detectContainer } from '../../src/audio';
import { makeWav, noise, run, seededRandom } from '../tools/audio';

function made(format: string, ...options: readonly string[]): Promise<Buffer> {
  const source = ['-f', 'lavfi', '-i', 'sine=440:d=2:r=48000'];
  return run('ffmpeg', ['-v', 'error', ...source, ...options, '-f', format, 'pipe:1']);
}

describe('detectContainer', () => {
  for (const container of ['wav', 'rifx', 'rf64', 'bw64', 'w64'] as const) {
    it(`knows ${container} by its content`, () => {
      assert.equal(detectContainer(makeWav([noise(0.01)], { container })), container);
    });
  }

  for (const [container, format, ...options] of [
    ['mp3', 'mp3'],
    ['mp3', 'mp3', '-id3v2_version', '0', '-write_xing', '0'],
    ['mp3', 'mp3', '-id3v2_version', '0', '-write_xing', '0', '-ar', '16000', '-b:a', '32k'],
    ['mp3', 'mp3', '-id3v2_version', '0', '-write_xing', '0', '-ar', '8000'],
    ['flac', 'flac'],
    ['ogg', 'ogg', '-c:a', 'libvorbis'],
    ['opus', 'ogg', '-c:a', 'libopus'],
    ['mp4', 'mp4', '-movflags', 'frag_keyframe+empty_moov'],
    ['mp4', 'mov', '-movflags', 'frag_keyframe+empty_moov'],
    ['aac', 'adts'],
    ['webm', 'webm'],
    ['matroska', 'matroska'],
    ['aiff', 'aiff'],
    ['caf', 'caf', '-c:a', 'pcm_s16be'],
    ['au', 'au'],
    ['avi', 'avi'],
    ['asf', 'asf'],
    ['flv', 'flv', '-ar', '44100'],
    ['mpegts', 'mpegts'],
    ['wavpack', 'wv'],
    ['tta', 'tta'],
  ] as const) {
    it(`knows ${container} made by ffmpeg with ${[format, ...options].join(' ')}`, async () => {
      const bytes = await made(format, ...options);
      assert.equal(detectContainer(bytes.subarray(0, 4_096)), container);
    });
  }

  it('does not take raw samples, text or nothing for a container', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 500; round++) {
      const raw = Uint8Array.from({ length: 4_096 }, () => Math.floor(random() * 256));
      // The sync words of MPEG audio alone, which raw samples just below zero also have.
      raw.set([0xff, round % 2 === 0 ? 0xfb : 0xf1], 0);
      assert.equal(detectContainer(raw), undefined);
    }
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(4_096),
      Buffer.from('RIFF'),
      Buffer.from('hello'),
    ]) {
      assert.equal(detectContainer(bytes), undefined);
    }
  });
});

describe('describeContent', () => {
  it('says in words what is not audio', () => {
    assert.equal(describeContent(new Uint8Array(0)), 'empty');
    assert.equal(describeContent(Buffer.from('\x89PNG\r\n', 'latin1')), 'a PNG image');
    assert.equal(describeContent(Buffer.from('Grüße\n  an alle')), 'text that begins "Grüße an alle"');
    assert.match(describeContent(Uint8Array.of(0, 1, 2, 255)), /begins with the bytes 00 01 02 ff$/u);
    assert.equal(describeContent(makeWav([noise(0.01)])), 'wav audio or video');
  });
});
