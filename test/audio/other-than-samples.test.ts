import assert from 'node:assert/strict';
import { SoundDecoder } from '../../src/audio';
import { BadAudioError } from '../../src/errors';
import {
  encodeSamples,
  joined,
  makeWav,
  makeWavOfBytes,
  noise,
  run,
  seededRandom,
  speak,
  tone,
} from '../tools/audio';

const WORDS = 'Good morning everybody, and thank you for coming here today.';

/** What is said of messages that nobody states a format with; undefined where they are heard. */
function said(bytes: Uint8Array, size = bytes.length): string | undefined {
  const decoder = new SoundDecoder({ isMessages: true });
  try {
    for (let at = 0; at < bytes.length; at += size) decoder.push(bytes.subarray(at, at + size));
    decoder.finish();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof BadAudioError, String(error));
    return error.message;
  } finally {
    decoder.giveUp();
  }
}

describe('Bytes that are not the samples they would be taken for', () => {
  let speech: Float32Array;

  before(async () => {
    speech = await speak(WORDS);
  });

  for (const encoding of ['s16be', 'f32le', 'f32be', 's24le'] as const) {
    it(`are refused with the name of what they are, in one piece and in many, and after silence: ${encoding}`, () => {
      const bytes = Buffer.from(encodeSamples([speech], encoding));
      for (const sound of [bytes, Buffer.concat([Buffer.alloc(48_000), bytes])]) {
        for (const size of [sound.length, 1_000])
          assert.match(said(sound, size) ?? '', new RegExp(`samples are s?f?${encoding.slice(1, 3)}`, 'u'));
      }
    });
  }

  it('are refused where they lack one', () => {
    assert.match(
      said(encodeSamples([speech], 's16le').subarray(1)) ?? '',
      /are s16be, or some bytes are missing/u,
    );
  });

  it('are heard where they are what they are taken for, however loud, high or noisy', () => {
    const random = seededRandom(3);
    const gauss = Float32Array.from({ length: 16_000 }, () => {
      const sum = random() + random() + random() + random() - 2;
      return Math.max(-1, Math.min(0.9999, sum));
    });
    const tones = [200, 1_000, 4_000, 7_900, 7_990].map((hz) => tone(hz, 1, 16_000, 0.9));
    for (const sound of [speech, gauss, noise(1), ...tones, tone(50, 1, 16_000, 0.02)]) {
      assert.equal(said(encodeSamples([sound], 's16le')), undefined);
    }
  });

  it('are heard where their low bytes say nothing: eight bits in the place of sixteen, or sound that was clipped hard', () => {
    const loudest = speech.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    const clipped = (loudness: number) => (sample: number) => Math.max(-1, Math.min(1, loudness * sample));
    for (const [what, samples] of [
      ['eight bits', speech.map((sample) => Math.round((sample / loudest) * 127) / 128)],
      ['three bits', speech.map((sample) => Math.round((sample / loudest) * 3) / 4)],
      ['clipped speech', speech.map(clipped(1_000 / loudest))],
      ['clipped noise', noise(1).map(clipped(100))],
    ] as const) {
      const bytes = encodeSamples([samples], 's16le');
      for (const size of [bytes.length, 1_000]) assert.equal(said(bytes, size), undefined, what);
    }
  });

  it('are refused where they are text in another encoding, or numbers that begin with silence', () => {
    const page = '<!DOCTYPE html><html><title>404 Aufnahme nicht verf\xfcgbar</title>'.repeat(20);
    const values = Array.from(encodeSamples([new Float32Array(3_000)], 's8'));
    for (const [text, sentence] of [
      [Buffer.from(page, 'latin1'), /page of HTML/u],
      [
        Buffer.from('Der Server ist f\xfcr Wartung nicht verf\xfcgbar. '.repeat(100), 'latin1'),
        /text that begins "Der Server/u,
      ],
      [
        Buffer.from('This is what the device did today. '.repeat(30), 'utf16le'),
        /UTF-16 that begins "This is/u,
      ],
      [Buffer.from(values.join('\n')), /text that begins/u],
      [Buffer.from(values.map(() => '0.000000').join(', ')), /text that begins/u],
      [Buffer.from(`b'${'\\x00'.repeat(3_000)}'`), /text that begins/u],
    ] as const) {
      assert.match(said(text) ?? '', sentence);
      assert.match(said(text, 1_000) ?? '', sentence);
    }
  });

  it('are refused where they are other files, and objects that were packed', () => {
    const samples = Buffer.from(encodeSamples([speech], 's16le'));
    const header = "{'descr': '<i2', 'fortran_order': False, 'shape': (9,), }".padEnd(117) + '\n';
    for (const [beginning, sentence] of [
      [`\x93NUMPY\x01\0\x76\0${header}`, /NumPy/u],
      ['\x82\xa4rate\xcd\x3e\x80\xa5audio\xc6\0\0\x10\0', /packed by MessagePack/u],
      ['\xa2\x64rate\x19\x3e\x80\x65audio\x5a\0\0\x10\0', /packed by CBOR/u],
      ['\x80\x04\x95\0\x10\0\0\0\0\0\0B\0\x10\0\0', /packed by Pickle/u],
      ['BM\x36\x10\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0', /BMP image/u],
      ['RIFF\0\x10\0\0ACONanih', /RIFF file of the kind "ACON"/u],
    ] as const) {
      assert.match(said(Buffer.concat([Buffer.from(beginning, 'latin1'), samples])) ?? '', sentence);
    }
  });
});

