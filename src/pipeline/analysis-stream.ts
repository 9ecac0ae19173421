import { isFloat32Array } from 'node:util/types';
import { FRAME_SAMPLES, SAMPLE_RATE, samplesToMs } from '../clock';
import { BadAudioError, ClosedError, InvalidArgumentError } from '../errors';
import { say } from '../sentence';
import { inTurns, Turns } from '../steps';
import type { AudioData, AudioWarning } from '../audio';
import { describe } from '../rules';
import { framesOf, levelsOf, type AnswerableFrames } from './frames';
import { FrameAssembler, type AssembledFrames } from './frame-assembler';
import type { SegmentCutter } from './segment-cutter';
import type { SoundFeed } from './sound-feed';
import { toInt16 } from './sound-memory';
import type { FramePredictions } from '../inference';
import type { HeldFrames } from './held-frames';
import { LastFrame } from './last-frame';
import type { LastingStream } from './lasting-stream';
import type {
  Analysis,
  AnalysisEvents,
  AnalysisWarning,
  FrameLevels,
  Summary,
  VoiceSignature,
} from '../insight';

/** Frames in one request to the engine at most: 4 s, so that a long push cannot hold live streams up. */
const REQUEST_FRAMES = 64;

/** Samples that are cut into frames at once: 4 s, about a millisecond. */
const LONG_PUSH = 65_536;
/** Samples that may be left out at once: an hour. */
const LONGEST_SILENCE = 3_600 * SAMPLE_RATE;
/** Frames of silence that are answered in one turn of the event loop: about 16 s, a few milliseconds. */
const REPEATED_FRAMES = 256;

/** What a stream is made of. */
export interface StreamParts {
  readonly predictions: LastingStream;
  readonly analysis: Analysis;
  /** Called once at close. */
  readonly release: () => void;
  /** Leading frames that the models hear and whose answers are dropped (decision 12). */
  readonly warmUpFrames: number;
  /** Makes samples of the sound that {@link AnalysisStream.pushSound} takes. */
  readonly feed: SoundFeed;
  /** What is to be known of a license that has ended meanwhile. */
  readonly licenseNotice: () => string | undefined;
  /** Cuts out the sound of phases, where that is asked for. */
  readonly cutter: SegmentCutter | undefined;
  /** Holds frames back, where a speaker map looks ahead. */
  readonly held: HeldFrames | undefined;
}

/**
 * One stream of audio under analysis: samples of any number in, answers out as they are ready. File, bytes, chunk and
 * stream processing are all this one core (decision 13).
 */
export class AnalysisStream {
  readonly #frames = new FrameAssembler();
  readonly #predictions: LastingStream;
  readonly #analysis: Analysis;
  readonly #release: () => void;
  readonly #feed: SoundFeed;
  readonly #cutter: SegmentCutter | undefined;
  readonly #held: HeldFrames | undefined;
  readonly #licenseNotice: () => string | undefined;
  /** Settles when all that was pushed is in frames; undefined where it is. */
  #behind: Promise<unknown> | undefined;
  /** Whether there was sound that had to be decoded. */
  #hasSound = false;
  #uncutSamples = 0;
  #warmUpFrames: number;
  #last: Promise<unknown> = Promise.resolve();
  #pendingSamples = 0;
  #closed = false;
  #finishing = false;
  #hasHeard = false;
  /** Predictions of the last frame that was answered, by model. */
  readonly #lastFrame = new LastFrame();

  /**
   * Streams come from `Deeptone.openStream`.
   *
   * @internal
   */
  constructor({
    predictions,
    analysis,
    release,
    warmUpFrames,
    feed,
    licenseNotice,
    cutter,
    held,
  }: StreamParts) {
    this.#predictions = predictions;
    this.#analysis = analysis;
    this.#release = release;
    this.#warmUpFrames = warmUpFrames;
    this.#feed = feed;
    this.#licenseNotice = licenseNotice;
    this.#cutter = cutter;
    this.#held = held;
  }

