import { isUint8Array } from 'node:util/types';
import {
  checkStreamInput,
  checkSampleFormat,
  concatenate,
  decodeStream,
  filePath,
  openSound,
  readSound,
  SoundDecoder,
  soundIn,
  type AudioData,
  type AudioWarning,
  type OpenSoundOptions,
  type Sound,
  type StreamInput,
} from '../audio';
import { AnalysisStream } from './analysis-stream';
import { FRAME_SAMPLES, SAMPLE_RATE, samplesToMs } from '../clock';
import { checkEngineOptions, type DeeptoneOptions } from './engine-options';
import { BadAudioError, InvalidArgumentError } from '../errors';
import { phrase, say } from '../sentence';
import {
  OnnxPredictionEngine,
  type BrokenModel,
  type EngineInfo,
  type ModelDescription,
  type PredictionEngine,
  type PredictionStream,
} from '../inference';
import {
  isVoiceOf,
  Analysis,
  needsSpeechGate,
  speechGateOf,
  type ChannelAnalysis,
  type ChunkAnalysis,
  type FileAnalysis,
  type TimeSeriesStep,
  type VoiceSignature,
  type VoiceSignatures,
} from '../insight';
import { LicenseGuard, type LicenseStatus } from '../license';
import { LicensedStream } from './licensed-stream';
import { LimitGuard, type Limits } from './limits';
import {
  checkDecisions,
  checkOptions,
  DEFAULT_VOLUME_THRESHOLD,
  selectModels,
  type BytesOptions,
  type ChunkOptions,
  type FileOptions,
  type OpenOptions,
  type StreamOptions,
  type WarningOptions,
  type WholeOptions,
} from './options';
import { describe } from '../rules';
import { declaredIn, openOptionsOf, tellOfAnalysis, tellWarnings, tooShort } from './sound-options';
import { DEFAULT_SPEAKER_DELAY, HeldFrames, speakerWaitOf } from './held-frames';
import { LastingStream } from './lasting-stream';
import { answeredBy, SegmentCutter } from './segment-cutter';
import { SoundFeed } from './sound-feed';
import { analyseWhole } from './whole-answer';
import { createVoiceSignatures, SPEAKER_MODEL, type SpeakerSample } from './enrolment';

/** Longest voice sample that is read whole: a minute, so that a wrong path to a long recording costs nothing. */
const SAMPLE_LIMIT = 60 * SAMPLE_RATE;

/**
 * The engine: licensed models that say every 64 ms what is in a sound. Costly to start and long-lived; one instance serves
 * any number of files and streams at once. See the API reference for the meaning of every parameter and JSON key.
 */
export class Deeptone {
  readonly #engine: PredictionEngine;
  readonly #guard: LicenseGuard;
  /** Give back what the license lent to streams that are open. */
  readonly #lent = new Set<() => void>();
  readonly #ffmpegPath: string | undefined;
  readonly #folders: readonly string[] | undefined;
  readonly #knownVoices: DeeptoneOptions['knownVoices'];
  readonly #voiceStrictness: number | undefined;
  readonly #limits: LimitGuard;

  /**
   * @param licenseKey compact JWS; without one, `DEEPTONE_LICENSE_KEY` or else the evaluation license is used (decision 23)
   * @throws LicenseManagerError when the key is no license, is signed by nobody known, has expired or is not valid yet; its signature
   *   is checked by `verifyLicense`, `start`, and before all work. InvalidArgumentError for options
   */
  constructor(licenseKey?: string | null, options: DeeptoneOptions = {}) {
    checkEngineOptions(options);
    this.#guard = new LicenseGuard(licenseKey, { publicKeys: options.licensePublicKeys });
    if (!options.allowInactiveLicense) this.#guard.check([]);
    this.#ffmpegPath = options.ffmpegPath;
    this.#folders = options.folders && [...options.folders];
    this.#knownVoices = options.knownVoices;
    this.#voiceStrictness = options.voiceStrictness;
    this.#limits = new LimitGuard(options);
    this.#engine =
      options.predictionEngine ??
      new OnnxPredictionEngine({
        modelSet: options.modelSet,
        modelFolders: options.modelFolders,
        workers: options.workers,
        threads: options.threads,
        isolation: options.isolation,
        onEvent: options.onEngineEvent,
        runtime: options.runtime,
      });
  }

