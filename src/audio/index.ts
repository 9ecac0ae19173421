/** The audio room: any source in, 16 kHz samples per channel out. */
export { openAudioContainer } from './audio-container';
export { openAudioFile } from './audio-file';
export { filePath } from './file-name';
export { isEmptyPayload, readPayload, type AudioPayload } from './payload';
export { describeContent, detectContainer, isWavContainer } from './sniff';
export {
  declaredFormat,
  DEFAULT_FORMAT_TRUST,
  type FormatSource,
  type FormatStatements,
  type FormatTrust,
} from './pcm/declared-format';
export { throwIfAborted, type AudioInfo, type DecodedAudio } from './decoded-audio';
export { FFMPEG_VARIABLE, findFfmpeg } from './ffmpeg/find-ffmpeg';
export { DEFAULT_PROTOCOLS, type LiveInputOptions } from './ffmpeg/live-input';
export { DEFAULT_SILENCE_TIMEOUT_MS, openLiveSource } from './ffmpeg/live-source';
export type {
  LiveSource,
  LiveSourceEvent,
  LiveSourceOptions,
  RestartDelays,
} from './ffmpeg/live-source-contract';
export type { OpenAudioOptions } from './open-audio-options';
export { OffsetFilter, withoutOffset } from './pcm/offset-filter';
export { PcmDecoder, type PcmDecoderOptions } from './pcm/pcm-decoder';
export { Resampler } from './pcm/resampler';
export { samplesToFloat32, type SampleArray } from './pcm/sample-array';
export {
  bytesPerSample,
  checkSampleFormat,
  checkSampleRate,
  ENCODINGS,
  isEncoding,
  MAX_CHANNELS,
  MAX_SAMPLE_RATE,
  MIN_SAMPLE_RATE,
  type Encoding,
  type SampleFormat,
} from './pcm/sample-format';
export { UnsupportedWavCodecError } from './wav/wav-format';
export { WavStreamReader, type WavContainer } from './wav/wav-stream-reader';
