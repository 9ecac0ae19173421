import type {
  BrokenModel,
  EngineInfo,
  FramePredictions,
  ModelDescription,
  PredictionEngine,
  PredictionStream,
  VoiceGate,
} from '../inference';
import type { EngineMeter } from './meter';

/** An engine whose answers are counted and timed. */
export class MeteredEngine implements PredictionEngine {
  readonly #engine: PredictionEngine;
  readonly #meter: EngineMeter;

  constructor(engine: PredictionEngine, meter: EngineMeter) {
    this.#engine = engine;
    this.#meter = meter;
  }

  get models(): readonly ModelDescription[] {
    return this.#engine.models;
  }

  get gate(): VoiceGate | undefined {
    return this.#engine.gate;
  }

  get brokenModels(): readonly BrokenModel[] {
    return this.#engine.brokenModels ?? [];
  }

  get info(): EngineInfo {
    return this.#engine.info ?? { runtime: undefined };
  }

  start(): Promise<void> {
    return this.#engine.start();
  }

  async openStream(models: readonly string[]): Promise<PredictionStream> {
    return new MeteredStream(await this.#engine.openStream(models), this.#meter);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

class MeteredStream implements PredictionStream {
  readonly #stream: PredictionStream;
  readonly #meter: EngineMeter;

  constructor(stream: PredictionStream, meter: EngineMeter) {
    this.#stream = stream;
    this.#meter = meter;
  }

  async predict(pcm: Float32Array): Promise<FramePredictions> {
    const begun = performance.now();
    const answer = await this.#stream.predict(pcm);
    this.#meter.answered(answer.frameCount, (performance.now() - begun) / 1_000);
    return answer;
  }

  close(): void {
    this.#stream.close();
  }
}
