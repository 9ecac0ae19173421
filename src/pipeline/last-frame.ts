import type { FramePredictions } from '../inference';

/** The last frame of a stream's predictions, in memory of its own that is used again: every answer passes here. */
export class LastFrame {
  readonly #frames = new Map<string, Float32Array>();

  /** Copies the last frame, so that the predictions of a long request are not kept for it. */
  keep({ frameCount, probabilities }: FramePredictions): void {
    for (const [name, values] of probabilities) {
      const width = values.length / frameCount;
      let frame = this.#frames.get(name);
      if (frame?.length !== width) this.#frames.set(name, (frame = new Float32Array(width)));
      const start = values.length - width;
      // A few numbers: quicker than a view of them.
      for (let i = 0; i < width; i += 1) frame[i] = values[start + i] ?? 0;
    }
  }

  /** It, so many times; of a stream that has none, nothing. */
  repeated(frameCount: number): FramePredictions {
    const probabilities = new Map<string, Float32Array>();
    for (const [name, frame] of this.#frames) {
      const values = new Float32Array(frameCount * frame.length);
      for (let at = 0; at < values.length; at += frame.length) values.set(frame, at);
      probabilities.set(name, values);
    }
    return { frameCount, probabilities };
  }
}
