/** What callers say about their audio, as the audio room wants it. */
import { DEFAULT_FORMAT, type AudioWarning, type Declared, type OpenSoundOptions } from '../audio';
import { FRAME_MS, FRAME_SAMPLES, samplesToMs } from '../clock';
import { BadAudioError } from '../errors';
import { say } from '../sentence';
import type { AnalysisWarning } from '../insight';
import type { SoundOptions, WarningOptions } from './options';

/**
 * What raw samples hold: the format that is given, else 16-bit little-endian of `rateIn` and `channels`. Who gives a format says what
 * the bytes are.
 */
export function declaredIn({ format, rateIn, channels, checkContent }: SoundOptions): Declared {
  const { encoding, sampleRate } = DEFAULT_FORMAT;
  return {
    format: format ?? { encoding, sampleRate: rateIn ?? sampleRate, channels: channels ?? 1 },
    isStated: !(checkContent ?? format === undefined),
  };
}

/** How audio in memory is opened: one signal, whose samples must be finite (decisions 17, 19). */
export function openOptionsOf(options: SoundOptions): OpenSoundOptions {
  return { declared: declaredIn(options), channels: options.channel ?? 'mix', nonFinite: 'refuse' };
}

/** Tells warnings, as process warnings where nobody asked for them. */
export function tellWarnings(warnings: readonly AudioWarning[], { onWarning }: WarningOptions): void {
  for (const { code, message } of warnings) {
    if (onWarning) onWarning(message, code);
    else process.emitWarning(message, { code: `DEEPTONE_${code.toUpperCase().replaceAll('-', '_')}` });
  }
}

/** What is said of a chunk that is too short. */
export function tooShort(samples: number): BadAudioError {
  return new BadAudioError(
    say`The chunk has ${samples} samples at 16 kHz (${samplesToMs(samples)} ms): at least one frame, ${FRAME_SAMPLES} samples (${FRAME_MS} ms), is accepted, and a chunk as long as the models look back, 1 to 3 s, is best.`,
  );
}

/** Whoever listens to no warnings finds these in the answer; they are no fault of the program. */
export function tellOfAnalysis(warnings: readonly AnalysisWarning[], { onWarning }: WarningOptions): void {
  for (const { message, code } of warnings) onWarning?.(message, code);
}
