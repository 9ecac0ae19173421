/** A microphone whose samples stand on a constant offset, through every way in (decision 27). */
import assert from 'node:assert/strict';
import { Deeptone, type TimeSeriesStep } from '../../src';
import { concatenated, noise, speak } from '../tools/audio';
import { rounded, waysIn } from './ways-in';

const OPTIONS = { models: ['speech', 'audio-event'], outputPeriod: 256, includeRawValues: true };
const OFFSET = 0.05;
const SECOND = 16_000;

const raised = (samples: Float32Array, offset = OFFSET): Float32Array =>
  samples.map((sample) => sample + offset);

const resultsOf = (steps: readonly TimeSeriesStep[]): (readonly (string | undefined)[])[] =>
  steps.map(({ results }) =>
    OPTIONS.models.map((model) => {
      const result = results[model];
      return result && 'result' in result ? result.result : undefined;
    }),
  );

describe('A constant offset', () => {
  const deeptone = new Deeptone();

  after(() => deeptone.close());

  for (const [way, stepsOf] of waysIn(deeptone, OPTIONS)) {
    it(`is not heard in ${way}: a quiet room is silence, and speech is what it is without`, async () => {
      const room = rounded(noise(2, SECOND, 0.0008));
      for (const [label] of resultsOf(await stepsOf(raised(room)))) assert.equal(label, 'silence');
      const speech = rounded(concatenated(await speak('The lake is deep and cold.'), room));
      assert.deepEqual(await stepsOf(raised(speech, 0.0625)), await stepsOf(speech));
    });
  }

  it('is not heard in a chunk, with and without context', async () => {
    const room = raised(noise(1, SECOND, 0.0008));
    for (const contextSamples of [0, 5_001]) {
      const { results } = await deeptone.processAudioChunk(room, { models: ['speech'], contextSamples });
      assert.deepEqual(results['speech'], { result: 'silence', confidence: 1 });
    }
  });

  it('makes no click where silence stands for lost audio', async () => {
    const room = raised(noise(2, SECOND, 0.0008));
    const stream = await deeptone.openStream({ ...OPTIONS, outputPeriod: 64 });
    const events = [await stream.push(room), await stream.skip(10_000), await stream.push(room)];
    events.push(await stream.finish());
    const labels = resultsOf(events.flatMap(({ steps }) => steps)).map(([label]) => label);
    assert.equal(labels.length, Math.ceil((2 * 2 * SECOND + 10_000) / 1_024));
    assert.deepEqual(new Set(labels), new Set(['silence']));
  });

  it('makes no difference to a voice signature', async () => {
    const voice = rounded(
      (
        await speak('The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background.')
      ).slice(0, 4 * SECOND),
    );
    const signatures = await deeptone.createVoiceSignatures([
      { speakerId: 'plain', audio: voice },
      { speakerId: 'raised', audio: raised(voice, 0.0625) },
    ]);
    assert.deepEqual(signatures['raised'], signatures['plain']);
  });
});
