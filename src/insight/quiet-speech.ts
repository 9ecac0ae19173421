/** Notices speech that the volume threshold turns into silence (decision 29). */
import { FRAME_MS } from '../clock';
import type { FramePredictions } from '../inference';
import { GATE_MODEL, SpeechJudge, type SpeechGate, type SpeechModel } from './gate';
import { isSilent } from './volume';

/** A word about an answer that does not make it wrong, but other than one may think. */
export interface AnalysisWarning {
  /** Stable: much of the speech is below the volume threshold; or the license has ended, and what is open will be stopped (decision 22). */
  readonly code: 'quiet-speech' | 'license';
  /** A sentence for people, in English. */
  readonly message: string;
  /** With `quiet-speech`: the volume threshold that would have heard the speech. */
  readonly volumeThreshold?: number;
}

const SPEECH = 'speech';
/** Level below which there is nothing to hear in a frame, whatever a model says: the last bit of 16. */
const AUDIBLE_DB = -90;
const AUDIBLE = 10 ** (AUDIBLE_DB / 20);
/** Speech below the threshold that is worth a word: so many frames, a second of them, and ... */
const FEWEST_FRAMES = Math.ceil(1_000 / FRAME_MS);
/** ... such a share of all frames of speech: in a good recording the ends and pauses between words are up to a quarter. */
const SMALLEST_SHARE = 1 / 3;
/** Share of the frames of quiet speech that the threshold proposed still calls silence. */
const LEFT_OUT = 0.1;
/** Width of the steps in which volumes are counted, in dB. */
const STEP_DB = 0.25;

/** Counts frames of speech above and below the threshold. Memory does not grow. */
export class QuietSpeech {
  private readonly witness: SpeechJudge | undefined;
  private speechFrames = 0;
  private quietFrames = 0;
  /** Frames of quiet speech by volume, from what is audible to full scale. */
  private readonly histogram = new Uint32Array(-AUDIBLE_DB / STEP_DB);

  /**
   * @param gate Where it runs.
   * @param models Those that were asked for.
   * @param threshold 0 to 1. Where it is 0 nothing is silence, where it is 1 all is meant to be: there is nothing to say then.
   */
  constructor(
    gate: SpeechGate | undefined,
    models: readonly SpeechModel[],
    private readonly threshold: number,
  ) {
    const judges = models.filter(({ classes }) => classes.includes(SPEECH));
    const judge = gate ?? judges.find(({ name }) => name === GATE_MODEL) ?? judges[0];
    this.witness = judge && threshold > 0 && threshold < 1 ? new SpeechJudge(judge) : undefined;
  }

  /** Takes the frames of one push. */
  hear(volumes: Float32Array, { frameCount, probabilities }: FramePredictions): void {
    const { witness } = this;
    const values = witness && probabilities.get(witness.name);
    if (!witness || values?.length !== frameCount * witness.width) return;
    for (let frame = 0; frame < frameCount; frame += 1) {
      const volume = volumes[frame] ?? 0;
      const isSpeech = witness.isSpeech(values, frame);
      if (volume < AUDIBLE || !isSpeech) continue;
      this.speechFrames += 1;
      if (!isSilent(volume, this.threshold)) continue;
      this.quietFrames += 1;
      const step = Math.min(this.histogram.length - 1, Math.floor(stepOf(volume)));
      this.histogram[step] = (this.histogram[step] ?? 0) + 1;
    }
  }

  /** What there is to say about all frames so far. */
  warning(): AnalysisWarning | undefined {
    const { quietFrames, speechFrames, threshold } = this;
    if (quietFrames < FEWEST_FRAMES || quietFrames < SMALLEST_SHARE * speechFrames) return undefined;
    const proposed = this.proposed();
    return {
      code: 'quiet-speech',
      message:
        `${seconds(quietFrames)} of ${seconds(speechFrames)} s that sound like speech are quieter than the volume threshold ` +
        `(${threshold}) and count as silence. With a volume threshold of ${proposed} they are heard.`,
      volumeThreshold: proposed,
    };
  }

  /** The volume that most of the quiet speech reaches, rounded down to two digits. */
  private proposed(): number {
    let left = LEFT_OUT * this.quietFrames;
    const step = this.histogram.findIndex((frames) => (left -= frames) < 0);
    const volume = AUDIBLE * 10 ** ((step * STEP_DB) / 20);
    const unit = 10 ** (Math.floor(Math.log10(volume)) - 1);
    return Number((Math.floor(volume / unit) * unit).toPrecision(2));
  }
}

/** Where a volume lies among the steps of the histogram. */
function stepOf(volume: number): number {
  return (20 * Math.log10(volume / AUDIBLE)) / STEP_DB;
}

function seconds(frames: number): string {
  return ((frames * FRAME_MS) / 1_000).toFixed(1);
}
