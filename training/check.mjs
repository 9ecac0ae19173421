// Equality of a graph with PyTorch, and of streaming with whole files. Usage: node check.mjs FOLDER, where export.py left the reference.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ort = createRequire(import.meta.url)('onnxruntime-node');
const folder = process.argv[2];
const reference = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8'));
const FRAME = 1024;

function floats(name) {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const session = await ort.InferenceSession.create(reference.graph, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
const { batch, frames, outputs, stateSize } = reference;
const pcm = floats('pcm.f32');
let failed = false;
for (const pieces of [[frames], Array(frames).fill(1), [1, 2, 3, 5, 7, 11, 13, 17, 19, 2]]) {
  const found = Object.fromEntries(Object.entries(outputs).map(([name, width]) => [name, new Float32Array(batch * frames * width)]));
  let state = new Float32Array(batch * stateSize);
  let at = 0;
  for (const count of pieces) {
    const part = new Float32Array(batch * count * FRAME);
    for (let b = 0; b < batch; b++) part.set(pcm.subarray((b * frames + at) * FRAME, (b * frames + at + count) * FRAME), b * count * FRAME);
    const result = await session.run({ pcm: new ort.Tensor('float32', part, [batch, count * FRAME]), state: new ort.Tensor('float32', state, [batch, stateSize]) });
    state = result.state_out.data;
    for (const [name, width] of Object.entries(outputs))
      for (let b = 0; b < batch; b++)
        found[name].set(result[name].data.subarray(b * count * width, (b + 1) * count * width), (b * frames + at) * width);
    at += count;
  }
  const largest = {};
  for (const name of Object.keys(outputs)) {
    const expected = floats(`${name}.f32`);
    largest[name] = Number(expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[name][i])), 0).toExponential(1));
    failed ||= !(largest[name] < reference.tolerance);
  }
  console.log(`${pieces.length} pieces`, JSON.stringify(largest));
}
process.exit(failed ? 1 : 0);
