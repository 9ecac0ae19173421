import { isUint8Array } from 'node:util/types';
import { filePath, openAudioContainer, openAudioFile, type DecodedAudio } from '../audio';
import { AnalysisStream } from './analysis-stream';
import { FRAME_SAMPLES } from '../clock';
import { checkEngineOptions, type DeeptoneOptions } from './engine-options';
import { AbortedError, BadAudioError, InvalidArgumentError } from '../errors';
import {
  OnnxPredictionEngine,
  type BrokenModel,
  type ModelDescription,
  type PredictionEngine,
} from '../inference';
import {
  Analysis,
  GATE_MODEL,
  needsSpeechGate,
  type AnalysisEvents,
  type AnalysisWarning,
  type ChannelAnalysis,
  type ChunkAnalysis,
  type FileAnalysis,
  type TimeSeriesStep,
  type Transition,
  type Transitions,
  type VoiceSignature,
  type VoiceSignatures,
} from '../insight';
import { LicenseGuard, type LicenseStatus } from '../license';
import {
  checkOptions,
  DEFAULT_VOLUME_THRESHOLD,
  selectModels,
  type AnalysisOptions,
  type BytesOptions,
  type ChunkOptions,
  type FileOptions,
  type StreamOptions,
  type WholeOptions,
} from './options';
import { describe } from '../rules';
import { chunkSamples, readSample, readSamples, type AudioData } from '../audio/samples-source';
import { checkStreamInput, StreamSamples, type StreamInput } from '../audio/stream-samples';
import { createVoiceSignatures, SPEAKER_MODEL, type SpeakerSample } from './enrolment';

