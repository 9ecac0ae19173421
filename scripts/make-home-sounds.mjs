// Makes the sounds of a home in resources/sounds that no bundled voice could be: a baby that cries, a cat, a door that slams, and
// two languages. Synthesised here, but for the voices of two-languages.wav, which espeak-ng speaks. Free of other people's rights.
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RATE = 16_000;
const folder = mkdtempSync(join(tmpdir(), 'deeptone-sounds-'));

/** Numbers that look random and are the same on every run; -1 to 1. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function joined(...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const pause = (seconds) => new Float32Array(Math.round(seconds * RATE));

/** A sound as a throat shapes it: formants, each [hertz, band width, level]. */
function shaped(sound, formants) {
  const shape = new Float32Array(sound.length);
  for (const [hertz, width, level] of formants) {
    const r = Math.exp((-Math.PI * width) / RATE);
    const c = 2 * r * Math.cos((2 * Math.PI * hertz) / RATE);
    let one = 0;
    let two = 0;
    for (let i = 0; i < sound.length; i++) {
      const value = (1 - r) * sound[i] + c * one - r * r * two;
      two = one;
      one = value;
      shape[i] += level * value;
    }
  }
  return shape;
}

/** What vocal folds give. `pitch` in hertz of the share of the time that is over, and of the time in seconds. */
function folds(seconds, pitch, random, { breath, roughness }) {
  let cycles = 0;
  return Float32Array.from({ length: Math.round(seconds * RATE) }, (_, i) => {
    const hertz = pitch(i / (seconds * RATE), i / RATE);
    cycles += hertz / RATE;
    let value = 0;
    for (let harmonic = 1; harmonic < 20 && harmonic * hertz < 7_600; harmonic++)
      value += Math.sin(2 * Math.PI * harmonic * cycles + harmonic) / harmonic;
    // Every second cycle another one: what makes a cry rough.
    return value * (1 + roughness * Math.sin(Math.PI * cycles)) + breath * random();
  });
}

/** Cries of about a second, each with a breath after it. */
function baby(cries) {
  const random = randomNumbers(5);
  const parts = [];
  for (let n = 0; n < cries; n++) {
    const seconds = 1 + 0.25 * random();
    const [low, span] = [390 + 25 * random(), 130 + 30 * random()];
    let tremble = 0;
    const pitch = (share, time) => {
      tremble = 0.98 * tremble + 0.02 * random();
      const shake = 1 + 0.012 * Math.sin(2 * Math.PI * 6 * time) + 0.03 * tremble;
      return (low + span * Math.sin(Math.PI * share ** 0.7)) * shake;
    };
    const cry = shaped(folds(seconds, pitch, random, { breath: 0.17, roughness: n % 3 ? 0.25 : 0 }), [
      [1_100, 180, 1],
      [1_900, 200, 0.6],
      [3_400, 300, 0.7],
      [5_200, 400, 0.4],
    ]).map((value, i, { length }) => value * Math.min(1, (12 * i) / length, 6 * (1 - i / length)));
    const breath = shaped(
      Float32Array.from({ length: 0.18 * RATE }, () => random()),
      [
        [1_500, 400, 1],
        [3_200, 500, 1],
      ],
    ).map((value, i, { length }) => 0.05 * value * Math.sin((Math.PI * i) / length));
    parts.push(cry, pause(0.12), breath, pause(0.1));
  }
  return joined(...parts);
}

/** Meows: from a closed mouth to an open one and back. */
function cat(meows) {
  const random = randomNumbers(9);
  const parts = [];
  for (let n = 0; n < meows; n++) {
    const pitch = (share) => 520 + 180 * Math.sin(Math.PI * Math.min(1, 1.2 * share)) - 120 * share;
    const source = folds(0.7 + 0.1 * random(), pitch, random, { breath: 0.03, roughness: 0 });
    const closed = shaped(source, [
      [700, 120, 1],
      [2_600, 200, 0.5],
    ]);
    const open = shaped(source, [
      [1_500, 150, 1],
      [2_300, 200, 0.5],
    ]);
    const meow = source.map((_, i) => {
      const share = i / source.length;
      const wide = Math.sin(Math.PI * share);
      return (closed[i] * (1 - wide) + open[i] * wide) * Math.min(1, 8 * share) * (1 - share) ** 0.7;
    });
    parts.push(meow, pause(1.6));
  }
  return joined(...parts);
}

/** A door that falls shut, and the room after it. */
function door() {
  const random = randomNumbers(13);
  let low = 0;
  return Float32Array.from({ length: 1.2 * RATE }, (_, i) => {
    const time = i / RATE;
    const noise = random();
    low += 0.06 * (noise - low);
    const thud = Math.sin(2 * Math.PI * 70 * time) * Math.exp(-time * 14);
    return thud + 3 * low * Math.exp(-time * 9) + 0.5 * noise * Math.exp(-time * 60);
  });
}

function speak(language, text, pitch = 50) {
  const file = join(folder, 'voice.wav');
  execFileSync('espeak-ng', ['-v', language, '-p', String(pitch), '-w', file, text]);
  const raw = execFileSync('sox', [file, '-r', String(RATE), '-c', '1', '-t', 'f32', '-'], {
    maxBuffer: 1e8,
  });
  return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength));
}

/** Writes a sound with a peak of `level`, over the noise of a quiet room. */
function write(name, sound, level) {
  const random = randomNumbers(2);
  const peak = sound.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  const raw = Buffer.alloc(sound.length * 4);
  sound.forEach((value, i) => raw.writeFloatLE((value / peak) * level + 0.0006 * random(), 4 * i));
  const input = join(folder, 'sound.f32');
  writeFileSync(input, raw);
  const target = new URL(`../resources/sounds/${name}`, import.meta.url).pathname;
  const format = ['-t', 'f32', '-r', String(RATE), '-c', '1'];
  execFileSync('sox', ['-D', ...format, input, '-e', 'mu-law', '-b', '8', target]);
  console.log(`${name}: ${(sound.length / RATE).toFixed(1)} s, ${readFileSync(target).length} bytes`);
}

write('baby-cry.wav', joined(pause(1), baby(4), pause(2.5)), 0.4);
write('cat.wav', joined(pause(1), cat(3)), 0.4);
write('door-slam.wav', joined(pause(1.5), door(), pause(1.8), door(), pause(1.5)), 0.8);
const german = 'Guten Morgen, hier ist die Bäckerei Schneider. Ab neun Uhr gibt es auch Kaffee für alle.';
// Long enough that the last ten seconds of speech are English at the end.
const english =
  'Good morning, this is the bakery. From nine o’clock there is coffee for everybody. ' +
  'We have fresh bread, rolls and cakes, and the children may choose a biscuit. ' +
  'Please come in, sit down and make yourselves at home. We are open until six in the evening.';
write(
  'two-languages.wav',
  joined(pause(0.5), speak('de', german), pause(1.2), speak('en-us', english, 70), pause(1)),
  0.5,
);
rmSync(folder, { recursive: true });
