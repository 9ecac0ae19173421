/** Frames in, answers out, as they come: the one state machine behind file, bytes, chunk and stream. */
import { FRAME_MS, samplesToMs } from '../clock';
import { ClosedError, InferenceError, InvalidArgumentError } from '../errors';
import { say } from '../sentence';
import type { FramePredictions, ModelDescription } from '../inference';
import type { Decisions } from './choice';
import { ClassTrack } from './class-track';
import { FrameGate, GATE_MODEL, needsSpeechGate, USUAL_GATE, type SpeechGate } from './gate';
import { LevelMeter, type FrameLevels } from './level';
import { LOUDNESS, LoudnessTrack } from './loudness-track';
import type { ModelTrack, PeriodAnswer } from './model-track';
import { QuietSpeech, type AnalysisWarning } from './quiet-speech';
import type { SoundSegment } from './sound-segment';
import type { ModelResults, Summary, TimeSeriesStep } from './results';
import { SpeakerTrack, type SpeakerWait } from './speakers/speaker-track';
import type { TransitionEvent, TransitionSink } from './transitions';
import type { Steps } from '../steps';
import type { VoiceSignature, VoiceSignatures } from './speakers/voice-signature';

/** What is asked of an {@link Analysis}. */
export interface AnalysisSettings {
  /** The requested models, in the order of the answers, each once. */
  readonly models: readonly ModelDescription[];
  /** Milliseconds, a positive multiple of 64; null = one period for the whole audio (`processAudioChunk`). */
  readonly outputPeriod: number | null;
  readonly includeRawValues: boolean;
  /** 0 to 1, full scale 1.0 (decision 5). */
  readonly volumeThreshold: number;
  /** Voices that the speaker map knows by name, see `createVoiceSignatures`. */
  readonly voiceSignatures?: VoiceSignatures;
  /** What is added to the likeness from which a voice is one of them; 0 where left out. */
  readonly voiceStrictness?: number;
  /** How answers are chosen, by models; those of others are passed over. */
  readonly decisions?: Decisions;
  /** dBFS from which on a frame is loud; without it, nothing is said of loudness (decision 32). */
  readonly loudAbove?: number;
  /**
   * What the speaker map waits for: frames, or `whole` for sound that has an end. Where it is not 0, the default, frames are given to `hearAhead`
   * before they are pushed.
   */
  readonly speakerWait?: SpeakerWait;
  /** What decides whether somebody speaks, see `speechGateOf`; `speech-rt` where left out. */
  readonly gate?: SpeechGate;
}

/** What one push brought about. Lists are in order of time; equal times in order of the models. */
export interface AnalysisEvents {
  /** Output periods that are complete. */
  readonly steps: readonly TimeSeriesStep[];
  /** Phases that began; `timestamp_end` is null, the confidence is that of the first frame. */
  readonly begun: readonly TransitionEvent[];
  /** Phases that ended; `timestamp_end` is set. */
  readonly ended: readonly TransitionEvent[];
  /** The sound of phases, where that is asked for (decision 33). */
  readonly segments?: readonly SoundSegment[];
}

/**
 * The answers for one channel or stream, frame by frame (decisions 1 to 14). Pure: no clock, no input or output.
 * Memory does not grow with the length of the audio.
 */
export class Analysis {
  private readonly tracks: readonly ModelTrack[];
  private readonly gate: FrameGate;
  private readonly gateAhead: FrameGate;
  private readonly quietSpeech: QuietSpeech;
  private readonly periodLevel = new LevelMeter();
  private readonly wholeLevel = new LevelMeter();
  private readonly framesPerPeriod: number;
  private frames = 0;
  private periods = 0;
  private framesInPeriod = 0;
  private finished = false;

  /** @throws InvalidArgumentError The output period is not a positive multiple of 64; VoiceSignatureError. */
  constructor(private readonly settings: AnalysisSettings) {
    const { models, outputPeriod, volumeThreshold } = settings;
    if (outputPeriod !== null && !(outputPeriod > 0 && outputPeriod % FRAME_MS === 0)) {
      throw new InvalidArgumentError(
        say`The output period is ${outputPeriod}; it must be a positive multiple of ${FRAME_MS} milliseconds.`,
      );
    }
    this.framesPerPeriod = outputPeriod === null ? Infinity : outputPeriod / FRAME_MS;
    const usual = models.find((model) => model.name === GATE_MODEL) ?? USUAL_GATE;
    const gate = needsSpeechGate(models) ? (settings.gate ?? usual) : undefined;
    this.gate = new FrameGate(volumeThreshold, gate);
    this.gateAhead = new FrameGate(volumeThreshold, gate);
    this.quietSpeech = new QuietSpeech(gate, models, volumeThreshold);
    this.tracks = [...models.map((model) => trackOf(model, settings)), ...loudnessOf(settings)];
  }