  /** How much a sound and its answer may take. */
  get limits(): Required<Limits> {
    return this.#limits.limits;
  }

  /** The license in use and whether it still allows new work. Until its signature has been checked (`verifyLicense`), what the key says. */
  get license(): LicenseStatus {
    return this.#guard.status();
  }

  /**
   * Checks the signature of the license without loading anything; `start` does so too, and so does all work before it begins.
   *
   * @throws LicenseManagerError (`bad-signature`)
   */
  async verifyLicense(): Promise<LicenseStatus> {
    await this.#guard.verified();
    return this.#guard.status();
  }

  /** Names of all models. */
  getAvailableModels(): Set<string> {
    return new Set(this.#engine.models.map((model) => model.name));
  }

  /** Whether there is a model of exactly this name. */
  isModelAvailable(modelName: string): boolean {
    return this.#engine.models.some((model) => model.name === modelName);
  }

  /** Every model with its classes, receptive field, gate and license. */
  describeModels(): readonly ModelDescription[] {
    return this.#engine.models;
  }

  /** Models of yours that were left out, and why: broken entries at once, graphs that do not load after the start. */
  get brokenModels(): readonly BrokenModel[] {
    return this.#engine.brokenModels ?? [];
  }

  /** What the models run on; of the engine that comes with the package, known once it has started. */
  get engineInfo(): EngineInfo {
    return this.#engine.info ?? { runtime: undefined };
  }

  /** Checks the license, and loads the runtime and the models now rather than at the first audio. */
  async start(): Promise<void> {
    await this.#guard.verified();
    await this.#engine.start();
  }

  /** Answers what is in flight, then frees everything, also what the license lent to streams that nobody has closed. */
  async close(): Promise<void> {
    await this.#engine.close();
    for (const release of this.#lent) release();
    this.#lent.clear();
  }

  /** Takes one of the streams that the license allows, until it is given back or the engine is closed. */
  #acquireStream(): () => void {
    const release = this.#guard.acquireStream();
    this.#lent.add(release);
    return () => {
      release();
      this.#lent.delete(release);
    };
  }

  /**
   * Analyses a file, every channel on its own unless `channel` names one (decision 16). WAV needs nothing else; other formats
   * go through ffmpeg (decision 15).
   *
   * @throws AudioFileError, BadAudioError, FfmpegError, InvalidArgumentError, ModelNotFoundError, LicenseManagerError, TooLargeError
   */
  async processFile(filename: string, options: FileOptions): Promise<FileAnalysis> {
    checkOptions('file', options);
    const file = await filePath(filename);
    return this.#analyseChannels(options, { file });
  }

  /**
   * Analyses a whole clip in memory that is a container (WAV, MP3, FLAC, Ogg, M4A, WebM, ...): as `processFile`.
   *
   * @param bytes the container; recognised by content
   */
  async processContainer(bytes: Uint8Array, options: FileOptions): Promise<FileAnalysis> {
    checkOptions('file', options);
    if (!isUint8Array(bytes)) {
      throw new InvalidArgumentError(
        say`The clip is ${describe(bytes)}: the bytes of a container are accepted, in a Buffer or Uint8Array.`,
      );
    }
    this.#limits.checkBytes(bytes);
    return this.#analyseChannels(options, { bytes });
  }

  /**
   * Analyses audio in memory as one mono signal (decisions 17 to 19).
   *
   * @param data samples as a typed array or numbers; or a Buffer of raw bytes (`format`) or of a container
   */
  async processAudioBytes(data: AudioData, options: BytesOptions): Promise<ChannelAnalysis> {
    checkOptions('bytes', options);
    this.#limits.checkBytes(data);
    const sound = soundIn(data, options.format !== undefined);
    const [answer = NO_ANSWER] = await this.#analyseSound(sound, openOptionsOf(options), options);
    return answer;
  }

  /**
   * One answer for a whole chunk (decision 12).
   *
   * @param data as in `processAudioBytes`; at least one frame, 64 ms
   * @throws ModelNotFoundError, InvalidArgumentError, BadAudioError, LicenseManagerError
   */
  async processAudioChunk(data: AudioData, options: ChunkOptions): Promise<ChunkAnalysis> {
    checkOptions('chunk', options);
    await this.#guard.verified();
    this.#guard.check(this.#select(options).map((model) => model.name));
    const { memory, topic = '', signal } = options;
    if (memory && options.contextSamples !== undefined) {
      throw new InvalidArgumentError(
        say`memory and contextSamples are both given: either a memory knows what went before, or the chunk begins with it.`,
      );
    }
    this.#limits.checkBytes(data);
    const sound = soundIn(data, options.format !== undefined);
    const how = { ...openOptionsOf(options), ffmpegPath: this.#ffmpegPath, signal };
    const onWarnings = (warnings: readonly AudioWarning[]): void => {
      tellWarnings(warnings, options);
    };
    const longest = (this.#limits.limits.maxDuration * SAMPLE_RATE) / 1_000;
    const chunk = await readSound(sound, { ...how, onWarnings }, longest);
    this.#limits.checkDuration(samplesToMs(chunk.length));
    if (chunk.length < FRAME_SAMPLES) throw tooShort(chunk.length);
    const lookBack = memory ? this.#lookBack(options.models) : 0;
    const context = memory?.last(topic, lookBack) ?? new Float32Array(0);
    const heard = concatenate([context, chunk]);
    const answer = await this.#answerChunk(heard, {
      ...options,
      contextSamples: options.contextSamples ?? context.length,
    });
    memory?.keep(topic, heard, lookBack);
    options.onProgress?.(1, samplesToMs(chunk.length));
    return answer;
  }

  /** Samples that the models look back on, beyond the frame itself. */
  #lookBack(models: readonly string[]): number {
    const fields = this.#select({ models }).map(
      ({ receptiveFieldMs, pooling }) => receptiveFieldMs + (pooling?.seconds ?? 0) * 1_000,
    );
    return Math.ceil((Math.max(0, ...fields) * SAMPLE_RATE) / 1_000);
  }

  async #answerChunk(samples: Float32Array, options: ChunkOptions): Promise<ChunkAnalysis> {
    const contextSamples = options.contextSamples ?? 0;
    if (contextSamples >= samples.length) {
      throw new InvalidArgumentError(
        say`contextSamples is ${contextSamples}: less than the chunk's ${samples.length} samples is accepted.`,
      );
    }
    // Zeros before the context change nothing (decision 3) and put the frame grid exactly at its end.
    const warmUpFrames = Math.ceil(contextSamples / FRAME_SAMPLES);
    const padding = warmUpFrames * FRAME_SAMPLES - contextSamples;
    const stream = await this.#open({ ...options, outputPeriod: null }, 'whole', warmUpFrames);
    try {
      const events = [await stream.pad(padding), await stream.push(samples), await stream.finish()];
      const [step] = events.flatMap((event) => event.steps);
      if (!step) throw new BadAudioError(say`There is no audio: the chunk has no frame.`);
      const { results, shares, level, raw } = step;
      const warnings = stream.warnings();
      return {
        results,
        shares,
        level,
        ...(raw ? { raw } : {}),
        ...(warnings.length > 0 ? { warnings } : {}),
      };
    } finally {
      stream.close();
    }
  }

  /**
   * Analyses audio while it comes in; yields one step per `outputPeriod` of audio and the last, partial one at the end.
   * Input is read only as fast as steps are taken.
   *
   * @param input bytes (16-bit little-endian mono unless `format` or a WAV header at the start says otherwise) or arrays of
   *   samples, in pieces of any size
   * @throws ModelNotFoundError, InvalidArgumentError at once; BadAudioError when the input had no sample
   */
  processStream(input: StreamInput, options: StreamOptions): AsyncGenerator<TimeSeriesStep, void, undefined> {
    checkOptions('stream', options);
    this.#select(options);
    checkStreamInput(input);
    const { channel } = options;
    const decoder = new SoundDecoder({
      channels: channel ?? 'mix',
      ffmpegPath: this.#ffmpegPath,
      name: phrase`The stream`,
    });
    const declared = declaredIn(options);
    checkSampleFormat(declared.format);
    return this.#generateSteps(input, options, decoder);
  }

  /**
   * Opens a live stream: push samples, get answers (steps, transitions as they begin and end, a running summary).
   *
   * @throws ModelNotFoundError, InvalidArgumentError, LicenseManagerError, RuntimeUnavailableError
   */
  async openStream(options: OpenOptions): Promise<AnalysisStream> {
    checkOptions('open', options);
    return this.#open(options);
  }

  /**
   * Creates or extends voice signatures, with which speaker-map calls speakers by name (`voiceSignatures`).
   *
   * @param samples recordings of one speaker each: the path of a file, or samples at 16 kHz; 1 to 10 s with at least 1 s
   *   of speech and a signal-to-noise ratio of at least 0 dB
   * @param existing signatures to extend; at most 10 s of audio make one signature
   * @returns `existing` with the new and the extended signatures
   * @throws VoiceSignatureError naming the speaker and the limit, ModelNotFoundError, InvalidArgumentError,
   *   LicenseManagerError, and the errors of `processFile` for files
   */
  async createVoiceSignatures(
    samples: readonly SpeakerSample<string | AudioData>[],
    existing?: VoiceSignatures,
  ): Promise<Record<string, VoiceSignature>> {
    await this.#guard.verified();
    this.#guard.check([SPEAKER_MODEL]);
    const release = this.#acquireStream();
    try {
      return await createVoiceSignatures(samples, existing, {
        engine: this.#engine,
        decode: async (audio) => {
          const sound = typeof audio === 'string' ? { file: await filePath(audio) } : soundIn(audio, false);
          const takesRaw = typeof audio !== 'string';
          const how = { ffmpegPath: this.#ffmpegPath, folders: this.#folders, takesRaw };
          return readSound(sound, how, SAMPLE_LIMIT);
        },
      });
    } finally {
      release();
    }
  }

  #select({ models, decisions }: Pick<WholeOptions, 'models' | 'decisions'>): readonly ModelDescription[] {
    checkDecisions(decisions, this.#engine.models, this.brokenModels);
    return selectModels(models, this.#engine.models, this.brokenModels);
  }

  /** The voices that speaker-map knows: those that the caller names, else those that the engine knows. */
  #voices({ voiceSignatures }: Pick<WholeOptions, 'voiceSignatures'>): VoiceSignatures | undefined {
    if (voiceSignatures !== undefined || !this.#knownVoices) return voiceSignatures;
    const { embeddingId = '' } =
      this.#engine.models.find(({ activation }) => activation === 'embedding') ?? {};
    const voices = Object.entries(this.#knownVoices(embeddingId));
    const usable = voices.filter(([, signature]) => isVoiceOf(signature, embeddingId));
    return usable.length > 0 ? Object.fromEntries(usable) : undefined;
  }

  async *#generateSteps(
    input: StreamInput,
    options: StreamOptions,
    decoder: SoundDecoder,
  ): AsyncGenerator<TimeSeriesStep, void, undefined> {
    const stream = await this.#open(options);
    try {
      for await (const [samples] of decodeStream(input, decoder, declaredIn(options))) {
        const { steps } = await stream.push(samples ?? new Float32Array(0));
        tellWarnings(decoder.takeWarnings(), options);
        yield* steps;
      }
      const { steps } = await stream.finish();
      tellOfAnalysis(stream.warnings(), options);
      yield* steps;
    } finally {
      stream.close();
    }
  }

  async #analyseChannels(options: FileOptions, sound: Sound): Promise<FileAnalysis> {
    const how: OpenSoundOptions = { channels: options.channel ?? 'each', takesRaw: false };
    const numbers: number[] = [];
    const answers = await this.#analyseSound(sound, how, options, (channels) => numbers.push(...channels));
    const numbered = numbers.map((number, index) => [String(number), answers[index] ?? NO_ANSWER]);
    return { channels: Object.fromEntries(numbered) as Record<string, ChannelAnalysis> };
  }

  /** @param opened told of the numbers of the channels */
  async #analyseSound(
    sound: Sound,
    how: OpenSoundOptions,
    options: WholeOptions & WarningOptions,
    opened?: (channels: readonly number[]) => void,
  ): Promise<readonly ChannelAnalysis[]> {
    await this.#guard.verified();
    this.#guard.check(this.#select(options).map((model) => model.name));
    const audio = await openSound(sound, {
      ...how,
      ffmpegPath: this.#ffmpegPath,
      folders: this.#folders,
      signal: options.signal,
    });
    try {
      this.#limits.checkChannels(audio.channels.length);
      opened?.(audio.channels);
      return await this.#withStreams(options, audio.channels.length, async (streams) => {
        const { durationMs } = audio.info;
        const { channels } = audio;
        const known = { ...options, voiceSignatures: this.#voices(options) };
        const about = { durationMs, guard: this.#limits, channels, models: this.#select(options) };
        const answers = await analyseWhole(audio.pieces, streams, known, about);
        for (const { warnings = [] } of answers) tellOfAnalysis(warnings, options);
        return answers;
      });
    } finally {
      await audio.close();
      tellWarnings(audio.takeWarnings(), options);
    }
  }

  async #withStreams<T>(
    options: WholeOptions,
    count: number,
    work: (streams: readonly AnalysisStream[]) => Promise<T>,
  ): Promise<T> {
    const streams: AnalysisStream[] = [];
    try {
      while (streams.length < count) streams.push(await this.#open(options, 'whole'));
      return await work(streams);
    } finally {
      for (const stream of streams) stream.close();
    }
  }

  async #open(
    options: Omit<WholeOptions & OpenOptions, 'outputPeriod'> & { readonly outputPeriod: number | null },
    wait: number | 'whole' = options.speakerDelay ?? DEFAULT_SPEAKER_DELAY,
    warmUpFrames = 0,
  ): Promise<AnalysisStream> {
    const models = this.#select(options);
    const names = models.map((model) => model.name);
    await this.#guard.verified();
    this.#guard.check(names);
    const release = this.#acquireStream();
    try {
      const gate = speechGateOf(this.#engine);
      const { segments, loudAbove } = options;
      const speakerWait = speakerWaitOf(models, wait);
      const cutter = segments && new SegmentCutter(segments, answeredBy(models, loudAbove));
      const analysis = new Analysis({
        models,
        outputPeriod: options.outputPeriod,
        includeRawValues: options.includeRawValues ?? false,
        volumeThreshold: options.volumeThreshold ?? DEFAULT_VOLUME_THRESHOLD,
        voiceSignatures: this.#voices(options),
        voiceStrictness: this.#voiceStrictness,
        decisions: options.decisions,
        loudAbove,
        speakerWait,
        gate,
      });
      const gates = needsSpeechGate(models) ? [gate.name] : [];
      const open = async (): Promise<PredictionStream> =>
        new LicensedStream(await this.#engine.openStream([...new Set([...gates, ...names])]), this.#guard);
      const { onEngineLost: told } = options;
      return new AnalysisStream({
        predictions: new LastingStream(await open(), told && { open, told }),
        analysis,
        release,
        warmUpFrames,
        feed: new SoundFeed({ ffmpegPath: this.#ffmpegPath, name: phrase`The piece` }),
        licenseNotice: () => this.#guard.graceNotice(),
        cutter,
        held: speakerWait === 0 ? undefined : new HeldFrames(analysis, speakerWait),
      });
    } catch (error) {
      release();
      throw error;
    }
  }
}

const NO_ANSWER: ChannelAnalysis = { time_series: [] };
