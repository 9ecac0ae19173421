// Sets how sure the language model must be: temperature of its answers over 10 s, and the confidence below which it says `unknown`.
// Usage: node training/tune-language.mjs --corpus CORPUS --cache CACHE [--models models] [--left-out models/open] [--out training/results/language-pooling.json] [--write]
// CACHE is that of make.py (decoded sound). Needs the package to be built. `--write` puts what was found into the catalogue of --models.
//
// Dev voices are heard with the weights of --models; corpora that are not openly licensed with those of --left-out, which never met them (a graph has the
// scores of all heads, also of those that its catalogue does not offer). The answers are the engine's own, by its own gate and pooling.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { hear } from './hear-language.mjs';

const require = createRequire(import.meta.url);
const { RecentFrames } = require('../dist/src/insight/recent-frames.js');

const { values: given } = parseArgs({
  options: {
    corpus: { type: 'string' },
    cache: { type: 'string' },
    models: { type: 'string', default: 'models' },
    'left-out': { type: 'string', default: 'models/open' },
    out: { type: 'string', default: 'training/results/language-pooling.json' },
    write: { type: 'boolean', default: false },
  },
});
if (!given.corpus || !given.cache) throw new Error('Say where the corpus is (--corpus), and its decoded sound (--cache).');

/** Corpora, or parts of them, that the open set never met. */
const LEFT_OUT = new Set(['watson', 'sppas', 'emovo', 'emodb', 'emodb2s', 'savee', 'tess', 'nemo', 'vcmex']);
const OPEN_PART = 'CC0';
const FRAMES = 156; // 10 s
const FEWEST = 86; // of a voice that has less to say
const MOST_WINDOWS = 4; // of a voice
/** Goals: other languages that are unknown, and right among what is answered. */
const UNKNOWN_GOAL = 0.72;
const RIGHT_GOAL = 0.85;
const TEMPERATURES = [0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.85, 1];
const HIGHEST = 0.9;
const DRAWS = 300;

const catalogueFile = join(given.models, 'catalogue.json');
const catalogue = JSON.parse(readFileSync(catalogueFile, 'utf8'));
const entry = catalogue.models.find(({ name }) => name === 'language');
const { pooling: { seconds, priorSeconds } = { seconds: 10, priorSeconds: 1 } } = entry;
const NONE = entry.classes.length;

/** Of single frames, as it was before answers were those of 10 s. */
const SINGLE_BELOW = 0.39;

function grouped(list, keyOf) {
  const groups = new Map();
  for (const one of list) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}

const round = (value) => Number(value.toFixed(4));
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
const winner = (row) => row.indexOf(Math.max(...row));

/** Where the windows of a voice begin and end: each 10 s of speech, or what there is of it. */
function spansOf(count) {
  const spans = [];
  for (let end = FRAMES; end <= count && spans.length < MOST_WINDOWS; end += FRAMES) spans.push([end - FRAMES, end]);
  return spans.length === 0 && count >= FEWEST ? [[0, count]] : spans;
}

function rowsOf({ frames }) {
  return Array.from({ length: frames.length / NONE }, (_, index) => Array.from(frames.subarray(index * NONE, (index + 1) * NONE)));
}

/** What the engine has at the end of each window, [probabilities of the classes]. */
function pooledWindows(streams, temperature) {
  return streams.flatMap((stream) => {
    const count = stream.frames.length / NONE;
    const recent = new RecentFrames(NONE, { seconds, temperature, priorSeconds });
    const ends = spansOf(count).map(([, end]) => end);
    const found = [];
    for (let frame = 0; frame < count; frame += 1) {
      recent.add(stream.frames, frame * NONE);
      if (ends.includes(frame + 1)) found.push({ truth: stream.truth, voice: stream.voice, corpus: stream.corpus, row: Array.from(recent.probabilities) });
    }
    return found;
  });
}

/** Every frame of the windows, as the engine answers it; what a user sees from the first word on. */
function frameAnswers(streams, temperature, threshold) {
  return streams.flatMap((stream) => {
    const recent = temperature === undefined ? undefined : new RecentFrames(NONE, { seconds, temperature, priorSeconds });
    return rowsOf(stream).slice(0, MOST_WINDOWS * FRAMES).map((row, frame) => {
      recent?.add(stream.frames, frame * NONE);
      return { truth: stream.truth, voice: stream.voice, corpus: stream.corpus, answer: answerOf(recent ? Array.from(recent.probabilities) : row, threshold) };
    });
  });
}

