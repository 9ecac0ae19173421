import assert from 'node:assert/strict';
import { InvalidArgumentError } from '../../src/errors';
import { Analysis, type Decision, type Decisions } from '../../src/insight';
import {
  analyse,
  audioEvent,
  describeModel,
  gender,
  labelOf,
  language,
  repeat,
  settings,
  SPEECH_ROW,
  speechRt,
} from './frames';

/** What is said of one frame of a model, with a decision about it. */
function answer(model: typeof language, row: readonly number[], decision: Decision) {
  const decisions: Decisions = { [model.name]: decision };
  const { steps, analysis } = analyse({ models: [model], decisions, outputPeriod: 64 }, rowsOf(model, [row]));
  return { result: steps[0]?.results[model.name], summary: analysis.summary()[model.name] };
}

function rowsOf(model: typeof language, rows: readonly (readonly number[])[]) {
  return { [model.name]: rows, 'speech-rt': repeat(rows.length, SPEECH_ROW) };
}

describe('Possible classes (decision 31)', () => {
  it('are the only ones that are answered, and what the others had falls to them in proportion', () => {
    const { result, summary } = answer(language, [0.2, 0.1, 0.5, 0.1, 0.1], { classes: ['de', 'en'] });
    assert.deepEqual(result, { result: 'de', confidence: 0.6667 });
    assert.deepEqual(Object.keys(summary ?? {}), [
      'de_fraction',
      'en_fraction',
      'unknown_fraction',
      'no_speech_fraction',
      'silence_fraction',
    ]);
  });

  it('leave rejected what the model rejects', () => {
    // Nine tenths are rejected: of the tenth that is left, the possible class has a third.
    assert.deepEqual(answer(language, [0.04, 0, 0.06, 0, 0], { classes: ['de'] }).result, {
      result: 'unknown',
      confidence: 0.0426,
    });
  });

  it('keep their own probabilities where classes do not exclude each other', () => {
    const { result } = answer(audioEvent, [0.3, 0.4, 0.1, 0.9, 0.2, 0.1], {
      classes: ['neg_human_sounds', 'music'],
    });
    assert.deepEqual(result, { result: 'neg_human_sounds', confidence: 0.4 });
  });

  it('are an answer also where there is one, and where others had everything', () => {
    assert.deepEqual(answer(gender, [0.1, 0.9], { classes: ['female'] }).result, {
      result: 'female',
      confidence: 1,
    });
    assert.deepEqual(answer(language, [0, 0, 1, 0, 0], { classes: ['de'] }).result, {
      result: 'unknown',
      confidence: 0,
    });
  });

  it('change no raw value', () => {
    const { steps } = analyse(
      { models: [language], includeRawValues: true, decisions: { language: { classes: ['de'] } } },
      rowsOf(language, [[0.2, 0.1, 0.5, 0.1, 0.1]]),
    );
    assert.deepEqual(steps[0]?.raw?.['language'], { de: 0.2, en: 0.1, es: 0.5, fr: 0.1, it: 0.1 });
  });
});

describe('A threshold of a class (decision 31)', () => {
  const thresholds = { neg_human_sounds: 0.3 };

  it('answers it from there on, whatever is more probable', () => {
    const { result } = answer(audioEvent, [0, 0.3, 0, 0.9, 0, 0], { thresholds });
    assert.deepEqual(result, { result: 'neg_human_sounds', confidence: 0.3 });
  });

  it('never answers it below: what is most probable and falls short is unknown', () => {
    const strict = { thresholds: { neg_human_sounds: 0.8 } };
    const { result, summary } = answer(audioEvent, [0, 0.75, 0, 0.2, 0, 0], strict);
    assert.deepEqual(result, { result: 'unknown', confidence: 0.75 });
    assert.deepEqual(summary?.['unknown_fraction'], 1);
    assert.deepEqual(answer(audioEvent, [0, 0.1, 0, 0.2, 0, 0], strict).result, {
      result: 'speech',
      confidence: 0.2,
    });
  });

  it('is that of the class farthest above its own, of several', () => {
    const two = { thresholds: { neg_human_sounds: 0.3, speech: 0.8 } };
    assert.equal(labelAt([0, 0.5, 0, 0.9, 0, 0], two), 'neg_human_sounds');
    assert.equal(labelAt([0, 0.35, 0, 0.9, 0, 0], two), 'speech');
  });

  it('goes before what a model calls too uncertain', () => {
    assert.deepEqual(answer(gender, [0.6, 0.4], {}).result, { result: 'unknown', confidence: 0.2 });
    assert.deepEqual(answer(gender, [0.6, 0.4], { thresholds: { female: 0.55 } }).result, {
      result: 'female',
      confidence: 0.2,
    });
    assert.deepEqual(answer(gender, [0.6, 0.4], { thresholds: { male: 0.35 } }).result, {
      result: 'male',
      confidence: 0.4,
    });
  });

  function labelAt(row: readonly number[], decision: Decision): string | undefined {
    const result = answer(audioEvent, row, decision).result;
    return result && 'result' in result ? result.result : undefined;
  }
});

