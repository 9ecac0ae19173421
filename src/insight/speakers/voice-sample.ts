/** From the frames of a recording of one speaker to a voice print, within the documented limits. */
import { FRAME_MS } from '../../clock';
import { VoiceSignatureError } from '../../errors';
import { say } from '../../sentence';
import type { FramePredictions, ModelDescription } from '../../inference';
import { normalised } from './centroid';
import { FrameGate, FrameState, USUAL_GATE, type SpeechGate } from '../gate';
import type { VoicePrint } from './voice-signature';

/** Limits of voice samples, from the public documents on voice signatures. Seconds and decibels. */
export const VOICE_SAMPLE_LIMITS = {
  minimumSeconds: 1,
  maximumSeconds: 10,
  minimumSpeechSeconds: 1,
  minimumSnrDb: 0,
} as const;

/** Full scale 1.0: frames below are silence when a sample is looked at, the default of analyses (decision 5). */
const VOLUME_THRESHOLD = 0.005;
/** Frames of speech left out at the beginning, where the embedding has not heard enough of the voice yet. */
const SETTLING_FRAMES = 8;
/** Frames without speech that are needed to take the noise from them. */
const FEWEST_NOISE_FRAMES = 3;
/** Share of the quietest frames that stands for the noise where the sample has no pause. */
const NOISE_SHARE = 0.1;

/** The frames of one sample. */
export interface VoiceSampleFrames {
  /** Root mean square per frame. */
  readonly volumes: Float32Array;
  /** With the gate and the embedding model. */
  readonly predictions: FramePredictions;
  /** True length of the sample. */
  readonly seconds: number;
}

/** @throws VoiceSignatureError The sample is shorter than 1 s or longer than 10 s. */
export function checkSampleLength(id: string, seconds: number): void {
  const { minimumSeconds, maximumSeconds } = VOICE_SAMPLE_LIMITS;
  if (seconds < minimumSeconds || seconds > maximumSeconds) {
    throw new VoiceSignatureError(
      say`The sample of "${id}" lasts ${Number(seconds.toFixed(5))} s: ${minimumSeconds} to ${maximumSeconds} s are accepted.`,
    );
  }
}

/**
 * The voice in a sample: the mean embedding of its frames of speech.
 *
 * @param model The embedding model.
 * @param gate What decides whether somebody speaks.
 * @throws VoiceSignatureError There is less than 1 s of speech, or the noise is louder than the voice.
 */
export function voicePrintOf(
  id: string,
  frames: VoiceSampleFrames,
  model: Pick<ModelDescription, 'name'>,
  gate: SpeechGate = USUAL_GATE,
): VoicePrint {
  const { volumes, predictions, seconds } = frames;
  const frameGate = new FrameGate(VOLUME_THRESHOLD, gate);
  frameGate.open(volumes, predictions);
  const all = [...volumes.keys()];
  const speech = all.filter((frame) => frameGate.states[frame] === FrameState.speech);
  const speechSeconds = (speech.length * FRAME_MS) / 1_000;
  if (speechSeconds < VOICE_SAMPLE_LIMITS.minimumSpeechSeconds) {
    throw new VoiceSignatureError(
      say`The sample of "${id}" has ${speechSeconds.toFixed(2)} s of speech: at least ${VOICE_SAMPLE_LIMITS.minimumSpeechSeconds} s is needed.`,
    );
  }
  const snr = signalToNoiseDb(volumes, new Set(speech));
  if (snr < VOICE_SAMPLE_LIMITS.minimumSnrDb) {
    const measured = Number.isFinite(snr) ? say`${snr.toFixed(1)} dB` : 'far';
    throw new VoiceSignatureError(
      say`The sample of "${id}" is too noisy: its signal-to-noise ratio is ${measured} below the accepted ${VOICE_SAMPLE_LIMITS.minimumSnrDb} dB.`,
    );
  }
  const values = predictions.probabilities.get(model.name) ?? new Float32Array(0);
  return {
    embedding: meanRow(values, values.length / volumes.length, speech.slice(SETTLING_FRAMES)),
    speechSeconds,
    audioSeconds: seconds,
  };
}

/**
 * Estimate of the signal-to-noise ratio in decibels. Noise = mean power of the frames without speech; where there are
 * fewer than 3 of them, of the quietest tenth of all frames. Signal = mean power of the frames of speech less that.
 *
 * @param volumes Root mean square per frame.
 * @returns Infinity without any noise, -Infinity where speech is not louder than it.
 */
export function signalToNoiseDb(volumes: Float32Array, speech: ReadonlySet<number>): number {
  const powers = Array.from(volumes, (volume) => volume * volume);
  const spoken = powers.filter((_, frame) => speech.has(frame));
  const others = powers.filter((_, frame) => !speech.has(frame));
  const quietest = powers.toSorted((a, b) => a - b).slice(0, Math.ceil(powers.length * NOISE_SHARE));
  const noise = mean(others.length < FEWEST_NOISE_FRAMES ? quietest : others);
  const signal = Math.max(0, mean(spoken) - noise);
  return 10 * Math.log10(signal / noise);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanRow(values: Float32Array, width: number, frames: readonly number[]): Float32Array {
  const sum = new Float32Array(width);
  for (const frame of frames) {
    for (let index = 0; index < width; index += 1) {
      sum[index] = (sum[index] ?? 0) + (values[frame * width + index] ?? 0);
    }
  }
  return normalised(sum);
}