/** The label of most frames of each window, where each frame is answered on its own (as before pooling). */
function majorityWindows(streams, threshold) {
  return streams.flatMap((stream) => {
    const rows = rowsOf(stream);
    return spansOf(rows.length).map(([from, to]) => {
      const counts = Array(NONE + 1).fill(0);
      for (const row of rows.slice(from, to)) counts[answerOf(row, threshold)] += 1;
      return { truth: stream.truth, voice: stream.voice, corpus: stream.corpus, answer: winner(counts) };
    });
  });
}

/** The streams as if the model rejected nothing. */
function withoutReject(streams) {
  return streams.map((stream) => {
    const frames = stream.frames.slice();
    for (let at = 0; at < frames.length; at += NONE) {
      const row = frames.subarray(at, at + NONE);
      const sum = row.reduce((total, value) => total + value, 0);
      row.forEach((value, label) => (row[label] = value / sum));
    }
    return { ...stream, frames };
  });
}

function answerOf(row, threshold) {
  const best = winner(row);
  return row[best] < threshold ? NONE : best;
}

/** Of answers {truth, answer}: each language weighs the same. */
function figuresOf(answers) {
  const classes = entry.classes.map((_, label) => answers.filter(({ truth }) => truth === label)).filter((group) => group.length > 0);
  const share = (group, holds) => (group.length === 0 ? undefined : group.filter(holds).length / group.length);
  const isRight = ({ truth, answer }) => truth === answer;
  const answered = (group) => group.filter(({ answer }) => answer !== NONE);
  const known = (list) => list.filter((value) => value !== undefined);
  return {
    macroRecall: mean(classes.map((group) => share(group, isRight))),
    rightOfAnswered: mean(known(classes.map((group) => share(answered(group), isRight)))),
    unknownOfFive: mean(classes.map((group) => share(group, ({ answer }) => answer === NONE))),
    unknownOfOthers: share(answers.filter(({ truth }) => truth === NONE), ({ answer }) => answer === NONE),
    rightOfAllAnswered: share(answered(answers), isRight) ?? 0,
  };
}

/** The same with 95 % intervals, bootstrapped over voices, and recalls by language. */
function report(answers) {
  const voices = [...grouped(answers, ({ voice }) => voice).values()];
  const random = seeded(1);
  const drawn = Array.from({ length: DRAWS }, () => figuresOf(voices.flatMap(() => voices[Math.floor(random() * voices.length)])));
  const interval = (name) => {
    const sorted = drawn.map((figures) => figures[name]).filter((value) => value !== undefined && !Number.isNaN(value)).sort((a, b) => a - b);
    return [0.025, 0.975].map((at) => round(sorted[Math.floor(at * (sorted.length - 1))]));
  };
  const figures = Object.entries(figuresOf(answers)).map(([name, value]) => [name, { value: round(value), interval95: interval(name) }]);
  const labels = [...entry.classes, 'other'];
  const counts = labels.map((_, truth) => labels.map((__, answer) => answers.filter((one) => one.truth === truth && one.answer === answer).length));
  return { answers: answers.length, voices: voices.length, ...Object.fromEntries(figures), confusion: { rows: 'truth', columns: [...entry.classes, 'unknown'], classes: labels, counts } };
}

function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** Mean negative log-likelihood of windows, each language the same. */
function loss(windows) {
  const cost = ({ truth, row }) => -Math.log(Math.max(1e-9, truth === NONE ? 1 - row.reduce((sum, value) => sum + value, 0) : row[truth]));
  return mean([...grouped(windows, ({ truth }) => truth).values()].map((group) => mean(group.map(cost))));
}

/** Expected calibration error of the answers that are no `unknown`, in ten bins. */
function calibrationError(windows, threshold) {
  const answered = windows.filter(({ row }) => Math.max(...row) >= threshold);
  const bins = grouped(answered, ({ row }) => Math.min(9, Math.floor(Math.max(...row) * 10)));
  return [...bins.values()].reduce((sum, bin) => {
    const gap = mean(bin.map(({ row }) => Math.max(...row))) - mean(bin.map(({ row, truth }) => Number(winner(row) === truth)));
    return sum + (Math.abs(gap) * bin.length) / answered.length;
  }, 0);
}

