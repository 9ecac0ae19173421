/** The gate in front of the models (decisions 5 and 6). */
import { InferenceError } from '../errors';
import type { FramePredictions, ModelDescription } from '../inference';
import { isSilent } from './volume';
import { winningClass } from './confidence';

/** The model that decides whether a frame that is not silent is speech. */
export const GATE_MODEL = 'speech-rt';
const GATE_CLASS = 'speech';
/** Classes of the gate where its description is not at hand; the catalogue's order. */
export const GATE_CLASSES: readonly string[] = ['music', 'other', GATE_CLASS];

/** What the gate says about a frame. */
export const FrameState = { silent: 0, notSpeech: 1, speech: 2 } as const;

/** Whether any of these models needs the frames of {@link GATE_MODEL}, requested or not. */
export function needsSpeechGate(models: readonly Pick<ModelDescription, 'gate'>[]): boolean {
  return models.some((model) => model.gate === 'voice');
}

/** Gate states of the frames of one push; the arrays are reused from push to push. */
export class FrameGate {
  /** {@link FrameState} per frame. Frames of models that volume alone gates are never `notSpeech` to them. */
  states = new Uint8Array(0);
  /** p(speech) per frame; only where the speech gate is needed. */
  speechProbabilities = new Float32Array(0);

  private readonly classCount: number;
  private readonly speechClass: number;

  /**
   * @param volumeThreshold 0 to 1, full scale 1.0.
   * @param speechGate Whether speech-rt decides too.
   * @param description Of speech-rt, where its classes are not the usual ones.
   */
  constructor(
    private readonly volumeThreshold: number,
    private readonly speechGate: boolean,
    description?: Pick<ModelDescription, 'classes'>,
  ) {
    const classes = description?.classes ?? GATE_CLASSES;
    this.classCount = classes.length;
    this.speechClass = classes.indexOf(GATE_CLASS);
  }

  /** Takes the frames of one push. */
  open(volumes: Float32Array, predictions: FramePredictions): void {
    const frames = volumes.length;
    if (this.states.length < frames) {
      this.states = new Uint8Array(frames);
      this.speechProbabilities = new Float32Array(frames);
    }
    const scores = this.speechGate ? this.gateScores(predictions) : undefined;
    for (let frame = 0; frame < frames; frame += 1) {
      let state: number = FrameState.speech;
      if (scores) {
        const offset = frame * this.classCount;
        const isSpeech = winningClass(scores, offset, this.classCount) === this.speechClass;
        this.speechProbabilities[frame] = scores[offset + this.speechClass] ?? 0;
        if (!isSpeech) state = FrameState.notSpeech;
      }
      if (isSilent(volumes[frame] ?? 0, this.volumeThreshold)) state = FrameState.silent;
      this.states[frame] = state;
    }
  }

  private gateScores(predictions: FramePredictions): Float32Array {
    const scores = predictions.probabilities.get(GATE_MODEL);
    if (scores?.length !== predictions.frameCount * this.classCount) {
      throw new InferenceError(
        `The voice models need the frames of "${GATE_MODEL}" (${this.classCount} classes each), and the engine did not give them.`,
      );
    }
    return scores;
  }
}
