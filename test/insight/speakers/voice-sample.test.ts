import assert from 'node:assert/strict';
import { VoiceSignatureError } from '../../../src/errors';
import { checkSampleLength, voicePrintOf } from '../../../src/insight';
import { signalToNoiseDb } from '../../../src/insight/speakers/voice-sample';
import { MUSIC_ROW, predictions, repeat, SPEECH_ROW } from '../frames';

const model = { name: 'speaker-map' };

/** `s` is a frame of speech, `n` one of anything else; both have the volume given. */
function printOf(
  letters: string,
  speechVolume = 0.2,
  otherVolume = 0.001,
  embedding: (frame: number) => number[] = () => [1, 0],
) {
  const frames = letters.split('');
  return voicePrintOf(
    'anna',
    {
      volumes: Float32Array.from(frames, (letter) => (letter === 's' ? speechVolume : otherVolume)),
      predictions: predictions({
        'speaker-map': frames.map((_, frame) => embedding(frame)),
        'speech-rt': frames.map((letter) => (letter === 's' ? SPEECH_ROW : MUSIC_ROW)),
      }),
      seconds: frames.length * 0.064,
    },
    model,
  );
}

describe('A voice sample', () => {
  it('lasts 1 to 10 s', () => {
    for (const seconds of [0.999, 10.001]) {
      assert.throws(() => {
        checkSampleLength('anna', seconds);
      }, VoiceSignatureError);
    }
    checkSampleLength('anna', 1);
    checkSampleLength('anna', 10);
  });

  it('has at least 1 s of speech after silence and everything else are taken out', () => {
    const { speechSeconds, audioSeconds } = printOf('nn' + 's'.repeat(16) + 'nn');
    assert.equal(speechSeconds, 1.024);
    assert.equal(audioSeconds, 1.28);
    assert.throws(() => printOf('n'.repeat(40) + 's'.repeat(15)), /0\.96 s of speech: at least 1 s/);
    assert.throws(() => printOf('s'.repeat(40), 0.004), /0\.00 s of speech/);
  });

  it('has a voice that is at least as loud as the noise', () => {
    const noisy = 'ssssnn'.repeat(8);
    assert.throws(
      () => printOf(noisy, 0.139, 0.1),
      (error) => error instanceof VoiceSignatureError && /-0\.3 dB/.test(error.message),
    );
    assert.equal(printOf(noisy, 0.143, 0.1).speechSeconds, 2.048);
    assert.throws(() => printOf(noisy, 0.05, 0.1), /far below/);
  });

  it('gives the mean of its frames of speech, without the first ones, at unit length', () => {
    const { embedding } = printOf('s'.repeat(8) + 'nnnn' + 's'.repeat(8), 0.2, 0.001, (frame) =>
      frame < 12 ? [-1, 0] : frame < 16 ? [1, 0] : [0, 1],
    );
    assert.deepEqual(
      [...embedding].map((value) => Math.round(value * 1e4) / 1e4),
      [0.7071, 0.7071],
    );
  });
});

describe('The estimate of signal to noise', () => {
  const speech = (...frames: number[]) => new Set(frames);

  it('compares the power of speech, less that of the noise, with the power between', () => {
    const volumes = Float32Array.from([...repeat(6, Math.sqrt(0.11)), ...repeat(4, 0.1)]);
    assert.ok(Math.abs(signalToNoiseDb(volumes, speech(0, 1, 2, 3, 4, 5)) - 10) < 1e-4);
  });

  it('takes the quietest tenth for noise where there is no pause', () => {
    const volumes = Float32Array.from([...repeat(18, Math.sqrt(0.1)), 0.1, 0.1]);
    const snr = signalToNoiseDb(volumes, new Set(volumes.keys()));
    assert.ok(Math.abs(snr - 10 * Math.log10((0.091 - 0.01) / 0.01)) < 1e-4);
  });

  it('is endless without noise', () => {
    assert.equal(signalToNoiseDb(Float32Array.of(1, 1, 1, 0, 0, 0), speech(0, 1, 2)), Infinity);
  });
});
