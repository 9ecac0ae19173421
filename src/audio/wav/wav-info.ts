import type { AudioInfo } from '../decoded-audio';
import { bytesPerSample, type SampleFormat } from '../pcm/sample-format';
import type { WavStreamReader } from './wav-stream-reader';

/**
 * Facts about a WAV whose header has been read.
 *
 * @param bytes of the whole file or clip
 */
export function wavInfo(
  reader: WavStreamReader,
  format: SampleFormat,
  bytes: number,
): { readonly info: AudioInfo; readonly blockBytes: number } {
  const { encoding, sampleRate, channels } = format;
  const blockBytes = bytesPerSample(encoding) * channels;
  const present = Math.max(0, bytes - reader.headerBytes);
  const audioBytes = Math.min(reader.promisedBytes ?? present, present);
  const durationMs = Math.round((Math.floor(audioBytes / blockBytes) * 1_000) / sampleRate);
  return {
    info: { container: reader.container, sampleRate, channels, encoding, durationMs, bytes },
    blockBytes,
  };
}
