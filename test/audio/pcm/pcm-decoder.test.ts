import assert from 'node:assert/strict';
import { ENCODINGS, PcmDecoder, type Encoding, type SampleFormat } from '../../../src/audio';
import { InvalidArgumentError } from '../../../src/errors';
import { joined, encodeSamples, encodingBytes, noise, run, seededRandom, tone } from '../../tools/audio';

/** Decodes bytes cut at random into pieces of up to `longest` bytes; per channel. */
function decode(
  bytes: Uint8Array,
  decoder: PcmDecoder,
  longest = Number.POSITIVE_INFINITY,
  random = seededRandom(7),
): Float32Array[] {
  const parts: (readonly Float32Array[])[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = longest === Number.POSITIVE_INFINITY ? bytes.length : 1 + Math.floor(random() * longest);
    // A copy at an odd address: decoding must not depend on alignment or on the caller's buffer afterwards.
    const piece = new Uint8Array(length + 1).subarray(1);
    piece.set(bytes.subarray(at, at + length));
    const given = bytes.length - at < length ? piece.subarray(0, bytes.length - at) : piece;
    parts.push(decoder.push(given).map((samples) => samples.slice()));
    given.fill(0xaa);
    at += length;
  }
  parts.push(decoder.flush());
  return decoder.channels.map((_, index) => joined(parts.map((part) => part[index] ?? new Float32Array(0))));
}

function step(encoding: Encoding): number {
  if (encoding === 'alaw' || encoding === 'mulaw') return 2 ** -5;
  if (encoding.startsWith('f')) return 2 ** -23;
  return encoding.startsWith('s24') ? 2 ** -23 : 2 ** (1 - Math.min(24, 8 * encodingBytes(encoding)));
}

function assertClose(actual: Float32Array | undefined, expected: Float32Array, tolerance: number): void {
  assert.equal(actual?.length, expected.length);
  expected.forEach((value, n) => {
    assert.ok(
      Math.abs((actual[n] ?? Number.NaN) - value) <= tolerance,
      `sample ${n}: ${String(actual[n])} for ${value}`,
    );
  });
}

