/** Why the native runtime does not run on a machine, and what to do about it: one sentence. */
import { hostName, type Host } from './host';
import { say, type Sentence } from '../../sentence';

/** The package with the native builds. */
export const NATIVE_PACKAGE = 'onnxruntime-node';
/** What gets it, in the folder where this package is installed; its own script would fetch files for graphics cards, or fail. */
export const INSTALL_LINE = `ONNXRUNTIME_NODE_INSTALL=skip npm install ${NATIVE_PACKAGE}`;
/** The same for a Windows command prompt. */
export const INSTALL_LINE_WINDOWS = `set ONNXRUNTIME_NODE_INSTALL=skip&& npm install ${NATIVE_PACKAGE}`;

/** The newest symbol version that the runtime's Linux builds ask for: Debian 10, Ubuntu 20.04, RHEL 8 and later. */
const OLDEST_GLIBC = [2, 28] as const;
/** Darwin of macOS 14, the oldest system that the macOS build is made for (its LC_BUILD_VERSION). */
const OLDEST_DARWIN = 23;
const BUILDS = ['linux x64', 'linux arm64', 'darwin arm64', 'win32 x64', 'win32 arm64'];

/** One sentence: what failed, on what machine, and what to do. */
export function explainUnavailable(cause: unknown, host: Host): Sentence {
  const start = say`The native ONNX Runtime, which runs the models, is not available on this machine (${hostName(host)})`;
  return say`${start}: ${remedy(cause, host)}.`;
}

/** Whether there is a native runtime for the machine at all, as far as can be said without trying. */
export function hasNativeBuild(host: Host): boolean {
  return (
    BUILDS.includes(`${host.platform} ${host.arch}`) &&
    host.libc !== 'musl' &&
    !isOlderGlibc(host.libc) &&
    !isOlderMacOs(host)
  );
}

/** Why, and what to do: words that stand behind a colon. */
export function remedy(cause: unknown, host: Host): Sentence {
  if (host.libc === 'musl') {
    return say`it has no build for musl libc (Alpine Linux); use a glibc system, for Docker the image nodered/node-red:latest-debian`;
  }
  if (host.platform === 'darwin' && host.arch === 'x64') {
    return say`it has no build for Intel Macs; use a Mac with Apple silicon, or a Linux container`;
  }
  if (host.platform === 'linux' && host.arch === 'arm') {
    return say`it has no build for 32-bit ARM; install a 64-bit operating system (arm64) on this board`;
  }
  if (!BUILDS.includes(`${host.platform} ${host.arch}`)) {
    return say`it has builds for ${BUILDS.join(', ')} only; use one of them`;
  }
  if (isOlderGlibc(host.libc)) {
    return say`it needs glibc ${OLDEST_GLIBC.join('.')} or later; update the operating system (Debian 10, Ubuntu 20.04, RHEL 8 or later)`;
  }
  if (isOlderMacOs(host)) {
    return say`it needs macOS 14 or later, and this is Darwin ${host.release ?? '?'}; update macOS`;
  }
  if (isMissing(cause)) {
    const line = host.platform === 'win32' ? INSTALL_LINE_WINDOWS : INSTALL_LINE;
    return say`the package ${NATIVE_PACKAGE} is not installed; use the button in the dialog of the DeepTone engine, or, in the folder where this package is installed (for Node-RED its user folder, usually .node-red in your home folder), run ${line}`;
  }
  return say`loading it failed with "${firstLine(cause)}"; ${afterFailedLoad(host)}`;
}

function afterFailedLoad(host: Host): Sentence {
  const again = say`install the package ${NATIVE_PACKAGE} again, on this machine and with this Node.js`;
  // Node.js brings none of the libraries that the Windows builds are linked to.
  if (host.platform === 'win32') {
    return say`install the Microsoft Visual C++ Redistributable (https://aka.ms/vs/17/release/vc_redist.${host.arch}.exe), which it needs, and start Node.js again; if that does not help, ${again}`;
  }
  return again;
}

function firstLine(cause: unknown): string {
  return ((cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '').trim();
}

function isMissing(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    'code' in cause &&
    cause.code === 'MODULE_NOT_FOUND' &&
    cause.message.includes(`'${NATIVE_PACKAGE}'`)
  );
}

function isOlderGlibc(libc: string | undefined): boolean {
  const version = /^glibc (\d+)\.(\d+)/.exec(libc ?? '');
  if (!version) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major < OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor < OLDEST_GLIBC[1]);
}

function isOlderMacOs({ platform, release }: Host): boolean {
  const major = Number(/^(\d+)\./.exec(release ?? '')?.[1] ?? NaN);
  return platform === 'darwin' && major < OLDEST_DARWIN;
}
