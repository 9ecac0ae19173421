import assert from 'node:assert/strict';
import { VoiceSignatureError } from '../../../src/errors';
import {
  Analysis,
  decodeVoiceSignature,
  encodeVoiceSignature,
  extendVoicePrint,
  type Transition,
  type VoiceSignature,
} from '../../../src/insight';
import { similarity } from '../../../src/insight/speakers/centroid';
import { describeModel, loud, predictions, repeat, settings, SPEECH_ROW, transitionsOf } from '../frames';
import { EASY, VoiceWorld } from '../voices';

const SET = 'aa11';
const PRINT = { embedding: Float32Array.of(3, 0, 4), speechSeconds: 2.5, audioSeconds: 3.5 };
const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof VoiceSignatureError &&
  error.code === 'DEEPTONE_VOICE_SIGNATURE' &&
  pattern.test(error.message);

describe('A voice signature', () => {
  const signature = encodeVoiceSignature(PRINT, SET);
  const damaged = (change: (bytes: Buffer) => Buffer): VoiceSignature => ({
    version: 1,
    data: change(Buffer.from(signature.data, 'base64')).toString('base64'),
  });

  it('is {version: 1, data: base64} and survives JSON', () => {
    const stored = JSON.parse(JSON.stringify(signature)) as VoiceSignature;
    assert.deepEqual(Object.keys(stored), ['version', 'data']);
    const print = decodeVoiceSignature('anna', stored, SET);
    assert.deepEqual(
      [...print.embedding].map((value) => Math.round(value * 1e6) / 1e6),
      [0.6, 0, 0.8],
    );
    assert.equal(print.speechSeconds, 2.5);
    assert.equal(print.audioSeconds, 3.5);
  });

  it('of another model set is refused, and says what to do', () => {
    assert.throws(
      () => decodeVoiceSignature('anna', signature, 'bb22'),
      refusal(/"anna".*another set of models/),
    );
  });

  it('that is damaged is refused', () => {
    const cases = [
      damaged((bytes) => bytes.subarray(0, 30)),
      damaged((bytes) => bytes.subarray(0, 10)),
      damaged((bytes) => Buffer.concat([Buffer.from('XXXX'), bytes.subarray(4)])),
      damaged((bytes) => bytes.fill(255, 24, 28)),
      damaged((bytes) => bytes.fill(0, 24)),
      { version: 1, data: '' } as const,
    ];
    for (const value of cases)
      assert.throws(() => decodeVoiceSignature('anna', value, SET), refusal(/damaged/));
  });

  it('of a form or layout that is not known is refused', () => {
    for (const value of [
      undefined,
      null,
      'text',
      {},
      { version: 2, data: signature.data },
      { version: 1, data: 5 },
    ]) {
      assert.throws(() => decodeVoiceSignature('anna', value, SET), refusal(/version: 1/));
    }
    const newer = damaged((bytes) => bytes.fill(2, 4, 5));
    assert.throws(() => decodeVoiceSignature('anna', newer, SET), refusal(/layout 2/));
  });

  it('is extended by a mean with the weight of the speech behind it', () => {
    const one = { embedding: Float32Array.of(1, 0), speechSeconds: 3, audioSeconds: 4 };
    const two = { embedding: Float32Array.of(0, 1), speechSeconds: 1, audioSeconds: 2 };
    const { embedding, speechSeconds, audioSeconds } = extendVoicePrint(one, two);
    assert.ok(Math.abs(similarity(embedding, Float32Array.of(3, 1)) - 1) < 1e-6);
    assert.equal(speechSeconds, 4);
    assert.equal(audioSeconds, 6);
  });
});

