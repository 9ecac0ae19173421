import assert from 'node:assert/strict';
import {
  ENGLISH,
  heardInShort,
  seriesText,
  sharesOfSummary,
  stepText,
  summaryText,
  transitionsText,
  transitionText,
} from '../../src/insight';
import type { Summary, TimeSeriesStep } from '../../src';
import { loadCatalogue } from '../../src/inference';

const LEVEL = { mean: -19.5, peak: -5.8 };

// As the engine answers; the types of the shipped models ask for all of them.
const summary = {
  gender: {
    female_fraction: 0.21,
    male_fraction: 0.2225,
    unknown_fraction: 0.004,
    no_speech_fraction: 0.3,
    silence_fraction: 0.2635,
  },
  speech: { speech_fraction: 0.46, music_fraction: 0.3, other_fraction: 0.002, silence_fraction: 0.238 },
  'speaker-map': {
    speaker_1_fraction: 0.3,
    speaker_2_fraction: 0.13,
    no_speech_fraction: 0.57,
    speaker_count: 2,
  },
  level: LEVEL,
} as unknown as Summary;

function step(results: object, shares: object = {}): TimeSeriesStep {
  return { timestamp: 0, results, shares, level: LEVEL } as unknown as TimeSeriesStep;
}

describe('An answer in words', () => {
  it('says of a summary what was heard, what hears all of it first and voices behind', () => {
    assert.equal(
      summaryText(summary),
      '46 % speech, 30 % music, 24 % silence; gender: 22 % male, 21 % female; ' +
        'who speaks: 30 % speaker 1, 13 % speaker 2 (-19.5 dB).',
    );
  });

  it('says in short what fits under a node', () => {
    assert.equal(heardInShort(sharesOfSummary(summary)), '46 % speech, 30 % music, 24 % silence');
    assert.equal(
      heardInShort({ gender: { silence: 0.1, no_speech: 0.6, female: 0.3 } }),
      '60 % no speech, 30 % female, 10 % silence',
    );
    assert.equal(heardInShort({ speech: { silence: 1 } }), '100 % silence');
  });

  it('says in short in another language what it is given words for', () => {
    const words = { model: (name: string) => name, label: (_model: string, label: string) => `«${label}»` };
    assert.equal(heardInShort({ speech: { music: 1 } }, words), '100 % «music»');
  });

  it('says of a series what its steps were on the whole', () => {
    const steps = [
      { shares: { speech: { speech: 1, music: 0 } } },
      { shares: { speech: { speech: 0.5, music: 0.5 } } },
    ];
    assert.equal(seriesText(steps), '75 % speech, 25 % music.');
  });

  it('says that there was nothing', () => {
    assert.equal(seriesText([]), 'Nothing was heard.');
    assert.equal(heardInShort({}), '');
    assert.equal(transitionsText({}), 'Nothing was heard.');
  });

  it('says of a step what was most of it, once', () => {
    const sure = (result: string) => ({ result, confidence: 0.9 });
    assert.equal(
      stepText(
        step({
          gender: sure('female'),
          speech: sure('speech'),
          'audio-event': sure('speech'),
          language: sure('en'),
          emotions: sure('unknown'),
          'speaker-map': { speaker_top: 'speaker_2', speaker_count: 2 },
        }),
      ),
      'Speech, female, English, speaker 2 (-19.5 dB).',
    );
    assert.equal(stepText(step({ speech: sure('silence'), gender: sure('silence') })), 'Silence (-19.5 dB).');
    assert.equal(stepText(step({ gender: sure('no_speech') })), 'No speech (-19.5 dB).');
    assert.equal(stepText(step({})), 'Nothing was heard (-19.5 dB).');
  });

  it('says when which phase began, and how many more there are', () => {
    const phases = ['music', 'speech', 'music', 'speech', 'silence', 'other', 'speech', 'music'].map(
      (result, index) => ({
        timestamp_start: index * 61_000,
        timestamp_end: index * 61_000 + 61_000,
        result,
        confidence: 1,
      }),
    );
    assert.equal(
      transitionsText({ gender: [], speech: phases }),
      '0:00 music, 1:01 speech, 2:02 music, 3:03 speech, 4:04 silence, 5:05 other sound and 2 more.',
    );
  });

  it('says of a phase of a live stream that it begins, and how long it was', () => {
    const phase = {
      model: 'speech',
      result: 'speech',
      previous: 'silence',
      confidence: 1,
      timestamp_start: 3_661_000,
    };
    assert.equal(transitionText({ ...phase, timestamp_end: null }), 'Speech since 1:01:01, after silence.');
    assert.equal(
      transitionText({ ...phase, timestamp_end: 3_663_304 }),
      'Speech for 2.3 s, from 1:01:01 on.',
    );
    assert.equal(
      transitionText({ ...phase, model: 'gender', result: 'female', previous: null, timestamp_end: null }),
      'Gender: female since 1:01:01.',
    );
  });

  it('has no code word of a shipped class, and leaves names of users as they are', () => {
    for (const { description } of loadCatalogue().models) {
      for (const label of description.classes) {
        assert.doesNotMatch(ENGLISH.label(description.name, label), /_|^(?:de|en|es|fr|it|high|low)$/u);
      }
    }
    assert.equal(ENGLISH.label('my model', 'front_door'), 'front door');
    assert.equal(ENGLISH.label('my model', 'constructor'), 'constructor');
  });
});