  /**
   * Hears frames of context, before the first push: they are not answered, and what was said in them is part of what was said lately (decision 41).
   *
   * @throws InferenceError as {@link push}
   */
  remember({ volumes }: FrameLevels, predictions: FramePredictions): void {
    this.gateAhead.open(volumes, predictions);
    this.gate.open(volumes, predictions);
    for (const track of this.tracks)
      track.remember?.({ gate: this.gate, values: valuesOf(track, predictions) }, predictions.frameCount);
  }

  /**
   * Lets the speaker map hear frames that are to be pushed later, each frame once and in order.
   *
   * @throws InferenceError as {@link push}; VoiceSignatureError
   */
  hearAhead({ volumes }: FrameLevels, predictions: FramePredictions): void {
    this.gateAhead.open(volumes, predictions);
    for (const track of this.tracks) {
      track.hearAhead?.(this.gateAhead.states, valuesOf(track, predictions), predictions.frameCount);
    }
  }

  /** Lets the speaker map decide about all that it has heard; to be called before that is pushed. */
  *settle(): Steps<void> {
    for (const track of this.tracks) if (track.settle) yield* track.settle();
  }

  /**
   * Takes the next frames.
   *
   * @param levels Of each frame, see `frameLevels`.
   * @param predictions For the requested models, and for the gate where a voice model is among them.
   * @throws InferenceError A model's values are missing or of the wrong number; ClosedError after `finish`.
   */
  push(levels: FrameLevels, predictions: FramePredictions): AnalysisEvents {
    if (this.finished) throw new ClosedError(say`The analysis has been finished; it takes no more frames.`);
    const { frameCount } = predictions;
    const { volumes } = levels;
    if (volumes.length !== frameCount) {
      throw new InferenceError(say`There are ${volumes.length} volumes for ${frameCount} frames.`);
    }
    if (frameCount === 0) return { steps: [], begun: [], ended: [] };
    this.gate.open(volumes, predictions);
    this.quietSpeech.hear(volumes, predictions);
    const values = this.tracks.map((track) => valuesOf(track, predictions));
    const events = new EventCollector();
    let from = 0;
    while (from < frameCount) {
      const to = Math.min(frameCount, from + this.framesPerPeriod - this.framesInPeriod);
      this.tracks.forEach((track, index) => {
        track.consume(
          {
            gate: this.gate,
            volumes,
            values: values[index] ?? NO_VALUES,
            width: (values[index]?.length ?? 0) / frameCount,
            from,
            to,
            firstFrame: this.frames,
          },
          events,
        );
      });
      for (const meter of [this.periodLevel, this.wholeLevel]) meter.add(levels, from, to);
      this.frames += to - from;
      this.framesInPeriod += to - from;
      if (this.framesInPeriod === this.framesPerPeriod) events.steps.push(this.closePeriod());
      from = to;
    }
    return events.inOrder();
  }

  /**
   * Ends the audio: gives the last partial period and the last transitions (decision 4).
   *
   * @param endSamples True length at 16 kHz, without the zeros that filled the last frame.
   */
  finish(endSamples: number): AnalysisEvents {
    const events = new EventCollector();
    if (!this.finished) {
      this.finished = true;
      if (this.framesInPeriod > 0) events.steps.push(this.closePeriod());
      const endMs = samplesToMs(endSamples);
      for (const track of this.tracks) track.finish(endMs, events);
    }
    return events.inOrder();
  }

  /** Share of frames per label so far, and the level. */
  summary(): Summary {
    const models = Object.fromEntries(this.tracks.map((track) => [track.name, track.summary()]));
    return { ...models, level: this.wholeLevel.level() };
  }

  /** What one should know about the answers so far; most often nothing. */
  warnings(): readonly AnalysisWarning[] {
    return [this.quietSpeech.warning()].filter((warning) => warning !== undefined);
  }

