/** Who says of every 64 ms whether somebody speaks: our models, their gate, and networks of others. */
import { Deeptone } from '../../src/index';
import { FRAME_MS, FRAME_SAMPLES } from '../../src/clock';
import { OnnxPredictionEngine, type PredictionEngine } from '../../src/inference';
import { fireredvad, perFrame, silero, speechOfFireredvad, type Peer } from '../peers';
import { labelOf } from './windows';

/** What is said of each 64 ms of a sound. */
export interface FrameAnswers {
  /** p(speech). */
  readonly scores: readonly number[];
  /** Whether the answer is that somebody speaks. */
  readonly said: readonly boolean[];
}

export interface Detector {
  /** What its rows begin with; empty for ours. */
  readonly title: string;
  hear(sound: Float32Array): Promise<FrameAnswers>;
}

/** A model of the voice: it answers `no_speech` where the gate is closed. */
export const VOICE_MODEL = 'gender';
/** From this probability on a peer is taken to say that somebody speaks. */
export const PEER_SAYS = 0.5;

/** A model with a class `speech`; it is asked about silence as well. */
export function modelDetector(deeptone: Deeptone, model: string): Detector {
  return {
    title: '',
    hear: async (sound) => {
      const { time_series } = await deeptone.processAudioBytes(sound, {
        models: [model],
        outputPeriod: FRAME_MS,
        includeRawValues: true,
        volumeThreshold: 0,
      });
      return {
        scores: time_series.map(({ raw }) => raw?.[model]?.['speech'] ?? 0),
        said: time_series.map((step) => labelOf(step, model) === 'speech'),
      };
    },
  };
}

/** The gate of the voice models: what it lets through is what they do not answer with `no_speech`. */
export class GateDetector implements Detector {
  readonly title = '';
  readonly #engine: OnnxPredictionEngine;

  constructor(modelSet: 'standard' | 'open') {
    this.#engine = new OnnxPredictionEngine({ modelSet });
  }

  async hear(sound: Float32Array): Promise<FrameAnswers> {
    const { labels, scores } = await this.labels(sound, 0);
    return { scores, said: labels.map((label) => label !== 'no_speech') };
  }

  /** What the voice model answers in each frame, and what the gate made of it. */
  async labels(
    sound: Float32Array,
    volumeThreshold: number | undefined,
  ): Promise<{ readonly labels: readonly string[]; readonly scores: readonly number[] }> {
    const scores: number[] = [];
    const deeptone = new Deeptone(undefined, { predictionEngine: overheard(this.#engine, scores) });
    const { time_series } = await deeptone.processAudioBytes(sound, {
      models: [VOICE_MODEL],
      outputPeriod: FRAME_MS,
      volumeThreshold,
    });
    await deeptone.close();
    return { labels: time_series.map((step) => labelOf(step, VOICE_MODEL)), scores };
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

/** The same engine, which writes down what the gate says and stays open: an answer has the gate's decisions, not its probabilities. */
function overheard(engine: OnnxPredictionEngine, scores: number[]): PredictionEngine {
  const { models, gate } = engine;
  return {
    models,
    gate,
    start: () => engine.start(),
    openStream: async (names) => {
      const stream = await engine.openStream(names);
      return {
        predict: async (pcm) => {
          const predictions = await stream.predict(pcm);
          scores.push(...(predictions.probabilities.get(gate?.name ?? '') ?? []));
          return predictions;
        },
        close: () => {
          stream.close();
        },
      };
    },
    close: () => Promise.resolve(),
  };
}

export async function sileroDetector(file: string): Promise<Detector> {
  return peerDetector(await silero(file), (said) => [...said]);
}

export async function fireredvadDetector(folder: string): Promise<Detector> {
  return peerDetector(await fireredvad(folder), speechOfFireredvad);
}

/**
 * A network of others as a detector.
 *
 * @param speechOf reads p(speech) of each of the peer's frames from what it said
 */
export function peerDetector(
  peer: Pick<Peer, 'title' | 'hopMs' | 'centreMs' | 'hear'>,
  speechOf: (said: Float32Array) => readonly number[],
): Detector {
  return {
    title: `peer: ${peer.title}, `,
    hear: async (sound) => {
      const said = speechOf(await peer.hear(sound));
      const scores = perFrame(said, Math.ceil(sound.length / FRAME_SAMPLES), peer);
      return { scores, said: scores.map((score) => score >= PEER_SAYS) };
    },
  };
}
