/** ONNX Runtime, loaded when it is first needed, and one plain sentence where it cannot be. */
import type * as onnxruntime from 'onnxruntime-node';
import { RuntimeUnavailableError } from '../../errors';

export type OnnxRuntime = typeof onnxruntime;

/** What the machine is, as far as a native library cares. */
export interface Host {
  /** `process.platform`. */
  readonly platform: string;
  /** `process.arch`. */
  readonly arch: string;
  /** `glibc 2.36`, `musl`; undefined where the question does not arise. */
  readonly libc: string | undefined;
}

const PACKAGE = 'onnxruntime-node';
/** The newest symbol version that the runtime's Linux builds ask for: Debian 10, Ubuntu 20.04, RHEL 8 and later. */
const OLDEST_GLIBC = [2, 28] as const;
const BUILDS = ['linux x64', 'linux arm64', 'darwin arm64', 'win32 x64', 'win32 arm64'];

/**
 * Keeps ONNX Runtime from reporting to its maker: its builds for Linux do so from 1.30 on unless this variable is in the environment when
 * the library is loaded, and older ones pass it over. A worker's environment is a copy that native code does not see, so the main
 * thread calls this before it starts one.
 */
export function switchOffTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
}

/**
 * Loads ONNX Runtime.
 *
 * @throws RuntimeUnavailableError that says in one sentence what this machine is and what to do.
 */
export function loadOnnxRuntime(): OnnxRuntime {
  switchOffTelemetry();
  try {
    // Loaded by name at run time: the package is optional, and everything but inference works without it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const runtime = require(PACKAGE) as OnnxRuntime;
    // Users are told of failures by our own errors; the runtime's warnings about graphs are not for them.
    runtime.env.logLevel = 'error';
    return runtime;
  } catch (cause) {
    throw new RuntimeUnavailableError(explainUnavailable(cause, describeHost()), { cause });
  }
}

/** Whether ONNX Runtime loads here, for a check before any work. */
export function checkOnnxRuntime():
  | { readonly available: true; readonly version: string; readonly host: Host }
  | { readonly available: false; readonly message: string; readonly host: Host } {
  const host = describeHost();
  try {
    return { available: true, version: loadOnnxRuntime().env.versions.node ?? 'unknown', host };
  } catch (error) {
    return { available: false, message: error instanceof Error ? error.message : String(error), host };
  }
}

export function describeHost(): Host {
  return {
    platform: process.platform,
    arch: process.arch,
    libc: process.platform === 'linux' ? libcOf() : undefined,
  };
}

/** `linux x64, glibc 2.36`. */
export function hostName(host: Host): string {
  return `${host.platform} ${host.arch}${host.libc === undefined ? '' : `, ${host.libc}`}`;
}

/** One sentence: what failed, on what machine, and what to do. */
export function explainUnavailable(cause: unknown, host: Host): string {
  const start = `ONNX Runtime, which runs the models, is not available on this machine (${hostName(host)})`;
  return `${start}: ${remedy(cause, host)}.`;
}

function remedy(cause: unknown, host: Host): string {
  if (host.libc === 'musl') {
    return 'it has no build for musl libc (Alpine Linux); use a glibc system, for Docker the image nodered/node-red:latest-debian';
  }
  if (host.platform === 'darwin' && host.arch === 'x64') {
    return 'it has no build for Intel Macs; use a Mac with Apple silicon, or a Linux container';
  }
  if (host.platform === 'linux' && host.arch === 'arm') {
    return 'it has no build for 32-bit ARM; install a 64-bit operating system (arm64) on this board';
  }
  if (!BUILDS.includes(`${host.platform} ${host.arch}`)) {
    return `it has builds for ${BUILDS.join(', ')} only; use one of them`;
  }
  if (isOlderGlibc(host.libc)) {
    return `it needs glibc ${OLDEST_GLIBC.join('.')} or later; update the operating system (Debian 10, Ubuntu 20.04, RHEL 8 or later)`;
  }
  if (isMissing(cause)) {
    return `the package ${PACKAGE} is not installed; in the folder where this package is installed (for Node-RED its user folder, usually ~/.node-red) run ONNXRUNTIME_NODE_INSTALL=skip npm install ${PACKAGE}`;
  }
  const words = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';
  return `loading it failed with "${words.trim()}"; install the package ${PACKAGE} again, on this machine and with this Node.js`;
}

function isMissing(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    'code' in cause &&
    cause.code === 'MODULE_NOT_FOUND' &&
    cause.message.includes(`'${PACKAGE}'`)
  );
}

function isOlderGlibc(libc: string | undefined): boolean {
  const version = /^glibc (\d+)\.(\d+)/.exec(libc ?? '');
  if (!version) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major < OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor < OLDEST_GLIBC[1]);
}

function libcOf(): string {
  const report = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string };
  };
  const version = report.header?.glibcVersionRuntime;
  return version === undefined ? 'musl' : `glibc ${version}`;
}
