/** Frame-wise detection of speech in sound whose structure is known, because it was put together here. */
import { FRAME_SAMPLES, SAMPLE_RATE } from '../../src/clock';
import { joined, seededRandom } from '../../test/tools/audio';
import { CONDITIONS, mixed, pick, underCondition, type Surroundings } from './conditions';
import type { Detector, FrameAnswers } from './detectors';
import { rocAuc, ScoreHistogram } from './measures';
import { overVoices, type OverVoices } from './shares';
import { mapParallel, type Window } from './windows';

/** Under what speech is looked for: the conditions of all models, and music, songs among it. */
export const SCENE_CONDITIONS = [...CONDITIONS, 'music 5 dB'] as const;
export type SceneCondition = (typeof SCENE_CONDITIONS)[number];
const MUSIC_SNR_DB = 5;

/** A frame of a clip is speech when it is at most this far below the clip's own level. */
const SPEECH_DB = -30;
/** Pauses up to this many frames (320 ms) belong to the speech around them. */
const PAUSE_FRAMES = 5;
/** Seconds of a sound that is no speech, at most. */
const OTHER_SECONDS = 2;

/** What scenes are made of. */
export interface Material {
  /** Clips of speech. */
  readonly speech: readonly Window[];
  /** Sound without speech. */
  readonly others: readonly Window[];
}

export interface Scene {
  readonly voice: string;
  readonly sound: Float32Array;
  /** Per 64 ms: speech, none, or null where that is not sure, which is not counted. */
  readonly labels: readonly (boolean | null)[];
}

/** Frames that were answered: right with speech, at all with speech, and that are speech. */
export interface Counts {
  readonly hits: number;
  readonly claimed: number;
  readonly actual: number;
}

/** What was said of one scene's frames. */
export interface ClipScores {
  readonly voice: string;
  readonly histogram: ScoreHistogram;
  readonly counts: Counts;
}

/** Lets a detector hear every scene under a condition; the scenes are the same for all that hear them. There are none without other sounds. */
export function heardScenes(
  detector: Detector,
  material: Material,
  condition: SceneCondition,
  surroundings: Surroundings,
): Promise<readonly ClipScores[]> {
  return mapParallel(material.others.length === 0 ? [] : material.speech, async (clip, index) => {
    const { voice, sound, labels } = sceneOf(clip, index, material.others, condition, surroundings);
    return { voice, ...compared(await detector.hear(sound), labels) };
  });
}

/**
 * A clip of speech between sound that is none and a gap, which come first in turns. The background of the condition is under all of it. Frames of
 * the clip that are too quiet to be surely speech are left out.
 */
export function sceneOf(
  clip: Window,
  index: number,
  others: readonly Window[],
  condition: SceneCondition,
  surroundings: Surroundings,
): Scene {
  const random = seededRandom(index + 1);
  const gap = new Float32Array(Math.round((0.8 + random()) * SAMPLE_RATE));
  const other = pick(others, random).samples.subarray(0, OTHER_SECONDS * SAMPLE_RATE);
  const parts = index % 2 === 0 ? [gap, clip.samples, other] : [other, clip.samples, gap];
  const sound = joined(parts);
  return {
    voice: clip.voice,
    sound:
      condition === 'music 5 dB'
        ? mixed(sound, pick(surroundings.music, random), MUSIC_SNR_DB, random)
        : underCondition(sound, condition, surroundings, index + 1),
    labels: frameLabels(parts, clip.samples),
  };
}

/** What was said, against what is known. */
export function compared(
  { scores, said }: FrameAnswers,
  labels: readonly (boolean | null)[],
): Omit<ClipScores, 'voice'> {
  const histogram = new ScoreHistogram();
  const counts = { hits: 0, claimed: 0, actual: 0 };
  labels.forEach((isSpeech, frame) => {
    if (isSpeech === null) return;
    const isSaid = said[frame] ?? false;
    histogram.add(scores[frame] ?? 0, isSpeech);
    counts.hits += isSpeech && isSaid ? 1 : 0;
    counts.claimed += isSaid ? 1 : 0;
    counts.actual += isSpeech ? 1 : 0;
  });
  return { histogram, counts };
}

/** ROC-AUC over all frames; null unless some are speech and some are not. */
export function aucFigures(scores: readonly ClipScores[]): OverVoices | null {
  return figuresOver(scores, (some) => rocAuc(some.map(({ histogram }) => histogram)));
}

/** F1 of the answer that somebody speaks, over all frames; null unless some are speech and some are not. */
export function f1Figures(scores: readonly ClipScores[]): OverVoices | null {
  return figuresOver(scores, (some) => f1Of(some.map(({ counts }) => counts)));
}

/** Harmonic mean of precision and recall of all that is counted; 0 where there was nothing to find. */
export function f1Of(counts: readonly Counts[]): number {
  const sum = (part: (each: Counts) => number) => counts.reduce((all, each) => all + part(each), 0);
  const both = sum(({ claimed, actual }) => claimed + actual);
  return (2 * sum(({ hits }) => hits)) / Math.max(1, both);
}

function figuresOver(
  scores: readonly ClipScores[],
  figure: (scores: readonly ClipScores[]) => number,
): OverVoices | null {
  const isMixed =
    scores.some(({ counts }) => counts.actual > 0) &&
    scores.some(({ counts, histogram }) => counts.actual < histogram.size);
  return isMixed ? overVoices(scores, figure, ({ histogram }) => histogram.size) : null;
}

/** true: speech; false: none; null: not sure, not counted. */
function frameLabels(parts: readonly Float32Array[], speech: Float32Array): (boolean | null)[] {
  const before = parts[0]?.length ?? 0;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const loud = loudFrames(speech);
  return Array.from({ length: Math.floor(length / FRAME_SAMPLES) }, (_, frame) => {
    const start = frame * FRAME_SAMPLES - before;
    const end = start + FRAME_SAMPLES;
    if (end <= 0 || start >= speech.length) return false;
    if (start < 0 || end > speech.length) return null;
    return (loud[Math.floor((start + FRAME_SAMPLES / 2) / FRAME_SAMPLES)] ?? false) ? true : null;
  });
}

/** Which whole frames of a clip are speech: loud enough, or in a short pause. */
export function loudFrames(speech: Float32Array): boolean[] {
  const powers = Array.from({ length: Math.floor(speech.length / FRAME_SAMPLES) }, (_, frame) =>
    speech
      .subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES)
      .reduce((sum, sample) => sum + sample * sample, 0),
  );
  const loudest = Math.max(...powers);
  const loud = powers.map((power) => power > loudest * 10 ** (SPEECH_DB / 10));
  let last = -1;
  loud.forEach((isLoud, frame) => {
    if (!isLoud) return;
    if (last >= 0 && frame - last <= PAUSE_FRAMES) loud.fill(true, last, frame);
    last = frame;
  });
  return loud;
}
