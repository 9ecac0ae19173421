import assert from 'node:assert/strict';
import { FRAME_SAMPLES } from '../../src/clock';
import { OnnxPredictionEngine, type PredictionStream } from '../../src/inference';
import { concatenated, noise, seededRandom, speak, tone } from '../tools/audio';
import { largestDifference } from './model-folders';

/** Decision 13. */
const SAME = 1e-4;
/** The documented models in order, and their fields in ms; ours may differ by 5 %. */
const RECEPTIVE_FIELDS_MS: Readonly<Record<string, number>> = {
  'speech-rt': 130,
  speech: 1_082,
  gender: 3_130,
  arousal: 2_107,
  emotions: 2_107,
  language: 2_107,
  'underage-speaker': 570.5,
  'audio-event': 1_082,
  'speaker-map': 2_107,
};
const DOCUMENTED = Object.keys(RECEPTIVE_FIELDS_MS);

type Predictions = ReadonlyMap<string, Float32Array>;

/** From when to when, in seconds, nobody speaks in the sound; half a second after the speech before it. */
let quiet: readonly [number, number] = [0, 0];

/** Whole frames of speech, noise, silence, a tone and speech again, about 12 s. */
async function sound(): Promise<Float32Array> {
  const speech = await speak('The quick brown fox jumps over the lazy dog, and nobody hears it.');
  const other = await speak('Wer immer strebend sich bemüht, den können wir erlösen.', {
    voice: 'de',
    pitch: 80,
  });
  quiet = [speech.length / 16_000 + 0.5, speech.length / 16_000 + 3];
  const all = concatenated(speech, noise(1), new Float32Array(16_000), tone(440, 1), other);
  return all.slice(0, all.length - (all.length % FRAME_SAMPLES));
}

/** Predictions of `pcm` in pieces of the sizes that `size` gives: all in flight at once, or one after the other. */
async function predict(
  stream: PredictionStream,
  pcm: Float32Array,
  size: () => number,
  oneByOne = false,
): Promise<Predictions> {
  const answers = [];
  for (let at = 0; at < pcm.length;) {
    const end = Math.min(pcm.length, at + Math.max(1, Math.floor(size())) * FRAME_SAMPLES);
    const answer = stream.predict(pcm.slice(at, end));
    answers.push(answer);
    if (oneByOne) await answer;
    at = end;
  }
  const pieces = await Promise.all(answers);
  const names = [...(pieces[0]?.probabilities.keys() ?? [])];
  return new Map(
    names.map((name) => [
      name,
      concatenated(...pieces.map((piece) => piece.probabilities.get(name) ?? new Float32Array())),
    ]),
  );
}

function assertSame(actual: Predictions, expected: Predictions, what: string): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()]);
  for (const [name, values] of expected) {
    const difference = largestDifference(values, actual.get(name) ?? new Float32Array());
    assert.ok(difference < SAME, `${name}, ${what}: ${difference}`);
  }
}

