// What other networks hear in the corpus, for training: FireRedVAD, Silero VAD and YAMNet over every decoded file, a byte per probability.
// The networks are those of the accuracy bench (bench/peers): `npm run build` comes first.
// Usage: node teachers.mjs CACHE OUT [--fireredvad FOLDER] [--silero FILE.onnx] [--yamnet FILE.onnx]
// CACHE has pcm.i16 and pcm.json (corpus.py). For each teacher OUT gets NAME.u8, frames one behind the other, and NAME.json: columns, milliseconds of a
// frame's hop and of its centre, and {file: [first frame, frames]}. Started again, it goes on with the files that are missing.
import { appendFileSync, existsSync, mkdirSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const { fireredvad, silero, yamnet } = require('../dist/bench/peers/index.js');

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
