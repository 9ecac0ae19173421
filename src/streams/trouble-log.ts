import { samplesToMs } from '../clock';
import { inLanguage, withSentence, type Word } from '../sentence';
import type { GapEvidence, GapRemedy, StreamFacts, Told, WarningCode } from './events';

/** Milliseconds between two words about dropped audio of one stream. */
const REPEAT_MS = 5_000;

/** Counts what went wrong with the audio of one stream, and says how much of it is worth a word. */
export class TroubleLog {
  readonly #now: () => number;
  readonly #warned = new Set<WarningCode>();
  #gaps = 0;
  #gapMs = 0;
  #droppedSamples = 0;
  #untoldSamples = 0;
  #lastToldDropped = -Infinity;

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  get counts(): Pick<StreamFacts, 'droppedMs' | 'gaps' | 'gapMs'> {
    return {
      droppedMs: samplesToMs(this.#droppedSamples),
      gaps: this.#gaps,
      gapMs: Math.round(this.#gapMs),
    };
  }

  /**
   * Audio is missing.
   *
   * @param lostMs null where nobody can know
   * @param clockMs place on the stream's clock
   */
  gap(evidence: GapEvidence, remedy: GapRemedy, lostMs: number | null, clockMs: number): Told {
    this.#gaps++;
    this.#gapMs += lostMs ?? 0;
    const rounded = lostMs === null ? null : Math.round(lostMs);
    return { kind: 'gap', evidence, remedy, lostMs: rounded, timestamp: Math.round(clockMs) };
  }

  /** Audio was dropped; told at long intervals, as one. */
  dropped(sampleCount: number): Told | undefined {
    this.#droppedSamples += sampleCount;
    this.#untoldSamples += sampleCount;
    const now = this.#now();
    if (now - this.#lastToldDropped < REPEAT_MS) return undefined;
    this.#lastToldDropped = now;
    const droppedMs = samplesToMs(this.#untoldSamples);
    this.#untoldSamples = 0;
    return { kind: 'dropped', droppedMs };
  }

  /** Told once of each kind. */
  warning(code: WarningCode, message: Word): Told | undefined {
    if (this.#warned.has(code)) return undefined;
    this.#warned.add(code);
    return withSentence({ kind: 'warning' as const, code, message: inLanguage(message) }, message);
  }
}
