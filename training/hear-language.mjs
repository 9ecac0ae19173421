// What the language model says of single frames of speech, heard through the engine that ships: for tune-language.mjs.
import { copyFileSync, mkdtempSync, readFileSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { OnnxPredictionEngine, loadCatalogue } = require('../dist/src/inference/index.js');
const { FrameAssembler } = require('../dist/src/pipeline/frame-assembler.js');
const { FrameGate, FrameState } = require('../dist/src/insight/gate.js');

const RATE = 16_000;
const VOLUME_THRESHOLD = 0.005;
/** Level of all clips, dBFS: some corpora are far softer than anything that passes the volume gate. */
const LEVEL_DB = -26;
const GAP_SAMPLES = 1_600;
/** Of one voice in one language. */
const MOST_SAMPLES = 45 * RATE;
/** Streams at a time: full batches. */
const PARALLEL = 24;

/** Rows of every manifest of a corpus folder, as the training reads them. */
function manifest(folder) {
  return ['manifest.csv', 'manifest-2.csv'].flatMap((name) => {
    const [header, ...lines] = readFileSync(join(folder, name), 'utf8').trim().split(/\r?\n/u);
    const names = header.split(',');
    return lines.map((line) => {
      const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gu)].map(([, quoted, plain]) => quoted ?? plain);
      return Object.fromEntries(names.map((key, index) => [key, cells[index] ?? '']));
    });
  });
}

/** The samples of a clip, at the level of all clips. */
function reader(cache) {
  const spans = JSON.parse(readFileSync(join(cache, 'pcm.json'), 'utf8'));
  const sound = openSync(join(cache, 'pcm.i16'));
  return ({ file, start, end }) => {
    const [first, length] = spans[file];
    const from = Math.min(length, Math.round(start * RATE));
    const count = Math.max(0, Math.min(length, Math.round(end * RATE)) - from);
    const bytes = Buffer.alloc(2 * count);
    readSync(sound, bytes, 0, bytes.length, 2 * (first + from));
    const samples = Float32Array.from({ length: count }, (_, index) => bytes.readInt16LE(2 * index) / 32_768);
    const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, count));
    const gain = 10 ** (LEVEL_DB / 20) / (rms + 1e-9);
    return samples.map((sample) => Math.max(-1, Math.min(1, sample * gain)));
  };
}

/** One stream per corpus, voice and language: its clips one after the other. */
function streamsOf(rows, languages) {
  const groups = new Map();
  for (const row of rows) {
    const key = [row.corpus, row.voice, row.language].join('/');
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((clips) => {
    const [{ corpus, voice, language }] = clips;
    const label = languages.indexOf(language);
    return { corpus, voice: `${corpus}/${voice}`, language, truth: label < 0 ? languages.length : label, clips };
  });
}

function soundOf(clips, samplesOf) {
  const parts = [];
  let count = 0;
  for (const clip of clips) {
    if (count >= MOST_SAMPLES) break;
    const samples = samplesOf(clip);
    parts.push(samples, new Float32Array(GAP_SAMPLES));
    count += samples.length + GAP_SAMPLES;
  }
  const all = new Float32Array(Math.min(count, MOST_SAMPLES));
  let at = 0;
  for (const part of parts) {
    all.set(part.subarray(0, Math.max(0, all.length - at)), at);
    at += part.length;
    if (at >= all.length) break;
  }
  return all;
}

/** Probabilities [frames x classes] of the frames that the gates let through. */
async function heard(engine, width, samples) {
  const frames = new FrameAssembler().push(samples);
  if (!frames) return new Float32Array(0);
  const stream = await engine.openStream(['language', engine.gate.name]);
  const kept = [];
  const gate = new FrameGate(VOLUME_THRESHOLD, engine.gate);
  try {
    for (let from = 0; from < frames.volumes.length; from += 64) {
      const to = Math.min(frames.volumes.length, from + 64);
      const predictions = await stream.predict(frames.pcm.slice(from * 1_024, to * 1_024));
      gate.open(frames.volumes.subarray(from, to), predictions);
      const values = predictions.probabilities.get('language');
      for (let frame = 0; frame < to - from; frame += 1)
        if (gate.states[frame] === FrameState.speech) kept.push(values.slice(frame * width, (frame + 1) * width));
    }
  } finally {
    stream.close();
  }
  const all = new Float32Array(kept.length * width);
  kept.forEach((row, index) => all.set(row, index * width));
  return all;
}

/** A folder in which the weights of `graph` are offered with the language head as `models` reads it. */
function withLanguage(models, graphs) {
  const catalogue = JSON.parse(readFileSync(join(graphs, 'catalogue.json'), 'utf8'));
  if (catalogue.models.some(({ name }) => name === 'language')) return graphs;
  const entry = JSON.parse(readFileSync(join(models, 'catalogue.json'), 'utf8')).models.find(({ name }) => name === 'language');
  const folder = mkdtempSync(join(tmpdir(), 'language-'));
  copyFileSync(join(graphs, catalogue.trunk.file), join(folder, catalogue.trunk.file));
  writeFileSync(join(folder, 'catalogue.json'), JSON.stringify({ ...catalogue, models: [...catalogue.models, entry] }));
  return folder;
}

/**
 * @param models folder with the catalogue that says how the language head is read
 * @param graphs folder with the weights to hear with
 * @param choose which rows of the manifests
 * @returns {classes, streams: {corpus, voice, language, truth, frames}[]}; truth is the number of the class, or one more for any other language
 */
export async function hear({ models, graphs, corpus, cache, choose }) {
  const folder = withLanguage(models, graphs);
  const { description } = loadCatalogue({ shippedFolder: folder }).models.find((model) => model.description.name === 'language');
  const { classes } = description;
  const engine = new OnnxPredictionEngine({ shippedFolder: folder, workers: 1 });
  const samplesOf = reader(cache);
  const rows = manifest(corpus).filter((row) => row.event === 'speech' && row.language !== '' && !/tts=1|label-suspect/u.test(row.note) && choose(row));
  const streams = streamsOf(rows, classes);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < streams.length; index = next++) {
      const { clips, ...stream } = streams[index];
      streams[index] = { ...stream, frames: await heard(engine, classes.length, soundOf(clips, samplesOf)) };
    }
  };
  await engine.start();
  await Promise.all(Array.from({ length: PARALLEL }, work));
  await engine.close();
  if (folder !== graphs) rmSync(folder, { recursive: true });
  return { classes, streams };
}
