import {
  OnnxPredictionEngine,
  type FramePredictions,
  type PredictionEngine,
  type PredictionStream,
} from '../../src/inference';

/** Says the same of every frame at once: for tests of what comes before the models. */
export class SilentEngine implements PredictionEngine {
  readonly models = new OnnxPredictionEngine().models;
  /** Streams that are open. */
  streams = 0;

  start(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  openStream(names: readonly string[]): Promise<PredictionStream> {
    this.streams++;
    let isOpen = true;
    return Promise.resolve({
      predict: (pcm) => Promise.resolve(this.#predictions(names, pcm.length / 1_024)),
      close: () => {
        if (isOpen) this.streams--;
        isOpen = false;
      },
    });
  }

  #predictions(names: readonly string[], frameCount: number): FramePredictions {
    const of = (name: string): Float32Array => {
      const classes = this.models.find((model) => model.name === name)?.classes.length ?? 1;
      return new Float32Array(frameCount * classes).fill(1 / classes);
    };
    return { frameCount, probabilities: new Map(names.map((name) => [name, of(name)])) };
  }
}
