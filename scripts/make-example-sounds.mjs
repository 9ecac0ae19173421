// Makes resources/sounds: two short recordings with several voices, music, noise and silence, free of other people's rights.
// Needs flite and sox. The result is the same on every run but for what another version of flite does to the voices.
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RATE = 16_000;
const folder = mkdtempSync(join(tmpdir(), 'deeptone-sounds-'));

/** One sentence, 16 kHz, peak 0.5. */
function speak(voice, text) {
  const file = join(folder, 'voice.wav');
  execFileSync('flite', ['-voice', voice, '-t', text, '-o', file]);
  const raw = execFileSync('sox', [file, '-r', String(RATE), '-c', '1', '-t', 'f32', '-'], {
    maxBuffer: 1e8,
  });
  const samples = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength));
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-6);
  return samples.map((sample) => (sample / peak) * 0.5);
}

/** Numbers that look random and are the same on every run; -1 to 1. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** A small band: plucked chords, a bass and a brushed drum at 112 beats a minute. */
function music(seconds) {
  const samples = new Float32Array(seconds * RATE);
  const beat = (60 / 112) * RATE;
  const chords = [
    [261.6, 329.6, 392.0, 523.3],
    [220.0, 261.6, 329.6, 440.0],
    [174.6, 220.0, 261.6, 349.2],
    [196.0, 246.9, 293.7, 392.0],
  ];
  const random = randomNumbers(7);
  for (let half = 0; half * beat * 0.5 < samples.length; half++) {
    const start = Math.round(half * beat * 0.5);
    const chord = chords[Math.floor(half / 4) % chords.length];
    pluck(samples, start, chord[[0, 2, 1, 3][half % 4]] * 2, 0.12, 0.5);
    if (half % 2 === 0) for (const tone of chord) pluck(samples, start, tone, 0.06, 0.9);
    if (half % 4 === 0) pluck(samples, start, chord[0] / 2, 0.2, 1.1);
    if (half % 2 === 1) {
      for (let i = 0; i < 1_600 && start + i < samples.length; i++) {
        samples[start + i] += random() * 0.08 * Math.exp(-i / 350);
      }
    }
  }
  return samples;
}

/** A decaying tone with overtones. */
function pluck(samples, start, hertz, level, seconds) {
  for (let i = 0; i < seconds * RATE && start + i < samples.length; i++) {
    const time = i / RATE;
    let value = 0;
    for (let harmonic = 1; harmonic <= 6; harmonic++) {
      const decay = Math.exp(-time * (3 + 1.5 * harmonic));
      value += (Math.sin(2 * Math.PI * hertz * harmonic * time) * decay) / harmonic ** 1.3;
    }
    samples[start + i] += level * value * Math.min(1, i / 80);
  }
}

/** Wind and traffic: low-passed noise that swells. */
function street(seconds) {
  const random = randomNumbers(3);
  let low = 0;
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    low += 0.09 * (random() - low);
    return (low * 0.55 + random() * 0.03) * (0.6 + 0.4 * Math.sin((i / RATE) * 1.7));
  });
}

/** Puts a sound into a mix at a time, with soft ends. */
function put(mix, seconds, sound, level = 1, fade = 0.02) {
  const start = Math.round(seconds * RATE);
  const ramp = fade * RATE;
  for (let i = 0; i < sound.length && start + i < mix.length; i++) {
    mix[start + i] += sound[i] * level * Math.min(1, i / ramp, (sound.length - i) / ramp);
  }
}

function write(name, channels, rate, encoding) {
  const frames = channels[0].length;
  const raw = Buffer.alloc(frames * channels.length * 4);
  for (let i = 0; i < frames; i++) {
    channels.forEach((samples, c) =>
      raw.writeFloatLE(Math.max(-1, Math.min(1, samples[i])), (i * channels.length + c) * 4),
    );
  }
  const input = join(folder, 'mix.f32');
  writeFileSync(input, raw);
  const target = new URL(`../resources/sounds/${name}`, import.meta.url).pathname;
  const format = ['-t', 'f32', '-r', String(RATE), '-c', String(channels.length)];
  execFileSync('sox', ['-D', ...format, input, '-r', String(rate), '-e', encoding, '-b', '8', target]);
  console.log(`${name}: ${(frames / RATE).toFixed(1)} s, ${readFileSync(target).length} bytes`);
}

const show = new Float32Array(20 * RATE);
put(show, 0, music(3.6), 0.9, 0.5);
put(show, 3.3, speak('slt', 'Good morning, and welcome to the show. What did you hear in the garden today?'));
put(
  show,
  8.1,
  speak('rms', 'I heard the wind, a fountain, and two people who were laughing about the weather.'),
);
put(show, 13.6, street(2.6), 0.8, 0.3);
put(show, 16.0, music(4), 0.45, 0.4);
put(show, 16.5, speak('slt', 'Thank you. Here is some music for you.'), 0.9);
write('radio-show.wav', [show], RATE, 'mu-law');

const agent = new Float32Array(10 * RATE);
const caller = new Float32Array(10 * RATE);
put(agent, 0.3, speak('slt', 'Hello, this is the service desk. How can I help?'));
put(caller, 3.4, speak('awb', 'My delivery has not arrived, and I have been waiting since Monday.'));
put(agent, 7.4, speak('slt', 'I am sorry. Let me look at it.'));
write('phone-call.wav', [agent, caller], 8_000, 'a-law');

rmSync(folder, { recursive: true });
