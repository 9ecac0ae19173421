// Makes the sounds of the example: doorbells, kettles, knocking and other sounds of a home, no two alike, and a mix
// of new ones to try the trained model on. Synthesised here, but for the voices and the music, which are cut from the
// radio show in resources/sounds. Free of other people's rights, the same on every run.
//
//   node make-sounds.mjs SOUNDS MIX.wav
import { Buffer } from 'node:buffer';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RATE = 16_000;
const RECORDINGS_PER_CLASS = 20;
/** Recordings of voices and music that the class "other" has besides. */
const CUTS = 6;
/** What is heard when in the mix: class and start in seconds. Between the sounds is the background of a quiet room. */
const MIX = [
  ['doorbell', 2],
  ['knocking', 7],
  ['kettle', 11],
  ['other', 17],
  ['doorbell', 22],
];
const MIX_SECONDS = 27;

/** Random numbers that are the same for the same seed (mulberry32). */
function randomNumbers(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    between: (low, high) => low + (high - low) * next(),
    whole: (low, high) => Math.floor(low + (high - low + 1) * next()),
    oneOf: (...values) => values[Math.floor(next() * values.length)],
    noise: () => 2 * next() - 1,
  };
}

const silence = (seconds) => new Float32Array(Math.round(seconds * RATE));

/** Adds sound to samples: `wave(t)` for t seconds after `start`. */
function add(samples, start, seconds, wave) {
  const first = Math.round(start * RATE);
  const last = Math.min(samples.length, first + Math.round(seconds * RATE));
  for (let i = first; i < last; i += 1) samples[i] += wave((i - first) / RATE);
}

const sine = (hertz, t) => Math.sin(2 * Math.PI * hertz * t);

/** Two or three struck bars, the lower one last; each rings out with the partials of a bar. */
function doorbell(random) {
  const samples = silence(random.between(2.2, 3.2));
  const low = random.between(380, 640);
  const ratio = random.oneOf(1.19, 1.26, 1.33, 1.5);
  const gap = random.between(0.35, 0.75);
  const partials = [1, 2.76, 5.4].map((ratioOfBar) => ratioOfBar * random.between(0.98, 1.02));
  const decay = random.between(0.25, 0.6);
  const tones = random.oneOf([ratio, 1], [ratio, 1], [1, ratio, 1]);
  for (const [n, tone] of tones.entries()) {
    add(samples, 0.1 + n * gap, 2.5, (t) =>
      partials.reduce(
        (sum, partial, k) =>
          sum + (sine(low * tone * partial, t) * Math.exp((-t * (1 + 2 * k)) / decay)) / (1 + 2 * k),
        0,
      ),
    );
  }
  return samples;
}

/** Steam that begins to hiss and then whistles, ever higher, with a flutter. */
function kettle(random) {
  const seconds = random.between(2.5, 4);
  const samples = silence(seconds);
  const [from, to] = [random.between(1_300, 1_900), random.between(2_100, 2_900)];
  const [flutter, depth, hiss] = [random.between(9, 24), random.between(5, 30), random.between(0.1, 0.3)];
  let phase = 0;
  add(samples, 0, seconds, (t) => {
    const rise = Math.min(1, t / (0.4 * seconds));
    phase += (2 * Math.PI * (from + (to - from) * rise + depth * sine(flutter, t))) / RATE;
    return rise * (Math.sin(phase) + 0.35 * Math.sin(2 * phase)) + hiss * random.noise();
  });
  return samples;
}

/** Some knocks on wood: short thumps with a click. */
function knocking(random) {
  const knocks = random.whole(3, 6);
  const gap = random.between(0.14, 0.3);
  const samples = silence(0.4 + knocks * gap * 1.15);
  const wood = [random.between(110, 190), random.between(260, 420), random.between(600, 900)];
  for (let n = 0; n < knocks; n += 1) {
    const strength = random.between(0.6, 1);
    add(samples, 0.05 + n * gap * random.between(0.95, 1.1), 0.12, (t) =>
      wood.reduce(
        (sum, hertz, k) => sum + (strength * sine(hertz, t) * Math.exp(-t * (28 + 22 * k))) / (1 + k),
        strength * 0.6 * random.noise() * Math.exp(-t * 220),
      ),
    );
  }
  return samples;
}

/** What else is heard at home; a model must know that it is none of the three. */
function other(random) {
  const seconds = random.between(2, 4);
  const samples = silence(seconds);
  random.oneOf(fan, rain, typing, birds, hum, footsteps)(samples, seconds, random);
  return samples;
}

function fan(samples, seconds, random) {
  const [speed, darkness] = [random.between(15, 60), random.between(0.7, 0.97)];
  let past = 0;
  add(samples, 0, seconds, (t) => {
    past = darkness * past + (1 - darkness) * random.noise();
    return 6 * past * (1 + 0.3 * sine(speed, t));
  });
}

