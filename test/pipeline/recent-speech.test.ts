/** Decision 41: what a model answers over what was said lately, through every way in, with the shipped models. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ChunkMemory, Deeptone, type ChannelAnalysis, type TimeSeriesStep } from '../../src/index';
import { concatenated, makeWav, speak, temporaryFolder, tone } from '../tools/audio';

const GERMAN =
  'Guten Morgen, meine Damen und Herren. Heute sprechen wir über das Wetter, die Arbeit und die Ferien. ' +
  'Es war einmal ein König, der hatte drei Töchter, und die jüngste war so schön, dass die Sonne sich wunderte.';
const SPANISH =
  'Buenos días, señoras y señores. Hoy vamos a hablar del tiempo, del trabajo y de las vacaciones. ' +
  'Había una vez un rey que tenía tres hijas, y la más joven era tan hermosa que el sol se asombraba.';

const RATE = 16_000;
const asked = { models: ['language'], includeRawValues: true } as const;
const options = { ...asked, outputPeriod: 64 } as const;

const labels = (steps: readonly TimeSeriesStep[]): string[] =>
  steps.map(({ results }) => {
    const answer = results['language'];
    return 'result' in answer ? answer.result : '';
  });

/** Languages that were answered, each once, in order; what the gates said and `unknown` are left out. */
const said = (steps: readonly TimeSeriesStep[]): string[] =>
  [...new Set(labels(steps))].filter((label) => !['silence', 'no_speech', 'unknown'].includes(label));

const confidence = (step: TimeSeriesStep | undefined): number => {
  const answer = step?.results['language'];
  return answer && 'confidence' in answer ? answer.confidence : NaN;
};

