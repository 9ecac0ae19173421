import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { Deeptone, type SegmentSettings, type SoundSegment } from '../../src';
import { InvalidArgumentError } from '../../src/errors';
import { messages, pcm, TestHub } from '../streams/live-hub';
import { joined, makeWav, noise, speak, temporaryFolder } from '../tools/audio';

const MODELS = ['speech-rt', 'gender'];
const SPEECH: SegmentSettings = { model: 'speech-rt', results: ['speech'] };
const OPTIONS = { models: MODELS, outputPeriod: 1_024 };

/** What a segment says of itself, without its sound. */
function about({ wav, ...rest }: SoundSegment): object {
  return { ...rest, bytes: wav.length };
}

/** Samples at full scale 1.0 of a WAV as segments are. */
function samplesOf({ wav }: SoundSegment): Float32Array {
  const bytes = Buffer.from(wav);
  assert.equal(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', 8, 16), 'RIFFWAVEfmt ');
  assert.equal(bytes.readUInt32LE(4), bytes.length - 8);
  assert.deepEqual([bytes.readUInt16LE(20), bytes.readUInt16LE(22), bytes.readUInt32LE(24)], [1, 1, 16_000]);
  assert.equal(bytes.readUInt32LE(40), bytes.length - 44);
  return Float32Array.from(
    { length: (bytes.length - 44) / 2 },
    (_, n) => bytes.readInt16LE(44 + 2 * n) / 32_768,
  );
}

describe('Segments (decision 33)', () => {
  const deeptone = new Deeptone();
  let sound: Float32Array;
  let file: string;
  /** Where somebody speaks, in milliseconds. */
  let spoken: readonly (readonly [number, number])[];

  before(async () => {
    const parts = [
      noise(1.5, 16_000, 0.0005),
      await speak('The quick brown fox jumps over the lazy dog.'),
      noise(3, 16_000, 0.0005),
      await speak('Pack my box with five dozen liquor jugs.'),
      noise(2, 16_000, 0.0005),
    ] as const;
    // As 16 bits hold it, so that every way in hears the same.
    sound = joined(parts).map((sample) => Math.round(sample * 32_768) / 32_768);
    const ends = parts.map((_, count) => joined(parts.slice(0, count + 1)).length / 16);
    const [a = 0, b = 0, c = 0, d = 0] = ends;
    spoken = [
      [a, b],
      [c, d],
    ];
    file = path.join(temporaryFolder(), 'talk.wav');
    writeFileSync(file, makeWav([sound]));
  });
  after(() => deeptone.close());

  async function ofFile(settings: SegmentSettings, options: object = {}): Promise<SoundSegment[]> {
    const segments: SoundSegment[] = [];
    const onSegment = (segment: SoundSegment): number => segments.push(segment);
    await deeptone.processFile(file, { ...OPTIONS, ...options, segments: settings, onSegment });
    return segments;
  }

  it('are the sound of each phase of a result, with what was before and after', async () => {
    const segments = await ofFile(SPEECH);
    assert.equal(segments.length, 2);
    for (const [index, segment] of segments.entries()) {
      const { timestamp_start: start, timestamp_end: end, phase_start, phase_end } = segment;
      const [from = 0, to = 0] = spoken[index] ?? [];
      assert.deepEqual(
        { ...segment, wav: 0 },
        { ...segment, wav: 0, model: 'speech-rt', result: 'speech', part: 1 },
      );
      assert.ok(
        Math.abs(phase_start - from) < 300 && Math.abs((phase_end ?? 0) - to) < 500,
        `${phase_start}, ${phase_end}`,
      );
      assert.deepEqual([start, end], [phase_start - 300, (phase_end ?? 0) + 300]);
      const heard = samplesOf(segment);
      assert.equal(heard.length, (end - start) * 16);
      // A constant offset is taken off first, which changes the lowest tones a little.
      const given = sound.subarray(start * 16, end * 16);
      const energy = given.reduce((sum, sample) => sum + sample ** 2, 0);
      const error = heard.reduce((sum, sample, n) => sum + (sample - (given[n] ?? 0)) ** 2, 0);
      assert.ok(error < 0.02 * energy, String(error / energy));
    }
  });

  it('are heard again as what they are', async () => {
    for (const { wav } of await ofFile(SPEECH)) {
      const { channels } = await deeptone.processContainer(wav, { ...OPTIONS, includeSummary: true });
      assert.ok(Number(channels['0']?.summary?.['speech-rt']?.['speech_fraction']) > 0.5);
    }
  });

  it('are the same live, whatever the pieces, and from messages', async () => {
    const expected = (await ofFile(SPEECH)).map(about);
    const stream = await deeptone.openStream({ ...OPTIONS, segments: SPEECH });
    const found: SoundSegment[] = [];
    for (let at = 0, size = 1; at < sound.length; at += size, size = (size * 7 + 333) % 5_000) {
      found.push(...((await stream.push(sound.subarray(at, at + size))).segments ?? []));
    }
    found.push(...((await stream.finish()).segments ?? []));
    assert.deepEqual(found.map(about), expected);

    const told = new TestHub(deeptone, { options: { ...OPTIONS, segments: SPEECH } });
    for (const payload of messages(pcm(sound))) await told.hub.hear('a', { payload });
    await told.hub.end('a');
    const events = told.of('segment');
    assert.deepEqual(
      events.map(({ segment }) => about(segment)),
      expected,
    );
    const phases = told.of('transition').filter(({ phase }) => phase === 'begun');
    const [begun] = phases.filter(({ transition: { result } }) => result === 'speech');
    const [first] = events;
    assert.ok(first && begun);
    assert.equal(first.time - first.segment.timestamp_start, begun.time - begun.transition.timestamp_start);
    await told.hub.close();
  });

  it('are cut where they would be too long, without a sample lost or twice', async () => {
    const [whole, ...others] = await ofFile(SPEECH);
    const parts = await ofFile({ ...SPEECH, longest: 1_000 });
    assert.ok(whole && others.length === 1);
    const first = parts.filter(({ phase_start }) => phase_start === whole.phase_start);
    assert.ok(first.length > 2);
    assert.deepEqual(
      first.map(({ part }) => part),
      first.map((_, index) => index + 1),
    );
    assert.deepEqual(joined(first.map(samplesOf)), samplesOf(whole));
    assert.ok(first.slice(0, -1).every(({ phase_end }) => phase_end === null));
    assert.equal(first.at(-1)?.phase_end, whole.phase_end);
  });

  it('are of all results that are no background where none is named', async () => {
    const segments = await ofFile({ model: 'gender', before: 0, after: 0 });
    assert.ok(segments.length > 0);
    assert.ok(segments.every(({ result }) => ['female', 'male'].includes(result)));
  });

  it('may be of what is loud, and are not of what is too short', async () => {
    const loud: SegmentSettings = { model: 'loudness', results: ['loud'], hold: 1_000 };
    assert.equal((await ofFile(loud, { loudAbove: -50 })).length, 2);
    assert.deepEqual(await ofFile({ ...loud, minimum: 10_000 }, { loudAbove: -50 }), []);
  });

  it('join what an interruption shorter than the hold time parts', async () => {
    const [joinedUp, ...others] = await ofFile({ ...SPEECH, hold: 5_000 });
    assert.equal(others.length, 0);
    const [, [, last] = [0, 0]] = spoken;
    assert.ok(
      joinedUp && joinedUp.timestamp_start < 2_000 && joinedUp.timestamp_end > last - 500,
      JSON.stringify({ ...joinedUp, wav: last }),
    );
  });

  it('begin no earlier than the sound and end no later', async () => {
    const everything = await ofFile(
      { model: 'loudness', results: ['quiet', 'loud', 'silence'], before: 9_000, after: 9_000 },
      { loudAbove: -50 },
    );
    const endMs = Math.round(sound.length / 16);
    for (const { timestamp_start, timestamp_end } of everything)
      assert.ok(timestamp_start >= 0 && timestamp_end <= endMs);
    assert.equal(Math.max(...everything.map(({ timestamp_end }) => timestamp_end)), endMs);
  });

  it('hold silence where audio never came', async () => {
    const stream = await deeptone.openStream({ ...OPTIONS, segments: { ...SPEECH, hold: 6_000, before: 0 } });
    const [from, to] = spoken[0] ?? assert.fail();
    const found: SoundSegment[] = [];
    const take = async (answer: Promise<{ segments?: readonly SoundSegment[] }>): Promise<void> => {
      found.push(...((await answer).segments ?? []));
    };
    await take(stream.push(sound.subarray(from * 16, to * 16)));
    await take(stream.skip(3 * 16_000));
    await take(stream.push(sound.subarray(from * 16, to * 16)));
    await take(stream.finish());
    assert.equal(found.length, 1);
    const [segment] = found;
    assert.ok(segment);
    const silent = samplesOf(segment).filter((sample) => sample === 0).length;
    assert.ok(silent >= 2.9 * 16_000, String(silent));
  });

  for (const [what, settings, message] of [
    [
      'a model that is not asked for',
      { model: 'emotions' },
      /segments\.model is "emotions".*speech-rt, gender/u,
    ],
    [
      'a result that the model never says',
      { model: 'gender', results: ['child'] },
      /"child".*never says.*female/u,
    ],
    ['loudness that is not asked for', { model: 'loudness' }, /segments\.model is "loudness"/u],
    ['no model', {}, /segments\.model is missing/u],
    ['more padding than is kept', { ...SPEECH, before: 60_000 }, /from 0 to 10,000/u],
    ['a name that there is not', { ...SPEECH, padding: 3 }, /padding is unknown/u],
  ] as const) {
    it(`are refused for ${what}`, async () => {
      await assert.rejects(
        ofFile(settings as unknown as SegmentSettings),
        (error) => error instanceof InvalidArgumentError && message.test(error.message),
      );
    });
  }
});
