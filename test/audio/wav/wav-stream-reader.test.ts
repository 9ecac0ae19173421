import assert from 'node:assert/strict';
import { UnsupportedWavCodecError, WavStreamReader, type Encoding } from '../../../src/audio';
import { BadAudioError, DeeptoneError } from '../../../src/errors';
import {
  encodeSamples,
  makeWav,
  makeWavOfBytes,
  noise,
  run,
  seededRandom,
  tone,
  type WavOptions,
} from '../../tools/audio';

const CHUNK = { id: 'LIST', content: Buffer.from('INFOISFT\x0e\x00\x00\x00careless tool\x00odd') };

interface Reading {
  readonly reader: WavStreamReader;
  readonly audio: Buffer;
}

function read(wav: Uint8Array, longest = Number.POSITIVE_INFINITY, end = true): Reading {
  const reader = new WavStreamReader();
  const random = seededRandom(3);
  const audio: Uint8Array[] = [];
  for (let at = 0; at < wav.length;) {
    const length = longest === Number.POSITIVE_INFINITY ? wav.length : 1 + Math.floor(random() * longest);
    for (const run of reader.push(wav.subarray(at, at + length))) audio.push(run.audio.slice());
    at += length;
  }
  for (const run of end ? reader.end() : []) audio.push(run.audio.slice());
  return { reader, audio: Buffer.concat(audio) };
}

function assertReads(wav: Uint8Array, audio: Uint8Array, encoding: Encoding, channels: number): void {
  for (const longest of [Number.POSITIVE_INFINITY, 1, 13]) {
    const { reader, audio: given } = read(wav, longest);
    assert.deepEqual(reader.format, { encoding, sampleRate: 16_000, channels });
    assert.ok(given.equals(audio), `${given.length} bytes given, ${audio.length} expected`);
    assert.equal(reader.lengths.missing, 0);
  }
}

