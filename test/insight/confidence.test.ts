import assert from 'node:assert/strict';
import { analyse, arousal, audioEvent, gender, language, SPEECH_ROW } from './frames';
import type { ModelDescription } from '../../src/inference';

function resultOf(model: ModelDescription, row: readonly number[]) {
  const { steps } = analyse({ models: [model] }, { [model.name]: [row], 'speech-rt': [SPEECH_ROW] });
  const result = steps[0]?.results[model.name];
  assert.ok(result && 'result' in result);
  return result;
}

describe('Confidence (decision 7)', () => {
  it('is the difference of the two for two classes, as in the published gender and underage examples', () => {
    assert.deepEqual(resultOf(gender, [0.81276, 0.18724]), { result: 'female', confidence: 0.6255 });
    assert.deepEqual(resultOf(gender, [0.12765, 0.87235]), { result: 'male', confidence: 0.7447 });
  });

  it('is the probability of the winner for three and more classes', () => {
    assert.deepEqual(resultOf(arousal, [0.8141, 0.1686, 0.0173]), { result: 'high', confidence: 0.8141 });
  });

  it('is the probability of the winner for independent classes, however high the others are', () => {
    assert.deepEqual(resultOf(audioEvent, [0.1, 0.2, 0.95, 0.97, 0, 0]), {
      result: 'speech',
      confidence: 0.97,
    });
    const pair = { ...audioEvent, classes: ['bark', 'bell'] };
    assert.deepEqual(resultOf(pair, [0.9, 0.8]), { result: 'bark', confidence: 0.9 });
  });

  it('takes the first class where two are equal', () => {
    assert.deepEqual(resultOf(arousal, [0.2, 0.4, 0.4]), { result: 'neutral', confidence: 0.4 });
  });

  it('stays within 0 and 1 where float32 goes a hair beyond', () => {
    assert.deepEqual(resultOf(arousal, [1.0000001, 0, 0]), { result: 'high', confidence: 1 });
  });
});

describe('unknown (decision 8)', () => {
  it('stands where the confidence is below the bound of the model, with the confidence that fell short', () => {
    assert.deepEqual(resultOf(gender, [0.64, 0.36]), { result: 'unknown', confidence: 0.28 });
    assert.deepEqual(resultOf(language, [0.39, 0.2, 0.2, 0.2, 0.01]), {
      result: 'unknown',
      confidence: 0.39,
    });
  });

  it('does not stand at the bound', () => {
    assert.equal(resultOf({ ...gender, unknownBelow: 0.25 }, [0.625, 0.375]).result, 'female');
  });

  it('does not exist for a model without a bound', () => {
    assert.equal(resultOf(arousal, [0.34, 0.33, 0.33]).result, 'high');
  });
});