describe('What stands for a period (decision 31)', () => {
  const CRY = [0, 0.9, 0, 0, 0, 0];
  const MUSIC = [0, 0, 0, 0, 0.9, 0];
  const NOISE = [0, 0, 0, 0, 0, 0.9];

  /** The label of a period of ten frames. */
  function label(rows: readonly (readonly number[])[], period?: Decision['period']): string | undefined {
    const { steps } = analyse(
      { models: [audioEvent], outputPeriod: 640, decisions: { 'audio-event': { period } } },
      { 'audio-event': rows },
    );
    return labelOf(steps[0], 'audio-event');
  }

  it('is what most frames are', () => {
    assert.equal(label([...repeat(4, CRY), ...repeat(6, NOISE)]), 'noise');
    assert.equal(label([...repeat(4, CRY), ...repeat(6, NOISE)], 'majority'), 'noise');
  });

  it('is by "any" what is no background and was there at all, of several the most frequent', () => {
    assert.equal(label([CRY, ...repeat(9, NOISE)], 'any'), 'neg_human_sounds');
    assert.equal(label([CRY, MUSIC, MUSIC, ...repeat(7, NOISE)], 'any'), 'music');
    assert.equal(label(repeat(10, NOISE), 'any'), 'noise');
  });

  it('is by a share what is no background and had so much of the frames', () => {
    assert.equal(label([...repeat(3, CRY), ...repeat(7, NOISE)], 0.3), 'neg_human_sounds');
    assert.equal(label([...repeat(2, CRY), ...repeat(8, NOISE)], 0.3), 'noise');
  });

  it('tells by "any" that somebody spoke in a period of silence', () => {
    const { steps } = analyse(
      { models: [speechRt], outputPeriod: 640, decisions: { 'speech-rt': { period: 'any' } } },
      { 'speech-rt': repeat(10, SPEECH_ROW) },
      { volumes: [0.1, ...repeat(9, 0)] },
    );
    assert.equal(labelOf(steps[0], 'speech-rt'), 'speech');
    assert.deepEqual(steps[0]?.shares['speech-rt'], { speech: 0.1, silence: 0.9 });
  });
});

describe('A decision that cannot be taken', () => {
  const embedding = describeModel({
    ...{ name: 'speaker-map', classes: [], activation: 'embedding', gate: 'voice', unknownBelow: 0 },
  });

  for (const [name, models, decisions, message] of [
    [
      'about a class that there is not',
      [language],
      { language: { classes: ['nl'] } },
      /class "nl".*Accepted: de, en/u,
    ],
    ['with a threshold of one', [language], { language: { thresholds: { nl: 0.5 } } }, /class "nl"/u],
    ['that leaves no class', [language], { language: { classes: [] } }, /classes is empty/u],
    [
      'about classes of voices',
      [embedding],
      { 'speaker-map': { thresholds: { a: 1 } } },
      /only period is accepted/u,
    ],
    [
      'about classes of loudness',
      [language],
      { loudness: { classes: ['loud'] } },
      /loudAbove says what is loud/u,
    ],
  ] as const) {
    it(`is refused: ${name}`, () => {
      const make = (): Analysis => new Analysis(settings({ models, decisions, loudAbove: -30 }));
      assert.throws(make, (error) => error instanceof InvalidArgumentError && message.test(error.message));
    });
  }

  it('is passed over where it is about a model that is not asked for', () => {
    assert.ok(new Analysis(settings({ models: [gender], decisions: { language: { classes: ['nl'] } } })));
  });
});
