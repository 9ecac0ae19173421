import assert from 'node:assert/strict';
import { PcmDecoder, readPayload, SoundDecoder, type Encoding, type SampleFormat } from '../../src/audio';
import { encodeSamples, joined, noise, seededRandom, tone } from '../tools/audio';

const ENCODINGS: readonly Encoding[] = [
  ...(['u8', 's8', 'alaw', 'mulaw', 's16le', 's16be', 's24le'] as const),
  ...(['s24be', 's32le', 's32be', 'f32le', 'f32be', 'f64le', 'f64be'] as const),
];

type Random = () => number;

/** Sounds whose bytes may look like something else: letters, the beginning of a file, frames, nothing in order. */
const SOUNDS: Readonly<Record<string, (random: Random) => Float32Array>> = {
  'a constant level': (random) => steady(2 * random() - 1, 0, random),
  'a level with the first byte of packets': () => steady(0x47af / 0x8000, 0, () => 0),
  'dither on a level': (random) => steady(2 * random() - 1, 4 / 32_768, random),
  'dither of 8 bits on a level': (random) => steady(2 * random() - 1, 3 / 128, random),
  'silence with dither': (random) => steady(0, 1.5 / 32_768, random),
  silence: (random) => steady(0, 0, random),
  'silence, then a tone': () => joined([new Float32Array(1_500), tone(300, 0.1)]),
  'a tone on a level': (random) => tone(100 + 900 * random(), 0.2, 16_000, 0.1).map((sample) => sample - 0.3),
  'a tone at full scale': (random) => tone(100 + 5_000 * random(), 0.2, 16_000, 1),
  'a saw at full scale': (random) => {
    const period = 20 + Math.floor(200 * random());
    return Float32Array.from({ length: 3_200 }, (_, n) => (2 * (n % period)) / period - 1);
  },
  'a square': (random) => {
    const level = random();
    return tone(100 + 900 * random(), 0.2).map((sample) => (sample < 0 ? -level : level));
  },
  'quiet noise': (random) => noise(0.2, 16_000, 0.3 * 10 ** (-4 * random()), Math.floor(1e6 * random())),
  'clipped noise': (random) =>
    noise(0.2, 16_000, 3, Math.floor(1e6 * random())).map((sample) => Math.max(-1, Math.min(1, sample))),
  clicks: (random) => Float32Array.from({ length: 3_200 }, () => (random() < 0.01 ? 2 * random() - 1 : 0)),
  'a few samples': (random) => noise(0.2, 16_000, 0.3, 5).subarray(0, 1 + Math.floor(60 * random())),
};

function steady(level: number, width: number, random: Random): Float32Array {
  return Float32Array.from({ length: 3_200 }, () => level + width * (random() + random() - 1));
}

function cut(bytes: Uint8Array, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    Buffer.from(bytes.subarray(n * size, (n + 1) * size)),
  );
}

/** What a decoder makes of messages, and the kinds of its warnings. */
function decode(messages: readonly unknown[], format: SampleFormat, isMessages = true) {
  const decoder = new SoundDecoder({ channels: 'mix', isMessages });
  const parts = messages.map((message) => decoder.pushFound(readPayload(message), { format })[0]);
  const samples = joined([...parts, decoder.finish()[0]].filter((part) => part !== undefined));
  return { samples, warnings: decoder.takeWarnings().map(({ code }) => code) };
}

function plain(bytes: Uint8Array, format: SampleFormat): Float32Array {
  const decoder = new PcmDecoder(format, { mix: true });
  return joined([...decoder.push(bytes), ...decoder.flush()]);
}

/** One letter over and over that stands for silence in base64. */
function isBase64Silence(bytes: Uint8Array): boolean {
  return [0x41, 0x2f, 0x56].includes(bytes[0] ?? 0) && bytes.every((byte) => byte === bytes[0]);
}

