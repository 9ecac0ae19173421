/** Diarization error on conversations put together from voices that training never heard. */
import type { Deeptone, Transition } from '../../src/index';
import { FRAME_MS, SAMPLE_RATE } from '../../src/clock';
import { joined, seededRandom } from '../../test/tools/audio';
import type { Clip, Corpus } from './corpus';
import { groupBy, intervalOf } from './measures';
import { loudFrames } from './speech-frames';
import { mapParallel } from './windows';

export interface DiarizationFigures {
  /** Diarization error rate: missed, false and confused speech over all speech; no collar. */
  readonly errorRate: number;
  readonly interval: readonly [number, number];
  readonly missed: number;
  readonly falseAlarm: number;
  readonly confused: number;
  readonly conversations: number;
  readonly speakers: number;
  /** Share of conversations whose number of speakers was found exactly. */
  readonly countRight: number;
}

/** How people talk: one after the other, or over each other, in short turns, with words of assent in between. */
export type Manner = 'orderly' | 'lively';
/** As files are answered, as live streams are, or as these are without a delay. */
export type Way = 'file' | 'live' | 'at once';

export interface TalkSettings {
  readonly manner: Manner;
  readonly way: Way;
  readonly conversations: number;
  /** What is done to the sound of conversation number `index` before it is heard. */
  readonly surround?: (samples: Float32Array, index: number) => Float32Array;
}

/** Seconds of a lively talk. */
const LIVELY = { shortest: 0.6, longest: 4, overlap: 0.8, assent: 0.7 } as const;

interface Turn {
  readonly speaker: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Which of its 64 ms are speech; the rest is not scored. */
  readonly loud: readonly boolean[];
}

interface Errors {
  readonly speech: number;
  readonly missed: number;
  readonly falseAlarm: number;
  readonly confused: number;
  readonly countRight: boolean;
}

/**
 * Conversations of 2, 3 and 4 voices, some 60 s each. Orderly ones have turns of 1.5 to 6 s and pauses of 0.2 to 0.8 s; lively ones turns of 0.6 to
 * 4 s, of which two in five begin up to 0.8 s before the one before has ended, and in one of four somebody else says a word. Null where nobody
 * says anything in them.
 */
export async function diarization(
  deeptone: Deeptone,
  corpus: Corpus,
  clips: readonly Clip[],
  { manner, way, conversations, surround = (samples) => samples }: TalkSettings,
): Promise<DiarizationFigures | null> {
  const voices = [...groupBy(clips, (clip) => `${clip.corpus}/${clip.voice}`).values()];
  const speakers = new Set<number>();
  const errors = await mapParallel([...Array(conversations).keys()], async (index) => {
    const random = seededRandom(index + 1);
    // One corpus a conversation: voices must differ, not rooms.
    const anchor = voices[Math.floor(random() * voices.length)]?.[0]?.corpus;
    const pool = voices.filter((voice) => voice[0]?.corpus === anchor);
    const cast = shuffled(pool, random).slice(0, Math.min(pool.length, 2 + (index % 3)));
    for (const voice of cast) speakers.add(voices.indexOf(voice));
    const { samples, turns } = await (manner === 'lively' ? chat : converse)(corpus, cast, random);
    const phases = samples.length === 0 ? [] : await phasesOf(deeptone, surround(samples, index), way);
    return compare(turns, phases, cast.length);
  });
  const speech = total(errors, (e) => e.speech);
  if (speech === 0) return null;
  const rate = (chosen: readonly Errors[]) =>
    total(chosen, (e) => e.missed + e.falseAlarm + e.confused) /
    Math.max(
      1,
      total(chosen, (e) => e.speech),
    );
  const share = (part: (e: Errors) => number) => total(errors, part) / speech;
  return {
    errorRate: rate(errors),
    interval: intervalOf(errors.length, (drawn) => rate(drawn.flatMap((index) => errors[index] ?? []))),
    missed: share((e) => e.missed),
    falseAlarm: share((e) => e.falseAlarm),
    confused: share((e) => e.confused),
    conversations: errors.length,
    speakers: speakers.size,
    countRight: errors.filter((e) => e.countRight).length / errors.length,
  };
}

async function phasesOf(deeptone: Deeptone, samples: Float32Array, way: Way): Promise<readonly Transition[]> {
  const options = { models: ['speaker-map'], outputPeriod: 1024 };
  if (way === 'file') {
    const { transitions } = await deeptone.processAudioBytes(samples, {
      ...options,
      includeTransitions: true,
    });
    return transitions?.['speaker-map'] ?? [];
  }
  const stream = await deeptone.openStream({ ...options, ...(way === 'at once' ? { speakerDelay: 0 } : {}) });
  const ended = [...(await stream.push(samples)).ended, ...(await stream.finish()).ended];
  return ended.map((phase) => ({ ...phase, timestamp_end: phase.timestamp_end ?? Infinity }));
}

/** What somebody says next, of so many samples at most, at a level that is the same for all. */
async function wordsOf(corpus: Corpus, rest: Clip[], wanted: number): Promise<Float32Array> {
  const said: Float32Array[] = [];
  while (said.reduce((sum, part) => sum + part.length, 0) < wanted) {
    const clip = rest.shift();
    if (!clip) break;
    said.push(await corpus.samples(clip));
  }
  const speech = joined(said).subarray(0, Math.round(wanted));
  const level = 0.05 / Math.max(1e-4, Math.sqrt(speech.reduce((sum, s) => sum + s * s, 0) / speech.length));
  return speech.map((sample) => sample * level);
}

