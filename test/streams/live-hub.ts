/** A hub over the real engine for tests, with a clock of its own and everything that it told. */
import type { Deeptone } from '../../src';
import {
  OnnxPredictionEngine,
  type FramePredictions,
  type PredictionEngine,
  type PredictionStream,
} from '../../src/inference';
import { StreamHub, type HubSetup, type LiveEvent, type LiveEventKind } from '../../src/streams';
import { encodeSamples } from '../tools/audio';

export const MODELS = ['speech-rt', 'gender'];
export const OPTIONS = { models: MODELS, outputPeriod: 128, includeRawValues: true };

export type EventOf<Kind extends LiveEventKind> = Extract<LiveEvent<string>, { kind: Kind }>;

export class TestHub {
  readonly hub: StreamHub<string>;
  readonly events: LiveEvent<string>[] = [];
  /** Epoch milliseconds of the hub's clock. */
  now = 1_700_000_000_000;

  constructor(deeptone: Deeptone, setup: Partial<HubSetup<string>> = {}) {
    this.hub = new StreamHub<string>({
      open: (options) => deeptone.openStream(options),
      options: OPTIONS,
      listener: (event) => this.events.push(event),
      now: () => this.now,
      ...setup,
    });
  }

  of<Kind extends LiveEventKind>(kind: Kind, key?: string): EventOf<Kind>[] {
    return this.events.filter(
      (event): event is EventOf<Kind> =>
        event.kind === kind && (key === undefined || event.stream.key === key),
    );
  }

  /** Kinds of events in order, runs of the same kind as one. */
  get story(): string[] {
    const kinds = this.events.map((event) =>
      event.kind === 'closed' ? `closed:${event.reason}` : event.kind,
    );
    return kinds.filter((kind, n) => kind !== kinds[n - 1]);
  }
}

/** The real engine, which answers only while it is let, and fails when it is told to. */
export class HeldEngine implements PredictionEngine {
  readonly #engine = new OnnxPredictionEngine();
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  /** What the next predictions fail with. */
  failure: Error | undefined;
  /** Streams that are open in the engine. */
  streams = 0;
  /** Samples that the engine was given. */
  samples = 0;

  get models() {
    return this.#engine.models;
  }

  /** From now on nothing is answered. */
  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  release(): void {
    this.#open();
  }

  start(): Promise<void> {
    return this.#engine.start();
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  async openStream(models: readonly string[]): Promise<PredictionStream> {
    const stream = await this.#engine.openStream(models);
    this.streams++;
    let isOpen = true;
    return {
      predict: async (pcm): Promise<FramePredictions> => {
        this.samples += pcm.length;
        await this.#gate;
        if (this.failure) throw this.failure;
        return stream.predict(pcm);
      },
      close: () => {
        if (isOpen) this.streams--;
        isOpen = false;
        stream.close();
      },
    };
  }
}

/** 16-bit bytes. */
export function pcm(samples: Float32Array): Buffer {
  return Buffer.from(encodeSamples([samples], 's16le'));
}

/** Bytes in messages of so many milliseconds at 16 kHz, 16 bit. */
export function messages(bytes: Buffer, ms = 100): Buffer[] {
  const size = ms * 32;
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
}
