/** What every answer says about loudness, short words and speech that is too quiet (decisions 9, 28 and 29). */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { Deeptone, type AnalysisWarning, type TimeSeriesStep } from '../../src';
import { deeptone as command, jsonLines } from '../cli/run-deeptone';
import { TestHub } from '../streams/live-hub';
import { concatenated, joined, makeWav, noise, speak, temporaryFolder, tone } from '../tools/audio';
import { pieces, rounded, waysIn } from './ways-in';

const OPTIONS = { models: ['speech'], outputPeriod: 1_024 };
const SECOND = 16_000;
const TEXT = 'Good morning, and thank you for coming. Today we talk about the weather in the mountains.';

const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
const scaled = (samples: Float32Array, to: number): Float32Array => {
  const gain = to / rms(samples);
  return samples.map((sample) => sample * gain);
};

describe('In every way in', () => {
  const deeptone = new Deeptone();
  let speech: Float32Array;
  let quiet: Float32Array;

  before(async () => {
    speech = scaled(await speak(TEXT), 0.07);
    quiet = rounded(scaled(speech, 10 ** (-50 / 20)).map((sample, n) => sample + 0.0002 * Math.sin(n * n)));
  });

  after(() => deeptone.close());

  for (const [way, stepsOf] of waysIn(deeptone, OPTIONS)) {
    it(`a step says how loud it was, and all that was in it: ${way}`, async () => {
      const sound = rounded(
        concatenated(tone(1_000, 1.024, SECOND, 0.1), speech, tone(1_000, 0.1, SECOND, 0.1)),
      );
      const steps = await stepsOf(sound);
      assert.deepEqual(steps, (await deeptone.processAudioBytes(sound, OPTIONS)).time_series);
      // A tone that begins at once is off its centre for some milliseconds, by less than a quarter of a decibel.
      assert.deepEqual(steps[0]?.level, { mean: -23, peak: -19.8 });
      const { mean, peak } = steps[2]?.level ?? {};
      assert.ok(mean !== undefined && mean < -15 && mean > -35, String(mean));
      assert.ok(peak !== undefined && peak > mean + 6 && peak < 0, String(peak));
      assert.deepEqual(Object.values(steps[2]?.shares['speech'] ?? {}).length > 0, true);
    });

    it(`a word in a second of silence is among the shares: ${way}`, async () => {
      const start = speech.findIndex((_, n) => n % 800 === 0 && rms(speech.subarray(n, n + 4_800)) > 0.06);
      const words = Array.from({ length: 3 }, () => [
        new Float32Array(18_000),
        speech.subarray(start, start + 4_800),
        new Float32Array(10_000),
      ]);
      const steps = await stepsOf(rounded(joined(words.flat())));
      const told = steps.filter(({ shares }) => (shares['speech']?.['speech'] ?? 0) > 0);
      assert.ok(steps.every(({ results }) => results.speech.result === 'silence'));
      assert.ok(told.length >= 3, `${told.length} steps`);
      for (const { shares } of steps) {
        const sum = Object.values(shares['speech'] ?? {}).reduce((total, share) => total + share, 0);
        assert.equal(Math.round(sum * 1e6), 1e6);
      }
    });
  }

  it('a chunk has level and shares too', async () => {
    const chunk = tone(1_000, 1.5, SECOND, 0.1);
    const answer = await deeptone.processAudioChunk(chunk, { models: ['speech'], contextSamples: 8_000 });
    assert.deepEqual(answer.level, { mean: -23, peak: -20 });
    assert.deepEqual(Object.keys(answer.shares), ['speech']);
    assert.deepEqual(Object.keys(answer), ['results', 'shares', 'level']);
  });

  it('a summary has the level of the whole, from a file as from a live stream', async () => {
    const answer = await deeptone.processAudioBytes(speech, { ...OPTIONS, includeSummary: true });
    assert.equal(answer.summary?.level.mean, Number((20 * Math.log10(rms(speech))).toFixed(1)));
    const test = new TestHub(deeptone, { options: OPTIONS });
    await test.hub.hear('a', { payload: speech.slice() });
    await test.hub.end('a');
    assert.deepEqual(test.of('summary')[0]?.summary, answer.summary);
  });

  describe('speech below the volume threshold is told', () => {
    const isHint = ({ message, volumeThreshold }: AnalysisWarning): boolean =>
      message.includes('(0.005)') && message.includes(String(volumeThreshold));

    it('in the answer to a clip, with a threshold that hears it and has nothing more to tell', async () => {
      const options = { ...OPTIONS, includeSummary: true };
      const { summary, warnings = [] } = await deeptone.processAudioBytes(quiet, options);
      assert.ok((summary?.['speech']?.['silence_fraction'] ?? 0) > 0.7);
      assert.equal(warnings.length, 1);
      assert.ok(warnings.every(isHint), JSON.stringify(warnings));
      const volumeThreshold = warnings[0]?.volumeThreshold;
      const heard = await deeptone.processAudioBytes(quiet, { ...options, volumeThreshold });
      assert.ok((heard.summary?.['speech']?.['speech_fraction'] ?? 0) > 0.6);
      assert.ok(!('warnings' in heard));
    });

    it('for each model that goes by the gate or knows speech, and not of speech that is loud enough', async () => {
      for (const model of ['speech', 'speech-rt', 'audio-event', 'gender', 'emotions']) {
        const { warnings = [] } = await deeptone.processAudioBytes(quiet, { ...OPTIONS, models: [model] });
        assert.equal(warnings.length, 1, model);
      }
      assert.ok(!('warnings' in (await deeptone.processAudioBytes(speech, OPTIONS))));
      const room = noise(5, SECOND, 0.002);
      assert.ok(!('warnings' in (await deeptone.processAudioBytes(room, OPTIONS))));
    });

    it('in the answer to a chunk', async () => {
      const { warnings = [] } = await deeptone.processAudioChunk(quiet, { models: ['speech'] });
      assert.ok(warnings.length === 1 && warnings.every(isHint));
    });

    it('in the channel of a file that it is about, to its listener, and by the command line', async () => {
      const file = path.join(temporaryFolder(), 'quiet.wav');
      writeFileSync(file, makeWav([speech, quiet]));
      const told: string[] = [];
      const { channels } = await deeptone.processFile(file, {
        ...OPTIONS,
        onWarning: (message) => told.push(message),
      });
      assert.equal(channels['0']?.warnings, undefined);
      assert.deepEqual(
        channels['1']?.warnings?.map(({ message }) => message),
        told,
      );
      assert.equal(told.length, 1);
      const args = ['--models', 'speech', '--output-period', '1024'];
      const { code, stdout, stderr } = await command(['analyze', file, ...args]);
      assert.equal(code, 0);
      assert.equal(stderr, `deeptone: ${file}: ${told[0] ?? ''}\n`);
      assert.deepEqual(JSON.parse(stdout), { channels });
    });

    it('to the listener of a stream, and on standard error with the last line of the command', async () => {
      const told: string[] = [];
      const options = { ...OPTIONS, onWarning: (message: string) => told.push(message) };
      const steps: TimeSeriesStep[] = [];
      for await (const step of deeptone.processStream(pieces(quiet, 999), options)) steps.push(step);
      assert.equal(told.length, 1);
      const args = ['stream', '--models', 'speech', '--output-period', '1024', '--summary'];
      const { stdout, stderr } = await command(args, { input: makeWav([quiet]) });
      assert.equal(stderr, `deeptone: ${told[0] ?? ''}\n`);
      const last = jsonLines(stdout).at(-1) as { warnings?: AnalysisWarning[] };
      assert.ok(last.warnings?.every(isHint));
    });

    it('once of a live stream, and in every summary', async () => {
      const test = new TestHub(deeptone, { options: OPTIONS });
      for (const payload of pieces(quiet, 8_000)) await test.hub.hear('a', { payload });
      await test.hub.summarize('a');
      await test.hub.end('a');
      const told = test.of('warning').filter(({ code }) => code === 'quiet-speech');
      assert.equal(told.length, 1);
      const summaries = test.of('summary');
      assert.deepEqual(
        summaries.map(({ cause }) => cause),
        ['request', 'end'],
      );
      assert.ok(summaries.every(({ warnings = [] }) => warnings.length === 1 && warnings.every(isHint)));
    });
  });
});