  /** Signatures of the speakers heard so far, by their labels; those of known voices as they were given. */
  voiceSignatures(): Record<string, VoiceSignature> {
    const heard = this.tracks.flatMap((track) => track.voiceSignatures?.() ?? []);
    return Object.fromEntries(heard);
  }

  /** By its model, the voices of the speakers that a speaker map has numbered so far. */
  numberedVoices(): ReadonlyMap<string, ReadonlyMap<string, Float32Array | undefined>> {
    const maps = this.tracks.map((track) => [track.name, track.numberedVoices?.()] as const);
    return new Map(
      maps.filter((entry): entry is [string, NonNullable<(typeof entry)[1]>] => entry[1] !== undefined),
    );
  }

  private closePeriod(): TimeSeriesStep {
    const answers = this.tracks.map((track) => [track.name, track.closePeriod()] as const);
    const level = this.periodLevel.level();
    this.periodLevel.reset();
    const timestamp = this.periods * (this.settings.outputPeriod ?? 0);
    this.periods += 1;
    this.framesInPeriod = 0;
    const step = {
      timestamp,
      results: byModel(answers, ({ result }) => result) as ModelResults,
      shares: byModel(answers, ({ shares }) => shares),
      level,
    };
    return this.settings.includeRawValues ? { ...step, raw: byModel(answers, ({ raw }) => raw ?? {}) } : step;
  }
}

function byModel<T>(
  answers: readonly (readonly [string, PeriodAnswer])[],
  part: (answer: PeriodAnswer) => T,
): Record<string, T> {
  return Object.fromEntries(answers.map(([name, answer]) => [name, part(answer)]));
}

function trackOf(model: ModelDescription, settings: AnalysisSettings): ModelTrack {
  const { includeRawValues, voiceSignatures, voiceStrictness, decisions, speakerWait } = settings;
  const decision = decisions && Object.hasOwn(decisions, model.name) ? decisions[model.name] : undefined;
  return model.activation === 'embedding'
    ? new SpeakerTrack(model, includeRawValues, voiceSignatures, decision, speakerWait, voiceStrictness)
    : new ClassTrack(model, includeRawValues, decision);
}

function loudnessOf({ loudAbove, decisions, models }: AnalysisSettings): readonly ModelTrack[] {
  if (loudAbove === undefined) return [];
  if (models.some(({ name }) => name === LOUDNESS)) {
    throw new InvalidArgumentError(
      say`loudAbove is given, and its answers are called "${LOUDNESS}", as a model of yours that is asked for: give that another name.`,
    );
  }
  const { period, classes, thresholds } = decisions?.[LOUDNESS] ?? {};
  if (classes || thresholds) {
    throw new InvalidArgumentError(
      say`decisions.${LOUDNESS} has classes or thresholds: only period is accepted, and loudAbove says what is loud.`,
    );
  }
  return [new LoudnessTrack(loudAbove, period)];
}

function valuesOf(track: ModelTrack, predictions: FramePredictions): Float32Array {
  if (track.width === 0) return NO_VALUES;
  const values = predictions.probabilities.get(track.name);
  const { frameCount } = predictions;
  const complete =
    track.width === null
      ? values && values.length % frameCount === 0
      : values?.length === track.width * frameCount;
  if (!values || !complete) {
    throw new InferenceError(
      say`The engine gave ${values?.length ?? 'no'} values of "${track.name}" for ${frameCount} frames${track.width === null ? say`.` : say`; ${track.width * frameCount} are expected.`}`,
    );
  }
  return values;
}

const NO_VALUES = new Float32Array(0);

/** Gathers the events of one push over all models. */
class EventCollector implements TransitionSink {
  readonly steps: TimeSeriesStep[] = [];
  private readonly begunEvents: TransitionEvent[] = [];
  private readonly endedEvents: TransitionEvent[] = [];

  begun(event: TransitionEvent): void {
    this.begunEvents.push(event);
  }

  ended(event: TransitionEvent): void {
    this.endedEvents.push(event);
  }

  inOrder(): AnalysisEvents {
    this.begunEvents.sort((a, b) => a.timestamp_start - b.timestamp_start);
    this.endedEvents.sort((a, b) => (a.timestamp_end ?? 0) - (b.timestamp_end ?? 0));
    return { steps: this.steps, begun: this.begunEvents, ended: this.endedEvents };
  }
}