async function chat(corpus: Corpus, cast: readonly (readonly Clip[])[], random: () => number) {
  const turns: Turn[] = [];
  const samples = Float32Array.from({ length: 70 * SAMPLE_RATE }, () => 0.001 * (random() - 0.5));
  const say = (speaker: number, at: number, speech: Float32Array, gain = 1): void => {
    for (let n = 0; n < speech.length; n += 1)
      samples[at + n] = (samples[at + n] ?? 0) + gain * (speech[n] ?? 0);
    turns.push({ speaker, startMs: at / 16, endMs: (at + speech.length) / 16, loud: loudFrames(speech) });
  };
  const rest = cast.map((clips) => shuffled(clips, random));
  let end = 0;
  let speaker = -1;
  for (let turn = 0; end < 60 * SAMPLE_RATE && turn < 60; turn++) {
    speaker = turn < cast.length ? turn : otherThan(speaker, cast.length, random);
    const seconds = LIVELY.shortest + (LIVELY.longest - LIVELY.shortest) * random();
    const speech = await wordsOf(corpus, rest[speaker] ?? [], seconds * SAMPLE_RATE);
    if (speech.length < SAMPLE_RATE / 2) continue;
    const gap = random() < 0.4 ? -LIVELY.overlap * random() : 0.1 + 0.5 * random();
    const at = Math.max(0, end + Math.round(gap * SAMPLE_RATE));
    say(speaker, at, speech);
    end = at + speech.length;
    if (random() >= 0.25 || speech.length < 2 * SAMPLE_RATE || cast.length < 2) continue;
    const other = otherThan(speaker, cast.length, random);
    const word = await wordsOf(corpus, rest[other] ?? [], LIVELY.assent * SAMPLE_RATE);
    if (word.length > 0) say(other, at + Math.round(random() * (speech.length - word.length)), word, 0.5);
  }
  return { samples: samples.subarray(0, end), turns };
}

async function converse(corpus: Corpus, cast: readonly (readonly Clip[])[], random: () => number) {
  const parts: Float32Array[] = [];
  const turns: Turn[] = [];
  let length = 0;
  let speaker = -1;
  const rest = cast.map((clips) => shuffled(clips, random));
  for (let turn = 0; length < 60 * SAMPLE_RATE && turn < 40; turn++) {
    speaker = turn < cast.length ? turn : otherThan(speaker, cast.length, random);
    const wanted = (1.5 + 4.5 * random()) * SAMPLE_RATE;
    const speech = await wordsOf(corpus, rest[speaker] ?? [], wanted);
    if (speech.length < SAMPLE_RATE / 2) continue;
    const pause = Float32Array.from(
      { length: Math.round((0.2 + 0.6 * random()) * SAMPLE_RATE) },
      () => 0.001 * (random() - 0.5),
    );
    const startMs = length / 16;
    turns.push({ speaker, startMs, endMs: startMs + speech.length / 16, loud: loudFrames(speech) });
    parts.push(speech, pause);
    length += speech.length + pause.length;
  }
  return { samples: joined(parts), turns };
}

/** Counts 64 ms frames under the best assignment of labels to speakers. */
function compare(turns: readonly Turn[], answer: readonly Transition[], castSize: number): Errors {
  const frames = Math.ceil(Math.max(0, ...turns.map(({ endMs }) => endMs)) / FRAME_MS);
  const labels = [...new Set(answer.map((phase) => phase.result))].filter((label) =>
    /^speaker_/u.test(label),
  );
  const overlap = labels.map(() => new Array<number>(castSize).fill(0));
  let speech = 0;
  let missed = 0;
  let falseAlarm = 0;
  let attributed = 0;
  for (let frame = 0; frame < frames; frame++) {
    const ms = (frame + 0.5) * FRAME_MS;
    const heard = turns.filter(({ startMs, endMs }) => ms >= startMs && ms < endMs);
    const phase = answer.find(
      ({ timestamp_start, timestamp_end }) => ms >= timestamp_start && ms < timestamp_end,
    );
    const said = phase !== undefined && phase.result !== 'silence' && phase.result !== 'no_speech';
    if (heard.length === 0) {
      falseAlarm += said ? 1 : 0;
      continue;
    }
    const loud = heard.filter(({ startMs, loud: frames }) => frames[Math.floor((ms - startMs) / FRAME_MS)]);
    if (loud.length === 0) continue;
    // What is quieter than the volume gate is silence by definition, whoever pauses there; no model was asked.
    if (phase?.result === 'silence') continue;
    speech += loud.length;
    // A frame has one label: whoever speaks beside is missed.
    missed += loud.length - (said ? 1 : 0);
    if (!said) continue;
    attributed++;
    const row = overlap[labels.indexOf(phase.result)];
    for (const { speaker } of loud) if (row) row[speaker] = (row[speaker] ?? 0) + 1;
  }
  const confused = attributed - bestAssignment(overlap, castSize);
  return { speech, missed, falseAlarm, confused, countRight: labels.length === castSize };
}

/** Most frames that a one-to-one assignment of labels to speakers explains; at most four speakers. */
function bestAssignment(overlap: readonly (readonly number[])[], speakers: number, taken = 0): number {
  const free = Array.from({ length: speakers }, (_, s) => s).filter((s) => !(taken & (1 << s)));
  const [speaker] = free;
  if (speaker === undefined) return 0;
  const skip = bestAssignment(overlap, speakers, taken | (1 << speaker));
  return overlap.reduce((best, row, label) => {
    const others = overlap.filter((_, index) => index !== label);
    return Math.max(best, (row[speaker] ?? 0) + bestAssignment(others, speakers, taken | (1 << speaker)));
  }, skip);
}

function otherThan(speaker: number, count: number, random: () => number): number {
  return (speaker + 1 + Math.floor(random() * (count - 1))) % count;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function total(errors: readonly Errors[], part: (e: Errors) => number): number {
  return errors.reduce((sum, e) => sum + part(e), 0);
}