describe('WavStreamReader', () => {
  const channels = [tone(440, 0.02), noise(0.02)];
  const little: readonly Encoding[] = [
    'u8',
    's16le',
    's24le',
    's24in32le',
    's32le',
    'f32le',
    'f64le',
    'alaw',
    'mulaw',
  ];
  const big: readonly Encoding[] = [
    'u8',
    's16be',
    's24be',
    's24in32be',
    's32be',
    'f32be',
    'f64be',
    'alaw',
    'mulaw',
  ];

  for (const container of ['wav', 'rifx', 'rf64', 'bw64', 'w64'] as const) {
    for (const encoding of container === 'rifx' ? big : little) {
      it(`reads ${encoding} in ${container}, plain and extensible`, () => {
        const audio = encodeSamples(channels, encoding);
        for (const extensible of [false, true]) {
          const wav = makeWav(channels, { container, encoding, extensible });
          assertReads(wav, audio, encoding, 2);
          assert.equal(read(wav).reader.container, container);
        }
      });
    }

    it(`passes over unknown chunks of odd size before, between and after in ${container}`, () => {
      const options: WavOptions = { container, before: [CHUNK, CHUNK], between: [CHUNK], after: [CHUNK] };
      const encoding = container === 'rifx' ? 's16be' : 's16le';
      assertReads(makeWav(channels, options), encodeSamples(channels, encoding), encoding, 2);
    });

    it(`reads to the end where the size is left open in ${container}`, () => {
      const encoding = container === 'rifx' ? 's16be' : 's16le';
      const audio = encodeSamples(channels, encoding);
      for (const dataSize of container === 'wav' || container === 'rifx'
        ? [0, 0xffff_ffff, 0x7fff_f000]
        : [0]) {
        const wav = makeWav(channels, { container, dataSize });
        assertReads(wav, audio, encoding, 2);
        assert.equal(read(wav).reader.promisedBytes, null);
      }
    });
  }

  it('finds the chunk after one of odd size that was not padded', () => {
    const wav = makeWav(channels, { between: [CHUNK], before: [CHUNK], unpadded: true });
    assertReads(wav, encodeSamples(channels, 's16le'), 's16le', 2);
  });

  it('reads an odd number of bytes without taking the padding for audio', () => {
    const samples = [noise(0.0101)];
    const audio = encodeSamples(samples, 'u8').subarray(0, 161);
    assertReads(makeWavOfBytes(audio, 1, { encoding: 'u8', after: [CHUNK] }), audio, 'u8', 1);
  });

  it('takes the bytes of a sample from the block alignment where it contradicts the bits', () => {
    const bits24 = makeWav(channels, { encoding: 's32le', extensible: true, fields: { validBits: 24 } });
    assert.equal(read(bits24).reader.format?.encoding, 's32le');
    const bits20 = makeWav(channels, { encoding: 's24le', fields: { bits: 20 } });
    assert.equal(read(bits20).reader.format?.encoding, 's24le');
    const bits12 = makeWav(channels, { encoding: 's16le', fields: { bits: 12 } });
    assert.equal(read(bits12).reader.format?.encoding, 's16le');
    const noAlignment = makeWav(channels, { encoding: 's16le', fields: { blockAlign: 0 } });
    assert.equal(read(noAlignment).reader.format?.encoding, 's16le');
  });

  it('says how many promised bytes never came', () => {
    const wav = makeWav(channels);
    const { reader } = read(wav.subarray(0, wav.length - 100));
    assert.equal(reader.lengths.missing, 100);
  });

  const soxKinds = [
    ['-b 8', 'u8', 'wav'],
    ['-b 16', 's16le', 'wav'],
    ['-b 24', 's24le', 'wav'],
    ['-b 32', 's32le', 'wav'],
    ['-e float -b 32', 'f32le', 'wav'],
    ['-e float -b 64', 'f64le', 'wav'],
    ['-e a-law', 'alaw', 'wav'],
    ['-e mu-law', 'mulaw', 'wav'],
    ['-B -b 16', 's16be', 'wav'],
    ['-B -b 24', 's24be', 'wav'],
  ] as const;
  for (const [options, encoding, type] of soxKinds) {
    it(`reads what sox writes to a pipe with ${options}`, async () => {
      const args = ['-D', '-n', '-r', '16000', '-c', '2', ...options.split(' '), '-t', type, '-'];
      const wav = await run('sox', [...args, 'synth', '0.1', 'sine', '440']);
      const { reader, audio } = read(wav, 100);
      assert.deepEqual(reader.format, { encoding, sampleRate: 16_000, channels: 2 });
      assert.ok(audio.length >= 1_600 * 2 && audio.length === wav.length - reader.headerBytes);
    });
  }

  for (const [codec, encoding] of [
    ['pcm_u8', 'u8'],
    ['pcm_s16le', 's16le'],
    ['pcm_s24le', 's24le'],
    ['pcm_s32le', 's32le'],
    ['pcm_f32le', 'f32le'],
    ['pcm_f64le', 'f64le'],
    ['pcm_alaw', 'alaw'],
    ['pcm_mulaw', 'mulaw'],
  ] as const) {
    for (const [format, flags] of [
      ['wav', []],
      ['wav', ['-rf64', 'always']],
      ['w64', []],
    ] as const) {
      it(`reads ${codec} that ffmpeg writes as ${format} ${flags.join(' ')}`, async () => {
        const source = ['-f', 'lavfi', '-i', 'sine=440:d=0.1:r=16000'];
        const args = ['-v', 'error', ...source, '-ac', '3', '-c:a', codec, ...flags, '-f', format, 'pipe:1'];
        const { reader, audio } = read(await run('ffmpeg', args), 200);
        assert.deepEqual(reader.format, { encoding, sampleRate: 16_000, channels: 3 });
        assert.ok(audio.length >= 1_600 * 3);
      });
    }
  }

  for (const [codec, tag, name] of [
    ['adpcm_ms', 0x0002, /Microsoft ADPCM.*0x0002/u],
    ['adpcm_ima_wav', 0x0011, /IMA ADPCM.*0x0011/u],
    ['libmp3lame', 0x0055, /MP3.*0x0055/u],
  ] as const) {
    it(`recognises ${codec} inside a WAV and names its format tag`, async () => {
      const args = [
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        'sine=440:d=0.5',
        '-c:a',
        codec,
        '-f',
        'wav',
        'pipe:1',
      ];
      const wav = await run('ffmpeg', args);
      assert.throws(
        () => read(wav),
        (error) =>
          error instanceof UnsupportedWavCodecError && error.formatTag === tag && name.test(error.message),
      );
    });
  }

  it('says what is wrong with a damaged header', () => {
    const wav = makeWav(channels);
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [Buffer.from('hello, this is text'), /not a WAV.*text that begins "hell"/u],
      [
        Buffer.concat([Buffer.from('RIFF\x00\x00\x00\x00AVI '), wav.subarray(12)]),
        /RIFF file of the kind "AVI "/u,
      ],
      [wav.subarray(0, 20), /ends after 20 bytes, within its header/u],
      [makeWav(channels, { fields: { channels: 0 } }), /0 channels/u],
      [makeWav(channels, { fields: { rate: 0 } }), /0 Hz.*4000/u],
      [makeWav(channels, { fields: { rate: 4_000_000_000 } }), /4000000000 Hz/u],
      [makeWav(channels, { fields: { bits: 0 } }), /0 bits/u],
      [makeWav(channels, { fields: { bits: 64, blockAlign: 16 } }), /64 bits in 8 bytes/u],
      [makeWavOfBytes(new Uint8Array(0), 1).subarray(0, 36), /ends after 36 bytes/u],
      [Buffer.concat([wav.subarray(0, 12), wav.subarray(36)]), /before the "fmt " chunk/u],
    ];
    for (const [bytes, message] of cases) {
      assert.throws(
        () => {
          read(bytes);
        },
        (error) => error instanceof BadAudioError && message.test(error.message),
        String(message),
      );
    }
  });

  it('gives up on a header without end, and allocates nothing by its sizes', () => {
    const header = makeWav(channels, { before: [{ id: 'JUNK', content: new Uint8Array(4) }] });
    header.writeUInt32LE(0xffff_fff0, 16);
    const short = new WavStreamReader();
    short.push(header);
    assert.throws(() => short.end(), /bytes before the end of its "JUNK" chunk/u);
    const endless = new WavStreamReader();
    endless.push(header);
    const megabyte = new Uint8Array(1024 * 1024);
    assert.throws(() => {
      for (let i = 0; i < 100; i++) endless.push(megabyte);
    }, /no audio in its first 67108864 bytes/u);
  });

  it('reads or refuses damaged files with a typed error, whatever was damaged', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 3_000; round++) {
      const container = (['wav', 'rifx', 'rf64', 'w64'] as const)[round % 4];
      const wav = makeWav([noise(0.002)], {
        container,
        extensible: round % 3 === 0,
        before: [CHUNK],
        after: [CHUNK],
      });
      for (let n = 0; n < 1 + (round % 5); n++)
        wav[Math.floor(random() * wav.length)] = Math.floor(random() * 256);
      const cut = wav.subarray(0, round % 2 === 0 ? wav.length : Math.floor(random() * wav.length));
      try {
        const { audio } = read(cut, 40);
        assert.ok(audio.length <= cut.length);
      } catch (error) {
        assert.ok(error instanceof DeeptoneError, String(error));
      }
    }
  });
});
