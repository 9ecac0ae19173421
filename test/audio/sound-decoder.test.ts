import assert from 'node:assert/strict';
import { PcmDecoder, readPayload, SoundDecoder, type SampleFormat } from '../../src/audio';
import { BadAudioError, InvalidArgumentError } from '../../src/errors';
import { encodeSamples, joined, makeWav, noise, seededRandom, tone } from '../tools/audio';
import { encodeFrame } from '../tools/mqtt/frames';

const FORMAT: SampleFormat = { encoding: 's16le', sampleRate: 16_000, channels: 1 };
const sound = noise(0.6);
const heard = decode(encodeSamples([sound], 's16le'), FORMAT);

function decode(bytes: Uint8Array, format: SampleFormat): Float32Array {
  const decoder = new PcmDecoder(format, { mix: true });
  return joined([...decoder.push(bytes), ...decoder.flush()]);
}

/** The decoder of one stream of messages. */
class Intake {
  readonly decoder: SoundDecoder;

  constructor(channel?: number) {
    this.decoder = new SoundDecoder({ channels: channel ?? 'mix', isMessages: true });
  }

  push(payload: unknown, format: SampleFormat): Float32Array {
    return this.decoder.pushFound(readPayload(payload), { format })[0] ?? new Float32Array(0);
  }

  flush(): Float32Array {
    return this.decoder.finish()[0] ?? new Float32Array(0);
  }
}

function hear(messages: readonly unknown[], format = FORMAT, channel?: number): Float32Array {
  const intake = new Intake(channel);
  return joined([...messages.map((message) => intake.push(message, format)), intake.flush()]);
}

function* cut(bytes: Uint8Array, size: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const length = size();
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

function inFrames(format: 'hermes' | 'snips' | 'satellite' | 'wav-start' | 'base64' | 'json'): unknown[] {
  const samples = new Int16Array(new Uint8Array(encodeSamples([sound], 's16le')).buffer);
  return Array.from({ length: Math.ceil(samples.length / 512) }, (_, n) =>
    encodeFrame(format, samples.slice(n * 512, (n + 1) * 512), n === 0, 0),
  );
}

describe('The audio of a stream', () => {
  it('is the same whatever pieces its bytes come in, down to single ones', () => {
    const random = seededRandom(7);
    const title = { id: 'LIST', content: Buffer.from('INFOINAM\x05\0\0\0song\0\0') };
    const wav = makeWav([sound], { between: [title], after: [title] });
    for (const bytes of [encodeSamples([sound], 's16le'), wav]) {
      for (const size of [() => 1, () => 3, () => 1 + Math.floor(random() * 700), () => 65_536]) {
        assert.deepEqual(hear([...cut(bytes, size)]), heard);
      }
    }
  });

  for (const format of ['hermes', 'snips', 'satellite', 'wav-start', 'base64', 'json'] as const) {
    it(`is read from ${format} messages`, () => {
      assert.deepEqual(hear(inFrames(format)), heard);
    });
  }

  it('follows the header and not the declared format, and resamples across messages', () => {
    const music = tone(440, 0.5, 44_100);
    const pcm = encodeSamples([music], 's16le');
    const messages = [...cut(pcm, () => 1_000)].map((piece) =>
      makeWav([decode(piece, { ...FORMAT })], { rate: 44_100 }),
    );
    assert.deepEqual(hear(messages), decode(pcm, { ...FORMAT, sampleRate: 44_100 }));
  });

  it('goes on after the length that a wrong header at the start promised', () => {
    const wav = makeWav([sound], { dataSize: 1_000 });
    assert.deepEqual(hear([wav]), heard);
    assert.deepEqual(hear([...cut(wav, () => 1_044)]), heard);
    assert.deepEqual(hear([...cut(wav, () => 77)]), heard);
  });

  it('is mixed from all channels, or one of them by choice', () => {
    const [left, right] = [tone(300, 0.2), tone(700, 0.2)];
    const bytes = encodeSamples([left, right], 'f32le');
    const format: SampleFormat = { encoding: 'f32le', sampleRate: 16_000, channels: 2 };
    assert.deepEqual(hear([bytes], format, 1), right);
    const mix = left.map((sample, n) => (sample + (right[n] ?? 0)) / 2);
    assert.deepEqual(hear([bytes], format), mix);
    assert.throws(() => hear([bytes], format, 2), InvalidArgumentError);
  });

  it('is read from typed arrays and numbers at the declared rate', () => {
    const samples = new Int16Array(new Uint8Array(encodeSamples([sound], 's16le')).buffer);
    const format = { ...FORMAT, encoding: 'u8', sampleRate: 8_000 } as const;
    const expected = decode(encodeSamples([sound], 's16le'), { ...FORMAT, sampleRate: 8_000 });
    assert.deepEqual(hear([samples], format), expected);
    assert.deepEqual(hear([[...samples]], format), expected);
    const bytes = encodeSamples([sound], 'f32le');
    assert.deepEqual(hear([sound], format), decode(bytes, { ...format, encoding: 'f32le' }));
  });

  it('reads 24 bits in 4 bytes, where that is declared', () => {
    const bytes = encodeSamples([sound], 's24in32le');
    const format = { ...FORMAT, encoding: 's24in32le' } as const;
    assert.deepEqual(hear([bytes], format), decode(bytes, format));
  });

  it('counts samples that are no numbers and makes them silence', () => {
    const broken = Float32Array.from([0.5, Number.NaN, Number.POSITIVE_INFINITY, -0.5]);
    const intake = new Intake();
    assert.deepEqual(intake.push(broken, FORMAT), Float32Array.from([0.5, 0, 0, -0.5]));
    assert.deepEqual(intake.push([0.5, null, -0.5], FORMAT), Float32Array.from([0.5, 0, -0.5]));
    assert.equal(intake.decoder.nonFiniteSamples, 3);
  });

  it('is not harmed by a bad message between good ones', () => {
    const pcm = encodeSamples([sound], 's16le');
    const intake = new Intake();
    const pieces = [...cut(pcm, () => 501)].map((piece) => {
      for (const bad of ['no base64!', { audio: true }, ['x'], true]) {
        assert.throws(() => intake.push(bad, FORMAT), BadAudioError);
      }
      return intake.push(piece, FORMAT);
    });
    assert.deepEqual(joined([...pieces, intake.flush()]), heard);
  });

  it('begins with the next message after one that began as something that cannot be heard', () => {
    const damaged = makeWav([sound], { fields: { channels: 0 } });
    const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(100)]);
    for (const [bad, message] of [
      [damaged, /0 channels/],
      [picture, /is a PNG image/],
    ] as const) {
      const intake = new Intake();
      assert.throws(
        () => intake.push(bad, FORMAT),
        (error) => error instanceof BadAudioError && message.test(error.message),
      );
      assert.deepEqual(joined([intake.push(makeWav([sound]), FORMAT), intake.flush()]), heard);
    }
  });

  it('tells when it ends within a sample', () => {
    const intake = new Intake();
    intake.push(Buffer.alloc(101), FORMAT);
    assert.equal(intake.decoder.endsWithinSample, true);
    intake.push(Buffer.alloc(1), FORMAT);
    assert.equal(intake.decoder.endsWithinSample, false);
  });

  it('begins a sample at every header, however the message before ended', () => {
    const wav = makeWav([sound]);
    const intake = new Intake();
    intake.push(wav.subarray(0, wav.length - 1), FORMAT);
    assert.deepEqual(intake.push(wav, FORMAT), heard);
  });
});
