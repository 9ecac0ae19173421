/** A stream of the engine that goes on when the engine loses what runs its models. */
import { samplesToMs } from '../clock';
import { ClosedError, EngineLostError } from '../errors';
import { say } from '../sentence';
import { tellListener } from '../thrown';
import type { FramePredictions, PredictionStream } from '../inference';

/** Audio that was lost with what runs the models (decision 30). */
export interface LostAudio {
  /** Milliseconds of it; silence stands in its place. */
  readonly lostMs: number;
  readonly error: EngineLostError;
}

/** In the place of the predictions of frames that were lost. */
export interface LostFrames {
  /** Tells it of the whole loss, once, with the first of the frames that were lost. */
  readonly tell: () => void;
}

/** What to do about a loss. */
export interface Recovery {
  /** Opens the stream again. */
  readonly open: () => Promise<PredictionStream>;
  readonly told: (lost: LostAudio) => void;
}

/** One stream of the engine, and what it was given and has not answered. */
interface Opened {
  readonly stream: PredictionStream;
  samples: number;
  isLost: boolean;
}

export class LastingStream {
  readonly #recovery: Recovery | undefined;
  #opened: Opened;
  #opening: Promise<Opened> | undefined;
  #hasAnswered = false;
  #isClosed = false;

  /** @param recovery without it a loss is an error like others */
  constructor(stream: PredictionStream, recovery?: Recovery) {
    this.#opened = { stream, samples: 0, isLost: false };
    this.#recovery = recovery;
  }

  /**
   * As `PredictionStream.predict`, in order too.
   *
   * @throws what that throws; EngineLostError only before the first answer, when nothing is known yet that could go on
   */
  async predict(pcm: Float32Array): Promise<FramePredictions | LostFrames> {
    const sampleCount = pcm.length; // What is handed over has none.
    const opened = this.#opening ? await this.#opening : this.#opened;
    if (this.#isClosed) throw new ClosedError(say`The stream is closed.`);
    opened.samples += sampleCount;
    try {
      const predictions = await opened.stream.predict(pcm);
      opened.samples -= sampleCount;
      this.#hasAnswered = true;
      return predictions;
    } catch (error) {
      if (!(error instanceof EngineLostError) || !this.#recovery || !this.#hasAnswered) throw error;
      return this.#lose(opened, error, this.#recovery);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#opened.stream.close();
  }

  /** All that it was given is lost at once, and told with the first of it. */
  #lose(opened: Opened, error: EngineLostError, { open, told }: Recovery): LostFrames {
    if (opened.isLost) return { tell: () => undefined };
    opened.isLost = true;
    const lostMs = samplesToMs(opened.samples);
    this.#opening = open().then((stream) => {
      if (this.#isClosed) stream.close();
      this.#opened = { stream, samples: 0, isLost: false };
      this.#opening = undefined;
      return this.#opened;
    });
    this.#opening.catch(() => undefined); // It is for who wants to go on.
    return {
      tell: () => {
        tellListener(() => {
          told({ lostMs, error });
        });
      },
    };
  }
}
