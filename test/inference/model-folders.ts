/** Folders with models for the tests: tiny graphs by the catalogue's contract, in a temporary place. */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { FRAME_SAMPLES, SAMPLE_RATE } from '../../src/clock';
import { noise as noiseSeconds, temporaryFolder } from '../tools/audio';

/** dist/test/inference -> the package. */
export const PACKAGE_ROOT = path.resolve(__dirname, '..', '..', '..');
const GRAPHS = path.join(PACKAGE_ROOT, 'test', 'fixtures', 'onnx');

type Json = Readonly<Record<string, unknown>>;

/** A folder with a catalogue and the tiny graphs that are named. */
export function modelFolder(catalogue: unknown, ...graphs: readonly string[]): string {
  const folder = temporaryFolder();
  for (const graph of graphs) cpSync(path.join(GRAPHS, graph), path.join(folder, graph));
  writeFileSync(
    path.join(folder, 'catalogue.json'),
    typeof catalogue === 'string' ? catalogue : JSON.stringify(catalogue),
  );
  return folder;
}

/** A shipped set on the tiny trunk, with a softmax, a sigmoid and an embedding model. */
export function tinySet(
  changes: { readonly trunk?: Json; readonly gate?: Json; readonly models?: readonly Json[] } = {},
): string {
  const bytes = readFileSync(path.join(GRAPHS, 'trunk.onnx'));
  return modelFolder(
    {
      version: 1,
      set: 'tiny',
      title: 'Tiny',
      trunk: {
        file: 'trunk.onnx',
        sha256: createHash('sha256').update(bytes).digest('hex'),
        stateSize: 8,
        embeddingSize: 3,
        scoresSize: 5,
        taps: {
          tap_rt: { channels: 4, receptiveFieldMs: 64 },
          tap_long: { channels: 12, receptiveFieldMs: 192 },
        },
        ...changes.trunk,
      },
      ...(changes.gate ? { gate: changes.gate } : {}),
      models: changes.models ?? [loudness, kinds, voice],
    },
    'trunk.onnx',
  );
}

const shared = {
  receptiveFieldMs: 192,
  gate: 'volume',
  unknownBelow: null,
  license: 'Apache-2.0',
  trainingData: 'open',
};

export const loudness: Json = {
  ...shared,
  name: 'loudness',
  title: 'Loudness',
  source: { kind: 'trunk', output: 'scores', offset: 0 },
  classes: ['low', 'middle', 'high'],
  activation: 'softmax',
  calibration: { temperature: 0.5 },
};

export const kinds: Json = {
  ...shared,
  name: 'kinds',
  source: { kind: 'trunk', output: 'scores', offset: 3 },
  classes: ['hum', 'hiss'],
  activation: 'sigmoid',
  calibration: { temperature: 2, bias: [0.25, -0.5] },
};

export const voice: Json = {
  ...shared,
  name: 'voice',
  source: { kind: 'trunk', output: 'embedding' },
  classes: [],
  activation: 'embedding',
  clustering: { newSpeakerBelow: 0.4 },
};

/** A user's head on the tiny trunk. */
export const doorbell: Json = {
  name: 'doorbell',
  source: { kind: 'head', file: 'head.onnx', tap: 'tap_rt' },
  classes: ['ring', 'none'],
  activation: 'softmax',
};

/** A user's self-contained model; a sample above 2.0 makes it give NaN. */
export const fragile: Json = {
  name: 'fragile',
  source: { kind: 'pcm', file: 'pcm.onnx', stateSize: 1 },
  classes: ['now', 'before'],
  activation: 'sigmoid',
  receptiveFieldMs: 128,
};

/** A user's model that takes about a tenth of a second for 64 frames. */
export const slow: Json = {
  ...fragile,
  name: 'slow',
  source: { kind: 'pcm', file: 'slow.onnx', stateSize: 1 },
};

/** A user's model that counts to 10,000 for each 0.01 by which a sample is above 1.0: a billion keeps it busy for ever. */
export const endless: Json = {
  ...fragile,
  name: 'endless',
  source: { kind: 'pcm', file: 'endless.onnx', stateSize: 1 },
};

export function userFolder(...models: readonly Json[]): string {
  return modelFolder({ version: 1, models }, 'head.onnx', 'pcm.onnx', 'slow.onnx', 'endless.onnx');
}

/** Repeatable noise of the given length in frames, between -amplitude and amplitude. */
export function noise(frames: number, seed: number, amplitude = 0.5): Float32Array {
  return noiseSeconds((frames * FRAME_SAMPLES) / SAMPLE_RATE, SAMPLE_RATE, amplitude, seed);
}

/** Largest difference between two arrays of equal length. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? NaN))), 0);
}
