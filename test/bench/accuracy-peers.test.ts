import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { GateDetector, peerDetector, sileroDetector } from '../../bench/accuracy/detectors';
import { kindsOf, openYamnet, scoresOf } from '../../bench/accuracy/yamnet-kinds';
import { fireredvad, perFrame, silero, speechOfFireredvad } from '../../bench/peers';
import { FilterBanks } from '../../bench/peers/filter-banks';
import { UsageError } from '../../bench/report';
import { concatenated, noise, speak, temporaryFolder, tone } from '../tools/audio';

const SILERO = require.resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');

/** Some of AudioSet's classes, in its order. */
const NAMES =
  `Speech;Conversation;Speech synthesizer;Shout;Whoop;Screaming;Whispering;Laughter;Chuckle, chortle;Crying, sobbing;
Wail, moan;Sigh;Singing;Humming;Groan;Grunt;Whistling;Breathing;Cough;Sniff;Walk, footsteps;Chewing, mastication;Fart;Cheering;Dog;
Music;Piano;Bell;Church bell;Change ringing (campanology);Scary music;Rain;Silence;Inside, small room;Echo;White noise;Television;Field recording`
    .replaceAll('\n', '')
    .split(';');
const SIX = ['nat_human_sounds', 'neg_human_sounds', 'pos_human_sounds', 'speech', 'music', 'noise'];

type PerBin = (bin: number) => number;

/** cmvn.ark over ten frames; of a mean of 0 and a variance of 1 in every bin where nothing else is said. */
function statistics(bins = 80, mean: PerBin = () => 0, variance: PerBin = () => 1): Buffer {
  const numbers = [...Array(bins).keys()];
  const sums = [...numbers.map((bin) => 10 * mean(bin)), 10];
  const squares = [...numbers.map((bin) => 10 * (variance(bin) + mean(bin) ** 2)), 0];
  const sizes = Buffer.alloc(10);
  sizes.writeUInt8(4, 0);
  sizes.writeInt32LE(2, 1);
  sizes.writeUInt8(4, 5);
  sizes.writeInt32LE(bins + 1, 6);
  const values = Buffer.from(Float64Array.from([...sums, ...squares]).buffer);
  return Buffer.concat([Buffer.from('name \0BDM ', 'latin1'), sizes, values]);
}

function fileWith(name: string, content: Uint8Array | string): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
}

/**
 * Energies of the 80 mel bins of one frame of 400 samples by the formulas of Kaldi's `compute-fbank-feats`, at 16-bit scale: without its
 * mean, pre-emphasis of 0.97, Povey's window, the power of the discrete Fourier transform over 512 points, triangles from 20 Hz to 8 kHz.
 */
function melEnergies(frame: Float32Array): readonly number[] {
  const scaled = Array.from(frame, (sample) => 32_768 * sample);
  const mean = scaled.reduce((sum, value) => sum + value, 0) / 400;
  const centred = scaled.map((value) => value - mean);
  const windowed = centred.map((value, n) => {
    const hann = Math.sin((Math.PI * n) / 399) ** 2;
    return (value - 0.97 * (centred[n === 0 ? 0 : n - 1] ?? 0)) * hann ** 0.85;
  });
  const powers = Array.from({ length: 257 }, (_, k) => {
    const part = (wave: (angle: number) => number) =>
      windowed.reduce((sum, value, n) => sum + value * wave((2 * Math.PI * k * n) / 512), 0);
    return part(Math.cos) ** 2 + part(Math.sin) ** 2;
  });
  const mel = (hz: number) => 1_127 * Math.log(1 + hz / 700);
  const edge = (n: number) => mel(20) + (n * (mel(8_000) - mel(20))) / 81;
  return Array.from({ length: 80 }, (_, bin) =>
    powers.reduce((sum, power, k) => {
      const at = mel((k * 16_000) / 512);
      const rising = (at - edge(bin)) / (edge(bin + 1) - edge(bin));
      const falling = (edge(bin + 2) - at) / (edge(bin + 2) - edge(bin + 1));
      return sum + power * Math.max(0, Math.min(rising, falling));
    }, 0),
  );
}

