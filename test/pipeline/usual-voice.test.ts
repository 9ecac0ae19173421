/** Decision 45: moods are answered against what is usual in their channel, with the shipped models. */
import assert from 'node:assert/strict';
import { Deeptone, type Decisions, type TimeSeriesStep } from '../../src/index';
import { loadCatalogue } from '../../src/inference';
import { speak } from '../tools/audio';

/** A thousand frames. */
const MINUTE = 64_000;
const RATE = 16_000;
const moods = ['arousal', 'emotions'] as const;
const asked = { models: [...moods], includeRawValues: true } as const;

describe('Moods, against what is usual', () => {
  const deeptone = new Deeptone();
  let sentence: Float32Array = new Float32Array();

  before(async () => {
    sentence = await speak('No! I told you twice already, and I will not say it again!', {
      voice: 'en',
      pitch: 80,
    });
  });
  after(() => deeptone.close());

  const repeated = (sound: Float32Array, minutes: number): Float32Array =>
    Float32Array.from({ length: minutes * 60 * RATE }, (_, n) => sound[n % sound.length] ?? 0);

  const usualOf = (model: string): readonly number[] =>
    loadCatalogue().models.find(({ description }) => description.name === model)?.description.baseline
      ?.logProbabilities ?? [];

  /** How far a step is from the usual probabilities: the sum of the differences. */
  const unusual = (step: TimeSeriesStep | undefined, model: string): number => {
    const usual = usualOf(model).map(Math.exp);
    const sum = usual.reduce((all, p) => all + p, 0);
    return Object.values(step?.raw?.[model] ?? {}).reduce(
      (far, p, index) => far + Math.abs(p - (usual[index] ?? 0) / sum),
      0,
    );
  };

  it('says in the list of models which are, and how slowly', () => {
    const described = deeptone.describeModels().filter(({ baseline }) => baseline !== undefined);
    assert.deepEqual(
      described.map(({ name, classes, baseline }) => [
        name,
        baseline?.logProbabilities.length === classes.length,
        baseline?.priorSeconds,
        baseline?.memorySeconds,
      ]),
      moods.map((name) => [name, true, 600, 3_600]),
    );
  });

  it('hears what a voice says again and again as usual, slowly', async () => {
    const sound = repeated(sentence, 30);
    const { time_series: steps } = await deeptone.processAudioBytes(sound, {
      ...asked,
      outputPeriod: MINUTE,
    });
    assert.ok(steps.length > 25);
    for (const model of moods) {
      const [first = NaN, second = NaN] = steps.map((step) => unusual(step, model));
      const last = unusual(steps.at(-2), model);
      assert.ok(second > 0.8 * first, `${model}: ${first} in the first minute, ${second} in the second`);
      assert.ok(last < 0.7 * first, `${model}: ${first} in the first minute, ${last} in the last`);
    }
  });

  it('answers as the models say where a decision wants that, and hardly otherwise in a clip', async () => {
    const decisions = { arousal: { baseline: false }, emotions: { baseline: false } };
    const sound = repeated(sentence, 5);
    const how = { ...asked, outputPeriod: MINUTE };
    const { time_series: against } = await deeptone.processAudioBytes(sound, how);
    const { time_series: alone } = await deeptone.processAudioBytes(sound, { ...how, decisions });
    for (const model of moods) {
      const far = (index: number): number =>
        Object.entries(alone[index]?.raw?.[model] ?? {}).reduce(
          (sum, [name, p]) => sum + Math.abs(p - (against[index]?.raw?.[model]?.[name] ?? NaN)),
          0,
        );
      assert.ok(far(3) > 1.5 * far(0), `${model}: ${far(0)} in the first minute, ${far(3)} in the fourth`);
      assert.ok(far(3) > 0.02, `${model}: ${far(3)}`);
      assert.ok(Math.abs(unusual(alone[3], model) - unusual(alone[1], model)) < 0.05);
    }
    const clip = await deeptone.processAudioChunk(sentence, asked);
    const plain = await deeptone.processAudioChunk(sentence, { ...asked, decisions });
    for (const model of moods)
      for (const [name, p] of Object.entries(plain.raw?.[model] ?? {}))
        assert.ok(Math.abs(p - (clip.raw?.[model]?.[name] ?? NaN)) < 0.02, `${model}: ${name}`);
  });

  it('begins anew with each sound', async () => {
    const { time_series: first } = await deeptone.processAudioBytes(sentence, {
      ...asked,
      outputPeriod: 1_024,
    });
    await deeptone.processAudioBytes(repeated(sentence, 5), { ...asked, outputPeriod: MINUTE });
    const { time_series: again } = await deeptone.processAudioBytes(sentence, {
      ...asked,
      outputPeriod: 1_024,
    });
    assert.deepEqual(again, first);
  });

  it('does not take what is no flag for one', async () => {
    const decisions = { emotions: { baseline: 'no' } } as unknown as Decisions;
    await assert.rejects(
      deeptone.processAudioChunk(sentence, { ...asked, decisions }),
      /decisions.emotions.baseline is "no": true or false is accepted/,
    );
  });
});
