/** `msg.insight`: facts about an answer, small and without audio. */
import type { OnWarning, SoundSegment } from '../../src';

/** What the payload of the message is. */
export type InsightKind =
  | 'text'
  | 'series'
  | 'step'
  | 'chart'
  | 'deeptone'
  | 'summary'
  | 'transitions'
  | 'transition'
  | 'chunk'
  | 'segment'
  | 'progress'
  | 'event';

/** A word about an answer that does not make it wrong, but other than one may think. */
export interface Warning {
  /** Stable, for flows. */
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
}

/** The facts with more warnings; as they are where there are none. */
export function withWarnings(facts: Facts, warnings: readonly Warning[] = []): Facts {
  return warnings.length === 0 ? facts : { ...facts, warnings: [...(facts.warnings ?? []), ...warnings] };
}

/** Facts that hold for all messages of one analysis. Times in milliseconds. */
export interface Facts {
  /** Type of the node that answered. */
  readonly node: string;
  readonly models: readonly string[];
  /** Milliseconds per step; null for a chunk, which is answered as a whole. */
  readonly outputPeriod: number | null;
  /** Absolute path of the file. */
  readonly filename?: string;
  /** True where speakers are numbered over all channels: the same number is the same person. */
  readonly commonSpeakers?: true;
  /** Name of the stream. */
  readonly stream?: string;
  /** Milliseconds of audio. */
  readonly duration: number;
  /** Milliseconds of audio per millisecond of work; null where no work was timed. */
  readonly speed: number | null;
  /** Milliseconds of audio that were dropped because there was too much to do. */
  readonly dropped?: number;
  /** Milliseconds of audio that never arrived. */
  readonly gaps?: number;
  /** True under the evaluation license. */
  readonly evaluation?: true;
  /** What one should know before one believes the answer. */
  readonly warnings?: readonly Warning[];
}

export interface Insight extends Facts {
  readonly kind: InsightKind;
  /** The answer as a sentence for people, in the language of the runtime. */
  readonly text: string;
  /** Number of the channel that was analysed, counted from 0. */
  readonly channel?: number;
  /** Of the sound of a phase: what phase that is; `time`: epoch milliseconds where the sound begins. */
  readonly segment?: Omit<SoundSegment, 'wav'> & { readonly time?: number };
}

/** `msg.insight` of one message. */
export function insight(kind: InsightKind, text: string, facts: Facts, channel?: number): Insight {
  return { kind, text, ...facts, ...(channel === undefined ? {} : { channel }) };
}

/** Gathers what is wrong with the audio of one answer; what the analysis warns of stands in the answer itself. */
export class Warnings {
  readonly #warnings: Warning[] = [];

  readonly take: OnWarning = (message, code) => {
    if (code !== 'quiet-speech' && code !== 'license') this.#warnings.push({ code, message });
  };

  /** As they stand in the facts of the answer. */
  get facts(): Pick<Facts, 'warnings'> {
    return this.#warnings.length === 0 ? {} : { warnings: this.#warnings };
  }
}

/** How many times faster than real time the work was, one decimal. */
export function speed(audioMs: number, workMs: number): number {
  return Math.round((audioMs / Math.max(workMs, 1)) * 10) / 10;
}

/** Bytes as flows know them. */
export function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
