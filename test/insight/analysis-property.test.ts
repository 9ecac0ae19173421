import assert from 'node:assert/strict';
import { Analysis, type AnalysisEvents, type TimeSeriesStep } from '../../src/insight';
import type { ModelDescription } from '../../src/inference';
import {
  arousal,
  audioEvent,
  gender,
  language,
  levels,
  predictions,
  randomNumbers,
  type Rows,
  settings,
  speechRt,
} from './frames';

const MODELS = [speechRt, gender, arousal, language, audioEvent];

interface LabelledFrame {
  readonly label: string;
  readonly confidence: number;
}

interface Case {
  readonly rows: Rows;
  readonly volumes: readonly number[];
  readonly threshold: number;
  readonly outputPeriod: number | null;
  readonly endSamples: number;
}

/** Random frames that change slowly enough for runs, quantised so that ties happen. */
function randomCase(seed: number): Case {
  const random = randomNumbers(seed);
  const frames = 1 + Math.floor(random() * 60);
  const rowsOf = (model: ModelDescription) => {
    let row: number[] = [];
    return Array.from({ length: frames }, () => {
      if (row.length === 0 || random() < 0.4) {
        const weights = model.classes.map(() => Math.floor(random() * 8) + 0.001);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        row = weights.map((weight) =>
          Math.fround(model.activation === 'sigmoid' ? weight / 8 : weight / total),
        );
      }
      return row;
    });
  };
  const periods = [64, 128, 320, 1024, null];
  return {
    rows: Object.fromEntries(MODELS.map((model) => [model.name, rowsOf(model)])),
    volumes: Array.from({ length: frames }, () => (random() < 0.3 ? 0.001 : 0.1)),
    threshold: [0, 0.005, 0.005, 1][Math.floor(random() * 4)] ?? 0.005,
    outputPeriod: periods[Math.floor(random() * periods.length)] ?? null,
    endSamples: (frames - 1) * 1024 + 1 + Math.floor(random() * 1024),
  };
}

/** The decisions, word by word, with no thought of speed. */
function naiveFrames(model: ModelDescription, { rows, volumes, threshold }: Case): LabelledFrame[] {
  return (rows[model.name] ?? []).map((row, frame) => {
    const volume = volumes[frame] ?? 0;
    if (threshold === 1 || (threshold > 0 && volume < threshold)) return { label: 'silence', confidence: 1 };
    const gate = rows['speech-rt']?.[frame] ?? [];
    const gateWinner = speechRt.classes[gate.indexOf(Math.max(...gate))];
    if (model.gate === 'voice' && gateWinner !== 'speech') {
      return { label: 'no_speech', confidence: 1 - (gate[2] ?? 0) };
    }
    const best = Math.max(...row);
    const confidence =
      model.activation === 'softmax' && row.length === 2 ? Math.abs((row[0] ?? 0) - (row[1] ?? 0)) : best;
    const unknown = model.unknownBelow !== null && confidence < model.unknownBelow;
    return { label: unknown ? 'unknown' : (model.classes[row.indexOf(best)] ?? ''), confidence };
  });
}

const round = (value: number) => Math.round(value * 10_000) / 10_000;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function naivePeriod(model: ModelDescription, frames: readonly LabelledFrame[]): object {
  const order = [...model.classes, 'unknown', 'no_speech', 'silence'];
  const [best] = order
    .map((label) => {
      const own = frames.filter((frame) => frame.label === label).map((frame) => frame.confidence);
      return { label, count: own.length, total: sum(own) };
    })
    .sort(
      (a, b) => b.count - a.count || b.total - a.total || order.indexOf(a.label) - order.indexOf(b.label),
    );
  return { result: best?.label, confidence: round((best?.total ?? 0) / (best?.count ?? 1)) };
}

/** Shares as counts, which need no rounding: 4 decimals of at most 60 frames tell them. */
function naiveCounts(frames: readonly LabelledFrame[]): Record<string, number> {
  return Object.fromEntries(
    frames.map(({ label }) => [label, frames.filter((frame) => frame.label === label).length]),
  );
}

/** Square waves: the peak of a frame is its volume. The zeros that fill the last frame up are no audio. */
function naiveLevel(volumes: readonly number[], samples: number): object {
  const power = sum(volumes.map((volume) => Math.fround(volume) ** 2 * 1_024)) / samples;
  const decibels = (value: number) => Math.round(200 * Math.log10(value)) / 10;
  return { mean: decibels(Math.sqrt(power)), peak: decibels(Math.max(...volumes)) };
}

function naiveTransitions(frames: readonly LabelledFrame[], endMs: number): object[] {
  const runs: { label: string; start: number; confidences: number[] }[] = [];
  frames.forEach(({ label, confidence }, frame) => {
    const last = runs.at(-1);
    if (last?.label === label) last.confidences.push(confidence);
    else runs.push({ label, start: frame * 64, confidences: [confidence] });
  });
  return runs.map(({ label, start, confidences }, index) => ({
    timestamp_start: start,
    timestamp_end: runs[index + 1]?.start ?? endMs,
    result: label,
    confidence: round(sum(confidences) / confidences.length),
  }));
}

