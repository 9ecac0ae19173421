import assert from 'node:assert/strict';
import { Deeptone, type ChannelAnalysis, type ModelResult } from '../../src';
import { FRAME_SAMPLES } from '../../src/clock';
import { OnnxPredictionEngine } from '../../src/inference';
import { concatenated, noise, speak, tone } from '../tools/audio';
import { largestDifference } from './model-folders';

/** Of probabilities (decision 13). */
const SAME = 1e-4;
const KINDS = ['native', 'wasm'] as const;

function labelOf(answer: ModelResult | undefined): string {
  if (!answer) return 'no answer';
  return 'result' in answer ? answer.result : answer.speaker_top;
}

/** Two voices, music and noise with silence between, about 20 s. */
async function sound(): Promise<Float32Array> {
  const speech = await speak('She sells sea shells by the sea shore, and nobody ever buys any of them.');
  const other = await speak('Franz jagt im komplett verwahrlosten Taxi quer durch Bayern.', {
    voice: 'de',
    pitch: 70,
  });
  const parts = [speech, new Float32Array(20_000), tone(440, 2), noise(2), other, speech];
  const all = concatenated(...parts);
  return all.slice(0, all.length - (all.length % FRAME_SAMPLES));
}

for (const modelSet of ['standard', 'open'] as const) {
  describe(`The native runtime and WebAssembly, set "${modelSet}"`, () => {
    let pcm = new Float32Array();

    before(async () => {
      pcm = Float32Array.from(await sound());
    });

    it('give the same probabilities, at once and frame by frame', async () => {
      const runs = KINDS.flatMap((runtime) => [Infinity, 1].map((frames) => ({ runtime, frames })));
      const answers = [];
      for (const { runtime, frames } of runs) {
        const engine = new OnnxPredictionEngine({ modelSet, runtime });
        const stream = await engine.openStream(engine.models.map(({ name }) => name));
        const size = Math.min(frames * FRAME_SAMPLES, pcm.length);
        const pieces = Array.from({ length: Math.ceil(pcm.length / size) }, (_, n) =>
          stream.predict(pcm.slice(n * size, (n + 1) * size)),
        );
        const all = await Promise.all(pieces);
        const names = engine.models.map(({ name }) => name);
        answers.push(
          names.map((name) => concatenated(...all.map((each) => each.probabilities.get(name) ?? pcm))),
        );
        await engine.close();
      }
      const [expected, ...others] = answers;
      for (const answer of others) {
        for (const [index, values] of (expected ?? []).entries()) {
          const difference = largestDifference(values, answer[index] ?? new Float32Array());
          assert.ok(difference < SAME, String(difference));
        }
      }
    });

    it('give the same labels, except where two classes are that close', async () => {
      const analyses: ChannelAnalysis[] = [];
      for (const runtime of KINDS) {
        const deeptone = new Deeptone(undefined, { modelSet, runtime });
        const models = [...deeptone.getAvailableModels()];
        analyses.push(
          await deeptone.processAudioBytes(pcm, { models, outputPeriod: 64, includeRawValues: true }),
        );
        await deeptone.close();
      }
      const [native, wasm] = analyses.map(({ time_series: steps }) => steps);
      assert.ok(native && wasm && native.length > 200);
      for (const [index, { results, raw }] of native.entries()) {
        for (const [name, answer] of Object.entries(results)) {
          const other = labelOf((wasm[index]?.results as Readonly<Record<string, ModelResult>>)[name]);
          const [first = 1, second = 0] = Object.values(raw?.[name] ?? {}).toSorted((a, b) => b - a);
          const isSame = other === labelOf(answer) || first - second < SAME;
          assert.ok(isSame, `${name}, step ${index}: ${labelOf(answer)}, ${other}`);
        }
      }
    });
  });
}
