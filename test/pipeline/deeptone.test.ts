import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import {
  ClosedError,
  Deeptone,
  InvalidArgumentError,
  LicenseManagerError,
  ModelInvalidError,
  type ClassResult,
  type SampleFormat,
  type TimeSeriesStep,
  type Transition,
  type WholeOptions,
} from '../../src/index';
import { concatenated, makeWav, noise, seededRandom, speak, temporaryFolder } from '../tools/audio';

const ALL_WAYS = ['speech-rt', 'speech', 'gender'] as const;
const FORMAT: SampleFormat = { encoding: 's16le', sampleRate: 16_000, channels: 1 };
const OPTIONS: WholeOptions = {
  models: ALL_WAYS,
  outputPeriod: 256,
  includeRawValues: true,
  includeSummary: true,
  includeTransitions: true,
};

describe('class Deeptone', () => {
  const deeptone = new Deeptone();
  let speech: Float32Array;
  let filename: string;

  before(async () => {
    // Speech, a pause of digital silence, speech of another voice, noise: every gate state occurs.
    speech = concatenated(
      await speak('The quick brown fox jumps over the lazy dog.', { voice: 'en+m3' }),
      new Float32Array(9_000),
      await speak('She sells sea shells by the sea shore.', { voice: 'en+f3' }),
      noise(0.7, 16_000, 0.1),
    );
    speech = Float32Array.from(speech, (sample) => Math.round(sample * 32_767) / 32_768);
    filename = path.join(temporaryFolder(), 'speech.wav');
    await writeFile(filename, makeWav([speech]));
  });

  after(() => deeptone.close());

  it('refuses options of an engine that it does not know or cannot use, and keys that are no text', () => {
    const open = (options: unknown) => () => new Deeptone(null, options as never);
    const cases: readonly [unknown, RegExp][] = [
      [{ modelset: 'open' }, /"modelset".*modelSet/],
      [{ modelSet: 'all' }, /"all".*"standard" or "open"/],
      [{ modelFolders: '/my/models' }, /"\/my\/models".*list/],
      [{ threads: '2' }, /"2".*whole number/],
      [{ ffmpegPath: 5 }, /5.*path/],
      [{ predictionEngine: {} }, /predictionEngine/],
      [null, /null/],
    ];
    for (const [options, message] of cases) {
      assert.throws(open(options), (error) => {
        assert.ok(error instanceof InvalidArgumentError);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.throws(open({ licensePublicKeys: 'a secret' }), (error) => {
      assert.ok(error instanceof InvalidArgumentError);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.throws(() => new Deeptone({ modelSet: 'open' } as never), LicenseManagerError);
  });

  it('knows its models by name', () => {
    for (const name of ALL_WAYS) assert.ok(deeptone.getAvailableModels().has(name));
    assert.equal(deeptone.isModelAvailable('gender'), true);
    assert.equal(deeptone.isModelAvailable('Gender'), false);
  });

  it('says why a model of yours cannot be used, and works with the others', async () => {
    const folder = temporaryFolder();
    const entry = { classes: ['bell', 'other'], activation: 'softmax' };
    const source = (file: string) => ({ kind: 'head', file, tap: 'tap_medium' });
    const models = [
      { name: 'lost', source: source('lost.onnx'), ...entry },
      { name: 'garbage', source: source('garbage.onnx'), ...entry },
    ];
    await writeFile(path.join(folder, 'catalogue.json'), JSON.stringify({ version: 1, models }));
    await writeFile(path.join(folder, 'garbage.onnx'), 'no graph');
    const own = new Deeptone(null, { modelFolders: [folder] });
    const broken = () => own.brokenModels.map(({ name }) => name);
    const hear = (name: string) => own.processAudioBytes(speech, { ...OPTIONS, models: [name] });
    assert.deepEqual(broken(), ['lost']);
    await assert.rejects(hear('lost'), (error) => {
      assert.ok(error instanceof ModelInvalidError);
      assert.match(error.message, /"lost".*"lost\.onnx" is not there/);
      return true;
    });
    // Its graph is looked at when the engine starts, and named ever after.
    await assert.rejects(hear('garbage'), ModelInvalidError);
    await assert.rejects(hear('garbage'), ModelInvalidError);
    assert.deepEqual(broken(), ['lost', 'garbage']);
    await hear('speech');
    await own.close();
  });

  it('gives a file answers in the shape of the API reference', async () => {
    const { channels } = await deeptone.processFile(filename, OPTIONS);
    assert.deepEqual(Object.keys(channels), ['0']);
    const channel = channels['0'];
    assert.ok(channel?.summary && channel.transitions);
    assert.deepEqual(
      channel.time_series.map((step) => step.timestamp),
      channel.time_series.map((_, index) => index * 256),
    );
    assert.equal(channel.time_series.length, Math.ceil(speech.length / (256 * 16)));
    for (const step of channel.time_series) {
      assert.deepEqual(Object.keys(step.results), [...ALL_WAYS]);
      assert.deepEqual(Object.keys(step.raw?.['gender'] ?? {}), ['female', 'male']);
    }
    for (const name of ALL_WAYS) {
      const fractions: number[] = Object.values(channel.summary[name] ?? {});
      assert.equal(Math.round(fractions.reduce((sum, share) => sum + share * 1e4, 0)), 10_000);
      const phases: readonly Transition[] = channel.transitions[name] ?? [];
      assert.equal(phases[0]?.timestamp_start, 0);
      assert.equal(phases.at(-1)?.timestamp_end, Math.round(speech.length / 16));
      phases.slice(1).forEach((phase, index) => {
        assert.equal(phase.timestamp_start, phases[index]?.timestamp_end);
        assert.notEqual(phase.result, phases[index]?.result);
      });
    }
  });

  it('hears speech as speech, silence as silence, and a pause as no speech of any gender', async () => {
    const { channels } = await deeptone.processFile(filename, { ...OPTIONS, outputPeriod: 64 });
    const at = (ms: number, model: string) =>
      (
        channels['0']?.time_series.find((step) => step.timestamp === ms - (ms % 64))?.results[
          model
        ] as ClassResult
      ).result;
    assert.equal(at(1_000, 'speech'), 'speech');
    const pauseStart = channels['0']?.transitions?.['gender']?.find(
      (phase) => phase.result === 'silence' && phase.timestamp_end - phase.timestamp_start > 300,
    );
    assert.ok(pauseStart);
    assert.equal(at(pauseStart.timestamp_start + 200, 'speech-rt'), 'silence');
  });

  it('gives the same answers for file, bytes and streams cut anywhere (decision 13)', async () => {
    const file = (await deeptone.processFile(filename, OPTIONS)).channels['0'];
    const bytes = await deeptone.processAudioBytes(speech, OPTIONS);
    assertSameSteps(bytes.time_series, file?.time_series ?? []);
    assert.deepEqual(bytes.summary, file?.summary);
    const raw = Buffer.from(Int16Array.from(speech, (sample) => sample * 32_768).buffer);
    for (const seed of [1, 2, 3]) {
      const steps: TimeSeriesStep[] = [];
      const stream = deeptone.processStream(cut(raw, seed), {
        models: ALL_WAYS,
        outputPeriod: 256,
        includeRawValues: true,
      });
      for await (const step of stream) steps.push(step);
      assertSameSteps(steps, file?.time_series ?? []);
    }
  });

  it('serves many streams at once as it serves one', async () => {
    const alone = await deeptone.processAudioBytes(speech, OPTIONS);
    const together = await Promise.all(
      Array.from({ length: 8 }, () => deeptone.processAudioBytes(speech, OPTIONS)),
    );
    for (const answer of together) assertSameSteps(answer.time_series, alone.time_series);
  });

  it('analyses every channel on its own, or the one asked for under its own number', async () => {
    const quiet = new Float32Array(speech.length);
    const stereo = path.join(temporaryFolder(), 'stereo.wav');
    await writeFile(stereo, makeWav([quiet, speech]));
    const both = await deeptone.processFile(stereo, OPTIONS);
    assert.deepEqual(Object.keys(both.channels), ['0', '1']);
    assert.equal(both.channels['0']?.summary?.['speech']?.['silence_fraction'], 1);
    const one = await deeptone.processFile(stereo, { ...OPTIONS, channel: 1 });
    assert.deepEqual(Object.keys(one.channels), ['1']);
    assertSameSteps(one.channels['1']?.time_series ?? [], both.channels['1']?.time_series ?? []);
  });

  it('starts the frame grid of a chunk exactly at its context (decision 12)', async () => {
    const start = 20_001;
    const chunk = speech.slice(0, start + 3 * 1_024);
    const answer = await deeptone.processAudioChunk(chunk, {
      models: ['speech'],
      includeRawValues: true,
      contextSamples: start,
    });
    // The same three frames, with zeros in front so that the frame grid of the whole falls on the chunk's.
    const shifted = concatenated(new Float32Array(1_024 - (start % 1_024)), chunk);
    const steps = (
      await deeptone.processAudioBytes(shifted, {
        models: ['speech'],
        outputPeriod: 64,
        includeRawValues: true,
      })
    ).time_series.slice(-3);
    const mean = steps.reduce((sum, step) => sum + (step.raw?.['speech']?.['speech'] ?? 0), 0) / 3;
    assert.ok(Math.abs((answer.raw?.['speech']?.['speech'] ?? 0) - mean) < 2e-4);
  });

  it('hears a chunk that is a container as the sound in it', async () => {
    const options = { models: ['speech', 'gender'], includeRawValues: true };
    const raw = Buffer.from(Int16Array.from(speech, (sample) => sample * 32_768).buffer);
    const expected = await deeptone.processAudioChunk(speech, options);
    assert.deepEqual(await deeptone.processAudioChunk(raw, options), expected);
    assert.deepEqual(await deeptone.processAudioChunk(makeWav([speech]), options), expected);
  });

  it('takes a Uint8Array for bytes where a format says what they hold, and for 8-bit samples otherwise', async () => {
    const bytes = new Uint8Array(Int16Array.from(speech, (sample) => sample * 32_768).buffer);
    const expected = await deeptone.processAudioBytes(speech, OPTIONS);
    assert.deepEqual(await deeptone.processAudioBytes(bytes, { ...OPTIONS, format: FORMAT }), expected);
    const eightBit = Uint8Array.from(speech, (sample) => 128 + Math.floor(sample * 128));
    const scaled = Float32Array.from(eightBit, (sample) => (sample - 128) / 128);
    assert.deepEqual(
      await deeptone.processAudioBytes(eightBit, OPTIONS),
      await deeptone.processAudioBytes(scaled, OPTIONS),
    );
  });

  it('yields the steps of a stream while it comes in, and reads no faster than they are taken', async () => {
    let given = 0;
    function* microphone() {
      for (; given < 1_000; given++) yield Buffer.alloc(2_048, given);
    }
    for await (const step of deeptone.processStream(microphone(), { models: ['speech'], outputPeriod: 64 })) {
      if (step.timestamp >= 640) break;
    }
    assert.ok(given < 20, `${given} pieces were read for 11 steps`);
  });

  it('counts samples of a stream that are not finite as 0 and says so once', async () => {
    const bad = speech.slice(0, 16_000);
    bad[5] = Number.NaN;
    bad[9_000] = Number.POSITIVE_INFINITY;
    const good = speech.slice(0, 16_000);
    good[5] = good[9_000] = 0;
    const warnings: string[] = [];
    const options = {
      models: ['speech'],
      outputPeriod: 64,
      includeRawValues: true,
      onWarning: (message: string) => warnings.push(message),
    };
    const steps = await collect(deeptone.processStream([bad.slice(0, 8_000), bad.slice(8_000)], options));
    assertSameSteps(steps, await collect(deeptone.processStream([good], options)));
    assert.equal(warnings.length, 1);
  });

  it('does so in a file; in bytes and chunks it names the first one (decision 17)', async () => {
    const bad = [speech.slice(0, 16_000), speech.slice(0, 16_000)];
    for (const channel of bad) channel[9_000] = Number.NaN;
    bad[1]?.fill(Number.POSITIVE_INFINITY, 4_321, 4_325);
    const clip = makeWav(bad, { encoding: 'f32le' });
    const name = path.join(temporaryFolder(), 'not-finite.wav');
    await writeFile(name, clip);
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    await deeptone.processFile(name, { ...OPTIONS, onWarning });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /6 samples.*first at 4321/);
    const refused = { code: 'DEEPTONE_BAD_AUDIO', message: /Sample 4321 / };
    await assert.rejects(deeptone.processAudioBytes(clip, OPTIONS), refused);
    await assert.rejects(deeptone.processAudioChunk(clip, { models: ['speech'] }), refused);
    const raw = clip.subarray(-2 * 4 * 16_000);
    const format: SampleFormat = { encoding: 'f32le', sampleRate: 16_000, channels: 2 };
    await assert.rejects(deeptone.processAudioBytes(raw, { ...OPTIONS, format }), refused);
  });

  it('does so for plain arrays of numbers too', async () => {
    const warnings: string[] = [];
    const options = {
      models: ['speech'],
      outputPeriod: 64,
      includeRawValues: true,
      onWarning: (message: string) => warnings.push(message),
    };
    const pcm = Array.from(speech.subarray(0, 8_000), (sample) => sample * 32_768);
    const [bad, good] = [[...pcm], [...pcm]];
    bad[5] = bad[7_000] = Number.NaN;
    good[5] = good[7_000] = 0;
    const steps = await collect(deeptone.processStream([bad], options));
    assertSameSteps(steps, await collect(deeptone.processStream([good], options)));
    assert.equal(warnings.length, 1);
  });

  it('refuses an input or a format of a stream at once, and holds nothing open for it', async () => {
    const before = deeptone.license.activeStreams;
    const open = (input: unknown, more: object = {}) =>
      deeptone.processStream(input as never, { models: ['speech'], outputPeriod: 64, ...more });
    for (const input of [null, undefined, 5, {}, 'sound', new Int16Array(4), Buffer.alloc(4)]) {
      assert.throws(() => open(input), InvalidArgumentError);
    }
    const encoding = 'mp3' as never;
    assert.throws(
      () => open([Buffer.alloc(4)], { format: { encoding, sampleRate: 16_000, channels: 1 } }),
      /"mp3".*s16le/,
    );
    await assert.rejects(collect(open(['sound'])), InvalidArgumentError);
    assert.equal(deeptone.license.activeStreams, before);
  });

  it('hears a stream that begins as a WAV by its header, however it is cut', async () => {
    const options = { models: ['speech', 'gender'], outputPeriod: 256, includeRawValues: true };
    const wavs = [
      makeWav([speech]),
      makeWav([speech, speech], { encoding: 'f32le', rate: 22_050 }),
      makeWav([speech], { container: 'w64', encoding: 's24le' }),
    ];
    for (const wav of wavs) {
      const expected = await deeptone.processAudioBytes(wav, options);
      for (const seed of [1, 2]) {
        assertSameSteps(await collect(deeptone.processStream(cut(wav, seed), options)), expected.time_series);
      }
      const bytes = [...wav.subarray(0, 50)].map((byte) => Buffer.from([byte]));
      const pieces = [...bytes, wav.subarray(50)];
      assertSameSteps(await collect(deeptone.processStream(pieces, options)), expected.time_series);
    }
    await assert.rejects(collect(deeptone.processStream([makeWav([speech]).subarray(0, 30)], options)), {
      code: 'DEEPTONE_BAD_AUDIO',
    });
    // Letters alone make no WAV: these are one sample and a half.
    assert.equal((await collect(deeptone.processStream([Buffer.from('RIF')], options))).length, 1);
  });

  it('hears around a sample that is far too large', async () => {
    const corrupt = speech.slice();
    corrupt[8_000] = 1e25;
    const stream = await deeptone.openStream({ models: ['speech'], outputPeriod: 64 });
    await stream.push(corrupt);
    await stream.finish();
    assert.equal(stream.nonFiniteSamples, 1);
  });

  it('takes nothing but float samples into an open stream, and nothing behind its end', async () => {
    const stream = await deeptone.openStream({ models: ['speech'], outputPeriod: 64 });
    const pcm16 = Int16Array.from(speech.subarray(0, 2_000), (sample) => sample * 32_768);
    for (const wrong of [pcm16, Buffer.from(pcm16.buffer), [0.1], undefined]) {
      await assert.rejects(stream.push(wrong as never), InvalidArgumentError);
    }
    await stream.push(speech.subarray(0, 1_500));
    const end = stream.finish();
    await assert.rejects(stream.push(speech.subarray(0, 500)), ClosedError);
    await assert.rejects(stream.finish(), ClosedError);
    // 1,500 samples are 93.75 ms.
    assert.equal((await end).ended.at(-1)?.timestamp_end, 94);
  });

  it('reports how far it is and can be aborted', async () => {
    const progress: number[] = [];
    await deeptone.processFile(filename, {
      ...OPTIONS,
      onProgress: (fraction) => progress.push(fraction ?? Number.NaN),
    });
    assert.equal(progress.at(-1), 1);
    await assert.rejects(
      deeptone.processFile(filename, { ...OPTIONS, signal: AbortSignal.abort() }),
      (error: { code?: string }) => error.code === 'DEEPTONE_ABORTED',
    );
  });

  describe('names bad input and what is accepted', () => {
    const file = (options: Record<string, unknown>, name = filename) =>
      deeptone.processFile(name, { ...OPTIONS, ...options });
    const cases: readonly [string, () => Promise<unknown>, string, RegExp][] = [
      ['a missing file', () => file({}, '/nowhere/a.wav'), 'DEEPTONE_FILE_NOT_FOUND', /\/nowhere\/a\.wav/],
      ['a directory', () => file({}, temporaryFolder()), 'DEEPTONE_FILE_UNREADABLE', /directory|folder/i],
      ['an empty file', () => fileWith(''), 'DEEPTONE_BAD_AUDIO', /empty/i],
      ['a text file named .wav', () => fileWith('Dear diary, '.repeat(20)), 'DEEPTONE_BAD_AUDIO', /text/i],
      ['a WAV of which nothing but the header is there', headerOnly, 'DEEPTONE_BAD_AUDIO', /no sample/],
      ['a channel that is not there', () => file({ channel: 3 }), 'DEEPTONE_INVALID_ARGUMENT', /3/],
      [
        'an output period of 100',
        () => file({ outputPeriod: 100 }),
        'DEEPTONE_INVALID_ARGUMENT',
        /100.*multiple of 64/,
      ],
      ['an unknown model', () => file({ models: ['mood'] }), 'DEEPTONE_MODEL_NOT_FOUND', /mood.*gender/],
      [
        'a rate for a stream that takes 16 kHz',
        () => deeptone.openStream({ models: ['speech'], outputPeriod: 64, rateIn: 8_000 } as never),
        'DEEPTONE_INVALID_ARGUMENT',
        /rateIn/,
      ],
      ['an empty model list', () => file({ models: [] }), 'DEEPTONE_INVALID_ARGUMENT', /empty.*gender/],
      ['a threshold of 2', () => file({ volumeThreshold: 2 }), 'DEEPTONE_INVALID_ARGUMENT', /2.*0 .*1/],
      [
        'an unknown option',
        () => file({ output_period: 64 }),
        'DEEPTONE_INVALID_ARGUMENT',
        /output_period.*outputPeriod/,
      ],
      ['NaN in bytes', nanInBytes, 'DEEPTONE_BAD_AUDIO', /\b7\b/],
      [
        'bytes without a sample',
        () => deeptone.processAudioBytes(new Float32Array(0), OPTIONS),
        'DEEPTONE_BAD_AUDIO',
        /no/i,
      ],
      [
        'a format of samples whose type tells it',
        () => deeptone.processAudioBytes(speech, { ...OPTIONS, format: FORMAT }),
        'DEEPTONE_INVALID_ARGUMENT',
        /leave format out/,
      ],
      [
        'a format with a name that is unknown',
        () =>
          deeptone.processAudioBytes(Buffer.alloc(8), {
            ...OPTIONS,
            format: { ...FORMAT, rate: 1 } as never,
          }),
        'DEEPTONE_INVALID_ARGUMENT',
        /rate.*sampleRate/,
      ],
      ['a file name that is none', () => file({}, 5 as never), 'DEEPTONE_INVALID_ARGUMENT', /5.*path/],
      [
        'a clip that is no bytes',
        () => deeptone.processContainer('sound' as never, OPTIONS),
        'DEEPTONE_INVALID_ARGUMENT',
        /"sound".*Buffer/,
      ],
      [
        'a voice sample that is none',
        () => deeptone.createVoiceSignatures([null as never]),
        'DEEPTONE_INVALID_ARGUMENT',
        /Sample 0.*speakerId/,
      ],
      ['too much context', tooMuchContext, 'DEEPTONE_INVALID_ARGUMENT', /2000.*2000/],
    ];
    for (const [what, act, code, message] of cases) {
      it(what, async () => {
        await assert.rejects(act(), (error: Error & { code?: string }) => {
          assert.equal(error.code, code, error.message);
          assert.match(error.message, message);
          return true;
        });
      });
    }

    async function fileWith(content: string) {
      const name = path.join(temporaryFolder(), 'bad.wav');
      await writeFile(name, content);
      return file({}, name);
    }

    async function headerOnly() {
      const name = path.join(temporaryFolder(), 'cut.wav');
      await writeFile(name, makeWav([speech]).subarray(0, 44));
      return file({}, name);
    }

    function nanInBytes() {
      const data = new Float32Array(2_000);
      data[7] = Number.NaN;
      return deeptone.processAudioBytes(data, OPTIONS);
    }

    function tooMuchContext() {
      return deeptone.processAudioChunk(new Float32Array(2_000), {
        models: ['speech'],
        contextSamples: 2_000,
      });
    }
  });
});

/** The same steps; probabilities within 1e-4 (and the rounding to 4 decimals). */
function assertSameSteps(actual: readonly TimeSeriesStep[], expected: readonly TimeSeriesStep[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((step, index) => {
    const other = expected[index];
    assert.equal(step.timestamp, other?.timestamp);
    for (const [model, values] of Object.entries(step.raw ?? {})) {
      for (const [name, value] of Object.entries(values)) {
        const difference = Math.abs(value - (other?.raw?.[model]?.[name] ?? Number.NaN));
        assert.ok(difference <= 2e-4, `${model} ${name} at ${step.timestamp} ms differs by ${difference}`);
      }
    }
  });
}

/** Bytes in random pieces, single odd bytes among them. */
function* cut(bytes: Buffer, seed: number): Generator<Buffer> {
  const random = seededRandom(seed);
  for (let at = 0; at < bytes.length;) {
    const size = random() < 0.2 ? 1 : Math.ceil(random() * 9_000);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
