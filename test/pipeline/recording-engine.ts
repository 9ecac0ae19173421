import {
  OnnxPredictionEngine,
  type FramePredictions,
  type PredictionEngine,
  type PredictionStream,
} from '../../src/inference';
import { joined } from '../tools/audio';

/** The real engine, which keeps what its streams hear. */
export class RecordingEngine implements PredictionEngine {
  readonly #engine = new OnnxPredictionEngine();
  #streams: Float32Array[][] = [];

  get models() {
    return this.#engine.models;
  }

  get gate() {
    return this.#engine.gate;
  }

  /** What was heard since the last call: the frames of each stream that was opened. */
  takeHeard(): readonly Float32Array[] {
    const heard = this.#streams.map(joined);
    this.#streams = [];
    return heard;
  }

  start(): Promise<void> {
    return this.#engine.start();
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  async openStream(models: readonly string[]): Promise<PredictionStream> {
    const stream = await this.#engine.openStream(models);
    const heard: Float32Array[] = [];
    this.#streams.push(heard);
    return {
      predict: (pcm): Promise<FramePredictions> => {
        heard.push(pcm.slice());
        return stream.predict(pcm);
      },
      close: () => {
        stream.close();
      },
    };
  }
}
