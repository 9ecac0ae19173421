import assert from 'node:assert/strict';
import { Deeptone, type ChannelAnalysis, type TimeSeriesStep } from '../../src/index';
import { concatenated, speak } from '../tools/audio';

const OPTIONS = { models: ['speaker-map'], outputPeriod: 512 };

/** A conversation of two voices: anna, ben, anna, ben, with half a second between them. */
describe('The speaker map of a conversation', () => {
  const deeptone = new Deeptone();
  let conversation: Float32Array;
  /** Start and end of each turn in ms. */
  const turns: { readonly start: number; readonly end: number }[] = [];
  let answer: ChannelAnalysis;

  before(async () => {
    const anna = await speak(
      'The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background.',
      {
        voice: 'en+f3',
      },
    );
    const ben = await speak('These days a chicken leg is a rare dish. Rice is often served in round bowls.', {
      voice: 'en+m3',
    });
    const parts: Float32Array[] = [];
    let samples = 0;
    for (const voice of [anna, ben, anna, ben]) {
      turns.push({ start: samples / 16, end: (samples + voice.length) / 16 });
      parts.push(voice, new Float32Array(8_000));
      samples += voice.length + 8_000;
    }
    conversation = concatenated(...parts);
    answer = await deeptone.processAudioBytes(conversation, {
      ...OPTIONS,
      includeSummary: true,
      includeTransitions: true,
      includeRawValues: true,
    });
  });

  after(() => deeptone.close());

  /** Who speaks for longest in the second half of a turn, when the models have heard enough of the voice. */
  function speakerOf(turn: number): string | undefined {
    const { start = 0, end = 0 } = turns[turn] ?? {};
    const heard = new Map<string, number>();
    for (const { result, timestamp_start, timestamp_end } of answer.transitions?.['speaker-map'] ?? []) {
      const overlap = Math.min(timestamp_end, end) - Math.max(timestamp_start, (start + end) / 2);
      if (overlap > 0) heard.set(result, (heard.get(result) ?? 0) + overlap);
    }
    return [...heard].sort((a, b) => b[1] - a[1])[0]?.[0];
  }

  it('numbers the speakers as they appear and knows them when they speak again', () => {
    assert.deepEqual([0, 1, 2, 3].map(speakerOf), ['speaker_1', 'speaker_2', 'speaker_1', 'speaker_2']);
  });

  it('counts them, and says how much each spoke', () => {
    const summary = answer.summary?.['speaker-map'] ?? {};
    assert.ok(summary.speaker_count === 2 || summary.speaker_count === 3, JSON.stringify(summary));
    const fractions = Object.entries(summary).filter(([name]) => name.endsWith('_fraction'));
    const total = fractions.reduce((sum, [, share]) => sum + Math.round(share * 10_000), 0);
    assert.equal(total, 10_000);
    assert.ok((summary.speaker_1_fraction ?? 0) > 0.2 && (summary.speaker_2_fraction ?? 0) > 0.2);
    assert.ok((summary.silence_fraction ?? 0) > 0.05);
  });

  it('has steps with speaker_top and speaker_count, and similarities as raw values', () => {
    const last = answer.time_series.at(-3);
    assert.deepEqual(Object.keys(last?.results['speaker-map'] ?? {}), ['speaker_top', 'speaker_count']);
    assert.deepEqual(Object.keys(last?.raw?.['speaker-map'] ?? {}).slice(0, 2), ['speaker_1', 'speaker_2']);
  });

  it('is the same in a stream of odd pieces (decision 13)', async () => {
    const pieces = function* () {
      for (let from = 0; from < conversation.length; from += 1_733)
        yield conversation.subarray(from, from + 1_733);
    };
    const steps: TimeSeriesStep[] = [];
    for await (const step of deeptone.processStream(pieces(), OPTIONS)) steps.push(step);
    assert.deepEqual(
      steps.map((step) => step.results),
      answer.time_series.map((step) => step.results),
    );
  });
});
