// What other networks hear in the corpus, for training: FireRedVAD, Silero VAD and YAMNet over every decoded file, a byte per probability.
// Usage: node teachers.mjs CACHE OUT [--fireredvad FOLDER] [--silero FILE.onnx] [--yamnet FILE.onnx]
// CACHE has pcm.i16 and pcm.json (corpus.py). For each teacher OUT gets NAME.u8, frames one behind the other, and NAME.json: columns, milliseconds of a
// frame's hop and of its centre, and {file: [first frame, frames]}. Started again, it goes on with the files that are missing.
import { appendFileSync, existsSync, mkdirSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ort = createRequire(import.meta.url)('onnxruntime-node');
const RATE = 16000;
const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' };

/** Kaldi filter banks as FireRedVAD wants them: 80 bins, 25 ms every 10 ms, Povey window, pre-emphasis 0.97, 16-bit scale. */
class FilterBanks {
  static SIZE = 512;
  static LENGTH = 400;
  static HOP = 160;
  static BINS = 80;

  /** `statistics`: path of cmvn.ark, the mean and variance of every bin. */
  constructor(statistics) {
    const { SIZE, LENGTH, BINS } = FilterBanks;
    this.normal = FilterBanks.readStatistics(readFileSync(statistics));
    this.window = Float64Array.from({ length: LENGTH }, (_, i) => (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (LENGTH - 1))) ** 0.85);
    const mel = (hz) => 1127 * Math.log(1 + hz / 700);
    const low = mel(20);
    const step = (mel(RATE / 2) - low) / (BINS + 1);
    this.banks = Array.from({ length: BINS }, (_, bin) => {
      const weights = [];
      for (let i = 0; i < SIZE / 2; i++) {
        const at = mel((i * RATE) / SIZE);
        const weight = Math.min((at - low - bin * step) / step, (low + (bin + 2) * step - at) / step);
        if (weight > 0) weights.push([i, weight]);
      }
      return weights;
    });
    this.cosine = Float64Array.from({ length: SIZE / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / SIZE));
    this.sine = Float64Array.from({ length: SIZE / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / SIZE));
  }

  static readStatistics(bytes) {
    const at = bytes.indexOf('\0B', 0, 'latin1') + 2;
    const columns = bytes.readInt32LE(at + 9);
    const value = (row, column) => bytes.readDoubleLE(at + 13 + 8 * (row * columns + column));
    const count = value(0, columns - 1);
    return Array.from({ length: FilterBanks.BINS }, (_, bin) => {
      const mean = value(0, bin) / count;
      return { mean, scale: 1 / Math.sqrt(Math.max(value(1, bin) / count - mean * mean, 1e-20)) };
    });
  }

  /** Fourier transform in place, radix 2. */
  transform(real, imaginary) {
    const { SIZE } = FilterBanks;
    for (let i = 1, j = 0; i < SIZE; i++) {
      let bit = SIZE >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) {
        [real[i], real[j]] = [real[j], real[i]];
        [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
      }
    }
    for (let size = 2; size <= SIZE; size *= 2) {
      const step = SIZE / size;
      for (let start = 0; start < SIZE; start += size)
        for (let k = 0; k < size / 2; k++) {
          const a = start + k;
          const b = a + size / 2;
          const x = real[b] * this.cosine[k * step] - imaginary[b] * this.sine[k * step];
          const y = real[b] * this.sine[k * step] + imaginary[b] * this.cosine[k * step];
          real[b] = real[a] - x;
          imaginary[b] = imaginary[a] - y;
          real[a] += x;
          imaginary[a] += y;
        }
    }
  }

  /** Normalised features [frames x 80] of samples at full scale 1. */
  features(pcm) {
    const { SIZE, LENGTH, HOP, BINS } = FilterBanks;
    const frames = pcm.length < LENGTH ? 0 : 1 + Math.floor((pcm.length - LENGTH) / HOP);
    const features = new Float32Array(frames * BINS);
    const real = new Float64Array(SIZE);
    const imaginary = new Float64Array(SIZE);
    for (let frame = 0; frame < frames; frame++) {
      const at = frame * HOP;
      real.fill(0);
      imaginary.fill(0);
      let mean = 0;
      for (let i = 0; i < LENGTH; i++) mean += pcm[at + i] / LENGTH;
      for (let i = LENGTH - 1; i >= 0; i--) real[i] = 32768 * (pcm[at + i] - mean - 0.97 * (pcm[at + Math.max(0, i - 1)] - mean)) * this.window[i];
      this.transform(real, imaginary);
      this.banks.forEach((weights, bin) => {
        let energy = 0;
        for (const [i, weight] of weights) energy += weight * (real[i] * real[i] + imaginary[i] * imaginary[i]);
        features[frame * BINS + bin] = (Math.log(Math.max(energy, 1.1920929e-7)) - this.normal[bin].mean) * this.normal[bin].scale;
      });
    }
    return { features, frames };
  }
}

