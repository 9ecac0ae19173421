/** Frame-wise detection of speech in sound whose structure is known, because it was put together here. */
import type { Deeptone } from '../../src/index';
import { FRAME_SAMPLES, SAMPLE_RATE } from '../../src/clock';
import { seededRandom } from '../../test/tools/audio';
import { underCondition, type Condition, type Surroundings } from './conditions';
import { joined } from './corpus';
import { groupBy, intervalOf, rocAuc, ScoreHistogram } from './measures';
import { mapParallel, type Window } from './windows';

export interface DetectionFigures {
  readonly rocAuc: number;
  readonly interval: readonly [number, number];
  readonly frames: number;
  readonly voices: number;
}

/** A frame of a clip is speech when it is at most this far below the clip's own level. */
const SPEECH_DB = -30;
/** Pauses up to this many frames (320 ms) belong to the speech around them. */
const PAUSE_FRAMES = 5;

/** Scores of one clip's frames. */
export interface ClipScores {
  readonly voice: string;
  readonly histogram: ScoreHistogram;
}

/**
 * p(speech) of frames whose truth is known: each clip stands between gaps that hold background alone. Frames of a clip that are too
 * quiet to be surely speech are left out.
 *
 * @param speech clips of speech
 * @param others sound without speech, heard in place of every second gap
 */
export function speechScores(
  deeptone: Deeptone,
  model: string,
  speech: readonly Window[],
  others: readonly Window[],
  condition: Condition,
  surroundings: Surroundings,
): Promise<readonly ClipScores[]> {
  return mapParallel(speech, async (clip, index) => {
    const random = seededRandom(index + 1);
    const gap = new Float32Array(Math.round((0.8 + random()) * SAMPLE_RATE));
    const other = others[Math.floor(random() * others.length)]?.samples ?? gap;
    const parts = [gap, clip.samples, index % 2 === 0 ? gap : other.subarray(0, 2 * SAMPLE_RATE)];
    const labels = frameLabels(parts, clip.samples);
    const sound = underCondition(joined(parts), condition, surroundings, index + 1);
    return { voice: clip.voice, histogram: await score(deeptone, model, sound, labels) };
  });
}

/** ROC-AUC over all frames, with an interval over voices. */
export function detectionFigures(scores: readonly ClipScores[]): DetectionFigures {
  const voices = [...groupBy(scores, ({ voice }) => voice).values()].map((group) =>
    group.map(({ histogram }) => histogram),
  );
  const all = voices.flat();
  return {
    rocAuc: rocAuc(all),
    interval: intervalOf(voices.length, (drawn) => rocAuc(drawn.flatMap((index) => voices[index] ?? []))),
    frames: all.reduce((sum, { positive, negative }) => sum + total(positive) + total(negative), 0),
    voices: voices.length,
  };
}

async function score(
  deeptone: Deeptone,
  model: string,
  sound: Float32Array,
  labels: readonly (boolean | null)[],
): Promise<ScoreHistogram> {
  const { time_series } = await deeptone.processAudioBytes(sound, {
    models: [model],
    outputPeriod: 64,
    includeRawValues: true,
    volumeThreshold: 0,
  });
  const histogram = new ScoreHistogram();
  time_series.forEach((step, frame) => {
    const label = labels[frame];
    if (label !== null && label !== undefined) histogram.add(step.raw?.[model]?.['speech'] ?? 0, label);
  });
  return histogram;
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

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