function rain(samples, seconds, random) {
  const drops = random.between(60, 200) * seconds;
  add(samples, 0, seconds, () => 0.15 * random.noise());
  for (let n = 0; n < drops; n += 1) {
    const level = random.between(0.1, 0.6);
    add(samples, random.between(0, seconds), 0.01, (t) => level * random.noise() * Math.exp(-t * 700));
  }
}

function typing(samples, seconds, random) {
  for (let t = 0.1; t < seconds; t += random.between(0.07, 0.3)) {
    const pitch = random.between(1_800, 3_500);
    add(samples, t, 0.03, (s) => (random.noise() + 0.3 * sine(pitch, s)) * Math.exp(-s * 260));
  }
}

function birds(samples, seconds, random) {
  for (let t = 0.1; t < seconds; t += random.between(0.12, 0.5)) {
    const [from, sweep, length] = [
      random.between(2_800, 5_000),
      random.between(-9_000, 9_000),
      random.between(0.05, 0.12),
    ];
    add(samples, t, length, (s) => sine(from + sweep * s, s) * Math.sin((Math.PI * s) / length));
  }
}

function hum(samples, seconds, random) {
  const mains = random.oneOf(50, 60);
  const levels = Array.from({ length: 8 }, () => random.between(0, 1));
  add(samples, 0, seconds, (t) =>
    levels.reduce((sum, level, k) => sum + (level * sine(mains * (k + 1), t)) / (k + 1), 0),
  );
}

function footsteps(samples, seconds, random) {
  const gap = random.between(0.5, 0.75);
  for (let t = 0.1; t < seconds; t += gap * random.between(0.93, 1.07)) {
    let past = 0;
    add(samples, t, 0.16, (s) => {
      past = 0.93 * past + 0.07 * random.noise();
      return 9 * past * Math.exp(-s * 30);
    });
  }
}

const CLASSES = { doorbell, kettle, knocking, other };

/** The echo of a room, and a level between quiet and loud. */
function inRoom(samples, random) {
  const echoes = Array.from({ length: 6 }, () => [
    Math.round(random.between(0.008, 0.09) * RATE),
    random.between(-0.25, 0.25),
  ]);
  const heard = samples.map((sample, i) =>
    echoes.reduce((sum, [delay, level]) => sum + level * (samples[i - delay] ?? 0), sample),
  );
  const peak = heard.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-6);
  const level = random.between(0.15, 0.8);
  return heard.map((sample) => (sample / peak) * level);
}

/** The noise of a quiet room and of the microphone. */
function withBackground(samples, random) {
  let rumble = 0;
  const level = random.between(0.001, 0.003);
  return samples.map((sample) => {
    rumble = 0.95 * rumble + 0.05 * random.noise();
    return sample + level * (random.noise() + 8 * rumble);
  });
}

/** 16-bit mono WAV. */
function writeWav(file, samples) {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(2 * RATE, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(Math.round(32_767 * Math.max(-1, Math.min(1, sample))), 44 + 2 * i);
  });
  writeFileSync(file, bytes);
}

/** Cuts a WAV with one byte per sample into recordings of equal length; only sizes change in its header. */
function cutRadioShow(target) {
  const show = readFileSync(new URL('../../resources/sounds/radio-show.wav', import.meta.url));
  const start = show.indexOf('data') + 8;
  const length = 2 * Math.floor((show.length - start) / CUTS / 2);
  for (let n = 0; n < CUTS; n += 1) {
    const header = Buffer.from(show.subarray(0, start));
    header.writeUInt32LE(start - 8 + length, 4);
    header.writeUInt32LE(length, show.indexOf('fact') + 8);
    header.writeUInt32LE(length, start - 4);
    const audio = show.subarray(start + n * length, start + (n + 1) * length);
    writeFileSync(join(target, `radio-${n + 1}.wav`), Buffer.concat([header, audio]));
  }
}

const [folder, mixFile] = process.argv.slice(2);
if (folder === undefined || mixFile === undefined) {
  console.error('Usage: node make-sounds.mjs SOUNDS MIX.wav');
  process.exit(2);
}

const random = randomNumbers(1);
for (const [name, make] of Object.entries(CLASSES)) {
  mkdirSync(join(folder, name), { recursive: true });
  for (let n = 1; n <= RECORDINGS_PER_CLASS; n += 1) {
    const sound = withBackground(inRoom(make(random), random), random);
    writeWav(join(folder, name, `${String(n).padStart(2, '0')}.wav`), sound);
  }
}
cutRadioShow(join(folder, 'other'));

const mix = silence(MIX_SECONDS);
for (const [name, start] of MIX) {
  const sound = inRoom(CLASSES[name](random), random);
  add(mix, start, sound.length / RATE, (t) => sound[Math.round(t * RATE)] ?? 0);
  console.log(`${mixFile}: ${name} from ${start} s to ${(start + sound.length / RATE).toFixed(1)} s`);
}
writeWav(mixFile, withBackground(mix, random));
console.log(
  `${folder}: ${RECORDINGS_PER_CLASS} recordings of each of ${Object.keys(CLASSES).join(', ')}; ${CUTS} more of other`,
);