describe('Compressed sound', () => {
  let wav: Buffer;

  before(async () => {
    wav = makeWav([await speak(WORDS)]);
  });

  async function heard(bytes: Buffer, size: number): Promise<Float32Array> {
    const decoder = new SoundDecoder();
    const parts: (Float32Array | undefined)[] = [];
    for (let at = 0; at < bytes.length; at += size)
      parts.push(decoder.push(bytes.subarray(at, at + size))[0]);
    parts.push(decoder.finish()[0]);
    for await (const late of decoder.late()) parts.push(late[0]);
    parts.push(decoder.flush()[0]);
    await decoder.close();
    return joined(parts.map((part) => part ?? new Float32Array(0)));
  }

  for (const [name, ...options] of [
    ['IMA ADPCM in a WAV', '-c:a', 'adpcm_ima_wav', '-f', 'wav'],
    ['Microsoft ADPCM in a WAV', '-c:a', 'adpcm_ms', '-f', 'wav'],
    ['GSM without a container', '-ar', '8000', '-c:a', 'libgsm', '-f', 'gsm'],
    ['a transport stream of a camera', '-c:a', 'aac', '-f', 'mpegts', '-mpegts_m2ts_mode', '1'],
    ['IRCAM', '-c:a', 'pcm_f32le', '-f', 'ircam'],
  ] as const) {
    it(`is heard in pieces: ${name}`, async () => {
      const bytes = await run('ffmpeg', ['-v', 'error', '-i', '-', ...options, '-'], wav);
      const seconds = (wav.length - 44) / 32_000;
      for (const size of [700, bytes.length]) {
        const samples = await heard(bytes, size);
        assert.ok(Math.abs(samples.length / 16_000 - seconds) < 0.2, `${samples.length} samples`);
        assert.ok(samples.some((sample) => Math.abs(sample) > 0.1));
      }
    });
  }

  it('is not taken for what quiet sound has between two samples', () => {
    const quiet = [-200, 31, -24, 0, 100, -60, 20];
    const samples = Float32Array.from({ length: 8_000 }, (_, at) => (quiet[at % quiet.length] ?? 0) / 32_768);
    const decoder = new SoundDecoder({ ffmpegPath: '/nowhere/ffmpeg' });
    decoder.push(makeWav([samples]));
    decoder.finish();
    assert.equal(decoder.format?.encoding, 's16le');
  });

  it('is heard in the place of samples in a WAV, where it is for a receiver, and else is refused', async () => {
    const args = ['-v', 'error', '-i', '-', '-ar', '48000', '-ac', '2', '-c:a', 'ac3', '-f', 'spdif', '-'];
    const bursts = makeWavOfBytes(await run('ffmpeg', args, wav), 2, { rate: 48_000 });
    const samples = await heard(bursts, 10_000);
    let steps = 0;
    for (let i = 1; i < samples.length; i++) steps += Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0));
    assert.ok(samples.length > 16_000 && steps / samples.length < 0.1);
    const mp3 = await run('ffmpeg', ['-v', 'error', '-i', '-', '-f', 'mp3', '-'], wav);
    assert.match(said(makeWavOfBytes(mp3, 1, {})) ?? '', /holds mp3 audio, and its header says/u);
  });
});
