/** Tries mutated bytes in every way in, and says how to try again what went wrong. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Mutator } from './mutations';
import type { Way } from './ways';

/** Milliseconds of processor time after which a case of some kilobytes is no longer linear work. */
const LONGEST_MS = 4_000;

export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  readonly seeds: readonly Buffer[];
}

/** One case, wholly by its seed. */
export function caseOf(
  seed: number,
  seeds: readonly Buffer[],
): { readonly bytes: Buffer; readonly mutator: Mutator } {
  const mutator = new Mutator(seed);
  return { bytes: mutator.mutate(mutator.pick(seeds), mutator.pick(seeds)), mutator };
}

/**
 * Runs cases one after the other.
 *
 * @throws Error that names the case and the file in which its bytes are kept
 */
export async function fuzz(name: string, way: Way, { cases, seed, seeds }: FuzzOptions): Promise<void> {
  for (let n = 0; n < cases; n++) {
    const { bytes, mutator } = caseOf(seed + n, seeds);
    await fuzzOne(name, way, bytes, mutator, String(seed + n));
  }
}

/**
 * Runs one case.
 *
 * @param label tells it from others
 * @throws as {@link fuzz}
 */
export async function fuzzOne(
  name: string,
  way: Way,
  bytes: Buffer,
  mutator: Mutator,
  label: string,
): Promise<void> {
  const began = process.cpuUsage();
  try {
    await way(bytes, mutator);
    const { user, system } = process.cpuUsage(began);
    const ms = (user + system) / 1_000;
    if (ms > LONGEST_MS)
      throw new Error(`${bytes.length} bytes took ${Math.round(ms)} ms of processor time.`);
  } catch (cause) {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'deeptone-fuzz-')), `${name}-${label}.bin`);
    writeFileSync(file, bytes);
    const words = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    throw new Error(`${name}, case ${label} (kept in ${file}): ${words}`, { cause });
  }
}