/** Pieces of a file that are under analysis while the next one is read. */
const READ_AHEAD_PIECES = 4;

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

  /**
   * @param licenseKey compact JWS; without one, `DEEPTONE_LICENSE_KEY` or else the evaluation license is used (decision 23)
   * @throws LicenseManagerError when the key is invalid, cannot be validated, has expired or is not valid yet;
   *   InvalidArgumentError for options
   */
  constructor(licenseKey?: string | null, options: DeeptoneOptions = {}) {
    checkEngineOptions(options);
    this.#guard = new LicenseGuard(licenseKey, { publicKeys: options.licensePublicKeys });
    if (!options.allowInactiveLicense) this.#guard.check([]);
    this.#ffmpegPath = options.ffmpegPath;
    this.#engine =
      options.predictionEngine ??
      new OnnxPredictionEngine({
        modelSet: options.modelSet,
        modelFolders: options.modelFolders,
        threads: options.threads,
      });
  }

  /** The license in use and whether it still allows new work. */
  get license(): LicenseStatus {
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

  /** Loads the runtime and the models now rather than at the first audio. */
  async start(): Promise<void> {
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
   * @throws AudioFileError, BadAudioError, FfmpegError, InvalidArgumentError, ModelNotFoundError, LicenseManagerError
   */
  async processFile(filename: string, options: FileOptions): Promise<FileAnalysis> {
    checkOptions('file', options);
    const path = await filePath(filename);
    const { channel, signal } = options;
    return this.#analyseChannels(options, () =>
      openAudioFile(path, { channel, signal, ffmpegPath: this.#ffmpegPath }),
    );
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
        `The clip is ${describe(bytes)}: the bytes of a container are accepted, in a Buffer or Uint8Array.`,
      );
    }
    const { channel, signal } = options;
    return this.#analyseChannels(options, () =>
      openAudioContainer(bytes, { channel, signal, ffmpegPath: this.#ffmpegPath }),
    );
  }

  /**
   * Analyses audio in memory as one mono signal (decisions 17 to 19).
   *
   * @param data samples as a typed array or numbers; or a Buffer of raw bytes (`format`) or of a container
   */
  async processAudioBytes(data: AudioData, options: BytesOptions): Promise<ChannelAnalysis> {
    checkOptions('bytes', options);
    return this.#withStreams(options, 1, async ([stream]) => {
      if (!stream) throw new BadAudioError('There is no audio.');
      const { rateIn, channels, channel, format, signal } = options;
      const pieces = readSamples(data, {
        rateIn,
        channels,
        channel,
        format,
        signal,
        ffmpegPath: this.#ffmpegPath,
      });
      const [answer] = await analyse(mapPieces(pieces), [stream], options, null);
      if (!answer) throw new BadAudioError('There is no audio.');
      return answer;
    });
  }

  /**
   * One answer for a whole chunk (decision 12).
   *
   * @param data samples at 16 kHz; a Buffer holds 16-bit little-endian ones, or a container, whose rate may be another
   * @throws ModelNotFoundError, InvalidArgumentError, BadAudioError, LicenseManagerError
   */
  async processAudioChunk(data: AudioData, options: ChunkOptions): Promise<ChunkAnalysis> {
    checkOptions('chunk', options);
    const samples = await chunkSamples(data, this.#ffmpegPath);
    const contextSamples = options.contextSamples ?? 0;
    if (samples.length === 0) throw new BadAudioError('There is no audio: the chunk has no sample.');
    if (contextSamples >= samples.length) {
      throw new InvalidArgumentError(
        `contextSamples is ${contextSamples}: less than the chunk's ${samples.length} samples is accepted.`,
      );
    }
    // Zeros before the context change nothing (decision 3) and put the frame grid exactly at its end.
    const warmUpFrames = Math.ceil(contextSamples / FRAME_SAMPLES);
    const padding = warmUpFrames * FRAME_SAMPLES - contextSamples;
    const stream = await this.#open({ ...options, outputPeriod: null }, warmUpFrames);
    try {
      const events = [await stream.pad(padding), await stream.push(samples), await stream.finish()];
      const [step] = events.flatMap((event) => event.steps);
      if (!step) throw new BadAudioError('There is no audio: the chunk has no frame.');
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
    return this.#generateSteps(input, options, new StreamSamples(options));
  }

  /**
   * Opens a live stream: push samples, get answers (steps, transitions as they begin and end, a running summary).
   *
   * @throws ModelNotFoundError, InvalidArgumentError, LicenseManagerError, RuntimeUnavailableError
   */
  async openStream(options: AnalysisOptions): Promise<AnalysisStream> {
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
    this.#guard.check([SPEAKER_MODEL]);
    const release = this.#acquireStream();
    try {
      return await createVoiceSignatures(samples, existing, {
        engine: this.#engine,
        decode: (audio) => readSample(audio, this.#ffmpegPath),
      });
    } finally {
      release();
    }
  }

  #select({ models }: { readonly models: readonly string[] }): readonly ModelDescription[] {
    return selectModels(models, this.#engine.models, this.brokenModels);
  }

  async *#generateSteps(
    input: StreamInput,
    options: StreamOptions,
    samples: StreamSamples,
  ): AsyncGenerator<TimeSeriesStep, void, undefined> {
    const stream = await this.#open(options);
    let warned = false;
    try {
      for await (const piece of input) {
        const { steps } = await stream.push(samples.push(piece));
        if (!warned && stream.nonFiniteSamples + samples.nonFiniteSamples > 0) {
          warned = true;
          warn('The stream has samples that are not finite numbers; they count as 0.', options);
        }
        yield* steps;
      }
      const rest = await stream.push(samples.flush());
      yield* rest.steps;
      const { steps } = await stream.finish();
      tell(stream.warnings(), options);
      yield* steps;
    } finally {
      stream.close();
    }
  }

  async #analyseChannels(options: FileOptions, open: () => Promise<DecodedAudio>): Promise<FileAnalysis> {
    this.#guard.check(this.#select(options).map((model) => model.name));
    const audio = await open();
    try {
      return await this.#withStreams(options, audio.channels.length, async (streams) => {
        const answers = await analyse(audio.pieces, streams, options, audio.info.durationMs);
        if (audio.nonFiniteSamples > 0) {
          const first = `${audio.nonFiniteSamples} samples that are not finite numbers, the first at ${audio.firstNonFiniteSample}`;
          warn(`The audio has ${first}; they count as 0.`, options);
        }
        for (const { warnings = [] } of answers) tell(warnings, options);
        const numbered = audio.channels.map((number, index) => [String(number), answers[index] ?? NO_ANSWER]);
        return { channels: Object.fromEntries(numbered) as Record<string, ChannelAnalysis> };
      });
    } finally {
      await audio.close();
    }
  }

  async #withStreams<T>(
    options: WholeOptions,
    count: number,
    work: (streams: readonly AnalysisStream[]) => Promise<T>,
  ): Promise<T> {
    const streams: AnalysisStream[] = [];
    try {
      while (streams.length < count) streams.push(await this.#open(options));
      return await work(streams);
    } finally {
      for (const stream of streams) stream.close();
    }
  }

  async #open(
    options: Omit<WholeOptions, 'outputPeriod'> & { readonly outputPeriod: number | null },
    warmUpFrames = 0,
  ): Promise<AnalysisStream> {
    const models = this.#select(options);
    const names = models.map((model) => model.name);
    this.#guard.check(names);
    const release = this.#acquireStream();
    try {
      const analysis = new Analysis({
        models,
        outputPeriod: options.outputPeriod,
        includeRawValues: options.includeRawValues ?? false,
        volumeThreshold: options.volumeThreshold ?? DEFAULT_VOLUME_THRESHOLD,
        voiceSignatures: options.voiceSignatures,
        gate: this.#engine.models.find((model) => model.name === GATE_MODEL),
      });
      const gate = needsSpeechGate(models) ? [GATE_MODEL] : [];
      const predictions = await this.#engine.openStream([...new Set([...gate, ...names])]);
      return new AnalysisStream(predictions, analysis, release, warmUpFrames);
    } catch (error) {
      release();
      throw error;
    }
  }
}

