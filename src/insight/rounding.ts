/** Numbers as they stand in answers: 4 decimals (decisions 7 and 10). */

const UNITS = 10_000;

/** Rounds to 4 decimals. */
export function round4(value: number): number {
  // `+ 0` turns -0 into 0.
  return Math.round(value * UNITS) / UNITS + 0;
}

/**
 * Shares of a whole in 4 decimals that sum to exactly 1 (10,000 ten-thousandths) by the largest-remainder method;
 * equal remainders go to the earlier one. All zero where there is nothing to share.
 *
 * @param counts Non-negative integers.
 */
export function roundedShares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return counts.map(() => 0);
  const units = counts.map((count) => Math.floor((count * UNITS) / total));
  const remainders = counts.map((count) => (count * UNITS) % total);
  const missing = UNITS - units.reduce((sum, unit) => sum + unit, 0);
  const byRemainder = counts
    .map((_, index) => index)
    .sort((a, b) => (remainders[b] ?? 0) - (remainders[a] ?? 0) || a - b);
  for (const index of byRemainder.slice(0, missing)) units[index] = (units[index] ?? 0) + 1;
  return units.map((unit) => unit / UNITS);
}
