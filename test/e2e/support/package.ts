/** Our package as users get it: packed, and installed into a folder of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** dist/test/e2e/support -> the repository. */
export const ROOT = join(__dirname, '../../../..');
const resolveHere = createRequire(__filename).resolve;

/** npm hangs for ever now and then, without a word and without a connection; then it is ended and asked again, in the two minutes that a suite's set-up has. Mostly it takes 5 s. */
const NPM_TAKES_AT_MOST_MS = 45_000;
const TRIES = 2;

function npm(folder: string, ...words: readonly string[]): string {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return execFileSync('npm', words, {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: NPM_TAKES_AT_MOST_MS,
        killSignal: 'SIGKILL',
      });
    } catch (error) {
      const isHung = error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT';
      if (!isHung || attempt === TRIES) throw error;
    }
  }
}

export interface InstalledPackage {
  /** The user directory of a Node-RED: our package is in its `node_modules`. */
  readonly userDir: string;
  /** Where our package lies in it. */
  readonly folder: string;
  remove(): void;
}

/**
 * Packs the package and installs the tarball the way the palette does. ONNX Runtime, an optional dependency of 300 MB, is
 * linked to the copy that is here already.
 *
 * @param how `nativeRuntime`: false where it is to be missing
 */
export function installPackage({ nativeRuntime = true } = {}): InstalledPackage {
  const userDir = mkdtempSync(join(tmpdir(), 'deeptone-e2e-'));
  const packed = join(userDir, 'packed');
  mkdirSync(packed);
  npm(ROOT, 'pack', '--silent', '--ignore-scripts', '--pack-destination', packed);
  const [tarball] = readdirSync(packed);
  if (tarball === undefined) throw new Error('npm pack gave no tarball.');
  writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'user-directory', private: true }));
  npm(
    userDir,
    'install',
    '--no-audit',
    '--no-update-notifier',
    '--no-fund',
    '--omit=dev',
    '--omit=optional',
    '--prefer-offline',
    '--engine-strict',
    join(packed, tarball),
  );
  const runtime = join(userDir, 'node_modules/onnxruntime-node');
  if (nativeRuntime && !existsSync(runtime)) {
    symlinkSync(dirname(resolveHere('onnxruntime-node/package.json')), runtime, 'junction');
  }
  return {
    userDir,
    folder: join(userDir, 'node_modules/@deeptone/node-red'),
    remove: () => {
      rmSync(userDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