describe('Peers of the accuracy bench', () => {
  it('are read per 64 ms: the mean of their frames whose middle lies there', () => {
    const hops = { hopMs: 32, centreMs: 16 };
    assert.deepEqual(perFrame([0, 1, 0.5, 0.5, 1], 4, hops), [0.5, 0.5, 1, 1]);
    assert.deepEqual(perFrame([], 2, hops), [0, 0]);
    const tens = Array.from({ length: 13 }, (_, n) => n);
    assert.deepEqual(perFrame(tens, 2, { hopMs: 10, centreMs: 12.5 }), [2.5, 8.5]);
  });

  it('hear the same as the gate: that somebody speaks, and that noise is none', async () => {
    const speech = await speak(
      'The quick brown fox jumps over the lazy dog, and then it sleeps for a while.',
    );
    const sound = concatenated(noise(2, 16_000, 0.02), speech);
    const peer = await sileroDetector(SILERO);
    assert.equal(peer.title, 'peer: Silero VAD v6, ');
    const gate = new GateDetector('open');
    for (const detector of [peer, gate]) {
      const { scores, said } = await detector.hear(sound);
      assert.equal(scores.length, Math.ceil(sound.length / 1_024));
      assert.equal(said.length, scores.length);
      const share = (from: number, to?: number) =>
        said.slice(from, to).filter(Boolean).length / said.slice(from, to).length;
      assert(
        share(0, 31) < 0.1 && share(36, -4) > 0.7,
        `${share(0, 31)} of noise, ${share(36, -4)} of speech`,
      );
    }
    await gate.close();
  });

  it('are taken to say that somebody speaks from 0.5 on', async () => {
    const hear = () => Promise.resolve(Float32Array.of(0.49, 0.5, 0.51));
    const peer = { title: 'Made', hopMs: 64, centreMs: 32, hear };
    const detector = peerDetector(peer, (said) => [...said]);
    assert.equal(detector.title, 'peer: Made, ');
    const { said } = await detector.hear(new Float32Array(3 * 1_024));
    assert.deepEqual(said, [false, true, true]);
  });

  it('are of one opinion where they have three: the mean, whatever else they hear', () => {
    const said = Float32Array.of(0.75, 0.5, 0.25, 1, 1, 0, 0, 0.75, 0, 1);
    assert.deepEqual(speechOfFireredvad(said), [0.5, 0.25]);
    assert.deepEqual(speechOfFireredvad(new Float32Array()), []);
  });

  it('hear what the formulas of Kaldi give, less the mean of a bin and over its deviation', () => {
    const mean = (bin: number) => 5 + bin / 10;
    const variance = (bin: number) => 1 + bin / 20;
    const banks = new FilterBanks(fileWith('cmvn.ark', statistics(80, mean, variance)));
    const sound = noise(0.045, 16_000, 0.3).map((sample, n) => 0.1 + sample + 0.2 * Math.sin(n / 9));
    const { features, frames } = banks.features(sound);
    assert.equal(frames, 3);
    for (let frame = 0; frame < frames; frame++) {
      const energies = melEnergies(sound.subarray(frame * 160, frame * 160 + 400));
      energies.forEach((energy, bin) => {
        const expected = (Math.log(energy) - mean(bin)) / Math.sqrt(variance(bin));
        const found = features[frame * 80 + bin] ?? NaN;
        assert.ok(Math.abs(found - expected) < 1e-4, `frame ${frame}, bin ${bin}: ${found}, not ${expected}`);
      });
    }
    const silence = new FilterBanks(fileWith('cmvn.ark', statistics())).features(new Float32Array(400));
    assert.ok(silence.features.every((value) => Math.abs(value - Math.log(2 ** -23)) < 1e-4));
  });

  it('see a tone in the bin of its pitch, by filter banks of 25 ms every 10 ms', () => {
    const { features, frames } = new FilterBanks(fileWith('cmvn.ark', statistics())).features(
      tone(1_000, 0.1),
    );
    assert.equal(frames, 8);
    const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);
    const place = ((mel(1_000) - mel(20)) / (mel(8_000) - mel(20))) * 81 - 1;
    for (let frame = 0; frame < frames; frame++) {
      const row = [...features.subarray(frame * 80, (frame + 1) * 80)];
      assert(Math.abs(row.indexOf(Math.max(...row)) - place) <= 1);
    }
  });

  const wrong: Readonly<Record<string, readonly [open: () => Promise<unknown>, sentence: RegExp]>> = {
    'a file that is not there': [
      () => silero('/nowhere/silero.onnx'),
      /^There is no \/nowhere\/silero\.onnx, which should be Silero VAD v5 or v6\.$/,
    ],
    'a file that is no network': [
      () => silero(fileWith('silero.onnx', 'not a network')),
      /silero\.onnx cannot be opened as Silero VAD v5 or v6: /,
    ],
    'another network': [
      () => openYamnet(SILERO),
      /v6\.onnx is not YAMNet: it has no input "pcm", no output "scores"\.$/,
    ],
    'a folder without networks': [
      () => fireredvad(temporaryFolder()),
      /^There is no .*fireredvad_vad\.onnx, which should be a network of FireRedVAD\.$/,
    ],
    'statistics of other filter banks': [
      () => Promise.resolve().then(() => new FilterBanks(fileWith('cmvn.ark', statistics(40)))),
      /cmvn\.ark is no cmvn\.ark of FireRedVAD: it has 40 bins in the place of 80\.$/,
    ],
  };
  for (const [what, [open, sentence]] of Object.entries(wrong)) {
    it(`say in a sentence that they got ${what}`, async () => {
      await assert.rejects(open, (error) => {
        assert(error instanceof UsageError);
        assert.match(error.message, sentence);
        return true;
      });
    });
  }
});