describe('PcmDecoder', () => {
  for (const encoding of ENCODINGS) {
    it(`decodes ${encoding} at full scale 1.0`, () => {
      const left = tone(440, 0.1, 16_000, 0.9);
      const right = noise(0.1, 16_000, 0.7);
      const bytes = encodeSamples([left, right], encoding);
      const decoded = decode(bytes, new PcmDecoder({ encoding, sampleRate: 16_000, channels: 2 }));
      assertClose(decoded[0], left, step(encoding));
      assertClose(decoded[1], right, step(encoding));
    });

    it(`decodes ${encoding} to the same bits in pieces of any size, odd ones too`, () => {
      const format: SampleFormat = { encoding, sampleRate: 44_100, channels: 3 };
      const channels = [
        noise(0.05, 44_100, 0.5, 1),
        noise(0.05, 44_100, 0.5, 2),
        noise(0.05, 44_100, 0.5, 3),
      ];
      const bytes = encodeSamples(channels, encoding);
      const whole = decode(bytes, new PcmDecoder(format));
      for (const longest of [1, 7, 300]) {
        assert.deepEqual(decode(bytes, new PcmDecoder(format), longest), whole, `up to ${longest} bytes`);
      }
    });
  }

  for (const [encoding, soxEncoding] of [
    ['alaw', 'a-law'],
    ['mulaw', 'mu-law'],
  ] as const) {
    it(`decodes all 256 codes of ${encoding} as sox does`, async () => {
      const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
      const input = ['-t', 'raw', '-r', '16000', '-c', '1', '-e', soxEncoding, '-b', '8', '-'];
      const raw = await run('sox', ['-D', ...input, '-t', 'f32', '-'], codes);
      const expected = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
      const [decoded] = decode(codes, new PcmDecoder({ encoding, sampleRate: 16_000, channels: 1 }));
      assert.deepEqual(decoded, expected);
    });
  }

  it('maps the ends of the integer ranges to -1 and just below 1', () => {
    const ends = (encoding: Encoding, hex: string): number[] => {
      const decoder = new PcmDecoder({ encoding, sampleRate: 16_000, channels: 1 });
      return [...(decoder.push(Buffer.from(hex, 'hex'))[0] ?? [])];
    };
    assert.deepEqual(ends('s16le', '0080ff7f0000'), [-1, 32_767 / 32_768, 0]);
    assert.deepEqual(ends('u8', '00ff80'), [-1, 127 / 128, 0]);
    assert.deepEqual(ends('u16be', '0000ffff8000'), [-1, 32_767 / 32_768, 0]);
    assert.deepEqual(ends('s24be', '8000007fffff'), [-1, 8_388_607 / 8_388_608]);
    assert.deepEqual(ends('s24in32le', '000080ffffff7f00'), [-1, 8_388_607 / 8_388_608]);
  });

  it('picks one channel, or averages all', () => {
    const left = new Float32Array(100).fill(0.5);
    const right = new Float32Array(100).fill(-0.25);
    const bytes = encodeSamples([left, right], 's16le');
    const format: SampleFormat = { encoding: 's16le', sampleRate: 16_000, channels: 2 };
    const picked = new PcmDecoder(format, { channel: 1 });
    assert.deepEqual(picked.channels, [1]);
    assert.deepEqual(picked.push(bytes), [right]);
    const mixed = new PcmDecoder(format, { mix: true });
    assert.deepEqual(mixed.channels, [0]);
    assert.deepEqual(mixed.push(bytes), [new Float32Array(100).fill(0.125)]);
  });

  for (const encoding of ['f32le', 'f32be', 'f64le', 'f64be'] as const) {
    it(`replaces samples of ${encoding} that are not finite by 0 and counts them`, () => {
      const samples = tone(440, 0.01);
      samples.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e25], 20);
      const decoder = new PcmDecoder({ encoding, sampleRate: 16_000, channels: 1 });
      const [decoded] = decode(encodeSamples([samples], encoding), decoder, 5);
      assert.equal(decoder.nonFiniteSamples, 4);
      assert.deepEqual(decoded?.slice(20, 24), new Float32Array(4));
      assert.equal(decoded[30], samples[30]);
    });
  }

  it('counts samples that are not finite only in the channels that are given', () => {
    const broken = new Float32Array(10).fill(Number.NaN);
    const bytes = encodeSamples([broken, new Float32Array(10)], 'f32le');
    const decoder = new PcmDecoder({ encoding: 'f32le', sampleRate: 16_000, channels: 2 }, { channel: 1 });
    decoder.push(bytes);
    assert.equal(decoder.nonFiniteSamples, 0);
  });

  it('drops an incomplete sample at the end and says how long it was', () => {
    const decoder = new PcmDecoder({ encoding: 's16le', sampleRate: 16_000, channels: 2 });
    assert.equal(decoder.push(new Uint8Array(11))[0]?.length, 2);
    assert.equal(decoder.danglingBytes, 3);
    assert.equal(decoder.inputSamples, 2);
    assert.equal(decoder.flush()[0]?.length, 0);
  });

  it('refuses what it cannot decode and names the value', () => {
    const good: SampleFormat = { encoding: 's16le', sampleRate: 16_000, channels: 2 };
    const cases: readonly (readonly [() => unknown, RegExp])[] = [
      [() => new PcmDecoder({ ...good, encoding: 's12' as Encoding }), /"s12".*s16le/u],
      [() => new PcmDecoder({ ...good, encoding: 'toString' as Encoding }), /"toString"/u],
      [() => new PcmDecoder({ ...good, sampleRate: 1_000 }), /1000 Hz.*4000 to 384000/u],
      [() => new PcmDecoder({ ...good, channels: 0 }), /0 channels.*1 to 255/u],
      [() => new PcmDecoder({ ...good, channels: 1.5 }), /1\.5 channels/u],
      [() => new PcmDecoder(good, { channel: 2 }), /no channel 2.*channels 0 to 1/u],
      [() => new PcmDecoder({ ...good, channels: 1 }, { channel: -1 }), /no channel -1.*only channel 0/u],
      [() => new PcmDecoder(good, { channel: 0, mix: true }), /"channel" or "mix"/u],
    ];
    for (const [make, message] of cases) {
      assert.throws(make, (error) => error instanceof InvalidArgumentError && message.test(error.message));
    }
  });
});
