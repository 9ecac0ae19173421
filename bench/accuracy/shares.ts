/** Shares and means of them, with intervals bootstrapped over voices. */
import { groupBy, intervalOf } from './measures';

/** A figure over items, and between what bounds it lies for other voices of the same kind (95 %). */
export interface OverVoices {
  readonly value: number;
  readonly interval: readonly [number, number];
  readonly items: number;
  readonly voices: number;
}

/**
 * A figure of items, its interval drawn over their voices; null where there is nothing to judge, which is no figure at all, neither a
 * good nor a bad one.
 *
 * @param sizeOf how much an item is: frames of a sound, say
 */
export function overVoices<T extends { readonly voice: string }>(
  items: readonly T[],
  figure: (items: readonly T[]) => number,
  sizeOf: (item: T) => number = () => 1,
): OverVoices | null {
  const size = items.reduce((sum, item) => sum + sizeOf(item), 0);
  if (size === 0) return null;
  const voices = [...groupBy(items, ({ voice }) => voice).values()];
  return {
    value: figure(items),
    interval: intervalOf(voices.length, (drawn) => figure(drawn.flatMap((index) => voices[index] ?? []))),
    items: size,
    voices: voices.length,
  };
}

/** Share of the items, of which there is one at least, for which something holds. */
export function shareOf<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length / items.length;
}

/** Mean of a share over the groups of the items, of which there is one at least; each group weighs the same. */
export function meanShareOf<T>(
  items: readonly T[],
  groupOf: (item: T) => string,
  holds: (item: T) => boolean,
): number {
  const shares = [...groupBy(items, groupOf).values()].map((group) => shareOf(group, holds));
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