const NO_ANSWER: ChannelAnalysis = { time_series: [] };

/** Runs decoded audio through one stream per channel and gathers what was asked for. */
async function analyse(
  pieces: AsyncIterable<readonly Float32Array[]>,
  streams: readonly AnalysisStream[],
  options: WholeOptions,
  durationMs: number | null,
): Promise<readonly ChannelAnalysis[]> {
  const collectors = streams.map((stream) => new Collector(stream, options));
  const inFlight: Promise<unknown>[] = [];
  for await (const piece of pieces) {
    if (options.signal?.aborted)
      throw new AbortedError('The analysis was aborted.', { cause: options.signal.reason });
    const answered = Promise.all(collectors.map((collector, index) => collector.hear(piece[index])));
    answered.catch(() => undefined); // Awaited in its turn; the first failure ends the loop below.
    inFlight.push(answered);
    if (inFlight.length > READ_AHEAD_PIECES) await inFlight.shift();
    const analysedMs = streams[0]?.receivedMs ?? 0;
    options.onProgress?.(durationMs ? Math.min(1, analysedMs / durationMs) : null, analysedMs);
  }
  await Promise.all(inFlight);
  return Promise.all(collectors.map((collector) => collector.finish()));
}

/** Gathers the answers of one channel. */
class Collector {
  readonly #steps: TimeSeriesStep[] = [];
  readonly #transitions: Record<string, Transition[]> = {};

  constructor(
    private readonly stream: AnalysisStream,
    private readonly options: WholeOptions,
  ) {}

  async hear(samples: Float32Array | undefined): Promise<void> {
    if (samples) this.#take(await this.stream.push(samples));
  }

  async finish(): Promise<ChannelAnalysis> {
    this.#take(await this.stream.finish());
    const { includeSummary, includeTransitions, includeVoiceSignatures } = this.options;
    const warnings = this.stream.warnings();
    return {
      time_series: this.#steps,
      ...(includeSummary ? { summary: this.stream.summary() } : {}),
      ...(includeTransitions ? { transitions: this.#transitions satisfies Transitions } : {}),
      ...(includeVoiceSignatures ? { voice_signatures: this.stream.voiceSignatures() } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
    };
  }

  #take(events: AnalysisEvents): void {
    for (const step of events.steps) this.#steps.push(step);
    if (!this.options.includeTransitions) return;
    for (const { model, result, confidence, timestamp_start, timestamp_end } of events.ended) {
      if (timestamp_end === null) continue;
      (this.#transitions[model] ??= []).push({ timestamp_start, timestamp_end, result, confidence });
    }
  }
}

async function* mapPieces(pieces: AsyncIterable<Float32Array>): AsyncGenerator<readonly Float32Array[]> {
  for await (const piece of pieces) yield [piece];
}

/** Whoever listens to no warnings finds these in the answer; they are no fault of the program. */
function tell(warnings: readonly AnalysisWarning[], { onWarning }: Pick<StreamOptions, 'onWarning'>): void {
  for (const { message } of warnings) onWarning?.(message);
}

function warn(message: string, { onWarning }: Pick<StreamOptions, 'onWarning'>): void {
  if (onWarning) onWarning(message);
  else process.emitWarning(message, { code: 'DEEPTONE_NON_FINITE' });
}
