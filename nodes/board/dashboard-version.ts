/** Which Dashboard 2 this Node-RED has loaded. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The oldest that our widgets were seen to work with: an older one does not say which browser something came from. */
export const LEAST_DASHBOARD = '1.27.0';

/** Where Dashboard defines what its pages stand on, seen from its package. */
const BASE = /[\\/]node-red-dashboard[\\/]nodes[\\/]config[\\/]ui_base\.js$/u;

/**
 * The version of the Dashboard whose nodes are loaded, wherever it is installed. Node-RED tells nodes neither of other packages nor of
 * the types that there are.
 *
 * @param loaded paths of what is loaded
 * @returns undefined where none is; '' where it does not say its version
 */
export function dashboardVersion(loaded: Iterable<string> = Object.keys(require.cache)): string | undefined {
  for (const path of loaded) {
    if (!BASE.test(path)) continue;
    return versionIn(join(dirname(path), '../../package.json'));
  }
  return undefined;
}

function versionIn(file: string): string {
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : '';
  } catch {
    return '';
  }
}

/** Whether a version is too old; one that cannot be read is tried. */
export function isTooOld(version: string, least: string = LEAST_DASHBOARD): boolean {
  const [numbers, leastNumbers] = [numbersIn(version), numbersIn(least)];
  if (!numbers || !leastNumbers) return false;
  const at = numbers.findIndex((number, index) => number !== leastNumbers[index]);
  return at >= 0 && (numbers[at] ?? 0) < (leastNumbers[at] ?? 0);
}

function numbersIn(version: string): readonly number[] | undefined {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)/u.exec(version) ?? [];
  return parts.length > 0 ? parts.map(Number) : undefined;
}
