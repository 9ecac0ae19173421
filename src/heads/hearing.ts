/**
 * How recordings become examples: each is heard through the trunk as it is, and again changed a little, so that the
 * head does not learn the level or the background of the recordings.
 */
import { withoutOffset } from '../audio';
import { FRAME_SAMPLES, SAMPLE_RATE } from '../clock';
import { BadAudioError } from '../errors';
import type { TapReader } from '../inference';
import { frameVolumes } from '../insight';
import { DEFAULT_VOLUME_THRESHOLD } from '../pipeline';

/** What the trunk heard of one recording, once. */
export interface Hearing {
  /** Number of the recording within its class. */
  readonly recording: number;
  /** Whether the recording was heard as it is. */
  readonly isUnchanged: boolean;
  /** Row-major [frameCount x channels], frames with sound only. */
  readonly features: Float32Array;
  readonly frameCount: number;
}

/** Times that each recording is heard changed. */
const CHANGED_HEARINGS = 3;
/** Frames of one hearing that are kept, evenly spread: a long recording has more of them than it has to say. */
const MOST_FRAMES = 1_000;
/** Frames this much quieter than the loudest one of their recording are its background, not its sound: 35 dB. */
const QUIETEST_SHARE = 10 ** (-35 / 20);

/**
 * Hears a recording as it is and changed.
 *
 * @param recorded 16 kHz mono; heard without its offset, as the engine hears (decision 27)
 * @throws BadAudioError when there is nothing but silence in it
 */
export async function hear(
  reader: TapReader,
  recorded: Float32Array,
  { file, recording, random }: { file: string; recording: number; random: () => number },
): Promise<readonly Hearing[]> {
  const samples = withoutOffset(recorded);
  const sounding = framesWithSound(frameVolumes(samples));
  if (sounding.length === 0) {
    throw new BadAudioError(
      `There is nothing to learn in "${file}": all of it is silence (below a volume of ${DEFAULT_VOLUME_THRESHOLD}). Record it louder, or take it away.`,
    );
  }
  const hearings = [await hearing(reader, samples, sounding, { recording, isUnchanged: true })];
  for (let i = 0; i < CHANGED_HEARINGS; i += 1) {
    const changed = change(samples, random);
    const frames = sounding.map((frame) => frame + changed.leadFrames);
    hearings.push(await hearing(reader, changed.samples, frames, { recording, isUnchanged: false }));
  }
  return hearings;
}

function framesWithSound(volumes: Float32Array): readonly number[] {
  const loudest = volumes.reduce((most, volume) => Math.max(most, volume), 0);
  const quietest = Math.max(DEFAULT_VOLUME_THRESHOLD, loudest * QUIETEST_SHARE);
  const frames = [...volumes.keys()].filter((frame) => (volumes[frame] ?? 0) >= quietest);
  const step = Math.max(1, frames.length / MOST_FRAMES);
  return frames.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

async function hearing(
  reader: TapReader,
  samples: Float32Array,
  frames: readonly number[],
  about: { readonly recording: number; readonly isUnchanged: boolean },
): Promise<Hearing> {
  const { channels } = reader;
  const all = await reader.read(samples);
  const features = new Float32Array(frames.length * channels);
  for (const [row, frame] of frames.entries()) {
    features.set(all.subarray(frame * channels, (frame + 1) * channels), row * channels);
  }
  return { ...about, features, frameCount: frames.length };
}

/** Another level, and up to a second of background noise before the sound, which goes on under it. */
function change(
  samples: Float32Array,
  random: () => number,
): { readonly samples: Float32Array; readonly leadFrames: number } {
  const between = (low: number, high: number): number => low + (high - low) * random();
  const leadFrames = Math.floor(between(0, SAMPLE_RATE / FRAME_SAMPLES));
  const lead = leadFrames * FRAME_SAMPLES;
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  const gain = Math.min(1 / peak, 10 ** (between(-12, 6) / 20));
  const noiseLevel = gain * rms * 10 ** (-between(10, 35) / 20);
  const background = withoutOffset(noise(lead + samples.length, between(0, 0.98), random));
  return {
    leadFrames,
    samples: background.map(
      (sample, i) => sample * noiseLevel + gain * (i < lead ? 0 : (samples[i - lead] ?? 0)),
    ),
  };
}

/** Noise of RMS 1: from white (`darkness` 0) to a rumble (towards 1). */
function noise(length: number, darkness: number, random: () => number): Float32Array {
  // Uniform numbers from -1 to 1 have the variance 1/3; the filter leaves (1 - d) / (1 + d) of it.
  const scale = Math.sqrt((3 * (1 + darkness)) / (1 - darkness)) * (1 - darkness);
  let past = 0;
  return new Float32Array(length).map(() => (past = darkness * past + scale * (2 * random() - 1)));
}