describe('A speaker map with voice signatures', () => {
  const speakerMap = {
    ...describeModel({
      name: 'speaker-map',
      classes: [],
      activation: 'embedding',
      gate: 'voice',
      unknownBelow: 0,
    }),
    embeddingId: SET,
  };
  const models = [speakerMap];

  function listen(voiceSignatures: Record<string, VoiceSignature>, voices: readonly number[], seed = 51) {
    const world = new VoiceWorld(seed, EASY);
    const analysis = new Analysis(settings({ models, voiceSignatures, outputPeriod: 1024 }));
    const frames = voices.flatMap((voice) => Array.from({ length: 64 }, () => [...world.frame(voice)]));
    const events = analysis.push(
      loud(frames.length),
      predictions({ 'speaker-map': frames, 'speech-rt': repeat(frames.length, SPEECH_ROW) }),
    );
    const last = analysis.finish(frames.length * 1024);
    const transitions = transitionsOf([...events.ended, ...last.ended])['speaker-map'] ?? [];
    return {
      analysis,
      steps: [...events.steps, ...last.steps],
      transitions,
      summary: analysis.summary()['speaker-map'] ?? {},
    };
  }

  const speakersIn = (transitions: readonly Transition[]) =>
    [...new Set(transitions.map(({ result }) => result))].filter((result) => result !== 'unknown');

  const sign = (voice: number) =>
    encodeVoiceSignature({ ...PRINT, embedding: new VoiceWorld(51, EASY).voice(voice) }, SET);
  // A world draws a voice when it is first asked for, so voice 0 is the first direction of the world of seed 51.
  const anna = sign(0);

  it('calls known voices by their own names and numbers the others', () => {
    const { summary, steps, transitions } = listen({ anna, ben: sign(0) }, [0]);
    assert.ok((summary.anna_fraction ?? 0) > 0.9);
    assert.equal(summary.ben_fraction, 0);
    assert.equal(summary.speaker_count, 1);
    assert.deepEqual(steps[0]?.results['speaker-map'], { speaker_top: 'anna', speaker_count: 1 });
    assert.deepEqual(speakersIn(transitions), ['anna']);
    const both = listen({ anna }, [0, 1, 0]);
    assert.deepEqual(speakersIn(both.transitions), ['anna', 'speaker_1']);
    assert.equal(both.summary.speaker_count, 2);
  });

  it('lists a known voice that was not heard with 0, and does not count it', () => {
    const { summary } = listen(
      {
        carla: encodeVoiceSignature(
          { ...PRINT, embedding: Float32Array.from({ length: 96 }, (_, index) => Number(index === 90)) },
          SET,
        ),
      },
      [0],
    );
    assert.equal(summary.carla_fraction, 0);
    assert.equal(summary.speaker_count, 1);
    assert.ok((summary.speaker_1_fraction ?? 0) > 0.7);
  });

  it('skips the numbers that a known voice has', () => {
    const { transitions } = listen({ speaker_1: anna }, [0, 1]);
    assert.deepEqual(speakersIn(transitions), ['speaker_1', 'speaker_2']);
  });

  it('gives signatures of the speakers it heard, which know them in other audio', () => {
    const found = listen({}, [0, 1]).analysis.voiceSignatures();
    assert.deepEqual(Object.keys(found), ['speaker_1', 'speaker_2']);
    const again = listen({ first: found.speaker_1 ?? anna, second: found.speaker_2 ?? anna }, [0, 1]);
    assert.deepEqual(speakersIn(again.transitions), ['first', 'second']);
    const { audioSeconds } = decodeVoiceSignature('speaker_1', found.speaker_1, SET);
    assert.ok(audioSeconds > 2 && audioSeconds <= 10);
  });

  it('gives known voices back as they came, and nobody who spoke for less than a second', () => {
    assert.deepEqual(listen({ anna }, [0]).analysis.voiceSignatures(), { anna });
    const short = new Analysis(settings({ models }));
    const frames = Array.from({ length: 14 }, () => [1, 0, 0]);
    short.push(loud(14), predictions({ 'speaker-map': frames, 'speech-rt': repeat(14, SPEECH_ROW) }));
    assert.deepEqual(short.voiceSignatures(), {});
  });

  it('refuses signatures that do not fit, and names that mean something else', () => {
    const other = encodeVoiceSignature(PRINT, 'another');
    assert.throws(() => listen({ anna: other }, [0]), refusal(/another set/));
    assert.throws(
      () => listen({ anna: encodeVoiceSignature(PRINT, SET) }, [0]),
      refusal(/3 values.*gives 96/),
    );
    for (const id of ['', 'silence', 'no_speech', 'unknown', 'x'.repeat(257)]) {
      assert.throws(() => listen({ [id]: anna }, [0]), refusal(/speaker id/));
    }
  });
});
