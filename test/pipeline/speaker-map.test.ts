import assert from 'node:assert/strict';
import { Deeptone, type ChannelAnalysis, type TimeSeriesStep } from '../../src/index';
import { concatenated, makeWav, speak } from '../tools/audio';

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
    assert.equal(summary.speaker_count, 2, JSON.stringify(summary));
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

  it('knows a voice from its first word on, since it has heard what comes after', () => {
    const phases = answer.transitions?.['speaker-map'] ?? [];
    for (const [turn, { start, end }] of turns.entries()) {
      const said = phases.filter(({ timestamp_start: from, timestamp_end: to }) => to > start && from < end);
      const speakers = new Set(
        said.map(({ result }) => result).filter((result) => result.startsWith('speaker')),
      );
      assert.deepEqual([...speakers], [`speaker_${(turn % 2) + 1}`], JSON.stringify(said));
    }
  });

  it('names the same speakers in the count, the fractions and the transitions of an answer', () => {
    const summary = answer.summary?.['speaker-map'] ?? {};
    const named = Object.keys(summary).filter(
      (name) => name.startsWith('speaker_') && name !== 'speaker_count',
    );
    const results = (answer.transitions?.['speaker-map'] ?? []).map(({ result }) => `${result}_fraction`);
    assert.deepEqual(named, ['speaker_1_fraction', 'speaker_2_fraction']);
    assert.equal(summary.speaker_count, named.length);
    assert.deepEqual([...new Set(results.filter((name) => name.startsWith('speaker')))].sort(), named);
  });

  it('is the same in a stream of odd pieces (decision 13)', async () => {
    const pieces = function* (size: number) {
      for (let from = 0; from < conversation.length; from += size)
        yield conversation.subarray(from, from + size);
    };
    const heard = async (size: number): Promise<unknown[]> => {
      const steps: TimeSeriesStep[] = [];
      for await (const step of deeptone.processStream(pieces(size), OPTIONS)) steps.push(step);
      return steps.map((step) => step.results);
    };
    const odd = await heard(1_733);
    assert.equal(odd.length, answer.time_series.length);
    assert.deepEqual(odd, await heard(160_000));
  });

  it('answers a live stream half a second later, or at once where that is asked for', async () => {
    const second = conversation.subarray(0, 1_024 * 16);
    for (const [speakerDelay, steps, late] of [
      [undefined, 1, 512],
      [0, 2, 0],
      [1_024, 0, 1_024],
    ] as const) {
      const stream = await deeptone.openStream({ ...OPTIONS, speakerDelay });
      const events = await stream.push(second);
      assert.equal(events.steps.length, steps, `after ${String(speakerDelay)}`);
      assert.equal(stream.delayMs, late);
      const last = await stream.finish();
      assert.equal(events.steps.length + last.steps.length, 2);
    }
    const other = await deeptone.openStream({ ...OPTIONS, models: ['speech'] });
    assert.equal(other.delayMs, 0);
    assert.equal((await other.push(second)).steps.length, 2);
    other.close();
  });

  it('refuses a delay that is none', async () => {
    for (const speakerDelay of [100, -64, 4_096, 0.5, Number.NaN]) {
      await assert.rejects(deeptone.openStream({ ...OPTIONS, speakerDelay }), {
        name: 'InvalidArgumentError',
        message:
          /speakerDelay is .*: a multiple of 64 from 0 \(at once\) to 2048 \(milliseconds\) is accepted/u,
      });
    }
  });

  it('knows a voice again in what is grouped later, and one that has a name', async () => {
    const { anna } = await deeptone.createVoiceSignatures([
      {
        speakerId: 'anna',
        audio: conversation.subarray((turns[0]?.start ?? 0) * 16, (turns[0]?.end ?? 0) * 16),
      },
    ]);
    assert.ok(anna);
    const long = concatenated(conversation, new Float32Array(16_000 * 180), conversation);
    const { summary } = await deeptone.processAudioBytes(long, {
      ...{ ...OPTIONS, includeSummary: true },
      voiceSignatures: { anna },
    });
    const map = summary?.['speaker-map'] ?? {};
    assert.equal(map.speaker_count, 2, JSON.stringify(map));
    assert.ok((map.anna_fraction ?? 0) > 0 && (map.speaker_1_fraction ?? 0) > 0);
  });
});

describe('The speakers of two channels', () => {
  const deeptone = new Deeptone();
  const MODEL = 'speaker-map';
  /** Anna on the left; Ben and then Anna again, who is heard there too, on the right. */
  let stereo: Buffer;

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
    const pause = (seconds: number): Float32Array => new Float32Array(16_000 * seconds);
    const left = concatenated(anna, pause(12));
    const right = concatenated(pause(6), ben, pause(1), anna, pause(12));
    const samples = Math.min(left.length, right.length, 16_000 * 18);
    stereo = makeWav([left.subarray(0, samples), right.subarray(0, samples)]);
  });
  after(() => deeptone.close());

  async function analyse(commonSpeakers?: boolean): Promise<readonly ChannelAnalysis[]> {
    const { channels } = await deeptone.processContainer(stereo, {
      ...{ models: [MODEL], outputPeriod: 512, includeSummary: true, includeTransitions: true },
      ...{ includeRawValues: true, includeVoiceSignatures: true, commonSpeakers },
    });
    return Object.values(channels);
  }

  /** Everything that an answer names speakers in. */
  function named({
    time_series,
    summary,
    transitions,
    voice_signatures,
  }: ChannelAnalysis): ReadonlySet<string> {
    const texts = JSON.stringify([
      time_series.map(({ results, shares, raw }) => [results, shares, raw]),
      ...[Object.keys(summary?.[MODEL] ?? {}), transitions, Object.keys(voice_signatures ?? {})],
    ]);
    return new Set(texts.match(/speaker_\d+/gu));
  }

  it('are numbered anew in each, unless one numbering is asked for', async () => {
    const [left, right] = (await analyse()).map(named);
    assert.ok(left?.has('speaker_1') && right?.has('speaker_1'));
  });

  it('are numbered over all, the same in everything that is said of them', async () => {
    const apart = await analyse();
    const common = await analyse(true);
    const first = common.map(
      (channel) => channel.transitions?.[MODEL]?.find(({ result }) => /^speaker_/u.test(result))?.result,
    );
    assert.deepEqual(first, ['speaker_1', 'speaker_2']);
    for (const [index, channel] of common.entries()) {
      const before = apart[index] ?? assert.fail();
      assert.equal(named(channel).size, named(before).size);
      // Nothing but names has changed; the last bits of voices differ from run to run.
      const anonymous = (answer: ChannelAnalysis): string =>
        JSON.stringify({ ...answer, voice_signatures: {} }).replaceAll(/speaker_\d+/gu, 'speaker');
      assert.deepEqual(JSON.parse(anonymous(channel)), JSON.parse(anonymous(before)));
      const labels = new Set(channel.transitions?.[MODEL]?.map(({ result }) => result));
      for (const label of labels) {
        if (label.startsWith('speaker_'))
          assert.ok(Number(channel.summary?.[MODEL]?.[`${label}_fraction`]) > 0, label);
      }
    }
  });

  it('are one where a voice is heard on both', async () => {
    const [left, right] = (await analyse(true)).map((channel) => {
      const { voice_signatures: signatures = {} } = channel;
      return new Set(Object.keys(signatures));
    });
    assert.ok(
      left?.has('speaker_1') && right?.has('speaker_1'),
      JSON.stringify([[...(left ?? [])], [...(right ?? [])]]),
    );
  });
});
