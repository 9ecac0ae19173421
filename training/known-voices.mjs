// How often a voice that has a name is called by it, and strangers are, by how strict the engine is (`voiceStrictness`), with the engine's own clustering.
// Usage: node known-voices.mjs FOLDER CATALOGUE [STRICTNESS ...]; prints a line of JSON each (results/known-voices-*.json). clustering.py left embeddings and who speaks in FOLDER. Needs the package to be built.
//
// Each person of each built conversation is known by the first half of what is heard of them (at most 10 s, at least 4 s). `own`: of their frames in the rest of
// the talk, those that have the name. `strangers`: of the frames of the others in the talk, had the person not been there, those that have it; `talks`: of those
// talks, the ones in which it is said for more than 3 s. Live, 512 ms later, and as a whole.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const { withStrictness } = require('../dist/src/insight/speakers/clustering-settings.js');
const { DelayedVoices } = require('../dist/src/insight/speakers/delayed-voices.js');
const { SpeakerClustering } = require('../dist/src/insight/speakers/speaker-clustering.js');
const { WholeVoices } = require('../dist/src/insight/speakers/whole-voices.js');

const [folder, catalogue, ...given] = process.argv.slice(2);
const { models } = JSON.parse(readFileSync(catalogue, 'utf8'));
const { clustering } = models.find(({ name }) => name === 'speaker-map');
const { size, conversations } = JSON.parse(readFileSync(join(folder, 'conversations.json'), 'utf8'));
const [LONGEST, SHORTEST, MANY, DELAY] = [156, 62, 47, 8];

const unit = (vector) => {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
};

/** A person who is known, and the talk they are in. */
const cases = conversations.flatMap(({ name, who, gate, people }) => {
  const bytes = readFileSync(join(folder, name));
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const frame = (k) => values.subarray(k * size, (k + 1) * size);
  return Array.from({ length: people }, (_, person) => {
    const own = [...who.keys()].filter((k) => who[k] === person && gate[k] === 2);
    const half = own.length >> 1;
    if (half < SHORTEST) return [];
    const sum = new Float32Array(size);
    for (const k of own.slice(0, Math.min(half, LONGEST))) unit(frame(k)).forEach((value, at) => (sum[at] += value));
    return [{ who, gate, frame, person, voice: unit(sum), from: own[half] }];
  }).flat();
});

/** Frames of the person and of others, and those of each that have the name. */
function listen({ who, gate, frame, person, voice, from }, settings, wait, isAbsent) {
  const voices = wait === 'whole' ? new WholeVoices(size, settings, [voice]) : new DelayedVoices(new SpeakerClustering(size, settings, [voice]), wait);
  const frames = [...who.keys()].filter((k) => isAbsent || k >= from);
  const isHeard = (k) => gate[k] === 2 && !(isAbsent && who[k] === person);
  for (const k of frames) voices.hear(isHeard(k) ? frame(k) : undefined);
  for (const _ of voices.settle());
  const found = { own: 0, ownNamed: 0, others: 0, othersNamed: 0 };
  for (const k of frames) {
    if (!isHeard(k)) {
      voices.skip();
      continue;
    }
    const isNamed = voices.next().slot === 0;
    if (who[k] < 0) continue;
    const kind = who[k] === person ? 'own' : 'others';
    found[kind] += 1;
    if (isNamed) found[`${kind}Named`] += 1;
  }
  return found;
}

const sum = (all, name) => all.reduce((total, one) => total + one[name], 0);
const share = (part, whole) => Number((part / whole).toFixed(3));

for (const strictness of given.length > 0 ? given.map(Number) : [-0.1, 0, 0.15]) {
  const settings = withStrictness(clustering, strictness);
  for (const wait of [DELAY, 'whole']) {
    const present = cases.map((one) => listen(one, settings, wait, false));
    const absent = cases.map((one) => listen(one, settings, wait, true)).filter(({ others }) => others > 0);
    console.log(
      JSON.stringify({
        strictness,
        wait: wait === 'whole' ? wait : 'live',
        own: share(sum(present, 'ownNamed'), sum(present, 'own')),
        strangers: share(sum(absent, 'othersNamed'), sum(absent, 'others')),
        talks: share(absent.filter(({ othersNamed }) => othersNamed > MANY).length, absent.length),
        people: cases.length,
      }),
    );
  }
}
