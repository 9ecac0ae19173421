// Finds the settings of the speaker map's clustering on built conversations of dev voices, with the engine's own clustering.
// Usage: node tune-clustering.mjs FOLDER [SETTINGS.json]. clustering.py left embeddings and who speaks in FOLDER. With settings (as under results/,
// or a catalogue's `clustering`) nothing is tuned: they are judged alone. Needs the package to be built.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { DelayedVoices } = require('../dist/src/insight/speakers/delayed-voices.js');
const { SpeakerClustering } = require('../dist/src/insight/speakers/speaker-clustering.js');
const { WholeVoices } = require('../dist/src/insight/speakers/whole-voices.js');
const folder = process.argv[2];
const { size, conversations } = JSON.parse(readFileSync(join(folder, 'conversations.json'), 'utf8'));
const loaded = conversations.map(({ name, who, gate, people, corpus, part }) => {
  const bytes = readFileSync(join(folder, name));
  return { name, who, gate, people, corpus, part, frames: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) };
});

/** Frames that a live stream waits, where nothing is said. */
const DELAY = 8;

/**
 * Speech frames that do not carry their speaker's label under the best one-to-one mapping, and labels used. The clustering hears what
 * the gates let through; speech that the gate of speech-rt refuses is an error, what is silent by volume is not.
 */
function judge({ who, gate, people, frames }, settings, wait) {
  const clustering = new SpeakerClustering(size, settings);
  const voices = wait === 'whole' ? new WholeVoices(size, settings, []) : new DelayedVoices(clustering, wait);
  who.forEach((_, k) => voices.hear(gate[k] < 2 ? undefined : frames.subarray(k * size, (k + 1) * size)));
  for (const _ of voices.settle());
  const found = new Set();
  const overlap = Array.from({ length: people }, () => new Map());
  let spoken = 0;
  who.forEach((person, k) => {
    if (person >= 0 && gate[k] > 0) spoken += 1;
    if (gate[k] < 2) return voices.skip();
    const { slot: label } = voices.next();
    if (label >= 0) found.add(label);
    if (person >= 0 && label >= 0) overlap[person].set(label, (overlap[person].get(label) ?? 0) + 1);
  });
  const best = (person, used) => {
    if (person === people) return 0;
    let most = best(person + 1, used);
    for (const [label, count] of overlap[person])
      if (!used.has(label)) most = Math.max(most, count + best(person + 1, new Set([...used, label])));
    return most;
  };
  return { errors: spoken - best(0, new Set()), spoken, count: wait === 'whole' ? found.size : clustering.heardCount };
}

function measure(settings, part, wait = 0) {
  const chosen = loaded.filter((conversation) => conversation.part === part);
  const all = chosen.map((conversation) => ({ ...judge(conversation, settings, wait), people: conversation.people, corpus: conversation.corpus }));
  const sum = (list) => list.reduce((total, one) => total + one.errors, 0) / list.reduce((total, one) => total + one.spoken, 0);
  const corpora = [...new Set(all.map((one) => one.corpus))].sort();
  return {
    der: sum(all),
    countRight: all.filter((one) => one.count === one.people).length / all.length,
    meanCount: all.reduce((total, one) => total + one.count / one.people, 0) / all.length,
    byCorpus: Object.fromEntries(corpora.map((corpus) => [corpus, Number(sum(all.filter((one) => one.corpus === corpus)).toFixed(4))])),
  };
}

let best = { pieceFrames: 4, memoryPieces: 80, groupEvery: 5, fitsAbove: 0.65, groupCost: 0.09, fewFrames: 32, keepNumber: 0.02, apart: 1.2, newSpeakerBelow: 0.15, confirmFrames: 8, sameAbove: 0.5, mergeAbove: 0.45, pauseFrames: 6, switchMargin: 0, switchEvidence: 0.05 };
const score = (settings) => {
  const { der, countRight } = measure(settings, 'tune');
  return der - 0.05 * countRight;
};
const grid = {
  groupCost: [0.07, 0.08, 0.09, 0.1, 0.12],
  fewFrames: [16, 32, 48],
  mergeAbove: [0.4, 0.45, 0.5, 0.6],
  newSpeakerBelow: [0.05, 0.15, 0.3],
  confirmFrames: [6, 8, 12],
  sameAbove: [0.4, 0.5, 0.6],
  switchEvidence: [0.05, 0.1, 0.2],
  pauseFrames: [4, 6, 10],
};
function tune() {
  let lowest = score(best);
  for (let round = 0; round < 2; round++) {
    for (const [name, values] of Object.entries(grid)) {
      for (const value of values) {
        const settings = { ...best, [name]: value };
        const found = score(settings);
        if (found < lowest - 1e-9) [best, lowest] = [settings, found];
      }
    }
  }
  // Settings depend on each other: a walk of random steps finds what one at a time does not.
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let tries = 0; tries < 40; tries++) {
    const settings = { ...best };
    for (let steps = 0; steps < 1 + 3 * random(); steps++) {
      const [name, values] = Object.entries(grid)[Math.floor(random() * Object.keys(grid).length)];
      settings[name] = values[Math.floor(random() * values.length)];
    }
    const found = score(settings);
    if (found < lowest - 1e-9) [best, lowest] = [settings, found];
  }
}

const unit = (vector) => {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
};
const meanOf = (frames) => {
  const sum = new Array(size).fill(0);
  for (const frame of frames) unit([...frame]).forEach((value, at) => (sum[at] += value));
  return unit(sum);
};
const likeness = (one, other) => one.reduce((sum, value, at) => sum + value * other[at], 0);

/**
 * Voices that have a name: each person of all conversations is known by the first half of what is heard of them (at most 10 s, at least 4 s);
 * pieces of 3 s of the rest are asked. Shares of pieces that are as alike as `sameAbove`: the person's own, those of others in the same talk
 * (same microphone, same corpus), and those of people of other corpora.
 */
function knownVoices({ sameAbove }) {
  const [piece, longest, shortest] = [47, 156, 62];
  const people = loaded.flatMap(({ name, who, gate, people: count, corpus, frames }) =>
    Array.from({ length: count }, (_, person) => {
      const own = [...who.keys()].filter((k) => who[k] === person && gate[k] === 2).map((k) => frames.subarray(k * size, (k + 1) * size));
      const half = own.length >> 1;
      const pieces = [];
      for (let at = half; at + piece <= own.length; at += piece) pieces.push(meanOf(own.slice(at, at + piece)));
      return half < shortest ? [] : [{ name, corpus, voice: meanOf(own.slice(0, Math.min(half, longest))), pieces }];
    }).flat(),
  );
  const share = (asked) => {
    const pairs = people.flatMap((known) => people.filter((one) => asked(known, one)).flatMap(({ pieces }) => pieces.map((heard) => likeness(known.voice, heard))));
    return { share: Number((pairs.filter((like) => like >= sameAbove).length / pairs.length).toFixed(4)), pairs: pairs.length };
  };
  return {
    found: share((known, one) => one === known),
    strangerOfSameTalk: share((known, one) => one !== known && one.name === known.name),
    strangerOfOtherCorpus: share((known, one) => one.corpus !== known.corpus),
  };
}

if (process.argv[3]) {
  const given = JSON.parse(readFileSync(process.argv[3], 'utf8'));
  best = given.settings ?? given;
} else tune();
console.log(JSON.stringify({ settings: best, tuned: measure(best, 'tune'), judged: measure(best, 'test'), live: measure(best, 'test', DELAY), whole: measure(best, 'test', 'whole'), knownVoices: knownVoices(best) }, null, 1));
