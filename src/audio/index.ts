/** The audio room: any source in, 16 kHz samples per channel out. */
export { throwIfAborted } from './abort';
export { checkStreamInput, soundIn, type AudioData, type StreamInput } from './audio-data';
export { beginsAsWav, detectContainer, isWavContainer } from './containers';
export { decodeStream } from './decode-stream';
export { checkAttached } from './detached';
export type { AudioWarning, AudioWarningCode } from './decoder-warning';
export { FFMPEG_VARIABLE, findFfmpeg } from './ffmpeg/find-ffmpeg';
export { DEFAULT_PROTOCOLS, type LiveInputOptions } from './ffmpeg/live-input';
export { DEFAULT_SILENCE_TIMEOUT_MS, openLiveSource } from './ffmpeg/live-source';
export type {
  LiveSource,
  LiveSourceEvent,
  LiveSourceOptions,
  RestartDelays,
} from './ffmpeg/live-source-contract';
export { filePath } from './file-name';
export { describeContent } from './not-audio';
export { isEmptyPayload, payloadBytes, payloadSteps, readPayload, type AudioPayload } from './payload';
export { concatenate } from './pcm/concatenate';
export {
  declaredFormat,
  DEFAULT_FORMAT_TRUST,
  isFormatStated,
  type FormatSource,
  type FormatStatements,
  type FormatTrust,
} from './pcm/declared-format';
export { OffsetFilter, withoutOffset } from './pcm/offset-filter';
export { PcmDecoder, type PcmDecoderOptions } from './pcm/pcm-decoder';
export { Resampler } from './pcm/resampler';
export { samplesToFloat32, type SampleArray } from './pcm/sample-array';
export { LARGEST_SAMPLE, silenceNonFinite } from './pcm/sample-codec';
export {
  blockBytes,
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
export type { Channels, DecodedChannels } from './sample-sink';
export {
  isContainer,
  openSound,
  readSound,
  type AudioInfo,
  type DecodedAudio,
  type OpenSoundOptions,
  type Sound,
} from './sound';
export {
  DEFAULT_FORMAT,
  SoundDecoder,
  type Declared,
  type Parts,
  type SoundDecoderOptions,
} from './sound-decoder';
export { wavFile } from './wav/wav-file';
export { WavStreamReader, type AudioRun } from './wav/wav-stream-reader';
export type { WavContainer } from './wav/wav-chunks';
export { UnsupportedWavCodecError } from './wav/wav-format';