describe('Language, over the last 10 s of speech', () => {
  const deeptone = new Deeptone();
  let german: Float32Array = new Float32Array();
  let spanish: Float32Array = new Float32Array();
  const bytes = (samples: Float32Array): Promise<ChannelAnalysis> =>
    deeptone.processAudioBytes(samples, options);

  before(async () => {
    german = await speak(GERMAN, { voice: 'de', pitch: 45 });
    spanish = await speak(SPANISH, { voice: 'es', pitch: 45 });
  });
  after(() => deeptone.close());

  it('says how: so many seconds of speech, in the list of models', () => {
    const pooled = deeptone.describeModels().filter(({ pooling }) => pooling !== undefined);
    assert.deepEqual(
      pooled.map(({ name, pooling, receptiveFieldMs }) => [name, pooling?.seconds, receptiveFieldMs]),
      [['language', 10, 2_112]],
    );
  });

  it('begins with what there is, and is surer of itself after seconds than after a word', async () => {
    const { time_series: steps } = await bytes(german);
    const answered = steps.filter((step) => !['silence', 'no_speech'].includes(labels([step])[0] ?? ''));
    assert.equal(labels(answered.slice(0, 1))[0], 'unknown');
    assert.deepEqual(said(steps), ['de']);
    const named = answered.find((step) => labels([step])[0] === 'de');
    assert.ok(confidence(answered.at(-1)) > 1.5 * confidence(named));
  });

  it('gives as raw values the probabilities that it decides by', async () => {
    const { time_series: steps } = await bytes(german);
    for (const step of steps) {
      const [label = ''] = labels([step]);
      const p = step.raw?.['language']?.[label];
      if (p !== undefined) assert.equal(p, confidence(step));
    }
  });

  it('says the same of a file, of bytes, of a chunk and of a stream in any pieces', async () => {
    const sound = concatenated(german.subarray(0, 6 * RATE), new Float32Array(RATE), spanish);
    const wav = makeWav([sound], { encoding: 'f32le' });
    const filename = path.join(temporaryFolder(), 'two.wav');
    writeFileSync(filename, wav);
    const whole = await deeptone.processFile(filename, { ...options, includeSummary: true });
    const { time_series: expected = [], summary } = Object.values(whole.channels)[0] ?? {};
    assert.ok(expected.length > 200);
    assert.deepEqual((await bytes(sound)).time_series, expected);

    const pieces = async function* (size: number) {
      for (let at = 0; at < sound.length; at += size) yield sound.subarray(at, at + size);
      await Promise.resolve();
    };
    for (const size of [1_024, 7_777]) {
      const streamed: TimeSeriesStep[] = [];
      for await (const step of deeptone.processStream(pieces(size), options)) streamed.push(step);
      assert.deepEqual(labels(streamed), labels(expected), `pieces of ${size}`);
      for (const [index, step] of streamed.entries())
        assert.ok(Math.abs(confidence(step) - confidence(expected[index])) <= 2e-4);
    }
    const { shares } = await deeptone.processAudioChunk(sound, asked);
    for (const [label, share] of Object.entries(shares['language'] ?? {})) {
      const fraction = summary?.['language']?.[`${label}_fraction`] ?? NaN;
      assert.ok(Math.abs(fraction - share) <= 1e-4, `${label}: ${fraction}, ${share}`);
    }
  });

  it('hears the context of a chunk, and what a memory keeps, as said before', async () => {
    const before = german.subarray(0, 156 * 1_024);
    const [last] = (await bytes(before)).time_series.slice(-1);
    const word = german.subarray(140 * 1_024, 156 * 1_024);
    const alone = await deeptone.processAudioChunk(word, asked);
    const after = await deeptone.processAudioChunk(before, { ...asked, contextSamples: 140 * 1_024 });
    const de = (raw: (typeof alone)['raw']) => raw?.['language']?.['de'] ?? NaN;
    assert.ok(Math.abs(de(after.raw) - (last?.raw?.['language']?.['de'] ?? NaN)) < 0.1);
    assert.ok(de(after.raw) > 1.5 * de(alone.raw), `${de(after.raw)} after, ${de(alone.raw)} alone`);

    const memory = new ChunkMemory(1);
    let remembered = alone;
    for (let at = 0; at < before.length; at += 16 * 1_024)
      remembered = await deeptone.processAudioChunk(before.subarray(at, at + 16 * 1_024), {
        ...asked,
        memory,
      });
    assert.ok(de(remembered.raw) > 1.5 * de(alone.raw));
  });

  it('is not worn out by silence, which counts as none of the 10 s', async () => {
    const silence = new Float32Array(20 * RATE);
    const word = german.subarray(0, 0.4 * RATE);
    const { time_series: steps } = await bytes(concatenated(german, silence, word));
    const again = steps.slice(Math.floor((german.length + silence.length + RATE / 4) / 1_024));
    assert.deepEqual(said(again), ['de']);
    const fresh = await bytes(word);
    assert.deepEqual(said(fresh.time_series), []);
  });

  it('changes to another language within 10 s of it, and no sooner than that is heard', async () => {
    const { time_series: steps } = await bytes(concatenated(german, spanish));
    const change = Math.ceil(german.length / 1_024);
    assert.deepEqual(said(steps.slice(0, change)), ['de']);
    assert.equal(labels(steps.slice(change, change + 16)).includes('es'), false);
    const later = steps.slice(change + 157);
    assert.ok(later.length > 30);
    assert.deepEqual(said(later), ['es']);
  });

  it('keeps channels, and one sound after another, apart', async () => {
    const length = Math.min(german.length, spanish.length);
    const wav = makeWav([german.subarray(0, length), spanish.subarray(0, length)]);
    const { channels } = await deeptone.processContainer(wav, options);
    assert.deepEqual(said(channels['0']?.time_series ?? []), ['de']);
    assert.deepEqual(said(channels['1']?.time_series ?? []), ['es']);
    const first = await bytes(spanish);
    assert.deepEqual(first.time_series.map(confidence), (await bytes(spanish)).time_series.map(confidence));
  });

  it('names no language of music', async () => {
    const chords = [220, 277.2, 329.6, 440, 293.7, 370].map((hz) => tone(hz, 2, RATE, 0.3));
    const { time_series: steps } = await bytes(concatenated(...chords));
    assert.deepEqual(said(steps), []);
  });
});
