/** Shares and means of them, with intervals bootstrapped over voices. */
import { groupBy, intervalOf } from './measures';

/** A figure over items, and between what bounds it lies for other voices of the same kind (95 %). */
export interface OverVoices {
  readonly value: number;
  readonly interval: readonly [number, number];
  readonly items: number;
  readonly voices: number;
}

/** A figure of items, its interval drawn over their voices. */
export function overVoices<T extends { readonly voice: string }>(
  items: readonly T[],
  figure: (items: readonly T[]) => number,
): OverVoices {
  const voices = [...groupBy(items, ({ voice }) => voice).values()];
  return {
    value: figure(items),
    interval: intervalOf(voices.length, (drawn) => figure(drawn.flatMap((index) => voices[index] ?? []))),
    items: items.length,
    voices: voices.length,
  };
}

/** Share of the items for which something holds, 0 where there are none. */
export function shareOf<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length;
}

/** Mean of a share over groups, each of which weighs the same; groups that have no items do not count. */
export function meanShareOf<T>(
  items: readonly T[],
  groupOf: (item: T) => string,
  holds: (item: T) => boolean,
): number {
  const shares = [...groupBy(items, groupOf).values()].map((group) => shareOf(group, holds));
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}