/** FireRedVAD: speech by two networks, and speech, singing and music side by side. */
async function fireredvad(folder) {
  const [whole, kinds, stream] = await Promise.all(['vad', 'aed', 'stream_vad_with_cache'].map((name) => ort.InferenceSession.create(join(folder, `fireredvad_${name}.onnx`), ONE_THREAD)));
  const banks = new FilterBanks(join(folder, 'cmvn.ark'));
  const { BINS } = FilterBanks;
  const MINUTE = 6000;
  const AROUND = 50; // frames of context on both sides
  const hear = async (pcm) => {
    const { features, frames } = banks.features(pcm);
    const answer = new Float32Array(frames * 5);
    for (let from = 0; from < frames; from += MINUTE) {
      const first = Math.max(0, from - AROUND);
      const stop = Math.min(frames, from + MINUTE + AROUND);
      const feat = new ort.Tensor('float32', features.slice(first * BINS, stop * BINS), [1, stop - first, BINS]);
      const empty = new ort.Tensor('float32', new Float32Array(8 * 128 * 19), [8, 1, 128, 19]);
      const speech = (await whole.run({ feat })).probs.data;
      const three = (await kinds.run({ feat })).probs.data;
      const streamed = (await stream.run({ feat, caches_in: empty })).probs.data;
      for (let frame = from; frame < Math.min(frames, from + MINUTE); frame++) {
        const at = frame - first;
        answer.set([speech[at], streamed[at], three[3 * at], three[3 * at + 1], three[3 * at + 2]], frame * 5);
      }
    }
    return answer;
  };
  return { name: 'fireredvad', columns: ['vad', 'stream', 'speech', 'singing', 'music'], hopMs: 10, centreMs: 12.5, hear };
}

/** Silero VAD v5 or v6: one probability per 32 ms, with a recurrent state that runs through the file. */
async function silero(path) {
  const WINDOW = 512;
  const CONTEXT = 64;
  const session = await ort.InferenceSession.create(path, ONE_THREAD);
  const hear = async (pcm) => {
    const answer = new Float32Array(Math.floor(pcm.length / WINDOW));
    let state = new ort.Tensor('float32', new Float32Array(2 * 128), [2, 1, 128]);
    const sr = new ort.Tensor('int64', BigInt64Array.from([BigInt(RATE)]));
    for (let frame = 0; frame < answer.length; frame++) {
      const input = new Float32Array(CONTEXT + WINDOW);
      const at = frame * WINDOW;
      input.set(pcm.subarray(Math.max(0, at - CONTEXT), at + WINDOW), frame === 0 ? CONTEXT : 0);
      const { output, stateN } = await session.run({ input: new ort.Tensor('float32', input, [1, input.length]), state, sr });
      state = stateN;
      answer[frame] = output.data[0];
    }
    return answer;
  };
  return { name: 'silero', columns: ['speech'], hopMs: 32, centreMs: 16, hear };
}

/** YAMNet: 521 kinds of sound per 0.975 s. */
async function yamnet(path) {
  const WINDOW = 15600;
  const BATCH = 16;
  const session = await ort.InferenceSession.create(path, ONE_THREAD);
  const hear = async (pcm) => {
    const frames = Math.max(1, Math.ceil(pcm.length / WINDOW));
    const answer = new Float32Array(frames * 521);
    for (let from = 0; from < frames; from += BATCH) {
      const count = Math.min(BATCH, frames - from);
      const part = new Float32Array(count * WINDOW);
      part.set(pcm.subarray(from * WINDOW, (from + count) * WINDOW));
      answer.set((await session.run({ pcm: new ort.Tensor('float32', part, [count, WINDOW]) })).scores.data, from * 521);
    }
    return answer;
  };
  return { name: 'yamnet', columns: 521, hopMs: 975, centreMs: 487.5, hear };
}

/** Lets one teacher hear all files of the index that it has not heard, and keeps what it says. */
async function label(teacher, cache, out) {
  const files = JSON.parse(readFileSync(join(cache, 'pcm.json'), 'utf8'));
  const sound = openSync(join(cache, 'pcm.i16'));
  const bytes = join(out, `${teacher.name}.u8`);
  const index = join(out, `${teacher.name}.json`);
  const width = Array.isArray(teacher.columns) ? teacher.columns.length : teacher.columns;
  const known = existsSync(index) ? JSON.parse(readFileSync(index, 'utf8')) : { columns: teacher.columns, hopMs: teacher.hopMs, centreMs: teacher.centreMs, files: {} };
  let frames = Object.values(known.files).reduce((most, [at, count]) => Math.max(most, at + count), 0);
  if (existsSync(bytes)) truncateSync(bytes, frames * width);
  else writeFileSync(bytes, '');
  let unsaved = 0;
  const save = () => writeFileSync(index, JSON.stringify(known));
  for (const [name, [at, count]] of Object.entries(files)) {
    if (known.files[name]) continue;
    const samples = new Int16Array(count);
    readSync(sound, new Uint8Array(samples.buffer), 0, count * 2, at * 2);
    const said = await teacher.hear(Float32Array.from(samples, (sample) => sample / 32768));
    appendFileSync(bytes, Uint8Array.from(said, (p) => Math.round(255 * Math.min(1, Math.max(0, p)))));
    known.files[name] = [frames, said.length / width];
    frames += said.length / width;
    if (++unsaved % 50 === 0) save();
  }
  save();
  console.log(teacher.name, Object.keys(known.files).length, 'files', frames, 'frames');
}

const [cache, out, ...options] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
for (const [option, open] of Object.entries({ '--fireredvad': fireredvad, '--silero': silero, '--yamnet': yamnet })) {
  const at = options.indexOf(option);
  if (at >= 0) await label(await open(options[at + 1]), cache, out);
}