  /** Milliseconds of audio received. */
  get receivedMs(): number {
    return samplesToMs(this.#frames.receivedSamples);
  }

  /** Milliseconds of audio accepted and not yet answered: what a caller bounds. */
  get pendingMs(): number {
    return samplesToMs(this.#pendingSamples + (this.#closed ? 0 : this.#uncutSamples));
  }

  /** Milliseconds by which answers are late because the speaker map waits for what comes after (decision 14). */
  get delayMs(): number {
    return this.#held?.delayMs ?? 0;
  }

  /** Samples that were not finite and were replaced by 0. */
  get nonFiniteSamples(): number {
    return this.#frames.nonFiniteSamples;
  }

  /**
   * Hears samples; resolves with what they made known, after all earlier pushes.
   *
   * @param samples 16 kHz mono, full scale 1.0, any number; read before this returns
   * @throws InferenceError, LicenseManagerError (a day after the license ended), after which the stream is closed; ClosedError after `finish`
   *   or `close`, InvalidArgumentError for anything but a Float32Array
   */
  push(samples: Float32Array): Promise<AnalysisEvents> {
    if (this.#closed || this.#finishing) return Promise.reject(new ClosedError(say`This stream is closed.`));
    if (!isFloat32Array(samples)) {
      return Promise.reject(
        new InvalidArgumentError(
          say`push takes 16 kHz samples at full scale 1.0 in a Float32Array; pushSound takes bytes and other arrays.`,
        ),
      );
    }
    if (!this.#behind && samples.length <= LONG_PUSH) return this.#answer(this.#frames.push(samples));
    const copy = samples.slice();
    this.#uncutSamples += copy.length;
    return this.#inTurn(async () => {
      this.#uncutSamples -= copy.length;
      return this.#cut(copy);
    });
  }

  /**
   * Does something when all that was pushed before is in frames.
   *
   * @param step resolves with the answers to come, once its own samples are in frames
   */
  #inTurn(step: () => Promise<readonly Promise<AnalysisEvents>[]>): Promise<AnalysisEvents> {
    const done = (this.#behind ?? Promise.resolve()).then(() => {
      if (this.#closed) throw this.#failure ?? new ClosedError(say`This stream is closed.`);
      return step();
    });
    const settled = done.then(nothing, nothing);
    this.#behind = settled;
    void settled.then(() => {
      if (this.#behind === settled) this.#behind = undefined;
    });
    return done.then(async (answers) => joinEvents(await Promise.all(answers)));
  }

  /** Cuts samples into frames, a little at a time. */
  async #cut(samples: Float32Array): Promise<readonly Promise<AnalysisEvents>[]> {
    const turns = new Turns();
    const answers: Promise<AnalysisEvents>[] = [];
    this.#uncutSamples += samples.length;
    for (let at = 0; at === 0 || at < samples.length; at += LONG_PUSH) {
      if (this.#closed) throw this.#failure ?? new ClosedError(say`This stream is closed.`);
      const piece = samples.subarray(at, at + LONG_PUSH);
      this.#uncutSamples -= piece.length;
      const answer = this.#answer(this.#frames.push(piece));
      answer.catch(nothing); // Awaited later.
      answers.push(answer);
      await turns.next();
    }
    return answers;
  }

  /**
   * Hears sound of any kind: bytes (raw as 16-bit little-endian mono at 16 kHz, WAV, compressed pieces, which takes ffmpeg, text that holds
   * audio) or arrays of samples. Compressed sound is answered when it is decoded: with a later push, or at the end.
   *
   * @param piece of any size; read before this returns
   * @throws BadAudioError for what is no audio, after which the stream goes on; FfmpegError, InvalidArgumentError; and as {@link push}
   */
  async pushSound(piece: AudioData | Uint8Array): Promise<AnalysisEvents> {
    const feed = this.#feed;
    if (this.#closed || this.#finishing) throw new ClosedError(say`This stream is closed.`);
    this.#hasSound = true;
    const samples = feed.push(piece);
    samples.catch(nothing); // Awaited in its turn.
    return this.#inTurn(async () => this.#cut(await samples));
  }

  /** What is wrong with the sound of {@link pushSound} that was heard all the same, since it was last asked. */
  takeSoundWarnings(): readonly AudioWarning[] {
    return this.#feed.takeWarnings();
  }

  /**
   * Hears zeros where there was no sound: in front of a chunk's context, and in the place of audio that never came.
   * Unlike zeros that are pushed they are no step in a sound with an offset (decision 27).
   *
   * @param sampleCount number of samples at 16 kHz, an hour at most
   * @throws InferenceError, ClosedError, InvalidArgumentError
   */
  pad(sampleCount: number): Promise<AnalysisEvents> {
    const refusal = this.#refusalOf(sampleCount);
    if (refusal) return Promise.reject(refusal);
    if (this.#behind) return this.#inTurn(() => Promise.resolve([this.#pad(sampleCount)]));
    return this.#pad(sampleCount);
  }

  #pad(sampleCount: number): Promise<AnalysisEvents> {
    return this.#answer(this.#frames.pad(sampleCount));
  }

  /**
   * Lets time pass in the place of audio that never came: frames of silence that cost the engine nothing. Their raw values
   * are those of the last frame heard, or of one of silence where nothing was; so are their labels where the volume threshold is 0 and
   * nothing is silence.
   *
   * @param sampleCount number of samples at 16 kHz, an hour at most
   * @throws InferenceError, ClosedError, InvalidArgumentError
   */
  skip(sampleCount: number): Promise<AnalysisEvents> {
    const refusal = this.#refusalOf(sampleCount);
    if (refusal) return Promise.reject(refusal);
    if (this.#behind) return this.#inTurn(() => Promise.resolve([this.#skip(sampleCount)]));
    return this.#skip(sampleCount);
  }

  #skip(sampleCount: number): Promise<AnalysisEvents> {
    // There is nothing to repeat until a frame was heard.
    const first =
      this.#hasHeard || this.#frames.missingSamples > 0 ? this.#frames.missingSamples : FRAME_SAMPLES;
    const toFrame = Math.min(sampleCount, first);
    const rest = sampleCount - toFrame;
    const frameCount = Math.floor(rest / FRAME_SAMPLES);
    const begun = this.#pad(toFrame);
    this.#frames.pass(frameCount);
    const passed = this.#after(() => this.#repeat(frameCount));
    const end = this.#pad(rest % FRAME_SAMPLES);
    return Promise.all([begun, passed, end]).then(joinEvents);
  }

  #refusalOf(sampleCount: unknown): Error | undefined {
    if (this.#closed || this.#finishing) return new ClosedError(say`This stream is closed.`);
    const isAccepted =
      Number.isSafeInteger(sampleCount) && Number(sampleCount) >= 0 && Number(sampleCount) <= LONGEST_SILENCE;
    if (isAccepted) return undefined;
    return new InvalidArgumentError(
      say`sampleCount is ${describe(sampleCount)}: a whole number from 0 to ${LONGEST_SILENCE}, an hour, is accepted.`,
    );
  }

  /**
   * Ends the stream: the last partial frame and period are answered, then the stream is closed.
   *
   * @throws BadAudioError when there was no sample at all (decision 4)
   */
  async finish(): Promise<AnalysisEvents> {
    if (this.#closed || this.#finishing) throw new ClosedError(say`This stream is closed.`);
    this.#finishing = true;
    try {
      if (this.#behind) await this.#behind;
      const last = this.#hasSound ? await this.#lastSound() : NOTHING;
      if (this.#frames.receivedSamples === 0) {
        throw new BadAudioError(say`There is no audio: not one sample was given.`);
      }
      const rest = this.#frames.flush();
      const analysed = rest ? this.#analyse(rest) : Promise.resolve(NOTHING);
      const end = this.#after(async () => {
        const samples = this.#frames.receivedSamples - this.#droppedSamples;
        const late = await this.#tellAll(this.#held?.rest() ?? []);
        const events = this.#analysis.finish(samples);
        const segments = this.#cutter?.finish(events, samplesToMs(samples)) ?? [];
        return joinEvents([late, segments.length === 0 ? events : { ...events, segments }]);
      });
      return joinEvents([last, await analysed, await end]);
    } finally {
      this.close();
    }
  }

  async #lastSound(): Promise<AnalysisEvents> {
    const rest = await this.#feed.finish();
    return joinEvents(await Promise.all(await this.#cut(rest)));
  }

  /** The summary of everything analysed so far. */
  summary(): Summary {
    return this.#analysis.summary();
  }

  /** What one should know about the answers so far, and about a license that has ended; most often nothing (decisions 22, 29). */
  warnings(): readonly AnalysisWarning[] {
    const notice = this.#licenseNotice();
    const warnings = this.#analysis.warnings();
    return notice === undefined ? warnings : [...warnings, { code: 'license', message: notice }];
  }

  /** Signatures of the speakers that speaker-map heard so far, by their labels. */
  voiceSignatures(): Record<string, VoiceSignature> {
    return this.#analysis.voiceSignatures();
  }

  /**
   * Voices of the speakers that are numbered, by model and label.
   *
   * @internal
   */
  numberedVoices(): ReadonlyMap<string, ReadonlyMap<string, Float32Array | undefined>> {
    return this.#analysis.numberedVoices();
  }

  /** Stops without a last answer and frees the stream. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#predictions.close();
    this.#release();
    void this.#feed.close();
  }

  #droppedSamples = 0;
  #failure: Error | undefined;

  #answer(frames: AssembledFrames | undefined): Promise<AnalysisEvents> {
    return frames ? this.#analyse(frames) : this.#after(() => NOTHING);
  }

  #analyse({ pcm, ...levels }: AssembledFrames): Promise<AnalysisEvents> {
    const parts: Promise<AnalysisEvents>[] = [];
    const frameCount = levels.volumes.length;
    for (let first = 0; first < frameCount; first += REQUEST_FRAMES) {
      const end = Math.min(first + REQUEST_FRAMES, frameCount);
      // The engine takes ownership of what it is given, so a request gets memory of its own.
      const part = frameCount <= REQUEST_FRAMES ? pcm : pcm.slice(first * FRAME_SAMPLES, end * FRAME_SAMPLES);
      parts.push(this.#request(part, levelsOf(levels, first, end)));
    }
    return Promise.all(parts).then(joinEvents);
  }

  #request(pcm: Float32Array, levels: FrameLevels): Promise<AnalysisEvents> {
    const sampleCount = pcm.length;
    // The engine takes what it is given.
    const sound = this.#cutter && toInt16(pcm);
    this.#hasHeard = true;
    this.#pendingSamples += sampleCount;
    const answer = this.#predictions.predict(pcm).finally(() => {
      this.#pendingSamples -= sampleCount;
    });
    answer.catch(() => undefined); // It is awaited below, after the requests before it.
    return this.#after(async () => {
      const predictions = await answer.catch((error: unknown) => this.#fail(error));
      if (this.#failure) throw this.#failure;
      if ('tell' in predictions) {
        predictions.tell();
        return this.#repeatSome(levels.volumes.length);
      }
      this.#lastFrame.keep(predictions);
      const skip = Math.min(this.#warmUpFrames, predictions.frameCount);
      if (skip === 0) return this.#push(levels, predictions, sound);
      this.#analysis.remember(levelsOf(levels, 0, skip), framesOf(predictions, 0, skip));
      this.#warmUpFrames -= skip;
      this.#droppedSamples += skip * FRAME_SAMPLES;
      const heard = sound?.subarray(skip * FRAME_SAMPLES);
      return this.#push(levelsOf(levels, skip), framesOf(predictions, skip, predictions.frameCount), heard);
    });
  }

  /** @param sound the samples of these frames, where phases are cut out; zeros where it is left out */
  #push(
    levels: FrameLevels,
    predictions: FramePredictions,
    sound?: Int16Array,
  ): AnalysisEvents | Promise<AnalysisEvents> {
    const frames = { levels, predictions, sound };
    return this.#held ? this.#tellAll(this.#held.hold(frames)) : this.#tell(frames);
  }

  /** What was held, a little at a time: it may be minutes. */
  async #tellAll(held: readonly AnswerableFrames[]): Promise<AnalysisEvents> {
    if (held.length > 0) await inTurns(this.#analysis.settle());
    const turns = new Turns();
    const told: AnalysisEvents[] = [];
    for (const frames of held) {
      told.push(this.#tell(frames));
      await turns.next();
    }
    return joinEvents(told);
  }

  #tell({ levels, predictions, sound }: AnswerableFrames): AnalysisEvents {
    const events = this.#analysis.push(levels, predictions);
    if (!this.#cutter) return events;
    this.#cutter.hear(sound ?? new Int16Array(predictions.frameCount * FRAME_SAMPLES));
    const segments = this.#cutter.take(events);
    return segments.length === 0 ? events : { ...events, segments };
  }

  /** The clock of what follows would be wrong by what is missing, so nothing follows. */
  #fail(thrown: unknown): never {
    this.#failure ??= thrown instanceof Error ? thrown : new Error(String(thrown));
    this.close();
    throw this.#failure;
  }

  /** Frames of silence with the predictions of the last frame, some at a time. */
  async #repeat(frameCount: number): Promise<AnalysisEvents> {
    const parts: AnalysisEvents[] = [];
    for (let first = 0; first < frameCount; first += REPEATED_FRAMES) {
      if (first > 0) await new Promise((resolve) => setImmediate(resolve)); // Others have their turn.
      parts.push(await this.#repeatSome(Math.min(REPEATED_FRAMES, frameCount - first)));
    }
    return joinEvents(parts);
  }

  #repeatSome(frameCount: number): AnalysisEvents | Promise<AnalysisEvents> {
    const silence = new Float32Array(frameCount);
    return this.#push({ volumes: silence, peaks: silence }, this.#lastFrame.repeated(frameCount));
  }

  /** Runs a step after all earlier ones, so that answers keep the order of the audio. */
  #after<T>(step: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

const NOTHING: AnalysisEvents = { steps: [], begun: [], ended: [] };

function nothing(): void {
  // Whoever asked hears of it.
}

/** Several answers as one, in order. */
export function joinEvents(parts: readonly AnalysisEvents[]): AnalysisEvents {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const segments = parts.flatMap((part) => part.segments ?? []);
  return {
    steps: parts.flatMap((part) => part.steps),
    begun: parts.flatMap((part) => part.begun),
    ended: parts.flatMap((part) => part.ended),
    ...(segments.length === 0 ? {} : { segments }),
  };
}
