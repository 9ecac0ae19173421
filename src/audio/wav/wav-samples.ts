/** What stands in a WAV where its header says that there are samples. */
import { BadAudioError } from '../../errors';
import { say } from '../../sentence';
import { namedContainer } from '../containers';
import { framesFromStart } from '../frame-sync';
import { UnsupportedWavCodecError } from './wav-format';
import type { AudioRun } from './wav-stream-reader';

const TAG_PCM = 1;
/** Beginnings of what a player sends to a receiver in the place of 16-bit samples, two of which they fill: bursts of S/PDIF (IEC 61937), DTS in 16 and 14 bits. */
const FOR_RECEIVERS: readonly Buffer[] = ['72f81f4e', 'fe7f0180', 'ff1f00e8'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const SAMPLE_BYTES = 2;
/** Bytes in which one begins, if there are any. */
const FIRST_BURST = 8_192;

/**
 * Looks at the first samples of a WAV: recorders of digital inputs write what is for a receiver, and who puts a header before bytes may put it before
 * anything.
 *
 * @throws BadAudioError that says what is there; UnsupportedWavCodecError where ffmpeg knows what it is
 */
export function checkWavSamples({ audio, format }: AudioRun): void {
  const container = namedContainer(audio) ?? framesFromStart(audio);
  if (container !== undefined && !['wav', 'dts'].includes(container)) {
    throw new BadAudioError(
      say`The WAV holds ${container} audio, and its header says that these are samples: send it without that header.`,
    );
  }
  if (format.encoding !== 's16le' || format.channels > 2) return;
  const bytes = Buffer.from(audio.buffer, audio.byteOffset, Math.min(audio.byteLength, FIRST_BURST));
  if (FOR_RECEIVERS.some((beginning) => holdsSamples(bytes, beginning))) {
    throw new UnsupportedWavCodecError(TAG_PCM, 'what a receiver decodes (S/PDIF, DTS)');
  }
}

/** Between two samples the same bytes are quiet sound. */
function holdsSamples(bytes: Buffer, samples: Buffer): boolean {
  for (let at = bytes.indexOf(samples); at >= 0; at = bytes.indexOf(samples, at + 1))
    if (at % SAMPLE_BYTES === 0) return true;
  return false;
}