function naiveSteps(given: Case): object[] {
  const frameCount = given.volumes.length;
  const length = given.outputPeriod === null ? frameCount : given.outputPeriod / 64;
  const labelled = new Map(MODELS.map((model) => [model.name, naiveFrames(model, given)]));
  return Array.from({ length: Math.ceil(frameCount / length) }, (_, period) => {
    const from = period * length;
    return {
      timestamp: period * (given.outputPeriod ?? 0),
      results: Object.fromEntries(
        MODELS.map((model) => [
          model.name,
          naivePeriod(model, (labelled.get(model.name) ?? []).slice(from, from + length)),
        ]),
      ),
      counts: Object.fromEntries(
        MODELS.map((model) => [
          model.name,
          naiveCounts((labelled.get(model.name) ?? []).slice(from, from + length)),
        ]),
      ),
      level: naiveLevel(
        given.volumes.slice(from, from + length),
        Math.min((from + length) * 1_024, given.endSamples) - from * 1_024,
      ),
      raw: Object.fromEntries(
        MODELS.map((model) => {
          const rows = (given.rows[model.name] ?? []).slice(from, from + length);
          return [
            model.name,
            Object.fromEntries(
              model.classes.map((name, column) => [
                name,
                round(sum(rows.map((row) => row[column] ?? 0)) / rows.length),
              ]),
            ),
          ];
        }),
      ),
    };
  });
}

/** A step with the frames of each label in the place of their shares, which sum to 1. */
function countedStep({ shares, ...step }: TimeSeriesStep, { volumes, outputPeriod }: Case): object {
  const length = outputPeriod === null ? volumes.length : outputPeriod / 64;
  const frames = Math.min(length, volumes.length - (outputPeriod === null ? 0 : step.timestamp / 64));
  const counts = Object.entries(shares).map(([model, own]) => {
    assert.equal(Math.round(sum(Object.values(own)) * 1e9), 1e9);
    return [
      model,
      Object.fromEntries(Object.entries(own).map(([label, share]) => [label, Math.round(share * frames)])),
    ];
  });
  return { ...step, counts: Object.fromEntries(counts) as object };
}

/** Runs a case in pieces of random size. */
function runInPieces(given: Case, seed: number): { analysis: Analysis; events: AnalysisEvents[] } {
  const random = randomNumbers(seed);
  const analysis = new Analysis(
    settings({
      models: MODELS,
      outputPeriod: given.outputPeriod,
      includeRawValues: true,
      volumeThreshold: given.threshold,
    }),
  );
  const events: AnalysisEvents[] = [];
  const frameCount = given.volumes.length;
  let from = 0;
  while (from < frameCount) {
    const to = from + 1 + Math.floor(random() * 20);
    const rows = Object.fromEntries(
      Object.entries(given.rows).map(([name, all]) => [name, all.slice(from, to)]),
    );
    events.push(
      analysis.push(
        levels(given.volumes.slice(from, to), to < frameCount ? 0 : frameCount * 1_024 - given.endSamples),
        predictions(rows),
      ),
    );
    from = to;
  }
  events.push(analysis.finish(given.endSamples));
  return { analysis, events };
}

describe('An analysis of random frames in random pieces', () => {
  const cases = Array.from({ length: 150 }, (_, seed) => randomCase(seed + 1));

  it('gives the periods that the decisions give word by word', () => {
    cases.forEach((given, seed) => {
      const { events } = runInPieces(given, seed);
      assert.deepEqual(
        events.flatMap((event) => event.steps).map((step) => countedStep(step, given)),
        naiveSteps(given),
      );
    });
  });

  it('gives the transitions that the decisions give word by word', () => {
    cases.forEach((given, seed) => {
      const { events } = runInPieces(given, seed);
      const ended = events.flatMap((event) => event.ended);
      const begun = events.flatMap((event) => event.begun);
      for (const model of MODELS) {
        const expected = naiveTransitions(naiveFrames(model, given), Math.round(given.endSamples / 16));
        const own = ended.filter((event) => event.model === model.name);
        assert.deepEqual(
          own.map(({ timestamp_start, timestamp_end, result, confidence }) => ({
            timestamp_start,
            timestamp_end,
            result,
            confidence,
          })),
          expected,
        );
        const starts = begun.filter((event) => event.model === model.name);
        assert.deepEqual(
          starts.map(({ result, previous, timestamp_start }) => ({ result, previous, timestamp_start })),
          own.map(({ result, previous, timestamp_start }) => ({ result, previous, timestamp_start })),
        );
        own.forEach((event, index) => {
          assert.equal(event.previous, own[index - 1]?.result ?? null);
        });
      }
    });
  });

  it('gives the summary as the shares of its frames, and their level', () => {
    cases.forEach((given, seed) => {
      const { analysis } = runInPieces(given, seed);
      assert.deepEqual(analysis.summary().level, naiveLevel(given.volumes, given.endSamples));
      for (const model of MODELS) {
        const frames = naiveFrames(model, given);
        const summary = analysis.summary()[model.name] ?? {};
        assert.equal(Math.round(sum(Object.values(summary)) * 1e9), 1e9);
        for (const [key, share] of Object.entries(summary)) {
          const count = frames.filter((frame) => `${frame.label}_fraction` === key).length;
          assert.ok(Math.abs(share - count / frames.length) < 1e-4, `${model.name} ${key}`);
        }
      }
    });
  });
});
