import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of this package. */
export function packageVersion(): string {
  const { version } = packageJson();
  return version;
}

/** The lowest Node version that this package runs on, such as `20`. */
export function requiredNodeMajor(): number {
  return Number(/\d+/.exec(packageJson().engines.node)?.[0] ?? 0);
}

/** The version of the native runtime that goes with this package, such as `1.30.0`. */
export function nativeRuntimeVersion(): string {
  return packageJson().optionalDependencies['onnxruntime-node'].replace(/^\D+/, '');
}

interface PackageJson {
  readonly optionalDependencies: { readonly 'onnxruntime-node': string };
  readonly version: string;
  readonly engines: { readonly node: string };
}

function packageJson(): PackageJson {
  // From dist/src to the package.
  const path = join(dirname(__dirname), '..', 'package.json');
  return JSON.parse(readFileSync(path, 'utf8')) as PackageJson;
}