describe("YAMNet's classes", () => {
  const kinds = kindsOf(NAMES);
  const answer = (heard: Readonly<Record<string, number>>, classes: readonly string[]) => {
    const scores = scoresOf(
      NAMES.map((name) => heard[name] ?? 0),
      kinds,
      classes,
    );
    return classes[scores.indexOf(Math.max(...scores))];
  };

  it('are each one of our six kinds of sound, or say nothing of it', () => {
    const by = (kind: string | null) => NAMES.filter((_, index) => kinds[index] === kind);
    assert.deepEqual(by('speech'), ['Speech', 'Conversation', 'Speech synthesizer', 'Whispering']);
    assert.deepEqual(by('pos_human_sounds'), ['Whoop', 'Laughter', 'Chuckle, chortle', 'Cheering']);
    assert.deepEqual(by('music'), ['Singing', 'Humming', 'Whistling', 'Music', 'Piano', 'Scary music']);
    assert.deepEqual(by('noise').slice(0, 4), ['Walk, footsteps', 'Dog', 'Bell', 'Church bell']);
    assert.deepEqual(by(null), ['Silence', 'Inside, small room', 'Echo', 'Television', 'Field recording']);
  });

  it('answer by the strongest of each kind; what is neither speech nor music is other', () => {
    const three = ['music', 'other', 'speech'];
    assert.equal(
      answer({ Silence: 0.9, Cough: 0.4, Speech: 0.3, Conversation: 0.3 }, SIX),
      'nat_human_sounds',
    );
    assert.equal(answer({ Cough: 0.4, Speech: 0.3 }, three), 'other');
    assert.equal(answer({ Rain: 0.4, Singing: 0.5, Television: 0.6 }, three), 'music');
  });

  it('are refused where one is missing that the table names', () => {
    assert.throws(() => kindsOf(NAMES.filter((name) => name !== 'Fart')), /there is no class Fart/);
  });
});