describe('Sound that may look like something else', () => {
  for (const [name, make] of Object.entries(SOUNDS)) {
    it(`is heard as it is in every encoding: ${name}`, () => {
      for (const [number, encoding] of ENCODINGS.entries()) {
        for (const channels of [1, 2]) {
          const format = { encoding, sampleRate: 16_000, channels };
          const random = seededRandom(1_000 * number + 10 * name.length + channels);
          for (let round = 0; round < 3; round++) {
            const sound = make(random);
            const quieter = sound.map((sample) => 0.7 * sample);
            const bytes = encodeSamples(channels === 1 ? [sound] : [sound, quieter], encoding);
            if (isBase64Silence(bytes)) continue;
            const wanted = { samples: plain(bytes, format), warnings: [] };
            const size = (320 * bytes.length) / sound.length;
            const what = `${encoding}, ${channels}, ${round}`;
            assert.deepEqual(decode(cut(bytes, size), format), wanted, what);
            assert.deepEqual(decode([Buffer.from(bytes)], format, false), wanted, what);
          }
        }
      }
    });
  }
});

const VOICE = joined([new Float32Array(900), tone(300, 0.2, 16_000, 0.3), noise(0.1, 16_000, 0.1)]);
const ENVELOPES: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  'base64 in bytes': (bytes) => Buffer.from(bytes.toString('base64')),
  'JSON in bytes': (bytes) => Buffer.from(JSON.stringify({ audio: bytes.toString('base64') })),
  'data URLs in bytes': (bytes) => Buffer.from(`data:audio/pcm;base64,${bytes.toString('base64')}`),
  'a Buffer in an object': (bytes) => ({ topic: 'mic', payload: bytes }),
  'a Uint8Array in an object': (bytes) => ({ audio: new Uint8Array(bytes) }),
  'memory in an object': (bytes) => ({ audio: Uint8Array.from(bytes).buffer }),
};
const WORDS = ['offline', 'Not found', 'off', '1', '<html><body>502 Bad Gateway</body></html>'];

describe('Audio in envelopes', () => {
  for (const [name, wrap] of Object.entries(ENVELOPES)) {
    it(`is the samples in them, also where they begin with silence: ${name}`, () => {
      for (const encoding of ['s16le', 'u8', 'alaw', 'mulaw', 'f32le'] as const) {
        const format = { encoding, sampleRate: 16_000, channels: 1 };
        const bytes = encodeSamples([VOICE], encoding);
        const size = (320 * bytes.length) / VOICE.length;
        const wanted = { samples: plain(bytes, format), warnings: [] };
        assert.deepEqual(decode(cut(bytes, size).map(wrap), format), wanted, encoding);
      }
    });
  }

  it('has words among its messages passed over, first, second and later, and none of its samples', () => {
    const format = { encoding: 's16le', sampleRate: 16_000, channels: 1 } as const;
    const bytes = encodeSamples([VOICE], 's16le');
    const wanted = { samples: plain(bytes, format), warnings: ['text'] };
    for (const name of ['base64 in bytes', 'JSON in bytes', 'data URLs in bytes', 'raw']) {
      const wrap = ENVELOPES[name] ?? ((piece: Buffer): Buffer => piece);
      for (const words of WORDS) {
        for (const place of [0, 1, 7]) {
          const messages = cut(bytes, 640).map(wrap);
          messages.splice(place, 0, Buffer.from(words));
          assert.deepEqual(decode(messages, format), wanted, `${name}, ${words}, ${place}`);
        }
      }
    }
  });

  it('is bytes where a typed array of bytes became JSON, and where quiet 16-bit samples are listed as bytes', () => {
    const format = { encoding: 's16le', sampleRate: 16_000, channels: 1 } as const;
    const quiet = steady(0, 1.5 / 32_768, seededRandom(4));
    for (const sound of [VOICE.subarray(900), quiet]) {
      const bytes = encodeSamples([sound], 's16le');
      const wanted = { samples: plain(bytes, format), warnings: [] };
      const pieces = cut(bytes, 640);
      assert.deepEqual(
        decode(
          pieces.map((piece) => JSON.stringify(new Uint8Array(piece))),
          format,
        ),
        wanted,
      );
      assert.deepEqual(
        decode(
          pieces.map((piece) => [...piece]),
          format,
        ),
        wanted,
      );
    }
  });

  it('is no sound where a text is words with blanks', () => {
    for (const words of ['Not found', 'Connection closed', 'Bad Gateway or so']) {
      assert.throws(() => readPayload(words), { code: 'DEEPTONE_BAD_AUDIO' });
    }
  });
});
