/** Share of frames per label (decision 10). */
import type { ModelSummary } from './results';
import { roundedShares } from './rounding';

/** `<name>_fraction` per label, in 4 decimals that sum to exactly 1; all 0 before the first frame. */
export function fractions(labels: readonly { name: string; frames: number }[]): ModelSummary {
  const shares = roundedShares(labels.map((label) => label.frames));
  return Object.fromEntries(labels.map(({ name }, index) => [`${name}_fraction`, shares[index] ?? 0]));
}