for (const [modelSet, isolation] of [
  ['standard', 'thread'],
  ['standard', 'process'],
  ['open', 'thread'],
] as const) {
  describe(`The shipped models, set "${modelSet}", in a ${isolation}`, () => {
    let engine: OnnxPredictionEngine;
    let names: readonly string[] = [];
    let pcm: Float32Array = new Float32Array();
    let whole: Predictions = new Map();

    before(async () => {
      engine = new OnnxPredictionEngine({ modelSet, isolation });
      names = engine.models.map(({ name }) => name);
      pcm = await sound();
      whole = await predict(await engine.openStream(names), pcm, () => Infinity);
    });
    after(() => engine.close());

    it('load, every one of them, with the documented receptive fields', () => {
      assert.equal(engine.brokenModels.length, 0);
      assert.ok(names.includes('speech-rt'), 'the gate of the voice models');
      assert.deepEqual(
        names,
        DOCUMENTED.filter((name) => names.includes(name)),
      );
      if (modelSet === 'standard') assert.equal(names.length, DOCUMENTED.length);
      else assert.ok(engine.models.every(({ trainingData }) => trainingData === 'open'));
      for (const { name, receptiveFieldMs } of engine.models) {
        const documented = RECEPTIVE_FIELDS_MS[name] ?? NaN;
        assert.ok(Math.abs(receptiveFieldMs - documented) <= 0.05 * documented, name);
      }
    });

    it('have a gate of their own, which hears speech in speech and none in noise, silence and tones', async () => {
      const { name = '', openAbove = NaN, closeBelow = NaN } = engine.gate ?? {};
      assert.ok(closeBelow <= openAbove);
      const heard = await predict(await engine.openStream([name]), pcm, () => Infinity);
      const open = [...(heard.get(name) ?? [])].map((p) => p >= openAbove);
      const share = (from: number, to: number) => {
        const part = open.slice(Math.round(from * open.length), Math.round(to * open.length));
        return part.filter(Boolean).length / part.length;
      };
      const spoken = pcm.length / FRAME_SAMPLES;
      assert.equal(open.length, spoken);
      assert.ok(share(0, 0.25) > 0.6, 'speech');
      const [from, to] = quiet.map((second) => (second * 16_000) / pcm.length);
      assert.ok(share(from ?? 0, to ?? 1) < 0.2, 'noise, silence and a tone');
    });

    it('give probabilities, and embeddings of length 1', () => {
      for (const { name, classes, activation } of engine.models) {
        const values = whole.get(name) ?? new Float32Array();
        const width = values.length / (pcm.length / FRAME_SAMPLES);
        for (let at = 0; at < values.length; at += width) {
          const row = values.subarray(at, at + width);
          if (activation === 'embedding') {
            assert.ok(width >= 64 && Math.abs(Math.hypot(...row) - 1) < 1e-3, name);
          } else {
            assert.equal(width, classes.length);
            assert.ok(
              row.every((p) => p >= 0 && p <= 1),
              name,
            );
            const sum = row.reduce((a, b) => a + b);
            // Of a language that is none of the five, the share is missing.
            if (activation === 'softmax')
              assert.ok(sum < 1 + 1e-5 && (name === 'language' || sum > 1 - 1e-5), name);
          }
        }
      }
    });

    it('say the same of a sound in pieces of any size', async () => {
      const random = seededRandom(7);
      for (const [what, size] of [
        ['frame by frame', () => 1],
        ['two and two', () => 2],
        ['random pieces', () => 1 + 20 * random()],
        ['very uneven pieces', () => (random() < 0.5 ? 1 : 100)],
      ] as const) {
        assertSame(await predict(await engine.openStream(names), pcm, size), whole, what);
      }
    });

    it('say the same of a sound beside other streams', async () => {
      const random = seededRandom(11);
      const crowd = Array.from({ length: 12 }, async (_, seed) => {
        const stream = await engine.openStream(names.slice(seed % names.length));
        return predict(stream, noise(pcm.length / 16_000, 16_000, 0.3, seed), () => 1 + 3 * random(), true);
      });
      const ours = await predict(await engine.openStream(names), pcm, () => 1 + 3 * random(), true);
      await Promise.all(crowd);
      assertSame(ours, whole, 'in a crowd');
      assert.ok(((await engine.stats())?.largestBatch ?? 0) > 4);
    });

    it('say the same for one model as for all', async () => {
      for (const name of names) {
        const alone = await predict(await engine.openStream([name]), pcm, () => 50);
        assertSame(alone, new Map([[name, whole.get(name) ?? new Float32Array()]]), 'alone');
      }
    });

    it('start as if there had been digital silence for ever', async () => {
      // Longer than the longest receptive field.
      const silence = new Float32Array(100 * FRAME_SAMPLES);
      const after = await predict(await engine.openStream(names), concatenated(silence, pcm), () => 64);
      const frames = pcm.length / FRAME_SAMPLES;
      const rest = [...after].map(([name, values]) => {
        const width = values.length / (frames + 100);
        return [name, values.subarray(100 * width)] as const;
      });
      assertSame(new Map(rest), whole, 'after silence');
    });

    it('forget what is longer ago than their receptive field', async () => {
      const frames = 60;
      const [a, b] = await Promise.all(
        [1, 2].map(async (seed) => {
          const past = noise((20 * FRAME_SAMPLES) / 16_000, 16_000, 0.5, seed);
          const now = pcm.slice(0, frames * FRAME_SAMPLES);
          return predict(await engine.openStream(names), concatenated(past, now), () => 16);
        }),
      );
      for (const { name, receptiveFieldMs } of engine.models) {
        const [one, two] = [a?.get(name), b?.get(name)];
        assert.ok(one && two);
        const width = one.length / (20 + frames);
        const from = (20 + Math.ceil(receptiveFieldMs / 64)) * width;
        assert.ok(largestDifference(one.subarray(from), two.subarray(from)) < SAME, name);
      }
    });
  });
}
