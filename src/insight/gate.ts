/** The gate in front of the models (decisions 5 and 6). */
import { InferenceError } from '../errors';
import { say } from '../sentence';
import type { FramePredictions, ModelDescription, PredictionEngine, VoiceGate } from '../inference';
import { isSilent } from './volume';
import { winningClass } from './confidence';

/** The model that decides whether a frame that is not silent is speech, where the engine has no gate of its own. */
export const GATE_MODEL = 'speech-rt';
const GATE_CLASS = 'speech';

/** A model with a class `speech`, which decides where that is the most probable one. */
export type SpeechModel = Pick<ModelDescription, 'name' | 'classes'>;

/** What decides whether somebody speaks: a gate of its own, or a model with a class `speech`. */
export type SpeechGate = VoiceGate | SpeechModel;

/** `speech-rt` with its usual classes, in the catalogue's order. */
export const USUAL_GATE: SpeechGate = { name: GATE_MODEL, classes: ['music', 'other', GATE_CLASS] };

/** What the gate says about a frame. */
export const FrameState = { silent: 0, notSpeech: 1, speech: 2 } as const;

/** Whether any of these models needs the frames of the gate. */
export function needsSpeechGate(models: readonly Pick<ModelDescription, 'gate'>[]): boolean {
  return models.some((model) => model.gate === 'voice');
}

/** What decides with this engine whether somebody speaks. */
export function speechGateOf(engine: Pick<PredictionEngine, 'gate' | 'models'>): SpeechGate {
  return engine.gate ?? engine.models.find(({ name }) => name === GATE_MODEL) ?? USUAL_GATE;
}

/** Reads what a gate says frame by frame; a gate with two thresholds remembers whether it is open. */
export class SpeechJudge {
  /** What its frames are called. */
  readonly name: string;
  /** Numbers per frame. */
  readonly width: number;
  private readonly speechClass: number;
  private readonly thresholds: VoiceGate | undefined;
  private isOpen = false;

  constructor(gate: SpeechGate) {
    this.name = gate.name;
    const classes = 'classes' in gate ? gate.classes : [GATE_CLASS];
    this.thresholds = 'classes' in gate ? undefined : gate;
    this.width = classes.length;
    this.speechClass = classes.indexOf(GATE_CLASS);
  }

  /** p(speech) of a frame. */
  probability(values: Float32Array, frame: number): number {
    return values[frame * this.width + this.speechClass] ?? 0;
  }

  /** Whether somebody speaks in a frame; to be asked once for each, in order. */
  isSpeech(values: Float32Array, frame: number): boolean {
    if (!this.thresholds) return winningClass(values, frame * this.width, this.width) === this.speechClass;
    const { openAbove, closeBelow } = this.thresholds;
    this.isOpen = this.probability(values, frame) >= (this.isOpen ? closeBelow : openAbove);
    return this.isOpen;
  }
}

/** Gate states of the frames of one push; the arrays are reused from push to push. */
export class FrameGate {
  /** {@link FrameState} per frame. Frames of models that volume alone gates are never `notSpeech` to them. */
  states = new Uint8Array(0);
  /** p(speech) per frame; only where the speech gate is needed. */
  speechProbabilities = new Float32Array(0);

  private readonly judge: SpeechJudge | undefined;

  /**
   * @param volumeThreshold 0 to 1, full scale 1.0.
   * @param speechGate What decides beside the volume; undefined where nothing does.
   */
  constructor(
    private readonly volumeThreshold: number,
    speechGate: SpeechGate | undefined,
  ) {
    this.judge = speechGate && new SpeechJudge(speechGate);
  }

  /** Takes the frames of one push. */
  open(volumes: Float32Array, predictions: FramePredictions): void {
    const frames = volumes.length;
    if (this.states.length < frames) {
      this.states = new Uint8Array(frames);
      this.speechProbabilities = new Float32Array(frames);
    }
    const { judge } = this;
    const scores = judge && scoresOf(judge, predictions);
    for (let frame = 0; frame < frames; frame += 1) {
      let state: number = FrameState.speech;
      if (judge && scores) {
        this.speechProbabilities[frame] = judge.probability(scores, frame);
        if (!judge.isSpeech(scores, frame)) state = FrameState.notSpeech;
      }
      if (isSilent(volumes[frame] ?? 0, this.volumeThreshold)) state = FrameState.silent;
      this.states[frame] = state;
    }
  }
}

function scoresOf(judge: SpeechJudge, { probabilities, frameCount }: FramePredictions): Float32Array {
  const scores = probabilities.get(judge.name);
  if (scores?.length !== frameCount * judge.width) {
    throw new InferenceError(
      say`The voice models need the frames of "${judge.name}" (${judge.width} numbers each), and the engine did not give them.`,
    );
  }
  return scores;
}
