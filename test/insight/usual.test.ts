/** Decision 45, with numbers: against what is usual in a channel, on frames of one's own making. */
import assert from 'node:assert/strict';
import { InferenceError } from '../../src/errors';
import type { Baseline, ModelDescription } from '../../src/inference';
import { Analysis } from '../../src/insight';
import {
  analyse,
  arousal,
  language,
  loud,
  MUSIC_ROW,
  predictions,
  repeat,
  settings,
  SPEECH_ROW,
} from './frames';

const FRAME_SECONDS = 0.064;
const [HIGH, NEUTRAL] = [
  [0.6, 0.3, 0.1],
  [0.2, 0.6, 0.2],
];
const USUAL = [0.25, 0.5, 0.25];
const baseline: Baseline = {
  logProbabilities: USUAL.map(Math.log),
  priorSeconds: 10 * FRAME_SECONDS,
  memorySeconds: 1_000 * FRAME_SECONDS,
};

type Row = readonly number[];

const withBaseline = (changes: Partial<Baseline> = {}): ModelDescription => ({
  ...arousal,
  baseline: { ...baseline, ...changes },
});

/** The raw probabilities of each frame; `gates` are speech where left out. */
function rawOf(rows: readonly Row[], model = withBaseline(), gates: readonly Row[] = []): number[][] {
  const gateRows = rows.map((_, index) => gates[index] ?? SPEECH_ROW);
  const { steps } = analyse(
    { models: [model], includeRawValues: true },
    { [model.name]: rows, 'speech-rt': gateRows },
  );
  return steps.map(({ raw }) => Object.values(raw?.[model.name] ?? {}));
}

/** What decision 45 says of a row after frames whose logarithms have these means. */
function corrected(row: Row, means: Row, weight: number): number[] {
  const likely = row.map((p, label) =>
    Math.exp(Math.log(p) - weight * ((means[label] ?? 0) - Math.log(USUAL[label] ?? 1))),
  );
  const sum = likely.reduce((all, p) => all + p, 0);
  return likely.map((p) => Math.round((1e4 * p) / sum) / 1e4);
}

const logs = (row: Row): number[] => row.map(Math.log);

describe('Answers against what is usual (decision 45)', () => {
  it('begin as the model says, and are corrected by the mean so far, as much as there was', () => {
    const raw = rawOf(repeat(41, HIGH));
    assert.deepEqual(raw[0], HIGH);
    for (const heard of [1, 10, 40])
      assert.deepEqual(raw[heard], corrected(HIGH, logs(HIGH), heard / (heard + 10)), `after ${heard}`);
  });

  it('tell what is unlike the usual of this channel, and no more', () => {
    const raw = rawOf([...repeat(90, HIGH), NEUTRAL]);
    assert.deepEqual(raw[90], corrected(NEUTRAL, logs(HIGH), 0.9));
  });

  it('forget as fast as they learn after their memory', () => {
    const model = withBaseline({ memorySeconds: 5 * FRAME_SECONDS });
    const raw = rawOf([...repeat(1_000, HIGH), ...repeat(30, NEUTRAL)], model);
    // The weight stays that of five frames, and of what was before four fifths are left with each frame.
    assert.deepEqual(raw[999], corrected(HIGH, logs(HIGH), 5 / 15));
    const left = 0.8 ** 29;
    const means = logs(HIGH).map((log, label) => left * log + (1 - left) * (logs(NEUTRAL)[label] ?? 0));
    assert.deepEqual(raw[1_029], corrected(NEUTRAL, means, 5 / 15));
  });

  it('count nothing where nobody speaks, and show there what the model says', () => {
    const raw = rawOf([HIGH, NEUTRAL, HIGH], withBaseline(), [SPEECH_ROW, MUSIC_ROW]);
    assert.deepEqual(raw[1], NEUTRAL);
    assert.deepEqual(raw[2], corrected(HIGH, logs(HIGH), 1 / 11));
  });

  it('hear the context of a chunk as usual, too', () => {
    const model = withBaseline();
    const analysis = new Analysis(settings({ models: [model], includeRawValues: true }));
    const heard = (rows: readonly Row[]) =>
      predictions({ arousal: rows, 'speech-rt': repeat(rows.length, SPEECH_ROW) });
    analysis.remember(loud(20), heard(repeat(20, HIGH)));
    const { steps } = analysis.push(loud(1), heard([HIGH]));
    assert.deepEqual(Object.values(steps[0]?.raw?.['arousal'] ?? {}), corrected(HIGH, logs(HIGH), 20 / 30));
  });

  it('weigh a probability of 0 as one that is very small', () => {
    const raw = rawOf([[1, 0, 0], HIGH]);
    assert.deepEqual(raw[1], corrected(HIGH, [0, Math.log(1e-9), Math.log(1e-9)], 1 / 11));
  });

  const rememberers = {
    'what is usual': withBaseline(),
    'what was said lately': { ...language, pooling: { seconds: 10 } },
  };
  for (const [what, model] of Object.entries(rememberers)) {
    for (const broken of [NaN, Infinity, -Infinity]) {
      it(`fail with a frame of ${broken}, and know ${what} as before in the next`, () => {
        const fine = model.classes.map((_, label) => (label === 0 ? 0.6 : 0.4 / (model.classes.length - 1)));
        const bad = model.classes.map((_, label) => (label === 1 ? broken : 0.2));
        const heard = (row: Row) => predictions({ [model.name]: [row], 'speech-rt': [SPEECH_ROW] });
        const make = () => new Analysis(settings({ models: [model], includeRawValues: true }));
        const [hurt, whole] = [make(), make()];
        for (const analysis of [hurt, whole]) analysis.push(loud(1), heard(fine));
        assert.throws(() => hurt.push(loud(1), heard(bad)), InferenceError);
        hurt.remember(loud(1), heard(bad));
        const [after, expected] = [hurt, whole].map((analysis) =>
          analysis.push(loud(1), heard(fine)).steps.at(-1),
        );
        assert.deepEqual(after?.raw, expected?.raw);
      });
    }
  }

  it("are refused where the baseline of an engine of one's own is none", () => {
    const wrong: readonly unknown[] = [
      'yes',
      {},
      { ...baseline, logProbabilities: [-1, -1] },
      { ...baseline, logProbabilities: [-1, NaN, -1] },
      { ...baseline, logProbabilities: [-1, 0.5, -1] },
      { ...baseline, priorSeconds: -5 },
      { ...baseline, memorySeconds: NaN },
      { ...baseline, memorySeconds: 0 },
    ];
    for (const value of wrong) {
      const model = { ...arousal, baseline: value as Baseline };
      assert.throws(
        () => new Analysis(settings({ models: [model] })),
        (error) => error instanceof InferenceError && /baseline of the model "arousal"/.test(error.message),
        JSON.stringify(value),
      );
    }
  });
});