const answered = (windows, threshold) => windows.map((window) => ({ ...window, answer: answerOf(window.row, threshold) }));
const how = { models: given.models, corpus: given.corpus, cache: given.cache };
const parts = {
  dev: (await hear({ ...how, graphs: given.models, choose: ({ part }) => part === 'dev' })).streams,
  leftOut: (await hear({ ...how, graphs: given['left-out'], choose: ({ corpus, licence }) => LEFT_OUT.has(corpus) && licence !== OPEN_PART })).streams,
};

// Dev and left-out corpora weigh the same: dev is what training knows, left out is a stranger to weights that had less to learn from.
const bySharpness = TEMPERATURES.map((temperature) => {
  const windows = Object.fromEntries(Object.entries(parts).map(([name, streams]) => [name, pooledWindows(streams, temperature)]));
  return { temperature, windows, loss: mean(Object.values(windows).map(loss)) };
});
const { temperature, windows } = bySharpness.reduce((best, one) => (one.loss < best.loss ? one : best));

// The lowest threshold that reaches the goal for other languages; a higher one only where that is right too seldom and recall stays.
const steps = [];
for (let threshold = 0.2; threshold <= HIGHEST; threshold += 0.01) {
  const figures = Object.values(windows).map((of) => figuresOf(answered(of, threshold)));
  const of = (name) => mean(figures.map((one) => one[name]));
  steps.push({ threshold: round(threshold), unknownOfOthers: round(of('unknownOfOthers')), rightOfAnswered: round(of('rightOfAnswered')), macroRecall: round(of('macroRecall')) });
}
const chosen = steps.find(({ unknownOfOthers }) => unknownOfOthers >= UNKNOWN_GOAL) ?? steps.at(-1);
const both = steps.find(({ unknownOfOthers, rightOfAnswered }) => unknownOfOthers >= UNKNOWN_GOAL && rightOfAnswered >= RIGHT_GOAL);
const { threshold } = chosen;

const results = {
  method:
    'Windows of 10 s of speech that the gate let through (or all of a voice, from 5.5 s on), at most four a voice; every language weighs the same; intervals over voices. dev: the shipped weights on dev voices. ' +
    'leftOut: the weights of the open set on corpora that they never met. withoutReject, singleFrames: each frame answered on its own, unknown below 0.39, the label of most frames of the window; the first as if the model had no class for other languages, which is how the engine read it until then; pooled: the answer at its end. frames: every frame from the first word on.',
  set: catalogue.set,
  trunk: catalogue.trunk.sha256,
  chosen: { pooling: { seconds, temperature, priorSeconds }, unknownBelow: threshold, rule: `lowest threshold with ${UNKNOWN_GOAL} of other languages unknown, mean of dev and left out`, ...chosen },
  alsoRightEnough: both ?? null,
  thresholds: steps.filter((_, index) => index % 2 === 0),
  losses: bySharpness.map((one) => ({ temperature: one.temperature, loss: round(one.loss) })),
};
for (const [name, streams] of Object.entries(parts)) {
  const single = (of) => ({ windows: report(majorityWindows(of, SINGLE_BELOW)), frames: report(frameAnswers(of, undefined, SINGLE_BELOW)) });
  results[name] = {
    withoutReject: single(withoutReject(streams)),
    singleFrames: single(streams),
    pooled: { windows: report(answered(windows[name], threshold)), frames: report(frameAnswers(streams, temperature, threshold)), calibrationError: round(calibrationError(windows[name], threshold)) },
    withoutUnknown: report(answered(windows[name], 0)).macroRecall,
  };
}
writeFileSync(given.out, `${JSON.stringify(results, null, 1)}\n`);
console.log(JSON.stringify(results.chosen), JSON.stringify(results.alsoRightEnough));
for (const name of Object.keys(parts)) {
  for (const when of ['withoutReject', 'singleFrames', 'pooled'])
    for (const what of ['windows', 'frames']) {
      const { macroRecall, rightOfAnswered, unknownOfOthers, unknownOfFive } = results[name][when][what];
      console.log(name, when, what, 'recall', macroRecall.value, macroRecall.interval95.join('-'), 'right', rightOfAnswered.value, 'others unknown', unknownOfOthers.value, 'five unknown', unknownOfFive.value);
    }
}
if (given.write) {
  entry.pooling = { seconds, temperature, priorSeconds };
  entry.unknownBelow = threshold;
  writeFileSync(catalogueFile, `${JSON.stringify(catalogue, null, 2)}\n`);
}
