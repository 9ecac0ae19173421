/** What one live stream has said in the last two minutes, in a ring of bytes whose size is known when the stream opens (decision 36). */
import type { Level, ModelResult, TimeSeriesStep } from '../../src';
import type { RecordBudget } from './record-budget';

/** Milliseconds of audio that are remembered. */
export const REMEMBERED_MS = 120_000;
/** Shortest stretch that has a place of its own: a pixel of a narrow sidebar. */
const SHORTEST_SLOT_MS = 256;
/** Bits of the byte that holds the level: 0 where nothing was heard, else dBFS + 121. */
const LEVEL_BITS = 0x7f;
const LEVEL_OFFSET = 121;
const LOST = 0x80;
/** Labels of one model that have a number; one byte each, 0 for none. */
const MOST_LABELS = 255;

/** A stretch with the same label; places in the ring, the first one included and the last one not. */
export interface Phase {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** The ring, unrolled: the last place is the latest audio. */
export interface Timeline {
  /** Milliseconds of audio per place. */
  readonly slotMs: number;
  readonly slots: number;
  /** Which place on the stream's clock the first one is: grows as the others move on. */
  readonly shift: number;
  readonly models: readonly { readonly name: string; readonly phases: readonly Phase[] }[];
  /** dBFS per place; null where nothing was heard. */
  readonly level: readonly (number | null)[];
  /** Places at which audio is missing: gaps, and what was dropped. */
  readonly lost: readonly number[];
}

/** A ring for the steps of one stream. Memory does not grow; a step costs as many bytes as there are models, and one. */
export class StreamRecord {
  readonly #models: readonly string[];
  readonly #slotMs: number;
  readonly #slots: number;
  /** By place, the level and then one label per model. */
  readonly #ring: Uint8Array;
  readonly #numbers: Map<string, number>[];
  readonly #giveBack: () => void;
  /** The latest place, on the stream's clock. */
  #last: number | undefined;

  /**
   * @param budget what the ring is taken from
   * @returns undefined where there is no room for another one
   */
  static open(
    models: readonly string[],
    outputPeriod: number,
    budget: RecordBudget,
  ): StreamRecord | undefined {
    const slotMs = Math.max(SHORTEST_SLOT_MS, outputPeriod);
    const slots = Math.max(1, Math.ceil(REMEMBERED_MS / slotMs));
    const bytes = slots * (models.length + 1);
    const giveBack = budget.take(bytes);
    return giveBack && new StreamRecord(models, slotMs, slots, giveBack);
  }

  private constructor(models: readonly string[], slotMs: number, slots: number, giveBack: () => void) {
    this.#models = models;
    this.#slotMs = slotMs;
    this.#slots = slots;
    this.#giveBack = giveBack;
    this.#ring = new Uint8Array(slots * (models.length + 1));
    this.#numbers = models.map(() => new Map<string, number>());
  }

  /** Frees its room; nothing may be asked of it afterwards. */
  close(): void {
    this.#giveBack();
  }

  /** Takes a step. */
  hear({ timestamp, results, level }: Pick<TimeSeriesStep, 'timestamp' | 'results' | 'level'>): void {
    const at = this.#placeOf(timestamp);
    if (at === undefined) return;
    const before = this.#ring[at] ?? 0;
    this.#ring[at] = (before & LOST) | Math.max(before & LEVEL_BITS, levelByte(level));
    this.#models.forEach((model, index) => {
      const label = labelOf(results[model]);
      if (label !== undefined) this.#ring[at + 1 + index] = this.#numberOf(index, label);
    });
  }

  /** Audio is missing at some time on the stream's clock. */
  lost(timestamp: number): void {
    const at = this.#placeOf(timestamp);
    if (at !== undefined) this.#ring[at] = (this.#ring[at] ?? 0) | LOST;
  }

  get timeline(): Timeline {
    const places = Array.from({ length: this.#slots }, (_, slot) => this.#startOf(slot));
    const bytes = (offset: number): number[] => places.map((at) => this.#ring[at + offset] ?? 0);
    const levels = bytes(0);
    return {
      slotMs: this.#slotMs,
      slots: this.#slots,
      shift: (this.#last ?? 0) + 1 - this.#slots,
      models: this.#models.map((name, index) => ({ name, phases: this.#phases(index, bytes(1 + index)) })),
      level: levels.map((byte) => ((byte & LEVEL_BITS) === 0 ? null : (byte & LEVEL_BITS) - LEVEL_OFFSET)),
      lost: levels.flatMap((byte, slot) => ((byte & LOST) === 0 ? [] : [slot])),
    };
  }

  /** Where the bytes of a place begin; what lies between the latest place and a later one is emptied. Undefined: too long ago. */
  #placeOf(timestamp: number): number | undefined {
    const place = Math.floor(timestamp / this.#slotMs);
    if (!Number.isFinite(place)) return undefined;
    const last = this.#last ?? place - 1;
    if (place <= last - this.#slots) return undefined;
    if (place > last) {
      const width = this.#models.length + 1;
      const first = Math.max(last + 1, place - this.#slots + 1);
      for (let empty = first; empty <= place; empty++) {
        const at = (empty % this.#slots) * width;
        this.#ring.fill(0, at, at + width);
      }
      this.#last = place;
    }
    return (place % this.#slots) * (this.#models.length + 1);
  }

  /** Where the bytes of a place of the timeline begin. */
  #startOf(slot: number): number {
    const place = (this.#last ?? 0) + 1 + slot;
    return (place % this.#slots) * (this.#models.length + 1);
  }

  /** The number of a label, from 1. Speakers may become more than there are numbers: then those who are not in the ring give theirs back. */
  #numberOf(index: number, label: string): number {
    const numbers = this.#numbers[index];
    if (numbers === undefined) return 0;
    const known = numbers.get(label);
    if (known !== undefined) return known;
    const used = new Set(numbers.values());
    if (used.size >= MOST_LABELS) {
      used.clear();
      const width = this.#models.length + 1;
      for (let at = 1 + index; at < this.#ring.length; at += width) used.add(this.#ring[at] ?? 0);
      for (const [name, number] of numbers) if (!used.has(number)) numbers.delete(name);
    }
    let free = 1;
    while (used.has(free)) free++;
    if (free > MOST_LABELS) return 0;
    numbers.set(label, free);
    return free;
  }

  #phases(index: number, numbers: readonly number[]): readonly Phase[] {
    const labels = new Map([...(this.#numbers[index] ?? [])].map(([label, number]) => [number, label]));
    const phases: Phase[] = [];
    let from = 0;
    for (let slot = 1; slot <= numbers.length; slot++) {
      const number = numbers[from] ?? 0;
      if (slot < numbers.length && numbers[slot] === number) continue;
      const label = labels.get(number);
      if (label !== undefined) phases.push({ from, to: slot, label });
      from = slot;
    }
    return phases;
  }
}

/** The label of an answer, whichever kind it is. */
export function labelOf(result: ModelResult | undefined): string | undefined {
  if (result === undefined) return undefined;
  return 'speaker_top' in result ? result.speaker_top : result.result;
}

function levelByte({ mean }: Level): number {
  return Math.min(LEVEL_BITS, Math.max(1, Math.round(mean) + LEVEL_OFFSET));
}
