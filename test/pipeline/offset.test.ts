/** A microphone whose samples stand on a constant offset, through every way in (decision 27). */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { Deeptone, type ChannelAnalysis, type TimeSeriesStep } from '../../src';
import { deeptone as command, jsonLines } from '../cli/run-deeptone';
import { TestHub } from '../streams/live-hub';
import { concatenated, makeWav, noise, speak, temporaryFolder } from '../tools/audio';

const OPTIONS = { models: ['speech', 'audio-event'], outputPeriod: 256, includeRawValues: true };
const OFFSET = 0.05;
const SECOND = 16_000;

const raised = (samples: Float32Array, offset = OFFSET): Float32Array =>
  samples.map((sample) => sample + offset);

/** Whole numbers of 16 bits, so that all ways in get the same samples. */
const rounded = (samples: Float32Array): Float32Array =>
  samples.map((sample) => Math.round(sample * 32_768) / 32_768);

const resultsOf = (steps: readonly TimeSeriesStep[]): (readonly (string | undefined)[])[] =>
  steps.map(({ results }) =>
    OPTIONS.models.map((model) => {
      const result = results[model];
      return result && 'result' in result ? result.result : undefined;
    }),
  );

describe('A constant offset', () => {
  const deeptone = new Deeptone();
  const ways: readonly [string, (samples: Float32Array) => Promise<readonly TimeSeriesStep[]>][] = [
    ['a file', async (samples) => (await ofFile(samples))?.time_series ?? []],
    ['bytes', async (samples) => (await deeptone.processAudioBytes(samples, OPTIONS)).time_series],
    [
      'a container in memory',
      async (samples) =>
        (await deeptone.processContainer(makeWav([samples]), OPTIONS)).channels['0']?.time_series ?? [],
    ],
    [
      'a stream in odd pieces',
      async (samples) => {
        const steps: TimeSeriesStep[] = [];
        for await (const step of deeptone.processStream(pieces(samples, 777), OPTIONS)) steps.push(step);
        return steps;
      },
    ],
    [
      'a hub of live streams',
      async (samples) => {
        const test = new TestHub(deeptone, { options: OPTIONS });
        for (const payload of pieces(samples, 1_600)) await test.hub.hear('a', { payload });
        await test.hub.end('a');
        return test.of('step').map(({ step }) => step);
      },
    ],
    [
      'the command line',
      async (samples) => {
        const args = ['stream', '--models', OPTIONS.models.join(), '--output-period', '256', '--raw'];
        const { stdout, stderr } = await command(args, { input: makeWav([samples]) });
        assert.equal(stderr, '');
        return jsonLines(stdout) as TimeSeriesStep[];
      },
    ],
  ];

  after(() => deeptone.close());

  async function ofFile(samples: Float32Array, more: object = {}): Promise<ChannelAnalysis | undefined> {
    const file = path.join(temporaryFolder(), 'offset.wav');
    writeFileSync(file, makeWav([samples]));
    return (await deeptone.processFile(file, { ...OPTIONS, ...more })).channels['0'];
  }

  for (const [way, stepsOf] of ways) {
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

function pieces(samples: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, index) =>
    samples.slice(index * size, (index + 1) * size),
  );
}
