import assert from 'node:assert/strict';
import { describeContent, detectContainer, type Encoding } from '../../src/audio';
import { HEAD_BYTES } from '../../src/audio/containers';
import { judge } from '../../src/audio/sniff';
import { encodeSamples, makeWav, noise, run, seededRandom } from '../tools/audio';
import { inLanguage } from '../../src/sentence';

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
    ['eac3', 'eac3', '-ac', '6'],
    ['dts', 'dts', '-c:a', 'dca', '-strict', '-2'],
    ['truehd', 'truehd', '-strict', '-2'],
    ['mlp', 'mlp', '-strict', '-2'],
    ['mpeg', 'vob', '-c:a', 'mp2'],
    ['mpeg', 'mpeg', '-c:a', 'mp2'],
    ['rm', 'rm', '-c:a', 'ac3'],
    ['nut', 'nut', '-c:a', 'mp2'],
    ['voc', 'voc', '-c:a', 'pcm_s16le'],
    ['sox', 'sox'],
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
    assert.equal(
      inLanguage(describeContent(Buffer.from('Grüße\n  an alle'))),
      'text that begins "Grüße an alle"',
    );
    assert.match(
      inLanguage(describeContent(Uint8Array.of(0, 1, 2, 255))),
      /begins with the bytes 00 01 02 ff$/u,
    );
    assert.equal(inLanguage(describeContent(makeWav([noise(0.01)]))), 'wav audio or video');
  });
});

describe('Raw samples just above silence', () => {
  const ofWidth = (encoding: Encoding) =>
    [-2, -1, 0, 1, 2].map((level) => encodeSamples([Float32Array.of(level / 32_768)], encoding));
  const bytes = (...values: readonly number[]) => values.map((value) => Uint8Array.of(value));
  // The first samples decide, and by chance they are the letters of some file: 00 00 01 00 begins an icon.
  const levels: readonly (readonly [Encoding, readonly Uint8Array[]])[] = [
    ...(['s16le', 's16be', 's24le', 's24be', 's32le', 's32be'] as const).map(
      (encoding) => [encoding, ofWidth(encoding)] as const,
    ),
    ['u8', bytes(0x7e, 0x7f, 0x80, 0x81, 0x82)],
    ['alaw', bytes(0x54, 0x55, 0xd4, 0xd5, 0xd7)],
    ['mulaw', bytes(0x7e, 0x7f, 0xfd, 0xfe, 0xff)],
  ];
  for (const [encoding, encoded] of levels) {
    it(`are samples, whatever the first ones are: ${encoding}`, () => {
      const format = { encoding, sampleRate: 16_000, channels: 1 };
      const random = seededRandom(8);
      const one = (index: number): Uint8Array => encoded[index] ?? new Uint8Array(0);
      const head = new Uint8Array(
        Buffer.concat(Array.from({ length: HEAD_BYTES }, () => one(Math.floor(random() * 5)))),
      ).subarray(0, HEAD_BYTES);
      const width = one(0).length;
      const taken = new Set<string>();
      for (let first = 0; first < 5 ** 5; first++) {
        for (let at = 0; at < 5; at++) head.set(one(Math.floor(first / 5 ** at) % 5), at * width);
        const verdict = judge(head, { isAll: false, format, isStated: false });
        taken.add(verdict.is === 'refused' ? inLanguage(verdict.reason) : verdict.is);
      }
      assert.deepEqual([...taken], ['raw']);
    });
  }

  it('are told from an icon, which has a list of its pictures', () => {
    const icon = Buffer.alloc(1_200, 7);
    icon.set([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 0x68, 4, 0, 0, 22, 0, 0, 0]);
    assert.equal(describeContent(icon), 'an icon');
    const verdict = judge(icon, {
      isAll: true,
      format: { encoding: 's16le', sampleRate: 16_000, channels: 1 },
      isStated: false,
    });
    assert.equal(verdict.is, 'refused');
    assert.equal('reason' in verdict && inLanguage(verdict.reason), 'it is an icon');
  });
});
